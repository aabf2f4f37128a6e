package imaptest

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func started(t *testing.T, opts Options) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.AddUser("budi", "rahasia")
	if err := s.CreateFolder("budi", "Arsip"); err != nil {
		t.Fatal(err)
	}
	return s
}

// heard is what a client was told without asking.
type heard struct {
	mu       sync.Mutex
	expunged []uint32
	exists   chan uint32
}

func connect(t *testing.T, s *Server) (*imapclient.Client, *heard) {
	t.Helper()
	h := &heard{exists: make(chan uint32, 100)}
	c, err := imapclient.DialInsecure(s.Addr(), &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(seq uint32) { h.mu.Lock(); h.expunged = append(h.expunged, seq); h.mu.Unlock() },
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				h.exists <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login("budi", "rahasia").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c, h
}

func deliver(t *testing.T, s *Server, mails ...string) {
	t.Helper()
	for _, m := range mails {
		if err := s.Deliver("budi", "INBOX", []byte(m), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
}

func wantFolder(t *testing.T, s *Server, folder string, want ...string) {
	t.Helper()
	mails, err := s.Messages("budi", folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mails {
		got = append(got, string(m))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", folder, got, want)
	}
}

func TestAMoveTellsEachExpungeOnceToAllClients(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, "satu\r\n", "dua\r\n", "tiga\r\n")
	c, mine := connect(t, s)
	other, theirs := connect(t, s)
	if _, err := c.Move(imap.UIDSetNum(1, 3), "Arsip").Wait(); err != nil {
		t.Fatal(err)
	}
	if err := other.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	for who, h := range map[string]*heard{"the mover": mine, "the other": theirs} {
		h.mu.Lock()
		if want := []uint32{3, 1}; !slices.Equal(h.expunged, want) {
			t.Errorf("%s heard EXPUNGE of %v, want %v", who, h.expunged, want)
		}
		h.mu.Unlock()
	}
	wantFolder(t, s, "INBOX", "dua\r\n")
	wantFolder(t, s, "Arsip", "satu\r\n", "tiga\r\n")
}

func TestAMoveBearsUIDsThatAreGone(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, "satu\r\n")
	c, _ := connect(t, s)
	for _, set := range []imap.UIDSet{imap.UIDSetNum(77), imap.UIDSetNum(1, 78), imap.UIDSetNum(1)} {
		if _, err := c.Move(set, "Arsip").Wait(); err != nil {
			t.Errorf("move of %v: %v", set, err)
		}
	}
	wantFolder(t, s, "Arsip", "satu\r\n")
}

func TestADeliveryReachesIdleEvenBetweenTwoCommands(t *testing.T) {
	s := started(t, Options{})
	c, h := connect(t, s)
	for n := range uint32(20) {
		deliver(t, s, "halo\r\n") // after the last answer, before IDLE
		cmd, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-h.exists:
			if got != n+1 {
				t.Errorf("got EXISTS %d, want %d", got, n+1)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("nothing was told")
		}
		if err := errors.Join(cmd.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADeliveryDoesNotWaitForASlowReader(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, string(make([]byte, 30<<20)))
	c, _ := connect(t, s)
	cmd := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	if cmd.Next() == nil { // and reads no further
		t.Fatal(cmd.Close())
	}
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		deliver(t, s, "halo\r\n")
	}()
	select {
	case <-delivered:
	case <-time.After(5 * time.Second):
		t.Error("the delivery waits for the reader")
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	<-delivered
}

func TestMailsComeOutAsTheyWentIn(t *testing.T) {
	mails := []string{
		"Subject: tidy\r\n\r\nisi\r\n",
		"no header at all",
		"subject:folded\r\n \tagain  \r\nX: \xff\r\n\r\n",
		"From here on\nbare line ends\n\nisi\n",
		"",
	}
	s := started(t, Options{})
	c, _ := connect(t, s)
	for _, m := range mails {
		app := c.Append("Arsip", int64(len(m)), nil)
		_, err := app.Write([]byte(m))
		if err := errors.Join(err, app.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	wantFolder(t, s, "Arsip", mails...)
}

func TestAFetchWithoutPeekMarksAsRead(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, "Subject: satu\r\n\r\n0123456789")
	c, _ := connect(t, s)
	for _, want := range []int{0, 1} {
		got, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{Flags: true, RFC822Size: true, InternalDate: true,
			BodySection: []*imap.FetchItemBodySection{{Peek: want == 0, Partial: &imap.SectionPartial{Offset: 17, Size: 4}}}}).Collect()
		if err != nil || len(got) != 1 {
			t.Fatalf("got %v, %v", got, err)
		}
		m := got[0]
		if len(m.Flags) != want || m.RFC822Size != 27 || m.InternalDate.IsZero() || string(m.BodySection[0].Bytes) != "0123" {
			t.Errorf("got %+v with %q", m, m.BodySection[0].Bytes)
		}
	}
}

func TestRenumberingChangesUIDValidityAndKeepsTheMails(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, "satu\r\n", "dua\r\n")
	validity := func() uint32 {
		c, _ := connect(t, s)
		data, err := c.Status("INBOX", &imap.StatusOptions{UIDValidity: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return data.UIDValidity
	}
	before := validity()
	if err := s.Renumber("budi", "INBOX"); err != nil {
		t.Fatal(err)
	}
	if after := validity(); after == before || before < 1000 {
		t.Errorf("UIDVALIDITY: before %d, after %d", before, after)
	}
	wantFolder(t, s, "INBOX", "satu\r\n", "dua\r\n")
}

func TestAPasswordCanBeChanged(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, "satu\r\n")
	s.AddUser("budi", "baru")
	c, err := imapclient.DialInsecure(s.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("budi", "rahasia").Wait(); err == nil {
		t.Error("the old password still works")
	}
	if err := c.Login("budi", "baru").Wait(); err != nil {
		t.Error(err)
	}
	wantFolder(t, s, "INBOX", "satu\r\n")
}

func TestTLSIsServedFromTheFirstByteAndByStartTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	trust := web.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trust.ServerName = "example.com"
	for _, implicit := range []bool{true, false} {
		s := started(t, Options{TLS: &tls.Config{Certificates: web.TLS.Certificates}, Implicit: implicit})
		dial := imapclient.DialStartTLS
		if implicit {
			dial = imapclient.DialTLS
		}
		c, err := dial(s.Addr(), &imapclient.Options{TLSConfig: trust})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Login("budi", "rahasia").Wait(), c.Close()); err != nil {
			t.Errorf("from the first byte %v: %v", implicit, err)
		}
	}
}

func TestOrderedFaultsHappenAsOftenAsOrdered(t *testing.T) {
	s := started(t, Options{})
	deliver(t, s, "satu\r\n")
	c, _ := connect(t, s)
	s.Fail("MOVE", 2, No("OVERQUOTA", "full"))
	for n := range 3 {
		_, err := c.Move(imap.UIDSetNum(1), "Arsip").Wait()
		var refused *imap.Error
		if failed := errors.As(err, &refused) && refused.Code == "OVERQUOTA"; failed != (n < 2) {
			t.Errorf("move %d: got %v", n+1, err)
		}
	}
}
