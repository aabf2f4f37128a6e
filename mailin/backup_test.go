package mailin_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	_ "modernc.org/sqlite"

	"aduan/mailin"
	"aduan/mailin/imaptest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const backedUp = 60 // mails

// station is a gateway's intake on a mailbox.
type station struct {
	*testing.T
	server *imaptest.Server
	box    mailin.Mailbox
}

func newStation(t *testing.T) *station {
	t.Helper()
	server, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	server.AddUser(ticketstest.Address, "x")
	addr, mode, err := mailin.ParseServer("imap://"+server.Addr(), false)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	return &station{t, server, mailin.Mailbox{Name: "report", Addr: addr, TLS: mode, Username: ticketstest.Address, Password: "x", Logger: quiet, Batch: 3}}
}

func (s *station) deliver(n int, at time.Time) {
	s.Helper()
	raw := fmt.Sprintf("From: ani%d@dinkes.baliprov.example\r\nTo: %s\r\nSubject: laporan %d\r\nMessage-ID: <%d@dinkes.baliprov.example>\r\n\r\nIsi laporan %d.\r\n", n, ticketstest.Address, n, n, n)
	if n%5 == 0 { // some have no Message-ID
		raw = strings.Replace(raw, "Message-ID", "X-Was", 1)
	}
	if err := s.server.Deliver(ticketstest.Address, "INBOX", []byte(raw), at); err != nil {
		s.Fatal(err)
	}
}

func (s *station) intake(d *ticketstest.Desk) *mailin.Intake {
	return &mailin.Intake{Record: d.Store, Evidence: d.Evidence, Log: s.box.Logger, Clock: d.Now}
}

// work takes mail in until stop is called.
func (s *station) work(d *ticketstest.Desk) (stop func()) {
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.intake(d).Watch(ctx, s.box, 0) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			s.Error(err)
		}
	}
}

// await waits until so many mails lie in the processed folder and none in the inbox.
func (s *station) await(n int) {
	s.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		filed, err := s.server.Messages(ticketstest.Address, "Aduan/Processed")
		left, err2 := s.server.Messages(ticketstest.Address, "INBOX")
		if err == nil && err2 == nil && len(filed) >= n && (len(left) == 0 || n < backedUp) {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("%d of %d mails were filed away, %d wait (%v)", len(filed), n, len(left), err)
		}
	}
}

// reconcile compares the mailbox with a record.
func (s *station) reconcile(d *ticketstest.Desk) tickets.Reconciliation {
	s.Helper()
	day, err := d.ReconciliationDue(s.Context(), d.Now())
	if err != nil || day == "" {
		s.Fatalf("the reconciliation of %q is not due: %v", day, err)
	}
	in := s.intake(d)
	r, err := d.Reconcile(s.Context(), day, map[string]tickets.Folders{"report": func(ctx context.Context, visit func(tickets.FolderPiece) error) error {
		return in.Survey(ctx, s.box, visit)
	}}, d.Evidence)
	if err != nil || len(r.Unlooked) > 0 {
		s.Fatalf("%+v, %v", r, err)
	}
	return r
}

