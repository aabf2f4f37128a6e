package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aduan/mailin/faultnet"
	"aduan/mailin/imaptest"
	"aduan/mailout/smtptest"
	"aduan/tickets/ticketstest"
)

// outage is one thing that is broken for a while, with the whole program between real connections.
type outage struct {
	about    string
	dsn      string // of the database; "" makes one
	postgres bool   // the database is PostgreSQL, behind a proxy; else SQLite
	small    bool   // database and evidence lie on a small disk of their own
	atStart  bool   // it is broken when the gateway starts
	closed   bool   // nobody can put mail into the mailbox meanwhile
	breaks   func(*broken)
	heals    func(*broken)
	lasts    time.Duration // from the first sign of it on; 0 is two seconds
	// says is what /readyz says meanwhile: a part, and some of its words. Empty where an outage is no trouble.
	says, words string
	// begins and ends are in one line of the log each, at the start and at the end.
	begins, ends []string
	doubles      bool // mails may go out twice, as the same
	tries        int  // the most connections or commands that the outage may cost; 0 is 12
}

// broken is a trial with a proxy before every server.
type broken struct {
	*trial
	imap, alt, smtp, database *faultnet.Proxy
	http                      string
	disk                      string // where database and evidence lie

	mu    sync.Mutex
	given map[string]int // IMAP commands by name, of both mailboxes
	no    map[string]error
}

func newBroken(t *testing.T, o outage) *broken {
	t.Helper()
	b := &broken{given: map[string]int{}, no: map[string]error{}, http: freeAddr(t), disk: t.TempDir()}
	if o.small {
		mountSmallDisk(t, b.disk)
	}
	dsn := o.dsn
	switch {
	case o.postgres:
		dsn = ticketstest.PostgreSQL(t)
	case dsn == "":
		dsn = "sqlite:" + filepath.Join(b.disk, "aduan.db")
	}
	b.trial = newTrialIn(t, dsn, b.disk)
	text, err := os.ReadFile(b.in.config)
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Replace(string(text), `listen = ""`, fmt.Sprintf("listen = %q", b.http), 1)
	before := func(addr string) *faultnet.Proxy {
		p, err := faultnet.Start(addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		settings = strings.ReplaceAll(settings, addr, p.Addr())
		return p
	}
	b.imap, b.alt, b.smtp = before(b.boxes[aduan].Addr()), before(b.boxes[alt].Addr()), before(b.relay.Addr())
	if u, err := url.Parse(dsn); err == nil && u.Host != "" {
		b.database = before(u.Host)
	}
	for _, box := range b.boxes {
		box.Intercept(b.meet)
	}
	if err := os.WriteFile(b.in.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// meet counts the IMAP commands, and refuses those that the outage wants refused.
func (b *broken) meet(op string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.given[op]++
	return b.no[op]
}

// refuse has IMAP commands of a name answered so; nil obeys them again.
func (b *broken) refuse(op string, answer error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.no[op] = answer
}

// cost is what has been asked of all servers so far.
func (b *broken) cost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.imap.Made() + b.alt.Made() + b.smtp.Made() + b.given["LOGIN"] + b.given["SEARCH"] + b.given["FETCH"] + b.given["MOVE"] + b.given["SELECT"]
	if b.database != nil {
		n += b.database.Made()
	}
	return n
}

// wrong asks /readyz.
func (b *broken) wrong() (map[string]string, error) {
	answer, err := http.Get("http://" + b.http + "/readyz")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var said struct {
		Ready bool
		Wrong map[string]string
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return nil, err
	}
	if said.Ready != (len(said.Wrong) == 0) || said.Ready != (answer.StatusCode == http.StatusOK) {
		return nil, fmt.Errorf("/readyz contradicts itself: %+v, %s", said, answer.Status)
	}
	return said.Wrong, nil
}

// awaitReady waits until /readyz says that nothing is wrong, or that something is: a part with some words.
func (b *broken) awaitReady(part, words string) {
	b.t.Helper()
	err := await(func() (bool, error) {
		wrong, err := b.wrong()
		return err == nil && (part == "" && len(wrong) == 0 || part != "" && strings.Contains(wrong[part], words)), errors.Join(err, fmt.Errorf("/readyz says %v", wrong))
	})
	if err != nil {
		b.t.Fatalf("/readyz never said %q of %q: %v", words, part, err)
	}
}

// play runs the program through an outage.
func (b *broken) play(o outage) {
	t := b.t
	before := b.cost()
	if o.atStart {
		o.breaks(b)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"serve", "--config", b.in.config}, strings.NewReader(""), &b.log, &b.log)
	}()
	defer func() {
		stop()
		if code := <-done; code != exitDone {
			t.Errorf("serve: exit code %d", code)
		}
	}()
	if !o.atStart {
		b.deliver(aduan, aReport)
		b.deliver(alt, aReport)
		b.awaitReady("", "")
		b.settle()
		before = b.cost()
		o.breaks(b)
	}
	b.deliver(alt, aReport)
	if !o.closed {
		b.deliver(aduan, aReport)
	}
	if o.says != "" {
		b.awaitReady(o.says, o.words)
	}
	time.Sleep(max(o.lasts, 2*time.Second)) // how long an outage lasts is part of it
	b.deliver(alt, aReport)
	most := o.tries
	if most == 0 {
		most = 40
	}
	if n := b.cost() - before; n > most {
		t.Errorf("the outage cost %d connections and commands, want %d at most", n, most)
	}
	o.heals(b)
	b.deliver(aduan, aReport)
	b.settle()
	b.awaitReady("", "")
	if doubled := b.upheld(); doubled > 0 && !o.doubles {
		t.Errorf("%d mails went out twice", doubled)
	}
	b.wantLog(o)
}

