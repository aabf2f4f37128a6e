package mailbox

import (
	"context"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// lookAhead is how many headers are looked at between two batches: all of a large backlog
// within a few seconds, without holding the batches up.
const lookAhead = 500

// urgentFields are those that Config.Urgent is shown.
var urgentFields = []string{"From", "To", "Cc", "Delivered-To", "X-Original-To"}

// queue is what waits in the folder: in the order of arrival, but urgent mails first.
type queue struct {
	front  []uint32 // urgent, ascending
	rest   []uint32 // the others, ascending
	unseen []uint32 // those of rest whose header nobody looked at, ascending
	last   uint32   // the highest UID that was ever in it
}

func newQueue(uids []uint32) *queue {
	q := &queue{}
	q.add(uids)
	return q
}

// add appends mails that came meanwhile. Those that were in it before are left out.
func (q *queue) add(uids []uint32) {
	for _, uid := range uids {
		if uid > q.last {
			q.rest = append(q.rest, uid)
			q.unseen = append(q.unseen, uid)
			q.last = uid
		}
	}
}

// look takes up to n of the newest mails that nobody looked at yet.
func (q *queue) look(n int) []uint32 {
	var uids []uint32
	for len(uids) < n && len(q.unseen) > 0 {
		newest := q.unseen[len(q.unseen)-1]
		q.unseen = q.unseen[:len(q.unseen)-1]
		if _, waits := slices.BinarySearch(q.rest, newest); waits {
			uids = append(uids, newest)
		}
	}
	return uids
}

// prefer puts a mail before those that are not urgent.
func (q *queue) prefer(uid uint32) {
	if i, waits := slices.BinarySearch(q.rest, uid); waits {
		q.rest = slices.Delete(q.rest, i, i+1)
		j, _ := slices.BinarySearch(q.front, uid)
		q.front = slices.Insert(q.front, j, uid)
	}
}

// next takes up to n mails.
func (q *queue) next(n int) []uint32 {
	urgent := min(n, len(q.front))
	usual := min(n-urgent, len(q.rest))
	batch := slices.Concat(q.front[:urgent], q.rest[:usual])
	q.front, q.rest = q.front[urgent:], q.rest[usual:]
	return batch
}

// backlog tells whether more waits than goes into one batch.
func (q *queue) backlog(batch int) bool { return len(q.front)+len(q.rest) > batch }

// order looks for urgent mails in a backlog, those included that came since it was listed.
func (s *session) order(ctx context.Context, q *queue) error {
	if s.cfg.Urgent == nil || !q.backlog(s.cfg.Batch) {
		return nil
	}
	select {
	case <-s.arrived:
		if err := s.addArrivals(ctx, q); err != nil {
			return err
		}
	default:
	}
	uids := q.look(lookAhead)
	if len(uids) == 0 {
		return nil
	}
	s.guard.arm()
	defer s.guard.disarm()
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: urgentFields, Peek: true}
	cmd := s.client.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	messages, err := cmd.Collect()
	if err != nil {
		return s.fault("look at headers", err, true)
	}
	for _, m := range messages {
		for _, header := range m.BodySection {
			if s.cfg.Urgent(header.Bytes) {
				q.prefer(uint32(m.UID))
			}
		}
	}
	return nil
}

func (s *session) addArrivals(ctx context.Context, q *queue) error {
	uids, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: imap.UID(q.last + 1), Stop: 0}}}})
	if err != nil {
		return err
	}
	// "n:*" names the last mail even when its UID is below n.
	uids = slices.DeleteFunc(uids, func(uid uint32) bool { return uid <= q.last })
	stuck := map[uint32]Verdict{}
	fresh, err := s.known(ctx, uids, stuck)
	if err != nil {
		return err
	}
	for uid, v := range stuck {
		// On record by another process; the next round moves it if that does not.
		s.resting[uid] = &rest{until: time.Now(), verdict: v}
	}
	q.add(fresh)
	return nil
}