// moveBack moves everything from the processed folder to the inbox, as a person with a mail program does.
func (s *station) moveBack() {
	s.Helper()
	c, err := imapclient.DialInsecure(s.server.Addr(), nil)
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(ticketstest.Address, "x").Wait(); err != nil {
		s.Fatal(err)
	}
	if _, err := c.Select("Aduan/Processed", nil).Wait(); err != nil {
		s.Fatal(err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
	if err != nil {
		s.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(found.AllUIDs()...), "INBOX").Wait(); err != nil {
		s.Fatal(err)
	}
}

func countTickets(t *testing.T, d *ticketstest.Desk) (found int) {
	t.Helper()
	err := d.Tickets(t.Context(), "", func(tickets.Ticket) error { found++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func audited(t *testing.T, d *ticketstest.Desk, head string) tickets.Audited {
	t.Helper()
	a, err := d.AuditWith(t.Context(), tickets.Auditing{Evidence: d.Evidence, Head: head})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A backup is made while mail is being taken in, as docs/operations.md says: the database first, then the evidence. Restored
// elsewhere it is clean, the mailbox shows what came after it, and moving that back takes each mail in once.
func TestBackupMadeWhileMailComesInIsCleanAndWhatCameAfterItIsTakenInAgain(t *testing.T) {
	for name, db := range map[string]struct {
		open   func(t *testing.T) string
		backup func(t *testing.T, url string) (restored string)
	}{
		"sqlite":   {func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "aduan.db") }, backupSQLite},
		"postgres": {func(t *testing.T) string { return ticketstest.PostgreSQL(t) }, backupPostgreSQL},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			d := ticketstest.Open(t, db.open(t), nil)
			folder := filepath.Join(t.TempDir(), "evidence")
			d.Evidence = openFolder(t, folder)
			for n := range backedUp {
				s.deliver(n, d.Now())
			}
			stop := s.work(d)
			s.await(5)
			before := audited(t, d, "") // beside the working gateway
			if len(before.Faults) > 0 {
				t.Errorf("the audit of a working gateway: %q", before.Faults)
			}
			url := db.backup(t, d.URL)
			copied := filepath.Join(t.TempDir(), "evidence")
			copyEvidence(t, folder, copied)
			s.await(backedUp)
			stop()
			after := audited(t, d, before.Head)
			if len(after.Faults) > 0 || after.Tickets != backedUp {
				t.Errorf("%d tickets, %q", after.Tickets, after.Faults)
			}
			restored := ticketstest.Reopen(t, url, d)
			restored.Evidence = openFolder(t, copied)
			s.restored(restored, before.Head, after.Head)
		})
	}
}

// copyEvidence copies evidence while more is being written: all but the folder of drafts, whose files vanish.
func copyEvidence(t *testing.T, from, to string) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(from, "[0-9a-f]*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("there is no evidence to copy: %v", err)
	}
	for _, folder := range folders {
		if err := os.CopyFS(filepath.Join(to, filepath.Base(folder)), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
}

func openFolder(t *testing.T, folder string) tickets.Evidence {
	t.Helper()
	e, err := tickets.NewFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// restored checks a restored record, and takes in again what came after the backup.
func (s *station) restored(d *ticketstest.Desk, before, after string) {
	s.Helper()
	have := audited(s.T, d, before)
	if len(have.Faults) > 0 || have.Tickets == 0 {
		s.Errorf("the restored record has %d tickets: %q", have.Tickets, have.Faults)
	}
	if got := strings.Join(audited(s.T, d, after).Faults, "\n"); have.Tickets < backedUp && !strings.Contains(got, "no continuation") {
		s.Errorf("the head of after the backup fits the restored record: %q", got)
	}
	lost := backedUp - have.Tickets
	if lost == 0 {
		s.Log("everything was in the backup: nothing to take in again")
	}
	d.Pass(2 * time.Hour)
	if r := s.reconcile(d); r.Missing != lost || r.Faults != lost || r.Mails["processed"] != backedUp || r.Told != (lost > 0) {
		s.Errorf("the reconciliation misses %d of %d: %+v", lost, backedUp, r)
	}
	told := 0
	for _, n := range d.Deliver() {
		if n.Kind == tickets.KindWarning {
			told++
		}
	}
	if lost > 0 && told != 2 {
		s.Errorf("%d were warned, want Front Desk and the supervisor", told)
	}
	s.moveBack()
	stop := s.work(d)
	s.await(backedUp)
	stop()
	if n := countTickets(s.T, d); n != backedUp {
		s.Errorf("%d tickets of %d mails", n, backedUp)
	}
	d.Pass(24 * time.Hour)
	if r := s.reconcile(d); r.Faults != 0 || r.Mails["processed"] != backedUp || r.Told {
		s.Errorf("after taking them in again: %+v", r)
	}
	if last, ok, err := d.LastReconciliation(s.Context()); err != nil || !ok || last.Mails["processed"] != backedUp {
		s.Errorf("the last result is %+v, %v, %v", last, ok, err)
	}
	d.Deliver()
	d.WantClean()
}

func backupSQLite(t *testing.T, source string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "backup.db")
	db, err := sql.Open("sqlite", strings.TrimPrefix(source, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`VACUUM INTO ?`, target); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + target
}

func backupPostgreSQL(t *testing.T, source string) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	schema := q.Get("search_path")
	q.Del("search_path")
	u.RawQuery = q.Encode()
	dump := filepath.Join(t.TempDir(), "aduan.dump")
	run(t, "pg_dump", "--format=custom", "--schema="+schema, "--file="+dump, u.String())
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE DATABASE restored_` + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if db, err := sql.Open("postgres", u.String()); err == nil {
			db.Exec(`DROP DATABASE restored_` + schema + ` WITH (FORCE)`)
			db.Close()
		}
	})
	to := *u
	to.Path = "/restored_" + schema
	run(t, "pg_restore", "--no-owner", "--exit-on-error", "--dbname="+to.String(), dump)
	q.Set("search_path", schema)
	to.RawQuery = q.Encode()
	return to.String()
}

// run runs a program of PostgreSQL, from the PATH or from where Debian keeps them.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
		if len(found) == 0 {
			t.Fatalf("%s is not installed", program)
		}
		program = found[len(found)-1]
	}
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}
