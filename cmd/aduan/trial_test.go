package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/mailin/imaptest"
	"aduan/mailout/smtptest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// alt is a second mailbox, on a server that knows neither MOVE nor much else.
const alt = "lapor@csirt.example"

// failing is what a trial needs of a test, be it one of random sequences.
type failing interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// trial is a gateway's surroundings, which outlive it, and what must come of the mail that they hand it.
type trial struct {
	t      failing
	in     installation
	boxes  map[string]*imaptest.Server // by the mailbox's user
	relay  *smtptest.Server
	db     *sql.DB
	store  *tickets.Store
	proofs tickets.Evidence
	log    journal

	mu    sync.Mutex
	mails []expected
}

// expected is a mail that was put into a mailbox, and what must be on record of it.
type expected struct {
	id, from string
	box      string
	kind     expectation
}

type expectation int

const (
	aReport  expectation = iota // opens a ticket, is acknowledged, and Front Desk hears of it
	anOldOne                    // opens a ticket, and Front Desk hears of it in a summary
	aPoison                     // causes a fault each time: lies in the failed folder, and Front Desk hears of it
	refused                     // like a report, but its reporter's server refuses all mail
	aTwin                       // the same bytes as another mail: changes nothing
	anAnswer                    // belongs to a ticket that is there
	aBounce                     // belongs to a notice
)

// eachDatabase runs a test on both databases.
func eachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"))
	})
	t.Run("postgresql", func(t *testing.T) {
		url := ticketstest.PostgreSQL(t)
		t.Parallel()
		test(t, url)
	})
}

// newTrial starts the servers, and makes a database with a Front Desk and a trigger that makes mails with the subject
// "racun" fault.
func newTrial(t *testing.T, url string) *trial {
	t.Helper()
	return newTrialIn(t, url, t.TempDir())
}

// newTrialIn is newTrial with the settings and the evidence in a folder.
func newTrialIn(t *testing.T, url, folder string) *trial {
	t.Helper()
	tr := &trial{t: t, boxes: map[string]*imaptest.Server{}}
	for user, options := range map[string]imaptest.Options{aduan: {}, alt: {NoMove: true}} {
		box, err := imaptest.Start("127.0.0.1:0", options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { box.Close() })
		box.AddUser(user, password)
		tr.boxes[user] = box
	}
	var err error
	if tr.relay, err = smtptest.Start("127.0.0.1:0", nil, smtptest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.relay.Close() })
	if tr.in, err = install(folder, url, tr.boxes[aduan].Addr(), tr.relay.Addr()); err != nil {
		t.Fatal(err)
	}
	tr.addMailbox(tr.boxes[alt].Addr())
	tr.in.call(t, exitDone, "staff", "add", frontdesk, "--name", "Front Desk", "--role", "front-desk")
	tr.openRecord(t, url, filepath.Join(folder, "evidence"))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(tail(tr.log.String(), 200))
		}
	})
	return tr
}

func tail(log string, lines int) string {
	all := strings.SplitAfter(log, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}

func (tr *trial) addMailbox(addr string) {
	text, err := os.ReadFile(tr.in.config)
	if err != nil {
		tr.t.Fatal(err)
	}
	more := fmt.Sprintf("[[mailbox]]\nname = \"alt\"\nserver = \"imap://%s\"\nusername = %q\npassword_file = \"imap.secret\"\n\n[smtp]\n", addr, alt)
	if err := os.WriteFile(tr.in.config, []byte(strings.Replace(string(text), "[smtp]\n", more, 1)), 0o600); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *trial) openRecord(t *testing.T, url, evidence string) {
	driver, source, trigger := "postgres", url, `CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'racun'; END $$ LANGUAGE plpgsql;
		CREATE TRIGGER no_poison BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.subject = 'racun') EXECUTE FUNCTION refuse()`
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+file+"?_pragma=busy_timeout(10000)"
		trigger = `CREATE TRIGGER no_poison BEFORE INSERT ON message WHEN NEW.subject = 'racun' BEGIN SELECT RAISE(ABORT, 'racun'); END`
	}
	var err error
	if tr.db, err = sql.Open(driver, source); err != nil {
		tr.t.Fatal(err)
	}
	t.Cleanup(func() { tr.db.Close() })
	if _, err := tr.db.Exec(trigger); err != nil {
		tr.t.Fatal(err)
	}
	s, err := loadSettings(tr.in.config)
	if err != nil {
		tr.t.Fatal(err)
	}
	if tr.store, err = tickets.OpenStore(context.Background(), url, s.record()); err != nil {
		tr.t.Fatal(err)
	}
	t.Cleanup(func() { tr.store.Close() })
	if tr.proofs, err = tickets.NewFolder(evidence); err != nil {
		tr.t.Fatal(err)
	}
}

