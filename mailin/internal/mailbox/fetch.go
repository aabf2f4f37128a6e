package mailbox

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// haul is a batch while it is being fetched.
type haul struct {
	batch  Batch
	staged []uint32
	spoilt bool  // a mail was staged of which we know that it is not whole
	broken bool  // the stream ended inside a mail
	soft   error // the first mail that the intake could not take
}

func (h *haul) discard() {
	if h != nil && h.batch != nil {
		h.batch.Discard()
	}
}

// haul fetches mails and stages them. It always returns a haul: what was staged before a
// fault is whole and can be filed. Fetching stops a while after ctx ended.
func (s *session) haul(ctx, hand context.Context, uids []uint32) (*haul, error) {
	h := &haul{}
	dates, err := s.dates(uids)
	if err != nil {
		return h, err
	}
	begin, cancelBegin := context.WithTimeout(hand, s.cfg.IntakeTimeout)
	h.batch, err = s.in.Begin(begin, s.box)
	cancelBegin()
	if err != nil {
		h.batch = nil
		return h, s.fault("begin a batch", err, false)
	}
	short, cancel := outlive(ctx, s.cfg.Grace/4)
	defer cancel()
	stop := context.AfterFunc(short, func() {
		if ctx.Err() != nil {
			s.guard.kill(context.Cause(ctx))
		}
	})
	defer stop()
	if err := s.fetch(hand, h, uids, dates); err != nil {
		return h, s.fault("fetch", err, true)
	}
	return h, h.soft
}

// fetch reads one FETCH to its end, whatever happens: no other command may be given
// before. Only what is listed here is asked for; other items end the library's connection
// on some servers.
func (s *session) fetch(ctx context.Context, h *haul, uids []uint32, dates map[uint32]time.Time) error {
	missing := make(map[uint32]bool, len(uids))
	for _, uid := range uids {
		missing[uid] = true
	}
	s.guard.arm()
	defer s.guard.disarm()
	cmd := s.client.Fetch(uidSet(uids), &imap.FetchOptions{
		UID: true, InternalDate: true,
		BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		if uid, read := s.stage(ctx, h, msg, dates); read {
			delete(missing, uid)
		}
	}
	if err := cmd.Close(); err != nil && !gone(err) {
		s.suspect(ctx, h, uids, missing, err)
		return err
	}
	// Gone meanwhile, or answered by a change of flags that another client caused. The
	// next round, soon, finds out which.
	for uid := range missing {
		s.restFor(uid, s.cfg.RetryMin)
	}
	return nil
}

// suspect lets the first mail rest that did not come when a FETCH failed: it may be why,
// and must not keep the others waiting for ever.
func (s *session) suspect(ctx context.Context, h *haul, uids []uint32, missing map[uint32]bool, err error) {
	if h.broken || ctx.Err() != nil {
		return
	}
	for _, uid := range uids {
		if missing[uid] {
			s.restAfter(uid, Later, "fetch", err)
			return
		}
	}
}

var errNoBody = errors.New("the server gives no content for this mail")

// stage hands one mail over. It tells whether the answer held a mail's content.
func (s *session) stage(ctx context.Context, h *haul, msg *imapclient.FetchMessageData, dates map[uint32]time.Time) (uid uint32, read bool) {
	var at time.Time
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = uint32(item.UID)
		case imapclient.FetchItemDataInternalDate:
			at = item.Time
		case imapclient.FetchItemDataBodySection:
			if at.IsZero() && !s.datesFirst {
				s.datesFirst = true
				return uid, false
			}
			if at.IsZero() {
				at = dates[uid]
			}
			e := Envelope{Mailbox: s.cfg.Name, UIDValidity: s.box.UIDValidity, UID: uid, ArrivedAt: at}
			s.handOver(ctx, h, e, item.Literal)
			read = true
		}
	}
	return uid, read
}

func (s *session) handOver(ctx context.Context, h *haul, e Envelope, body imap.LiteralReader) {
	if body == nil {
		// The first time it was probably taken away by another client just now.
		if s.resting[e.UID] == nil {
			s.restFor(e.UID, s.cfg.RetryMin)
		} else {
			s.restAfter(e.UID, Later, "fetch", errNoBody)
		}
		return
	}
	e.Size = body.Size()
	r := &whole{r: body, left: e.Size}
	err := h.batch.Stage(ctx, e, r)
	switch {
	case r.err != nil:
		// The library's reader goes on beside us once a literal broke. It has to be gone
		// before anything else is read.
		s.guard.kill(r.err)
		<-s.client.Closed()
		// The mail in hand when a connection breaks may be why it broke, so others go
		// first for a moment.
		s.restAfter(e.UID, Later, "fetch", r.err)
		h.broken = true
		h.spoilt = h.spoilt || err == nil
	case err != nil:
		s.restAfter(e.UID, Later, "take in", err)
		if h.soft == nil {
			h.soft = s.resting[e.UID].cause
		}
	default:
		h.staged = append(h.staged, e.UID)
		return
	}
}

// whole reads a literal and tells a broken one from one that ended.
type whole struct {
	r    io.Reader
	left int64
	err  error // that the stream broke
}

func (w *whole) Read(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.r.Read(b)
	w.left -= int64(n)
	if err == io.EOF && w.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// dates asks for the internal dates beforehand where the server is known to need that.
func (s *session) dates(uids []uint32) (map[uint32]time.Time, error) {
	if !s.datesFirst {
		return nil, nil
	}
	s.guard.arm()
	defer s.guard.disarm()
	messages, err := s.client.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, InternalDate: true}).Collect()
	if err != nil {
		return nil, s.fault("fetch dates", err, true)
	}
	dates := make(map[uint32]time.Time, len(messages))
	for _, m := range messages {
		dates[uint32(m.UID)] = m.InternalDate
	}
	return dates, nil
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return set
}

// filing is a batch while it is being made durable. A nil filing is one of nothing.
type filing struct {
	done     chan struct{}
	verdicts map[uint32]Verdict
	err      error
}

// file starts to make a haul durable.
func (h *haul) file(ctx context.Context, limit time.Duration) *filing {
	if h.batch == nil {
		return nil
	}
	if h.spoilt || len(h.staged) == 0 {
		h.discard()
		return nil
	}
	f := &filing{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		given, err := h.batch.File(ctx)
		f.err = err
		f.verdicts = make(map[uint32]Verdict, len(h.staged))
		for _, uid := range h.staged {
			f.verdicts[uid] = given[uid]
		}
	}()
	return f
}

func (f *filing) wait() (map[uint32]Verdict, error) {
	if f == nil {
		return nil, nil
	}
	<-f.done
	return f.verdicts, f.err
}