// wantLog: each beginning and each end stands in one line, and nothing else is complained about.
func (b *broken) wantLog(o outage) {
	b.t.Helper()
	complaints := 0
	for line := range strings.Lines(b.log.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			complaints++
		}
	}
	if complaints != len(o.begins) {
		b.t.Errorf("%d complaints in the log, want %d", complaints, len(o.begins))
	}
	for _, want := range append(o.begins, o.ends...) {
		if err := await(func() (bool, error) { return strings.Count(b.log.String(), want) == 1, nil }); err != nil {
			b.t.Errorf("%q is in the log %d times", want, strings.Count(b.log.String(), want))
		}
	}
}

const (
	mailboxBegins = `msg="mailbox is in trouble, trying again until it works" mailbox=report`
	altBegins     = `msg="mailbox is in trouble, trying again until it works" mailbox=alt`
	mailboxEnds   = `msg="mailbox works again" mailbox=report`
	altEnds       = `msg="mailbox works again" mailbox=alt`
)

func nothing(*broken) {}

// forget no longer expects the mails of so far to lie in a folder of the report mailbox: they went with it.
func (b *broken) forget() {
	b.trial.mu.Lock()
	defer b.trial.mu.Unlock()
	for i, e := range b.mails {
		if e.box == aduan {
			b.mails[i].box = ""
		}
	}
}

