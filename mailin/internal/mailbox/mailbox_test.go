package mailbox

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aduan/mailin/dovecottest"
	"aduan/mailin/imaptest"
)

func TestWaitingMailsAreFiledInOrderAndMovedAway(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		var all []string
		for n := range 7 {
			all = append(all, numbered(n))
			p.deliver(numbered(n))
		}
		l := &ledger{}
		start(t, p.addr, l, func(c *Config) { c.Batch = 3 })
		eventually(t, "all mails in the processed folder", func() bool { return len(p.folder(processed)) == 7 })
		wantMails(t, "on record", l.mails(), all...)
		wantMails(t, "processed", p.folder(processed), all...)
		wantMails(t, "inbox", p.folder("INBOX"))
		if l.waiting[0] != 7 {
			t.Errorf("waiting when the folder was opened: got %d, want 7", l.waiting[0])
		}
	})
}

func TestAMailThatComesDuringIdleIsTakenInAtOnce(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		l := &ledger{}
		// Were it the safety poll that finds the mail, the test would run into its limit.
		r := start(t, p.addr, l, nil)
		eventually(t, "the mailbox is open", func() bool { return r.status().Trouble == "" })
		p.deliver(numbered(1))
		eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
		p.deliver(numbered(2))
		eventually(t, "the second mail", func() bool { return len(p.folder(processed)) == 2 })
		wantMails(t, "on record", l.mails(), numbered(1), numbered(2))
	})
}

func TestWithoutIdleTheFolderIsPolled(t *testing.T) {
	p, _ := dovecot(t, dovecottest.Config{Capability: "IMAP4rev1 UIDPLUS MOVE"})
	l := &ledger{}
	r := start(t, p.addr, l, func(c *Config) { c.Poll = 50 * time.Millisecond })
	eventually(t, "the mailbox is open", func() bool { return r.status().Trouble == "" })
	p.deliver(numbered(1))
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
}

func TestAMailFiledBeforeACrashIsOnlyMoved(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		p.deliver(numbered(1))
		l := &ledger{}
		// The crash: the process ends after the commit, before File can say so.
		ctx, cancel := context.WithCancel(context.Background())
		crashed := &crashing{ledger: l, crash: cancel}
		if err := Run(ctx, Config{Name: "report", Addr: p.addr, TLS: Plain, Username: testUser, Password: testPassword,
			Processed: processed, Failed: failed}, crashed); err != nil {
			t.Fatal(err)
		}
		wantMails(t, "inbox after the crash", p.folder("INBOX"), numbered(1))
		start(t, p.addr, l, nil)
		eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
		wantMails(t, "on record", l.mails(), numbered(1))
		if stagings, known := l.count(); stagings != 1 || known != 1 {
			t.Errorf("got %d stagings, %d known, want 1 and 1", stagings, known)
		}
	})
}

// crashing ends the process, as it were, right after the first commit.
type crashing struct {
	*ledger
	crash func()
}

func (c *crashing) Begin(ctx context.Context, s Selection) (Batch, error) {
	b, err := c.ledger.Begin(ctx, s)
	return &crashingBatch{Batch: b, crash: c.crash}, err
}

type crashingBatch struct {
	Batch
	crash func()
}

func (b *crashingBatch) File(ctx context.Context) (map[uint32]Verdict, error) {
	if _, err := b.Batch.File(ctx); err != nil {
		return nil, err
	}
	b.crash()
	return nil, errors.New("killed")
}

func TestANewUIDValidityIsToldAndAllMailsAreLookedAtAgain(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		p.deliver(numbered(1))
		// A verdict of Later leaves the mail there, as a move that never came would.
		l := &ledger{verdict: func(string) Verdict { return Later }}
		start(t, p.addr, l, nil)
		eventually(t, "the first sight", func() bool { return len(l.mails()) == 1 })
		p.renumber()
		eventually(t, "the second sight", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return len(l.filed) > 1 && l.filed[len(l.filed)-1].UIDValidity != l.filed[0].UIDValidity
		})
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.validity) != 2 || l.validity[0] == l.validity[1] {
			t.Errorf("UIDVALIDITY told: got %v, want two different ones", l.validity)
		}
	})
}

func TestVerdictsDecideWhereAMailGoes(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		for _, s := range []string{"done", "bad", "later"} {
			p.deliver("Subject: " + s + "\r\n\r\n.\r\n")
		}
		l := &ledger{verdict: func(mail string) Verdict {
			switch {
			case strings.Contains(mail, "bad"):
				return Bad
			case strings.Contains(mail, "later"):
				return Later
			}
			return Done
		}}
		start(t, p.addr, l, nil)
		eventually(t, "the bad mail in the failed folder", func() bool { return len(p.folder(failed)) == 1 })
		eventually(t, "the done mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
		wantMails(t, "inbox", p.folder("INBOX"), "Subject: later\r\n\r\n.\r\n")
	})
}

