package mailbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aduan/mailin/imaptest"
)

func TestUrgentMailsComeFirstAndTheOthersInOrder(t *testing.T) {
	q := newQueue([]uint32{1, 2, 3, 4, 5, 6})
	if got, want := q.look(4), []uint32{6, 5, 4, 3}; !slices.Equal(got, want) {
		t.Errorf("looked at %v, want the newest first, %v", got, want)
	}
	q.prefer(5, Proven)
	q.prefer(3, Proven)
	q.prefer(3, Proven)  // twice is once
	q.prefer(99, Proven) // unknown
	q.prefer(1, Usual)
	if got, want := q.next(3), []uint32{3, 5, 1}; !slices.Equal(got, want) {
		t.Errorf("first batch: got %v, want %v", got, want)
	}
	q.add([]uint32{5, 6, 7, 8}) // 5 and 6 were in it before
	if got, want := q.look(9), []uint32{8, 7, 2}; !slices.Equal(got, want) {
		t.Errorf("looked at %v, want %v", got, want)
	}
	q.prefer(8, Proven)
	if got, want := q.next(9), []uint32{8, 2, 4, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("second batch: got %v, want %v", got, want)
	}
	if got := q.next(9); len(got) != 0 {
		t.Errorf("at the end: got %v", got)
	}
}

func TestNoFloodOfOneKindStarvesAnother(t *testing.T) {
	var all []uint32
	for uid := range uint32(400) {
		all = append(all, uid+1)
	}
	q := newQueue(all)
	for _, uid := range all[:300] {
		q.prefer(uid, map[bool]Urgency{true: Proven, false: Claimed}[uid%2 == 0])
	}
	count := func(batch []uint32) (proven, claimed, rest int) {
		for _, uid := range batch {
			switch {
			case uid > 300:
				rest++
			case uid%2 == 0:
				proven++
			default:
				claimed++
			}
		}
		return proven, claimed, rest
	}
	if p, c, r := count(q.next(50)); p != 30 || c != 10 || r != 10 {
		t.Errorf("a batch holds %d proven, %d claimed, %d others; want 30, 10, 10", p, c, r)
	}
	q.proven = q.proven[:5]
	if p, c, r := count(q.next(50)); p != 5 || c != 10 || r != 35 {
		t.Errorf("a batch holds %d proven, %d claimed, %d others; want 5, 10, 35", p, c, r)
	}
	q.rest = nil
	if p, c, r := count(q.next(50)); p != 0 || c != 50 || r != 0 {
		t.Errorf("a batch holds %d proven, %d claimed, %d others; want what there is", p, c, r)
	}
}

// fromBudi prefers one person's mails.
func fromBudi(_ context.Context, headers [][]byte) []Urgency {
	all := make([]Urgency, len(headers))
	for i, h := range headers {
		if bytes.Contains(h, []byte("budi@csirt.example")) {
			all[i] = Proven
		}
	}
	return all
}

func TestStaffDoesNotWaitBehindABacklog(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		staff := "From: Budi <budi@csirt.example>\r\nSubject: perintah\r\n\r\n/tutup\r\n"
		for n := range 40 {
			p.deliver(numbered(n))
		}
		p.deliver(staff)
		l := &ledger{}
		start(t, p.addr, l, func(c *Config) {
			c.Batch = 5
			c.Urgent = fromBudi
		})
		eventually(t, "all processed", func() bool { return len(p.folder(processed)) == 41 })
		got := l.mails()
		at := slices.Index(got, staff)
		if at < 0 || at >= 5 {
			t.Fatalf("the command was number %d, want it in the first batch", at+1)
		}
		for n, mail := range slices.Delete(got, at, at+1) {
			if mail != numbered(n) {
				t.Fatalf("mail %d is %q, want the order of arrival", n, mail)
			}
		}
	})
}

func TestACommandThatComesDuringABacklogGoesFirst(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	staff := "From: Budi <budi@csirt.example>\r\nSubject: perintah\r\n\r\n/tutup\r\n"
	for n := range 60 {
		p.deliver(numbered(n))
	}
	var once atomic.Bool
	l := &ledger{}
	l.file = func(context.Context) error {
		if once.CompareAndSwap(false, true) {
			p.deliver(staff)
		}
		return nil
	}
	start(t, p.addr, l, func(c *Config) {
		c.Batch = 5
		c.Urgent = fromBudi
	})
	eventually(t, "all processed", func() bool { return len(p.folder(processed)) == 61 })
	if at := slices.Index(l.mails(), staff); at < 0 || at > 25 {
		t.Errorf("the command was number %d of 61", at+1)
	}
	if n := strings.Count(strings.Join(l.mails(), ""), "perintah"); n != 1 {
		t.Errorf("the command is on record %d times", n)
	}
}

func TestAFloodDoesNotKeepARoundFromEnding(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	const all = 300
	for n := range all {
		p.deliver(numbered(n))
	}
	l := &ledger{file: func(context.Context) error { time.Sleep(5 * time.Millisecond); return nil }}
	var open atomic.Int32
	start(t, p.addr, l, func(c *Config) {
		c.Batch, c.Poll = 2, 20*time.Millisecond
		c.Status = func(s Status) {
			if s.Trouble == "" {
				open.Store(int32(len(l.mails())))
			}
		}
	})
	eventually(t, "all processed", func() bool { return len(p.folder(processed)) == all })
	if n := open.Load(); n == 0 || n >= all {
		t.Errorf("told to be well after %d of %d mails, want it before the end", n, all)
	}
	want := make([]string, all)
	for n := range all {
		want[n] = numbered(n)
	}
	if got := l.mails(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("not all mails are on record once, in their order")
	}
}