// deliver puts a mail into a mailbox.
func (tr *trial) deliver(box string, kind expectation) {
	tr.t.Helper()
	tr.mu.Lock()
	n := len(tr.mails)
	e := expected{id: fmt.Sprintf("m%d@dinkes.baliprov.example", n), from: fmt.Sprintf("warga%d@dinkes.baliprov.example", n), box: box, kind: kind}
	if kind == aTwin {
		of := slices.IndexFunc(tr.mails, func(e expected) bool { return e.kind == aReport })
		e.id, e.from = tr.mails[of].id, tr.mails[of].from
	}
	tr.mails = append(tr.mails, e)
	tr.mu.Unlock()
	if kind == refused {
		tr.relay.Order(e.from, smtptest.Answer{Code: 550, Text: "no such user"})
	}
	subject, at := "Situs diretas", time.Now()
	switch kind {
	case aPoison:
		subject = "racun"
	case anOldOne:
		at = at.Add(-48 * time.Hour)
	}
	tr.put(e, fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\n\r\nHalaman depan berubah: %s.\r\n", e.from, aduan, subject, e.id, e.id), at)
}

// put lays a mail into its mailbox.
func (tr *trial) put(e expected, raw string, at time.Time) {
	tr.t.Helper()
	if err := tr.boxes[e.box].Deliver(e.box, "INBOX", []byte(raw), at); err != nil {
		tr.t.Error(err)
	}
}

// settle waits until no mail waits in a mailbox and no notice in the outbox, for as long as they become fewer; what is to be
// tried later is tried at once.
func (tr *trial) settle() {
	tr.t.Helper()
	for before := -1; ; {
		var wait error
		left := 0
		err := await(func() (bool, error) {
			left, wait = tr.left()
			return wait == nil && (left == 0 || left != before), wait
		})
		if err != nil {
			tr.t.Fatalf("%d mails and notices wait: %v", left, err)
		}
		if before = left; left == 0 {
			return
		}
	}
}

// left counts the mails and notices that wait.
func (tr *trial) left() (n int, err error) {
	for user, box := range tr.boxes {
		waiting, err := box.Messages(user, "INBOX")
		if err != nil {
			return n, err
		}
		n += len(waiting)
	}
	queued, err := tr.queued()
	return n + queued, err
}

// queued counts the notices that wait.
func (tr *trial) queued() (n int, err error) {
	waiting, err := tr.store.Outbox(context.Background())
	if err != nil {
		return 0, err
	}
	for _, d := range waiting {
		if d.State != tickets.Queued {
			continue
		}
		if n++; d.Attempts > 0 && time.Until(d.NextAt) > time.Second {
			if _, err := tr.store.RetryOutbox(context.Background(), d.ID); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// rows reads text columns.
func (tr *trial) rows(query string, columns int) (out [][]string) {
	tr.t.Helper()
	rows, err := tr.db.Query(query)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, into := make([]string, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			tr.t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		tr.t.Fatal(err)
	}
	return out
}

// upheld checks all that must be true once everything has settled, and returns how many mails went out more than once.
func (tr *trial) upheld() (doubled int) {
	tr.t.Helper()
	tr.mu.Lock()
	mails := slices.Clone(tr.mails)
	tr.mu.Unlock()
	numbers := tr.wantOneMessageEach(mails)
	tr.wantNumbersWithoutGap(mails)
	tr.wantToldOnce(mails, numbers)
	tr.wantFiledAway(mails)
	doubled = tr.wantSentAsRecorded()
	audited, err := tr.store.Audit(context.Background(), tr.proofs)
	if err != nil {
		tr.t.Fatal(err)
	}
	for _, f := range audited.Faults {
		tr.t.Errorf("audit: %s", f)
	}
	return doubled
}

// wantOneMessageEach: every mail is one message on one ticket; it returns the tickets by Message-ID.
func (tr *trial) wantOneMessageEach(mails []expected) map[string]string {
	tr.t.Helper()
	numbers := map[string]string{}
	for _, row := range tr.rows(`SELECT m.message_id, COALESCE(t.number, '') FROM message m LEFT JOIN ticket t ON t.id = m.ticket WHERE m.direction = 'in'`, 2) {
		if _, twice := numbers[row[0]]; twice || row[1] == "" && !strings.HasPrefix(row[0], "bounce") {
			tr.t.Errorf("the mail %s is on record as %q and as %q", row[0], numbers[row[0]], row[1])
		}
		numbers[row[0]] = row[1]
	}
	unsent := maps.Clone(numbers)
	for _, e := range mails {
		if _, ok := numbers[e.id]; ok == (e.kind == aPoison) {
			tr.t.Errorf("the mail %s (%d): on record: %v", e.id, e.kind, ok)
		}
		delete(unsent, e.id)
	}
	if len(unsent) > 0 {
		tr.t.Errorf("on record are mails that nobody sent: %v", unsent)
	}
	return numbers
}

func (tr *trial) wantNumbersWithoutGap(mails []expected) {
	tr.t.Helper()
	want := 0
	for _, e := range mails {
		if e.kind < aPoison || e.kind == refused {
			want++
		}
	}
	serials := tr.rows(`SELECT CAST(t.serial AS TEXT) FROM ticket t ORDER BY t.year, t.serial`, 1)
	for i, row := range serials {
		if row[0] != fmt.Sprint(i+1) {
			tr.t.Fatalf("ticket %d has the number %s", i+1, row[0])
		}
	}
	if len(serials) != want {
		alone := tr.rows(`SELECT number, subject, reporter FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.ticket = t.id AND m.direction = 'in')`, 3)
		tr.t.Errorf("%d tickets for %d reports; without any mail: %v", len(serials), want, alone)
	}
}

// wantToldOnce: there is one notice for each thing that somebody was to be told.
func (tr *trial) wantToldOnce(mails []expected, numbers map[string]string) {
	tr.t.Helper()
	told := map[string]int{}
	for _, row := range tr.rows(`SELECT n.kind, n.recipient, COALESCE(t.number, ''), n.items FROM notice n LEFT JOIN ticket t ON t.id = n.ticket`, 4) {
		told[row[0]+" "+row[1]+" "+row[2]]++
		for _, number := range numbers {
			if row[0] == string(tickets.KindBacklog) && strings.Contains(row[3], `"`+number+`"`) {
				told["backlog "+number]++
			}
		}
	}
	poisons := 0
	for _, e := range mails {
		want := map[string]int{}
		switch n := numbers[e.id]; e.kind {
		case aPoison:
			poisons++
		case anOldOne:
			want["backlog "+n], want["acknowledged "+e.from+" "+n] = 1, 0
		case refused:
			want["undelivered "+frontdesk+" "+n] = 1
			fallthrough
		case aReport:
			want["acknowledged "+e.from+" "+n], want["new-report "+frontdesk+" "+n] = 1, 1
		}
		for what, times := range want {
			if told[what] != times {
				tr.t.Errorf("%q was told %d times, want %d", what, told[what], times)
			}
		}
	}
	if n := told["bad-mail "+frontdesk+" "]; n != poisons {
		tr.t.Errorf("Front Desk heard %d times of %d failed mails", n, poisons)
	}
	if failed, err := tr.store.FailedMails(context.Background()); err != nil || len(failed) != poisons {
		tr.t.Errorf("%d mails are on the list of the failed, want %d: %v", len(failed), poisons, err)
	}
}

// wantFiledAway: every mail lies in the folder that it belongs to; once where the server knows MOVE.
func (tr *trial) wantFiledAway(mails []expected) {
	tr.t.Helper()
	for user, box := range tr.boxes {
		lie := map[string]int{}
		for _, folder := range []string{"Aduan/Processed", "Aduan/Failed"} {
			found, err := box.Messages(user, folder)
			if err != nil {
				tr.t.Fatal(err)
			}
			for _, raw := range found {
				l, err := readLetter(raw)
				if err != nil {
					tr.t.Fatal(err)
				}
				lie[folder+" "+l.messageID]++
			}
		}
		want := map[string]int{}
		for _, e := range mails {
			if e.box == user {
				want[map[bool]string{true: "Aduan/Failed ", false: "Aduan/Processed "}[e.kind == aPoison]+e.id]++
			}
		}
		for place, n := range want {
			if got := lie[place]; got < n || got > n && user == aduan {
				tr.t.Errorf("%s: %s lies there %d times, want %d", user, place, got, n)
			}
			delete(lie, place)
		}
		if len(lie) > 0 {
			tr.t.Errorf("%s: mails that were never sent: %v", user, lie)
		}
	}
}

// wantSentAsRecorded: every notice that counts as sent reached the relay, always as the same mail to the same person, and
// nothing else did.
func (tr *trial) wantSentAsRecorded() (doubled int) {
	tr.t.Helper()
	taken := map[string]smtptest.Mail{}
	for _, m := range tr.relay.Mails() {
		l, err := readLetter(m.Data)
		if err != nil {
			tr.t.Fatal(err)
		}
		if before, again := taken[l.messageID]; again {
			if doubled++; !bytes.Equal(before.Data, m.Data) || before.From != m.From || !slices.Equal(before.To, m.To) {
				tr.t.Errorf("the mail %s went out in two forms:\n%s\n%s", l.messageID, before.Data, m.Data)
			}
		}
		taken[l.messageID] = m
	}
	for _, row := range tr.rows(`SELECT message_id, recipient, state FROM notice`, 3) {
		m, reached := taken[row[0]]
		if reached != (row[2] == string(tickets.Sent) || row[2] == string(tickets.Bounced)) || reached && !slices.Equal(m.To, []string{row[1]}) {
			tr.t.Errorf("the notice %s to %s is %s; the relay took it: %v, for %v", row[0], row[1], row[2], reached, m.To)
		}
		delete(taken, row[0])
	}
	for id := range taken {
		tr.t.Errorf("the relay took the mail %s, which no notice knows", id)
	}
	return doubled
}