func TestFoldersFollowTheServersNamespace(t *testing.T) {
	p, _ := dovecot(t, dovecottest.Config{Separator: ".", Prefix: "INBOX."})
	p.deliver(numbered(1))
	start(t, p.addr, &ledger{}, nil)
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder("INBOX.Aduan.Processed")) == 1 })
}

func TestAFolderThatIsDeletedIsMadeAgain(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		r := start(t, p.addr, &ledger{}, nil)
		eventually(t, "the mailbox is open", func() bool { return r.status().Trouble == "" })
		p.drop(processed)
		p.deliver(numbered(1))
		eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
	})
}

func TestMailsMarkedAsDeletedAreLeftAlone(t *testing.T) {
	p, s := memory(t, imaptest.Options{NoMove: true, NoUIDPlus: true})
	p.deliver(numbered(1))
	l := &ledger{}
	r := start(t, p.addr, l, func(c *Config) { c.Poll = 20 * time.Millisecond })
	// Without MOVE and UIDPLUS a filed mail is copied and marked, nothing more.
	eventually(t, "the copy in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
	var rounds atomic.Int32
	s.Intercept(func(op string) error {
		if op == "SEARCH" {
			rounds.Add(1)
		}
		return nil
	})
	eventually(t, "more looks at the folder", func() bool { return rounds.Load() > 3 })
	r.stop()
	wantMails(t, "processed", p.folder(processed), numbered(1))
	wantMails(t, "inbox", p.folder("INBOX"), numbered(1))
	if stagings, _ := l.count(); stagings != 1 {
		t.Errorf("stagings: got %d, want 1", stagings)
	}
}

func TestWithoutMoveAMailIsCopiedAndExpunged(t *testing.T) {
	body := func(t *testing.T, p *peer) {
		p.deliver(numbered(1))
		p.deliver(numbered(2))
		start(t, p.addr, &ledger{}, nil)
		eventually(t, "an empty inbox", func() bool { return len(p.folder("INBOX")) == 0 })
		wantMails(t, "processed", p.folder(processed), numbered(1), numbered(2))
	}
	t.Run("memory", func(t *testing.T) {
		p, _ := memory(t, imaptest.Options{NoMove: true})
		body(t, p)
	})
	t.Run("dovecot", func(t *testing.T) {
		p, _ := dovecot(t, dovecottest.Config{Capability: "IMAP4rev1 UIDPLUS IDLE"})
		body(t, p)
	})
}

func TestTLSWorksFromTheFirstByteAndByStartTLS(t *testing.T) {
	p, s := dovecot(t, dovecottest.Config{})
	rows := []struct {
		about, addr string
		mode        TLSMode
	}{
		{"from the first byte", s.TLSAddr, Implicit},
		{"by STARTTLS", s.Addr, StartTLS},
	}
	for n, row := range rows {
		t.Run(row.about, func(t *testing.T) {
			p.deliver(numbered(n))
			start(t, row.addr, &ledger{}, func(c *Config) { c.TLS, c.TLSConfig = row.mode, insecureTLS(s) })
			eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == n+1 })
		})
	}
}

func TestAnUntrustedCertificateIsTroubleAndNoMailIsRead(t *testing.T) {
	p, s := dovecot(t, dovecottest.Config{})
	p.deliver(numbered(1))
	l := &ledger{}
	r := start(t, s.TLSAddr, l, func(c *Config) { c.TLS = Implicit })
	eventually(t, "trouble with the certificate", func() bool { return strings.Contains(r.status().Trouble, "certificate") })
	wantMails(t, "on record", l.mails())
}

func TestAMailTheIntakeCannotTakeDoesNotKeepOthersWaiting(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		for n := range 4 {
			p.deliver(numbered(n))
		}
		var healed atomic.Bool
		l := &ledger{}
		l.consume = func(_ Envelope, r io.Reader) (string, error) {
			mail, err := io.ReadAll(r)
			if strings.Contains(string(mail), "laporan 1") && !healed.Load() {
				return "", errDisk
			}
			return string(mail), err
		}
		r := start(t, p.addr, l, nil)
		eventually(t, "the other three processed", func() bool { return len(p.folder(processed)) == 3 })
		wantMails(t, "inbox", p.folder("INBOX"), numbered(1))
		eventually(t, "trouble in the status", func() bool { return strings.Contains(r.status().Trouble, "disk full") })
		healed.Store(true)
		eventually(t, "the last one processed", func() bool { return len(p.folder(processed)) == 4 })
		eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
	})
}

