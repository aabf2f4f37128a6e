package mailbox

import (
	"bufio"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// odd is a server of few words, for answers that proper servers do not give. It holds one
// mail, which a MOVE takes away.
type odd struct {
	ln    net.Listener
	fetch func(items string) string // the answer to a FETCH for these items, without the tagged line
	caps  string
	idle  string // the tagged answer to IDLE; empty idles

	mu    sync.Mutex
	moved bool
	said  []string
}

func startOdd(t *testing.T, o *odd) *odd {
	t.Helper()
	var err error
	if o.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.ln.Close() })
	go func() {
		for {
			conn, err := o.ln.Accept()
			if err != nil {
				return
			}
			go o.serve(conn)
		}
	}()
	return o
}

var fetchCommand = regexp.MustCompile(`UID FETCH \S+ \((.*)\)`)

func (o *odd) serve(conn net.Conn) {
	defer conn.Close()
	fmt.Fprintf(conn, "* OK [CAPABILITY IMAP4rev1 %s] ready\r\n", o.caps)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		fmt.Fprint(conn, o.answer(tag, command))
	}
}

func (o *odd) answer(tag, command string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said = append(o.said, command)
	ok := tag + " OK done\r\n"
	word, rest, _ := strings.Cut(command, " ")
	if word == "UID" {
		word, _, _ = strings.Cut(rest, " ")
	}
	switch word {
	case "CAPABILITY":
		return "* CAPABILITY IMAP4rev1 " + o.caps + "\r\n" + ok
	case "LIST":
		return "* LIST () \"/\" " + strings.TrimPrefix(rest, `"" `) + "\r\n" + ok
	case "SELECT":
		return "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n" + ok
	case "SEARCH":
		if o.moved {
			return "* SEARCH\r\n" + ok
		}
		return "* SEARCH 3\r\n" + ok
	case "FETCH":
		return o.fetch(fetchCommand.FindStringSubmatch(command)[1]) + ok
	case "MOVE":
		o.moved = true
	case "IDLE":
		if o.idle != "" {
			return tag + " " + o.idle + "\r\n"
		}
		return "+ idling\r\n"
	}
	return ok
}

const oddMail = "Subject: ganjil\r\n\r\nisi\r\n"

func literal(mail string) string { return fmt.Sprintf("{%d}\r\n%s", len(mail), mail) }

func TestAServerThatSendsTheDateLastIsAskedForItFirst(t *testing.T) {
	o := startOdd(t, &odd{caps: "MOVE", fetch: func(items string) string {
		const date = `INTERNALDATE "20-Nov-2026 08:30:00 +0800"`
		if !strings.Contains(items, "BODY") {
			return "* 1 FETCH (UID 3 " + date + ")\r\n"
		}
		return "* 1 FETCH (UID 3 BODY[] " + literal(oddMail) + " " + date + ")\r\n"
	}})
	l := &ledger{}
	start(t, o.ln.Addr().String(), l, nil)
	eventually(t, "the mail on record", func() bool { return len(l.mails()) == 1 })
	wantMails(t, "on record", l.mails(), oddMail)
	if got, want := l.filed[0].ArrivedAt, time.Date(2026, 11, 20, 0, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("arrived at: got %v, want %v", got, want)
	}
}

func TestAMailWithoutContentIsTroubleAndTriedAgain(t *testing.T) {
	var times int
	o := startOdd(t, &odd{caps: "MOVE", fetch: func(string) string {
		content := "NIL"
		if times++; times > 2 {
			content = literal(oddMail)
		}
		return "* 1 FETCH (UID 3 INTERNALDATE \"20-Nov-2026 08:30:00 +0800\" BODY[] " + content + ")\r\n"
	}})
	l := &ledger{}
	r := start(t, o.ln.Addr().String(), l, nil)
	eventually(t, "the mail on record", func() bool { return len(l.mails()) == 1 })
	eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
	wantOneTrouble(t, r)
}

