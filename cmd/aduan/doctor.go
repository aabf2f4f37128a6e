package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"aduan/cmd/aduan/internal/doctor"
	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// The calls that remedies name most.
const (
	doAddFrontDesk = "run `aduan staff add EMAIL --name NAME --role front-desk`"
	doMigrate      = "start `aduan serve`, or run `aduan migrate`"
)

// lookFor is how long one look at the world may take.
const lookFor = 45 * time.Second

func (p *program) doctor() *cobra.Command {
	var asJSON, sendTest bool
	c := &cobra.Command{Use: "doctor", Short: "Check the settings against the world, and say what to do about each fault", Args: cobra.NoArgs,
		Long: "Checks mailbox, relay, DNS, database, evidence, key, templates and staff. Exit code 0: nothing is at fault, 1: something is, 2: the settings are wrong.\n" +
			"A running gateway is not disturbed. With --send-test one mail goes through the relay to a reply address and is taken out of the mailbox again.",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.examine(c.Context(), asJSON, sendTest)
		}}
	c.Flags().BoolVar(&asJSON, "json", false, "an array of findings: check, state (ok, warning, fault), says, do")
	c.Flags().BoolVar(&sendTest, "send-test", false, "send a mail to a reply address and wait for it in the mailbox")
	return c
}

// examine carries out all checks and shows what was found.
func (p *program) examine(ctx context.Context, asJSON, sendTest bool) error {
	s, err := loadSettings(p.config)
	if err != nil {
		if asJSON {
			doctor.WriteJSON(p.out, []doctor.Finding{doctor.Broken("settings", "correct the settings; nothing else was looked at", "%v", err)})
		}
		return err
	}
	e := p.examination(ctx, s)
	defer e.close()
	checks := []func(context.Context) []doctor.Finding{e.checkSettings, e.checkDatabase, e.checkEvidence, e.checkTemplates, e.checkStaff, e.checkQueues, e.checkReconciliation, e.checkServing}
	for i := range s.Mailboxes {
		checks = append(checks, func(ctx context.Context) []doctor.Finding { return e.checkMailbox(ctx, i) })
	}
	checks = append(checks, e.checkRelay, e.checkDomain)
	all := carryOut(ctx, checks)
	if sendTest {
		all = append(all, e.sendTest(ctx)...)
	} else if s.Team.ReplyAddress != "" {
		all = append(all, doctor.Beware("reply addresses", "run `aduan doctor --send-test`, or write to such an address from outside and look whether it arrives in the mailbox", "whether mail to %s arrives in the mailbox was not tried", strings.Replace(s.Team.ReplyAddress, "{token}", "anything", 1)))
	}
	return p.showFindings(all, asJSON)
}

// showFindings prints them; the error is that something is at fault.
func (p *program) showFindings(all []doctor.Finding, asJSON bool) error {
	faults, warnings := doctor.Count(all, doctor.Fault), doctor.Count(all, doctor.Warning)
	if asJSON {
		if err := doctor.WriteJSON(p.out, all); err != nil {
			return err
		}
	} else {
		doctor.Write(p.out, all)
		fmt.Fprintf(p.out, "\n%d faults, %d warnings, %d ok\n", faults, warnings, len(all)-faults-warnings)
	}
	if faults > 0 {
		return fmt.Errorf("%d faults were found", faults)
	}
	return nil
}

// carryOut runs checks at the same time; what they found stays in their order.
func carryOut(ctx context.Context, checks []func(context.Context) []doctor.Finding) []doctor.Finding {
	found := make([][]doctor.Finding, len(checks))
	var g sync.WaitGroup
	for i, check := range checks {
		g.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, lookFor)
			defer cancel()
			found[i] = check(ctx)
		})
	}
	g.Wait()
	return slices.Concat(found...)
}

// examination is one run of the doctor.
type examination struct {
	*parts
	dns     doctor.Resolver
	opened  error // why there is no database
	noPlace error // why there is no evidence store
	version error // why the record cannot be asked: the store is of another version
}

// examination opens what can be opened; what cannot is a finding, not the end.
func (p *program) examination(ctx context.Context, s *settings) *examination {
	e := &examination{parts: &parts{settings: s, log: p.logger(s)}, dns: p.dns}
	if e.dns == nil {
		e.dns = net.DefaultResolver
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor/3)
	defer cancel()
	e.evidence, e.noPlace = openEvidence(s)
	if e.store, e.opened = tickets.OpenStore(ctx, s.Database.URL, s.record()); e.opened != nil {
		return e
	}
	e.sources = sources(s, e.store)
	e.version = e.store.CheckVersion(ctx)
	return e
}

