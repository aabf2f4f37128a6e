package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"aduan/mailin/imaptest"
	"aduan/mailout/smtptest"
	"aduan/tickets"
)

// demoTime bounds the sample case: a mail that does not come is a fault, not a reason to wait for ever.
const demoTime = 60 * time.Second

func (p *program) demo() *cobra.Command {
	var exit bool
	c := &cobra.Command{Use: "demo", Short: "Show a sample case on a mail server of its own, then stay up for a mail client", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return p.runDemo(c.Context(), exit)
	}}
	c.Flags().BoolVar(&exit, "exit", false, "end after the sample case")
	return c
}

// runDemo starts mail servers on loopback and a gateway that works them, and plays the sample case.
func (p *program) runDemo(ctx context.Context, exit bool) error {
	folder, err := os.MkdirTemp("", "aduan-demo")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer os.RemoveAll(folder)
	office, err := openPostOffice(newStage(p.out))
	if err != nil {
		return err
	}
	defer office.close()
	parts, err := p.demoParts(ctx, folder, office)
	if err != nil {
		return err
	}
	defer parts.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return parts.serve(ctx) })
	g.Go(func() error {
		defer stop()
		if err := p.sample(ctx, office, parts); err != nil || exit {
			return err
		}
		office.stage.invite(office, folder)
		<-ctx.Done()
		return nil
	})
	return g.Wait()
}

// sample plays the case and shows what the record made of it.
func (p *program) sample(ctx context.Context, office *postOffice, parts *parts) error {
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	number, err := (&play{office: office, ctx: ctx}).run()
	if err != nil {
		return fmt.Errorf("play the sample case: %w", err)
	}
	if err := allSent(ctx, parts.store); err != nil {
		return err
	}
	file, err := parts.show(ctx, string(number))
	if err != nil {
		return err
	}
	office.stage.timeline(file, parts.settings.location)
	return nil
}

// allSent waits until the record says of every mail that the relay took it.
func allSent(ctx context.Context, store *tickets.Store) error {
	for {
		due, err := store.NextDue(ctx)
		if err != nil || due.IsZero() {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the last mails to be sent: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// demoParts writes the demo's settings, as `aduan init` would, and opens the parts with its staff.
func (p *program) demoParts(ctx context.Context, folder string, office *postOffice) (*parts, error) {
	text := fmt.Sprintf(`[team]
name = "Baliprov-CSIRT"
address = %q
reply_address = "aduan+{token}@csirt.example"
prefix = "BALIPROV-CSIRT"
salutation = "Om Suastiastu"
valediction = "Om Santih, Santih, Santih Om"
constituency = ["baliprov.example"]
[[mailbox]]
name = "report"
server = "imap://%s"
username = %q
password = %q
[smtp]
server = "smtp://%s"
rate = "6000/minute"
[http]
listen = ""
[log]
level = "warn"
`, demoGateway.address, office.imap.Addr(), demoGateway.address, demoPassword, office.smtp.Addr())
	path := filepath.Join(folder, "aduan.toml")
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), writeNew(filepath.Join(folder, "aduan.key"), newKey())); err != nil {
		return nil, fmt.Errorf("write the demo's settings: %w", err)
	}
	s, err := loadSettings(path)
	if err != nil {
		return nil, err
	}
	parts, err := openParts(ctx, s, p.logger(s), true)
	if err != nil {
		return nil, err
	}
	for _, staff := range []tickets.Staff{
		{Address: demoFrontDesk.address, Name: demoFrontDesk.name, Roles: []tickets.Role{tickets.FrontDesk}},
		{Address: demoAgent.address, Name: demoAgent.name, Roles: []tickets.Role{tickets.Agent}, Team: "web"},
	} {
		if err := parts.store.AddStaff(ctx, staff, time.Now()); err != nil {
			parts.close()
			return nil, err
		}
	}
	return parts, nil
}

// demoPassword opens every mailbox of the demo: it listens on loopback only and lives as long as the demo.
const demoPassword = "demo"

// part is somebody in the sample case.
type part struct{ name, address, role string }

var (
	demoGateway   = part{"Baliprov-CSIRT", "aduan@csirt.example", "the gateway's mailbox: reports go here"}
	demoReporter  = part{"Ni Made Ani", "ani@dinkes.baliprov.example", "reporter"}
	demoFrontDesk = part{"Ketut Suardana", "ketut@csirt.example", "Front Desk"}
	demoAgent     = part{"Budi Santoso", "budi@csirt.example", "agent"}
)

// postOffice is the demo's mail server: what comes by SMTP lies in an IMAP mailbox.
type postOffice struct {
	imap  *imaptest.Server
	smtp  *smtptest.Server
	stage *stage
	came  map[string]chan []byte // mails that a part of the sample case is waiting for
}

func openPostOffice(s *stage) (*postOffice, error) {
	o := &postOffice{stage: s, came: map[string]chan []byte{}}
	var err error
	if o.imap, err = imaptest.Start("127.0.0.1:0", imaptest.Options{}); err != nil {
		return nil, err
	}
	users := map[string]string{}
	for _, who := range []part{demoGateway, demoReporter, demoFrontDesk, demoAgent} {
		o.imap.AddUser(who.address, demoPassword)
		o.came[who.address] = make(chan []byte, 100)
		users[who.address] = demoPassword
	}
	if o.smtp, err = smtptest.Start("127.0.0.1:0", o.deliver, smtptest.Options{Users: users}); err != nil {
		o.imap.Close()
		return nil, err
	}
	return o, nil
}

// deliver shows a mail and puts it into the mailbox of each recipient.
func (o *postOffice) deliver(m smtptest.Mail) error {
	for _, recipient := range m.To {
		mailbox := smtptest.Mailbox(recipient)
		if !o.imap.HasUser(mailbox) {
			continue // the world outside the demo is not there
		}
		o.stage.mail(m.Data, mailbox)
		if err := o.imap.Deliver(mailbox, "INBOX", m.Delivered(recipient), m.At); err != nil {
			return err
		}
		select {
		case o.came[mailbox] <- m.Data:
		default: // nobody plays this part any more
		}
	}
	return nil
}

func (o *postOffice) close() {
	o.smtp.Close()
	o.imap.Close()
}

// newStage shows mails on w, in colour where that is a terminal.
func newStage(w io.Writer) *stage {
	s := &stage{w: w}
	if f, ok := w.(*os.File); ok {
		s.colour = term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
	}
	return s
}

func firstLines(text string, n int) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if out = append(out, tickets.Shorten(line, 110)); len(out) == n {
			break
		}
	}
	return out
}
