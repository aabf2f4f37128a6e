package mailbox

import (
	"context"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"aduan/tickets/waypoint"
)

// mostInOneMove keeps commands below the length that servers have to bear (RFC 7162,
// section 4, speaks of 8192 bytes) even when no two UIDs are neighbours.
const mostInOneMove = 500

// settle files mails away by their verdicts. A mail that the server refuses to move is on
// record all the same: it rests and is tried again. Only a lost connection is an error.
func (s *session) settle(ctx context.Context, verdicts map[uint32]Verdict) error {
	var done, bad []uint32
	for uid, v := range verdicts {
		switch v {
		case Done:
			done = append(done, uid)
		case Bad:
			bad = append(bad, uid)
		case Elsewhere:
			s.leave(uid, Done)
		default:
			s.restFor(uid, s.cfg.Poll)
		}
	}
	if err := s.move(ctx, done, s.processed, Done); err != nil {
		return err
	}
	return s.move(ctx, bad, s.failed, Bad)
}

// leave leaves a mail that is on record to the process that put it there.
func (s *session) leave(uid uint32, v Verdict) {
	s.resting[uid] = &rest{until: time.Now().Add(toOthers), verdict: v}
}

func (s *session) move(ctx context.Context, uids []uint32, folder string, v Verdict) error {
	slices.Sort(uids)
	for piece := range slices.Chunk(uids, mostInOneMove) {
		waypoint.Pass(ctx, waypoint.MoveBegun)
		err := s.moveSet(ctx, uidSet(piece), folder)
		if refusal(err) == imap.ResponseCodeTryCreate {
			// Somebody deleted the folder.
			s.guard.arm()
			err = s.makeFolder(folder)
			s.guard.disarm()
			if err == nil {
				err = s.moveSet(ctx, uidSet(piece), folder)
			}
		}
		if err == nil {
			waypoint.Pass(ctx, waypoint.MailsMoved)
		}
		if err != nil && s.guard.fault() != nil {
			return s.fault("move", err, true)
		}
		for _, uid := range piece {
			switch {
			case err == nil:
				delete(s.resting, uid)
			case gone(err):
				s.resting[uid] = &rest{until: time.Now().Add(s.cfg.RetryMin), verdict: v}
			default:
				s.restAfter(uid, v, "move to "+folder, err)
			}
		}
	}
	return nil
}

// gone tells of a command that failed because another client took a mail away meanwhile
// (RFC 5530). The next search shows which are left.
func gone(err error) bool { return refusal(err) == "EXPUNGEISSUED" }

// expungeMoved ends, once on each connection, what a fault left between the marks and the expunging of a move in three
// commands. Of what a person marked, only what is on record goes too.
func (s *session) expungeMoved(ctx context.Context) error {
	if s.expunged || s.caps.Has(imap.CapMove) || !s.caps.Has(imap.CapUIDPlus) {
		return nil
	}
	marked, err := s.search(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}})
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(marked, mostInOneMove) {
		verdicts, err := s.askKnown(ctx, piece)
		if err != nil {
			return s.fault("look up filed mails", err, false)
		}
		moved := slices.DeleteFunc(slices.Clone(piece), func(uid uint32) bool { return verdicts[uid] == Later })
		if len(moved) == 0 {
			continue
		}
		s.guard.arm()
		err = s.client.UIDExpunge(uidSet(moved)).Close()
		s.guard.disarm()
		if err != nil && s.guard.fault() != nil {
			return s.fault("expunge", err, true)
		}
	}
	s.expunged = true
	return nil
}

// moveSet moves in one command, or in three where MOVE is missing. Between those a fault
// may leave a second copy in the target folder, never none.
func (s *session) moveSet(ctx context.Context, set imap.UIDSet, folder string) error {
	s.guard.arm()
	defer s.guard.disarm()
	if s.caps.Has(imap.CapMove) {
		_, err := s.client.Move(set, folder).Wait()
		return err
	}
	if _, err := s.client.Copy(set, folder).Wait(); err != nil {
		return err
	}
	waypoint.Pass(ctx, waypoint.MailsCopied)
	mark := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.client.Store(set, mark, nil).Close(); err != nil {
		return err
	}
	waypoint.Pass(ctx, waypoint.MailsMarked)
	if !s.caps.Has(imap.CapUIDPlus) {
		return nil // marked; see the package comment
	}
	return s.client.UIDExpunge(set).Close()
}