func (e *examination) close() {
	if e.store != nil {
		e.store.Close()
	}
}

// asked says whether the record can be asked.
func (e *examination) asked() bool { return e.opened == nil && e.version == nil }

func (e *examination) checkSettings(context.Context) []doctor.Finding {
	s := e.settings
	var all []doctor.Finding
	if info, err := os.Stat(s.path); err == nil && info.Mode().Perm()&0o022 != 0 {
		all = append(all, doctor.Broken("settings", "chmod go-w "+s.path, "others may change %s", s.path))
	} else {
		all = append(all, doctor.Well("settings", "%s is understood, and no secret can be read by others", s.path))
	}
	where := s.Security.SecretIn
	if where == "" {
		where = "the settings or the environment"
	}
	all = append(all, doctor.Well("secret key", "%d keys of %d bytes in %s; the first signs, all verify", len(s.keys), len(s.keys[0]), where))
	if len(s.keys) > 5 {
		all = append(all, doctor.Beware("secret key", "remove the lines of keys that no open case is as old as", "%d keys are a lot: each of them proves staff", len(s.keys)))
	}
	all = append(all, doctor.Believed(s.Security.AuthservIDs),
		doctor.Well("clock", "it is %s in %s", tickets.FormatTime(time.Now(), s.location, tickets.Language(s.Team.Language)), s.Team.Timezone))
	if s.Team.ReplyAddress == "" {
		all = append(all, doctor.Beware("reply addresses", "set reply_address where the mail server knows plus addresses: commands from buttons then need no confirmation", "reply_address is empty: what staff answer with a new mail has to be confirmed"))
	}
	return all
}

func (e *examination) checkDatabase(ctx context.Context) []doctor.Finding {
	const check = "database"
	if e.opened != nil {
		return []doctor.Finding{doctor.Broken(check, "start the database, or correct [database] url; `aduan serve` waits for one that is away", "%v", e.opened)}
	}
	c, err := e.store.Condition(ctx)
	switch {
	case errors.Is(e.version, tickets.ErrNewerDatabase):
		return []doctor.Finding{doctor.Broken(check, "install the version of aduan that made it, or a newer one", "%v", e.version)}
	case err != nil:
		return []doctor.Finding{doctor.Broken(check, "look into the database's log", "%v", err)}
	}
	all := []doctor.Finding{doctor.Well(check, "%s, version %d of its tables", c.Dialect, c.Version)}
	if e.version != nil {
		all[0] = doctor.Beware(check, doMigrate, "%s is of version %d, this program's is %d; what is on record was not looked at", c.Dialect, c.Version, c.Latest)
	}
	if c.ReadOnly != nil {
		all = append(all, doctor.Broken(check, "let this user write it: rights of the file and its folder, room on the disk, or the role in PostgreSQL (no standby)", "it cannot be written: %v", c.ReadOnly))
	}
	if c.Lossy {
		all = append(all, doctor.Broken(check, "turn it on again: mails that left the mailbox can be lost", "a commit does not survive a power cut: %s", c.Durable))
	} else {
		all = append(all, doctor.Well(check, "a commit survives a power cut: %s", c.Durable))
	}
	if !c.Now.IsZero() {
		all = append(all, doctor.Clock("the database", time.Now(), c.Now))
	}
	if file, local := strings.CutPrefix(e.settings.Database.URL, "sqlite:"); local {
		if free, known := doctor.Free(file); known {
			all = append(all, doctor.Space(check, file, free))
		}
	}
	return all
}

func (e *examination) checkEvidence(ctx context.Context) []doctor.Finding {
	const check = "evidence"
	const do = "let this user write there, see that it is mounted and has room; without evidence no mail is taken in"
	if e.noPlace != nil {
		return []doctor.Finding{doctor.Broken(check, do, "%v", e.noPlace)}
	}
	if err := e.evidence.Check(ctx); err != nil {
		return []doctor.Finding{doctor.Broken(check, do, "it cannot be written: %v", err)}
	}
	folder, local := strings.CutPrefix(e.settings.Evidence.URL, "file:")
	if !local {
		return []doctor.Finding{doctor.Well(check, "it can be written")}
	}
	all := []doctor.Finding{doctor.Well(check, "%s can be written", folder)}
	if free, known := doctor.Free(folder); known {
		all = append(all, doctor.Space(check, folder, free))
	}
	return all
}