func TestNothingIsMovedThatCouldNotBeFiled(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		p.deliver(numbered(1))
		var tries atomic.Int32
		l := &ledger{file: func(context.Context) error {
			if tries.Add(1) <= 3 {
				wantMails(t, "inbox before it is on record", p.folder("INBOX"), numbered(1))
				return errors.New("database away")
			}
			return nil
		}}
		r := start(t, p.addr, l, nil)
		eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
		wantMails(t, "on record", l.mails(), numbered(1))
		eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
		wantOneTrouble(t, r)
	})
}

func TestAnIntakeThatHangsIsTroubleAndTriedAgain(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	p.deliver(numbered(1))
	var tries atomic.Int32
	l := &ledger{file: func(ctx context.Context) error {
		if tries.Add(1) > 1 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	r := start(t, p.addr, l, func(c *Config) { c.IntakeTimeout = 50 * time.Millisecond })
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
	eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
	wantMails(t, "on record", l.mails(), numbered(1))
	wantOneTrouble(t, r)
}

// wantOneTrouble checks that the log has one line for the beginning and one for the end.
func wantOneTrouble(t *testing.T, r *running) {
	t.Helper()
	log := r.log.String()
	if begun, ended := strings.Count(log, "level=WARN"), strings.Count(log, "works again"); begun != 1 || ended != 1 {
		t.Errorf("lines at the beginning: %d, at the end: %d, want 1 and 1; log:\n%s", begun, ended, log)
	}
}

func TestTheBatchInHandIsFinishedWhenTheContextEnds(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		for n := range 6 {
			p.deliver(numbered(n))
		}
		begun, proceed := make(chan struct{}), make(chan struct{})
		hold := sync.OnceFunc(func() {
			close(begun)
			<-proceed
		})
		l := &ledger{file: func(context.Context) error {
			hold()
			return nil
		}}
		r := start(t, p.addr, l, func(c *Config) { c.Batch = 3 })
		<-begun
		time.AfterFunc(100*time.Millisecond, func() { close(proceed) })
		r.stop()
		if n := len(p.folder(processed)); n < 3 {
			t.Errorf("processed: got %d mails, want the batch in hand, 3 or more", n)
		}
		if n, m := len(l.mails()), len(p.folder(processed)); n != m {
			t.Errorf("%d mails are on record, but %d moved", n, m)
		}
	})
}

func TestAMailIsNeverFiledToTheFolderItCameFrom(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	p.deliver(numbered(1))
	l := &ledger{}
	r := start(t, p.addr, l, func(c *Config) { c.Processed = "inbox" })
	eventually(t, "trouble with the folders", func() bool { return strings.Contains(r.status().Trouble, "at once") })
	wantMails(t, "on record", l.mails())
}

func TestTwoProcessesMayWorkOneMailbox(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		for n := range 60 {
			p.deliver(numbered(n))
		}
		l := &ledger{}
		one := start(t, p.addr, l, func(c *Config) { c.Batch = 7 })
		two := start(t, p.addr, l, func(c *Config) { c.Batch = 5 })
		eventually(t, "an empty inbox", func() bool { return len(p.folder("INBOX")) == 0 })
		seen := map[string]bool{}
		for _, mail := range l.mails() {
			seen[mail] = true
		}
		if len(seen) != 60 {
			t.Errorf("on record: got %d of 60 mails", len(seen))
		}
		one.stop()
		two.stop()
		for _, r := range []*running{one, two} {
			if log := r.log.String(); strings.Contains(log, "WARN") {
				t.Errorf("got trouble in the log:\n%s", log)
			}
		}
	})
}

func TestAMailMayBeReadInPart(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		p.deliver("Subject: big\r\n\r\n" + strings.Repeat("0123456789abcde\r\n", 20000))
		p.deliver(numbered(2))
		l := &ledger{consume: func(_ Envelope, r io.Reader) (string, error) {
			b := make([]byte, 14)
			_, err := io.ReadFull(r, b)
			return string(b), err
		}}
		start(t, p.addr, l, nil)
		eventually(t, "both processed", func() bool { return len(p.folder(processed)) == 2 })
		wantMails(t, "on record", l.mails(), "Subject: big\r\n", numbered(2)[:14])
	})
}

func TestTheEnvelopeTellsArrivalAndSize(t *testing.T) {
	p, s := memory(t, imaptest.Options{})
	at := time.Date(2026, 11, 20, 8, 30, 0, 0, time.FixedZone("WITA", 8*3600))
	if err := s.Deliver(testUser, "INBOX", []byte(numbered(1)), at); err != nil {
		t.Fatal(err)
	}
	l := &ledger{}
	start(t, p.addr, l, nil)
	eventually(t, "the mail on record", func() bool { return len(l.mails()) == 1 })
	got := l.filed[0].Envelope
	if !got.ArrivedAt.Equal(at) || got.Size != int64(len(numbered(1))) || got.UID != 1 || got.Mailbox != "report" || got.UIDValidity == 0 {
		t.Errorf("got %+v", got)
	}
}
