package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"
)

// wait returns when there may be something to do: the server tells of new mail, a mail has
// rested long enough, or it is time to look anyway. As that is a minute at most, IDLE is
// given anew well before any server would end it (RFC 2177 speaks of 29 minutes).
func (s *session) wait(ctx context.Context) error {
	idles := s.caps.Has(imap.CapIdle) && !s.noIdle
	d := s.cfg.Poll
	if !idles {
		d = min(d, pollWithoutIdle)
	}
	now := time.Now()
	for _, r := range s.resting {
		d = min(d, r.until.Sub(now))
	}
	if d <= 0 {
		return nil
	}
	var err error
	if idles {
		err = s.idle(ctx, d)
	} else {
		err = s.sleep(ctx, d)
	}
	if err != nil || ctx.Err() != nil || len(s.arrived) > 0 {
		return err
	}
	// Some servers look for new mail at NOOP alone, and let SEARCH answer from what they know.
	s.guard.arm()
	defer s.guard.disarm()
	return s.fault("poll", s.client.Noop().Wait(), true)
}

func (s *session) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.arrived:
		s.announce() // the next round takes it away
	case <-timer.C:
	case <-ctx.Done():
	case <-s.client.Closed():
		return s.ended()
	}
	return nil
}

func (s *session) idle(ctx context.Context, d time.Duration) error {
	s.guard.arm()
	cmd, err := s.client.Idle()
	s.guard.disarm()
	var refused *imap.Error
	switch {
	case err == nil:
	case errors.As(err, &refused) && s.guard.fault() == nil:
		s.noIdle = true
		return nil
	default:
		return s.fault("idle", err, true)
	}
	ended := s.sleep(ctx, d)
	if ctx.Err() != nil {
		s.guard.kill(context.Cause(ctx)) // nothing is in hand that an answer could be waited for
	}
	s.guard.arm()
	defer s.guard.disarm()
	err = errors.Join(cmd.Close(), cmd.Wait())
	if ended != nil {
		return ended
	}
	if err != nil {
		return s.fault("idle", err, true)
	}
	return nil
}

// ended is the fault of a connection that the server ended while nothing was asked of it.
func (s *session) ended() error {
	cause := s.guard.fault()
	err := cause
	if err == nil {
		err = errors.New("the server broke the protocol")
	}
	return &Error{Op: "wait for mail", Mailbox: s.cfg.Name, Err: err, lost: true, quiet: cause != nil}
}