func (e *examination) checkTemplates(ctx context.Context) []doctor.Finding {
	const check = "templates"
	store := e.store
	if store == nil { // the check brings staff of its own
		store = &tickets.Store{}
	}
	r, err := (&parts{settings: e.settings, store: store, log: e.log}).renderer(&mailin.Intake{})
	if err == nil {
		err = r.Check(ctx)
	}
	if err == nil {
		return []doctor.Finding{doctor.Well(check, "every mail can be rendered")}
	}
	do := "correct the file; without it in " + e.settings.Team.Templates + " the built-in one is used"
	if e.settings.Team.Templates == "" {
		do = "this is a fault of the program itself: please report it"
	}
	var all []doctor.Finding
	for _, line := range firstOf(strings.Split(err.Error(), "\n"), 5) {
		all = append(all, doctor.Broken(check, do, "%s", line))
	}
	return all
}

func firstOf(lines []string, n int) []string { return lines[:min(n, len(lines))] }

func (e *examination) checkStaff(ctx context.Context) []doctor.Finding {
	const check = "staff"
	if !e.asked() {
		return nil
	}
	staff, err := e.store.Staff(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Broken(check, "look into the database's log", "%v", err)}
	}
	count := func(r tickets.Role) (n int) {
		for _, s := range staff {
			if s.Has(r) {
				n++
			}
		}
		return n
	}
	desk, agents, supervisors := count(tickets.FrontDesk), count(tickets.Agent), count(tickets.Supervisor)
	all := []doctor.Finding{doctor.Well(check, "%d of Front Desk, %d agents, %d supervisors", desk, agents, supervisors)}
	switch {
	case desk == 0 && supervisors == 0:
		all[0] = doctor.Broken(check, doAddFrontDesk, "there is no Front Desk: reports become tickets, but nobody hears of them")
	case desk == 0:
		all[0] = doctor.Beware(check, doAddFrontDesk, "there is no Front Desk: the supervisors are it")
	case agents == 0:
		all = append(all, doctor.Beware(check, "run `aduan staff add EMAIL --name NAME --role agent`", "there is no agent: no case can be forwarded"))
	}
	return all
}

// checkQueues looks for mail that waits for somebody's help.
func (e *examination) checkQueues(ctx context.Context) []doctor.Finding {
	if !e.asked() {
		return nil
	}
	f, err := e.store.Figures(ctx)
	failed, err2 := e.store.FailedMails(ctx)
	if err = errors.Join(err, err2); err != nil {
		return []doctor.Finding{doctor.Broken("outbox", "look into the database's log", "%v", err)}
	}
	all := []doctor.Finding{doctor.Well("outbox", "no mail of ours is stuck")}
	if n := f.Notices[tickets.Failed] + f.Notices[tickets.Bounced] + f.Notices[tickets.Held]; n > 0 {
		all[0] = doctor.Beware("outbox", "run `aduan outbox list`; correct the address on the ticket (/reporter, /cc), or run `aduan outbox retry ID`", "%d mails could not be delivered", n)
	}
	if f.OldestQueued > 15*time.Minute {
		all = append(all, doctor.Beware("outbox", "look at the relay's findings here and at `aduan outbox list`", "%d mails wait to be sent, the oldest for %s", f.Notices[tickets.Queued], f.OldestQueued.Round(time.Minute)))
	}
	if len(failed) > 0 {
		all = append(all, doctor.Beware("failed mail", "run `aduan failed list`, then `aduan failed retry`", "%d mails could not be taken in; they are whole, in the failed folder", len(failed)))
	}
	return all
}

// checkReconciliation tells how the last comparison of record, mailboxes and evidence ended.
func (e *examination) checkReconciliation(ctx context.Context) []doctor.Finding {
	const check = "reconciliation"
	if !e.asked() {
		return nil
	}
	r, made, err := e.store.LastReconciliation(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Broken(check, "look into the database's log", "%v", err)}
	}
	return []doctor.Finding{doctor.Reconciled(r, made, time.Now())}
}

