package mailbox

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// lookAhead is how many headers are looked at between two batches: all of a large backlog
// within a few seconds, without holding the batches up.
const lookAhead = 500

// urgentFields are those that Config.Urgent is shown: who wrote a mail, to which of our addresses, and what trusted hosts
// say of it. Of the last there may be many; more than oneHeader of them all is not read.
var urgentFields = []string{"From", "To", "Cc", "Delivered-To", "X-Original-To", "In-Reply-To", "Authentication-Results"}

// oneHeader is how many bytes of a header are looked at.
const oneHeader = 16 << 10

// queue is what waits in the folder: in the order of arrival within each of three lines.
type queue struct {
	proven  []uint32 // ascending, as all
	claimed []uint32
	rest    []uint32
	unseen  []uint32 // those of rest whose header nobody looked at
	last    uint32   // the highest UID that was ever in it
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

// prefer puts a mail into the line of its urgency.
func (q *queue) prefer(uid uint32, u Urgency) {
	line := &q.claimed
	switch u {
	case Usual:
		return
	case Proven:
		line = &q.proven
	}
	if i, waits := slices.BinarySearch(q.rest, uid); waits {
		q.rest = slices.Delete(q.rest, i, i+1)
		j, _ := slices.BinarySearch(*line, uid)
		*line = slices.Insert(*line, j, uid)
	}
}

// next takes up to n mails. A fifth of them is of the rest and a fifth of those that claim to be urgent, whatever the other
// lines hold, so that no flood of one kind starves another. What is left goes to the proven, the rest and the claimed, in
// that order: as long as there are others, what is only claimed keeps to its fifth.
func (q *queue) next(n int) []uint32 {
	fifth := (n + 2) / 5
	rest := min(fifth, len(q.rest))
	claimed := min(fifth, len(q.claimed), n-rest)
	proven := min(n-rest-claimed, len(q.proven))
	rest = min(n-proven-claimed, len(q.rest))
	claimed = min(n-proven-rest, len(q.claimed))
	batch := slices.Concat(q.proven[:proven], q.claimed[:claimed], q.rest[:rest])
	q.proven, q.claimed, q.rest = q.proven[proven:], q.claimed[claimed:], q.rest[rest:]
	return batch
}

// backlog tells whether more waits than goes into one batch.
func (q *queue) backlog(batch int) bool {
	return len(q.proven)+len(q.claimed)+len(q.rest) > batch
}

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
	found, headers, err := s.headers(uids)
	if err != nil {
		return s.fault("look at headers", err, true)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.IntakeTimeout)
	defer cancel()
	for i, u := range s.cfg.Urgent(ctx, headers) {
		q.prefer(found[i], u)
	}
	return nil
}

// headers fetches what Config.Urgent is shown.
func (s *session) headers(uids []uint32) (found []uint32, headers [][]byte, err error) {
	s.guard.arm()
	defer s.guard.disarm()
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: urgentFields, Peek: true, Partial: &imap.SectionPartial{Size: oneHeader}}
	messages, err := s.client.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	for _, m := range messages {
		for _, header := range m.BodySection {
			found, headers = append(found, uint32(m.UID)), append(headers, header.Bytes)
		}
	}
	return found, headers, err
}

func (s *session) addArrivals(ctx context.Context, q *queue) error {
	uids, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: imap.UID(q.last + 1), Stop: 0}}}})
	if err != nil {
		return err
	}
	// "n:*" names the last mail even when its UID is below n.
	uids = slices.DeleteFunc(uids, func(uid uint32) bool { return uid <= q.last })
	fresh, err := s.known(ctx, uids, nil) // what another process took in rests
	if err != nil {
		return err
	}
	q.add(fresh)
	return nil
}
