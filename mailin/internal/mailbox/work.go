package mailbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"aduan/tickets/waypoint"
)

// worker is what outlives a connection.
type worker struct {
	cfg      Config
	in       Intake
	health   health
	worked   bool   // the last connection finished a round
	refused  string // the access token that the server did not take
	opened   bool   // Selected was told of validity
	validity uint32 // of the folder when it was last open
	resting  map[uint32]*rest
	// datesFirst: this server sends a mail's body before its date, so dates are asked for
	// beforehand.
	datesFirst bool
}

// rest is why a mail is left alone for a while.
type rest struct {
	until   time.Time
	backoff backoff
	cause   error   // what went wrong; nil when nothing did
	verdict Verdict // of a mail that is on record and could not be moved
}

// connection makes one connection and works on it until it is of no use any more.
func (w *worker) connection(ctx context.Context) error {
	w.worked = false
	s, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	waypoint.Pass(ctx, waypoint.MailboxOpened)
	hand, cancel := outlive(ctx, w.cfg.Grace)
	defer cancel()
	stop := context.AfterFunc(hand, func() { s.guard.kill(context.Canceled) })
	defer stop()
	retry := backoff{min: w.cfg.RetryMin, max: w.cfg.RetryMax}
	for ctx.Err() == nil {
		err := s.round(ctx, hand)
		var fault *Error
		switch {
		case errors.As(err, &fault) && fault.lost, ctx.Err() != nil:
			return err
		case err != nil:
			w.health.bad(err)
			pause(ctx, retry.next())
		default:
			w.worked = true
			retry.reset()
			w.judge(s)
			w.cfg.Read()
			if err := s.wait(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge tells whether all is well after a finished round.
func (w *worker) judge(s *session) {
	err := s.folderFault
	lowest := uint32(0)
	for uid, r := range w.resting {
		if r.cause != nil && (lowest == 0 || uid < lowest) {
			err, lowest = r.cause, uid
		}
	}
	if err != nil {
		w.health.bad(err)
		return
	}
	w.health.good()
}

// round takes in what waits in the folder. No new mail is begun once ctx ended; hand is
// the context of what is in hand then.
func (s *session) round(ctx, hand context.Context) error {
	select {
	case <-s.arrived:
	default:
	}
	if s.folderFault != nil {
		s.guard.arm()
		err := s.makeFolders()
		s.guard.disarm()
		if err != nil {
			return s.fault("make folders", err, true)
		}
	}
	uids, err := s.search(&imap.SearchCriteria{})
	if err != nil {
		return err
	}
	if err := s.tellSelected(hand, len(uids)); err != nil {
		return err
	}
	if err := s.expungeMoved(hand); err != nil {
		return err
	}
	stuck, fresh := s.awake(uids)
	if fresh, err = s.known(hand, fresh, stuck); err != nil {
		return err
	}
	waypoint.Pass(ctx, waypoint.MailsLookedUp)
	if err := s.settle(hand, stuck); err != nil {
		return err
	}
	return s.takeIn(ctx, hand, fresh)
}

// search lists the mails that fit, in the order of their arrival. Those that are marked as deleted fit only where they are
// asked for.
func (s *session) search(criteria *imap.SearchCriteria) ([]uint32, error) {
	if criteria.Flag == nil {
		criteria.NotFlag = []imap.Flag{imap.FlagDeleted}
	}
	var options *imap.SearchOptions
	if s.caps.Has(imap.CapESearch) {
		options = &imap.SearchOptions{ReturnAll: true} // ranges in place of a long list
	}
	s.guard.arm()
	data, err := s.client.UIDSearch(criteria, options).Wait()
	s.guard.disarm()
	if err != nil {
		return nil, s.fault("search", err, true)
	}
	var uids []uint32
	for _, uid := range data.AllUIDs() {
		uids = append(uids, uint32(uid))
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

func (s *session) tellSelected(ctx context.Context, waiting int) error {
	s.box.Waiting = waiting
	if s.opened && s.validity == s.box.UIDValidity {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.IntakeTimeout)
	defer cancel()
	if err := s.in.Selected(ctx, s.box); err != nil {
		return s.fault("prepare for the folder", err, false)
	}
	waypoint.Pass(ctx, waypoint.FolderKnown)
	s.opened, s.validity = true, s.box.UIDValidity
	clear(s.resting)
	return nil
}

// awake forgets the rests of mails that are gone and parts the others, without those that
// rest, into such as have a verdict already and such as have not.
func (s *session) awake(uids []uint32) (stuck map[uint32]Verdict, fresh []uint32) {
	there := make(map[uint32]bool, len(s.resting))
	stuck = map[uint32]Verdict{}
	now := time.Now()
	for _, uid := range uids {
		r := s.resting[uid]
		switch {
		case r == nil:
			fresh = append(fresh, uid)
			continue
		case r.until.After(now):
		case r.verdict != Later:
			stuck[uid] = r.verdict
		default:
			fresh = append(fresh, uid)
		}
		there[uid] = true
	}
	for uid := range s.resting {
		if !there[uid] {
			delete(s.resting, uid)
		}
	}
	return stuck, fresh
}

// known asks for mails that were filed before, in pieces of a bearable size, puts them
// into stuck and returns the others.
func (s *session) known(ctx context.Context, uids []uint32, stuck map[uint32]Verdict) ([]uint32, error) {
	var unknown []uint32
	for piece := range slices.Chunk(uids, 500) {
		verdicts, err := s.askKnown(ctx, piece)
		if err != nil {
			return nil, s.fault("look up filed mails", err, false)
		}
		for _, uid := range piece {
			if v, ok := verdicts[uid]; !ok {
				unknown = append(unknown, uid)
			} else if v == Later {
				s.restFor(uid, s.cfg.Poll)
			} else if s.looked {
				s.leave(uid, v)
			} else {
				stuck[uid] = v // left by who worked here before
			}
		}
	}
	s.looked = true
	return unknown, nil
}

func (s *session) askKnown(ctx context.Context, uids []uint32) (map[uint32]Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.IntakeTimeout)
	defer cancel()
	return s.in.Known(ctx, s.box, uids)
}

// takeIn works through uids: while one batch is being made durable, the next is fetched,
// and a batch is moved once it is durable. At most two batches exist at a time. In a flood
// without end the round still ends after a while, so that nothing else is forgotten.
func (s *session) takeIn(ctx, hand context.Context, uids []uint32) error {
	q := newQueue(uids)
	end := time.Now().Add(s.cfg.Poll)
	var filing *filing
	for ctx.Err() == nil {
		if err := s.order(hand, q); err != nil {
			return s.finish(hand, filing, err)
		}
		piece := q.next(s.cfg.Batch)
		if len(piece) == 0 {
			break
		}
		if time.Now().After(end) {
			s.announce() // what is left is for the next round, at once
			break
		}
		h, fetchErr := s.haul(ctx, hand, piece)
		verdicts, fileErr := filing.wait()
		if fileErr != nil {
			h.discard()
			return s.fault("file", fileErr, false)
		}
		filing = h.file(hand, s.cfg.IntakeTimeout)
		// This MOVE runs while the next batch is being filed.
		if err := s.settle(hand, verdicts); err != nil {
			filing.wait() // on record even though the connection is gone
			return err
		}
		if fetchErr != nil {
			return s.finish(hand, filing, fetchErr)
		}
	}
	return s.finish(hand, filing, nil)
}

// finish waits for the last batch, moves it, and returns what stopped the round.
func (s *session) finish(ctx context.Context, f *filing, stopped error) error {
	verdicts, err := f.wait()
	if err != nil {
		return s.fault("file", err, false)
	}
	if s.guard.fault() != nil && stopped != nil {
		return stopped // the next connection moves them, Known says where
	}
	if err := s.settle(ctx, verdicts); err != nil {
		return err
	}
	return stopped
}

// restFor leaves a mail alone for a time, without anything being wrong.
func (s *session) restFor(uid uint32, d time.Duration) {
	s.resting[uid] = &rest{until: time.Now().Add(d)}
}

// restAfter leaves a mail alone for a growing time, as something went wrong with it.
func (s *session) restAfter(uid uint32, v Verdict, op string, cause error) {
	r := s.resting[uid]
	if r == nil {
		r = &rest{}
		s.resting[uid] = r
	}
	r.backoff.min, r.backoff.max = s.cfg.RetryMin, s.cfg.RetryMax
	r.cause, r.verdict = &Error{Op: op, Mailbox: s.cfg.Name, UID: uid, Err: cause}, v
	r.until = time.Now().Add(r.backoff.next())
}