// checkServing asks the gateway on this machine how it is.
func (e *examination) checkServing(ctx context.Context) []doctor.Finding {
	const check = "serve"
	listen := e.settings.HTTP.Listen
	if listen == "" {
		return []doctor.Finding{doctor.Well(check, "http.listen is empty: whether the gateway runs here cannot be asked")}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+"/readyz", nil)
	if err != nil {
		return []doctor.Finding{doctor.Broken(check, "correct http.listen", "%v", err)}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return []doctor.Finding{doctor.Beware(check, "start it: `systemctl start aduan`, or `aduan serve`; on a machine without a gateway this is as it should be", "no gateway answers at %s", listen)}
	}
	defer answer.Body.Close()
	var ready struct {
		Ready bool              `json:"ready"`
		Wrong map[string]string `json:"wrong"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&ready); err != nil {
		return []doctor.Finding{doctor.Broken(check, "give another http.listen: something else answers there", "what answers at %s is no gateway", listen)}
	}
	if ready.Ready {
		return []doctor.Finding{doctor.Well(check, "a gateway runs here and is well")}
	}
	var all []doctor.Finding
	for part, trouble := range ready.Wrong {
		all = append(all, doctor.Beware(check, "see the finding of that part here; the gateway tries again by itself", "the gateway runs, but %s is not well: %s", part, tickets.CleanLine(trouble)))
	}
	slices.SortFunc(all, func(a, b doctor.Finding) int { return strings.Compare(a.Says, b.Says) })
	return all
}

func (e *examination) checkMailbox(ctx context.Context, i int) []doctor.Finding {
	m, account := e.mailboxes()[i].Mailbox, e.settings.Mailboxes[i].account
	if account != nil && !e.asked() {
		return []doctor.Finding{doctor.Broken("mailbox "+m.Name, "mend the database first", "the log-in could not be tried: its tokens are in the database")}
	}
	m.Timeout = lookFor / 3
	found, err := mailin.ProbeMailbox(ctx, m)
	all := doctor.Mailbox(m, e.passwordAdvice("[[mailbox]] "+m.Name, e.settings.Mailboxes[i].PasswordIn, account != nil, m.Name), found, err, time.Now())
	if wrong, is := doctor.FutureMail(m.Name, found.Newest, time.Now()); is {
		all = append(all, wrong)
	}
	if e.asked() {
		if read, err := e.store.Readings(ctx); err == nil {
			all = append(all, doctor.Read(m.Name, read[m.Name], time.Now()))
		}
	}
	return all
}

// passwordAdvice is what to do about a refused log-in.
func (e *examination) passwordAdvice(setting, file string, token bool, login string) string {
	switch {
	case token:
		return "run `aduan oauth login " + login + "` and log in as that account"
	case file != "":
		return "correct username in " + setting + ", or write the right password into " + e.settings.resolve(file) + " (some servers want an app password); then restart the gateway"
	}
	return "correct username and password in " + setting + "; then restart the gateway"
}

// trialAddress looks like a reply address and is none.
func (e *examination) trialAddress() string {
	if e.settings.Team.ReplyAddress == "" {
		return ""
	}
	return strings.Replace(e.settings.Team.ReplyAddress, "{token}", strings.Repeat("doctor", 6)[:32], 1)
}

func (e *examination) checkRelay(ctx context.Context) []doctor.Finding {
	s := e.settings.SMTP
	if s.account != nil && !e.asked() {
		return []doctor.Finding{doctor.Broken("relay", "mend the database first", "the log-in could not be tried: its tokens are in the database")}
	}
	login := relayLogin
	if s.account != nil {
		login = s.account.Login
	}
	e2 := doctor.Envelope{Sender: e.settings.Team.Address, Team: e.settings.Team.Address, Plus: e.trialAddress(), Setting: e.passwordAdvice("[smtp]", s.PasswordIn, s.account != nil, login)}
	recipients := []string{e2.Team}
	if e2.Plus != "" {
		e2.Sender, recipients = e2.Plus, append(recipients, e2.Plus)
	}
	cfg := e.relay()
	cfg.Timeout = lookFor / 3
	found, err := mailout.ProbeRelay(ctx, cfg, e2.Sender, recipients...)
	return doctor.Relay(cfg, e2, int64(s.MailSize), found, err)
}

func (e *examination) checkDomain(ctx context.Context) []doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return doctor.Domain(ctx, e.dns, tickets.Domain(e.settings.Team.Address), e.settings.SMTP.addr)
}