func TestAChangeOfFlagsIsNotTakenForTheMail(t *testing.T) {
	var times int
	o := startOdd(t, &odd{caps: "MOVE", fetch: func(string) string {
		mail := "* 1 FETCH (UID 3 INTERNALDATE \"20-Nov-2026 08:30:00 +0800\" BODY[] " + literal(oddMail) + ")\r\n"
		if times++; times == 1 {
			return "* 1 FETCH (UID 3 FLAGS (\\Seen))\r\n" + mail
		}
		return mail
	}})
	l := &ledger{}
	r := start(t, o.ln.Addr().String(), l, nil)
	eventually(t, "the mail on record", func() bool { return len(l.mails()) == 1 })
	wantMails(t, "on record", l.mails(), oddMail)
	if log := r.log.String(); strings.Contains(log, "WARN") {
		t.Errorf("got trouble in the log:\n%s", log)
	}
}

func TestAServerThatRefusesIdleIsPolled(t *testing.T) {
	o := startOdd(t, &odd{caps: "MOVE IDLE", idle: "BAD not today", fetch: func(string) string {
		return "* 1 FETCH (UID 3 INTERNALDATE \"20-Nov-2026 08:30:00 +0800\" BODY[] " + literal(oddMail) + ")\r\n"
	}})
	o.moved = true // nothing waits at first
	r := start(t, o.ln.Addr().String(), &ledger{}, func(c *Config) { c.Poll = 20 * time.Millisecond })
	eventually(t, "polls after a refused IDLE", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return strings.Count(strings.Join(o.said, "\n"), "NOOP") > 2
	})
	o.mu.Lock()
	idles := strings.Count(strings.Join(o.said, "\n"), "IDLE")
	o.moved = false
	o.mu.Unlock()
	if idles != 1 {
		t.Errorf("IDLE was tried %d times on one connection, want 1", idles)
	}
	eventually(t, "the mail moved", func() bool { o.mu.Lock(); defer o.mu.Unlock(); return o.moved })
	if log := r.log.String(); strings.Contains(log, "WARN") {
		t.Errorf("got trouble in the log:\n%s", log)
	}
}

func TestOnlyHarmlessItemsAreAskedFor(t *testing.T) {
	var asked string
	o := startOdd(t, &odd{caps: "MOVE", fetch: func(items string) string {
		asked = items
		return "* 1 FETCH (UID 3 INTERNALDATE \"20-Nov-2026 08:30:00 +0800\" BODY[] " + literal(oddMail) + ")\r\n"
	}})
	r := start(t, o.ln.Addr().String(), &ledger{}, nil)
	eventually(t, "the mail moved", func() bool { o.mu.Lock(); defer o.mu.Unlock(); return o.moved })
	r.stop()
	for _, item := range strings.Fields(asked) {
		switch item {
		case "UID", "INTERNALDATE", "BODY.PEEK[]":
		default:
			t.Errorf("asked for %q", item)
		}
	}
}

func TestNamesAreSpeltAsTheServerDoes(t *testing.T) {
	rows := []struct{ about, name, delimiter, prefix, want string }{
		{"a slash needs no change", "Aduan/Processed", "/", "", "Aduan/Processed"},
		{"another delimiter", "Aduan/Processed", ".", "", "Aduan.Processed"},
		{"a prefix", "Aduan/Processed", ".", "INBOX.", "INBOX.Aduan.Processed"},
		{"the prefix is there already", "INBOX/Aduan", ".", "INBOX.", "INBOX.Aduan"},
		{"a server without levels", "Aduan/Processed", "", "", "Aduan/Processed"},
		{"the inbox is everywhere the same", "inbox", ".", "INBOX.", "INBOX"},
	}
	for _, row := range rows {
		if got := spell(row.name, row.delimiter, row.prefix); got != row.want {
			t.Errorf("%s: got %q, want %q", row.about, got, row.want)
		}
	}
}