// mountSmallDisk makes a folder a file system of its own that is soon full.
func mountSmallDisk(t *testing.T, folder string) {
	t.Helper()
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size=4m,mode=700"); err != nil {
		if os.Getenv("ADUAN_REQUIRE_PEERS") != "" && os.Geteuid() == 0 {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Skipf("only root can mount a small disk: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
}

// fill leaves no room on the disk.
func (b *broken) fill() {
	f, err := os.Create(filepath.Join(b.disk, "filler"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<10); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		b.t.Fatalf("the disk is not full: %v", err)
	}
}

func (b *broken) tidy() {
	if err := os.Remove(filepath.Join(b.disk, "filler")); err != nil {
		b.t.Error(err)
	}
}

var outages = []outage{
	{about: "the IMAP server is away", breaks: func(b *broken) { b.imap.Down(true) }, heals: func(b *broken) { b.imap.Down(false) },
		says: "mailbox report", words: "connection", begins: []string{mailboxBegins}, ends: []string{mailboxEnds}},
	{about: "the IMAP server is unavailable behind its front", breaks: func(b *broken) { b.refuse("SEARCH", imaptest.No("UNAVAILABLE", "backend away")) }, heals: func(b *broken) { b.refuse("SEARCH", nil) },
		says: "mailbox report", words: "backend away", begins: []string{mailboxBegins, altBegins}, ends: []string{mailboxEnds, altEnds}},
	{about: "the IMAP server throws everybody out", breaks: func(b *broken) {
		b.refuse("GREETING", imaptest.Refusal("shutting down"))
		b.boxes[aduan].Bye("shutting down")
	}, heals: func(b *broken) { b.refuse("GREETING", nil) },
		says: "mailbox report", words: "shutting down", begins: []string{mailboxBegins}, ends: []string{mailboxEnds}},
	{about: "the password was changed", breaks: func(b *broken) { b.boxes[aduan].AddUser(aduan, "lain"); b.boxes[aduan].Drop() }, heals: func(b *broken) { b.boxes[aduan].AddUser(aduan, password) },
		says: "mailbox report", words: "log in", begins: []string{mailboxBegins}, ends: []string{mailboxEnds}},
	{about: "the quota is full at the move", breaks: func(b *broken) { b.refuse("MOVE", imaptest.No("OVERQUOTA", "quota exceeded")) }, heals: func(b *broken) { b.refuse("MOVE", nil) },
		says: "mailbox report", words: "quota exceeded", begins: []string{mailboxBegins}, ends: []string{mailboxEnds}},
	{about: "the folder is numbered anew while mails on record lie in it", breaks: func(b *broken) { b.refuse("MOVE", imaptest.No("OVERQUOTA", "quota exceeded")) }, heals: func(b *broken) {
		if err := b.boxes[aduan].Renumber(aduan, "INBOX"); err != nil {
			b.t.Error(err)
		}
		b.refuse("MOVE", nil)
	}, says: "mailbox report", words: "quota exceeded", begins: []string{mailboxBegins}, ends: []string{mailboxEnds}},
	{about: "the relay is away", breaks: func(b *broken) { b.smtp.Down(true) }, heals: func(b *broken) { b.smtp.Down(false) },
		says: "smtp", words: "relay", begins: []string{`msg="mail waits: trouble with the relay"`}, ends: []string{`msg="mail goes on: the relay is back"`}},
	{about: "the relay is slow", breaks: func(b *broken) { b.relay.Order(smtptest.OnMail, smtptest.Answer{Delay: time.Second}) }, heals: func(b *broken) { b.relay.Forget() }},
	{about: "the relay answers late", breaks: func(b *broken) {
		b.relay.Order(smtptest.AfterData, smtptest.Answer{Delay: 4 * time.Second, Times: 2})
	}, heals: nothing, lasts: 5 * time.Second},
	{about: "the relay greylists", breaks: func(b *broken) {
		b.relay.Order(smtptest.AnyRecipient, smtptest.Answer{Code: 450, Text: "greylisted"})
	}, heals: func(b *broken) { b.relay.Forget() }},
	{about: "the relay cuts after the mail", breaks: func(b *broken) { b.relay.Order(smtptest.AfterData, smtptest.Answer{Cut: true, Times: 3}) }, heals: nothing, doubles: true},
	{about: "the database is away", postgres: true, breaks: func(b *broken) { b.database.Down(true) }, heals: func(b *broken) { b.database.Down(false) }, tries: 100, lasts: 5 * time.Second,
		says: "database", words: "connect",
		begins: []string{mailboxBegins, altBegins, `msg="mail waits: trouble with the database"`, `msg="leases cannot be renewed`}, ends: []string{mailboxEnds, altEnds, `msg="mail goes on: the database is back"`, `msg="leases are renewed again"`}},
	{about: "the database is away at the start", postgres: true, atStart: true, breaks: func(b *broken) { b.database.Down(true) }, heals: func(b *broken) { b.database.Down(false) },
		says: "database", words: "open database", begins: []string{`msg="the database is away, trying again until it is back"`}, ends: []string{`msg="the database is back"`}},
	{about: "the disk is full", small: true, breaks: (*broken).fill, heals: (*broken).tidy, tries: 100,
		says: "evidence", words: "no space left", begins: []string{mailboxBegins, altBegins}, ends: []string{mailboxEnds, altEnds}},
	{about: "the folders to file to were deleted", breaks: func(b *broken) {
		for _, folder := range []string{"Aduan/Processed", "Aduan/Failed"} {
			if err := b.boxes[aduan].DeleteFolder(aduan, folder); err != nil {
				b.t.Error(err)
			}
		}
		b.forget()
	}, heals: nothing},
	{about: "the folder was deleted", closed: true, breaks: func(b *broken) {
		if err := b.boxes[aduan].DeleteFolder(aduan, "INBOX"); err != nil {
			b.t.Error(err)
		}
	}, heals: func(b *broken) {
		if err := b.boxes[aduan].CreateFolder(aduan, "INBOX"); err != nil {
			b.t.Error(err)
		}
	}, says: "mailbox report", words: "open the folder", begins: []string{mailboxBegins}, ends: []string{mailboxEnds}},
	{about: "another process holds the database's lock for a while", breaks: func(b *broken) {
		held := make(chan error)
		go func() {
			c, err := b.db.Conn(context.Background())
			if err == nil {
				_, err = c.ExecContext(context.Background(), "BEGIN IMMEDIATE")
			}
			held <- err
			time.Sleep(4 * time.Second)
			c.ExecContext(context.Background(), "ROLLBACK")
			c.Close()
		}()
		if err := <-held; err != nil {
			b.t.Error(err)
		}
	}, heals: nothing, lasts: 5 * time.Second},
}

func TestAnOutageLosesAndDoublesNothingAndIsSaidOnce(t *testing.T) {
	// An outage is waiting: more of them than processors go on at once.
	var g errgroup.Group
	g.SetLimit(6)
	for _, o := range outages {
		g.Go(func() error {
			t.Run(o.about, func(t *testing.T) { newBroken(t, o).play(o) })
			return nil
		})
	}
	g.Wait()
}
