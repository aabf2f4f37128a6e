package tickets

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// kindFact is what the rules need to know of a kind of notice.
type kindFact struct {
	room     Room // where a staff member's plain answer goes
	passesOn bool // a person's words: the mail does not claim to be automatic
}

// kindFacts lists the kinds in the order of their weight: a notice of several items is named after the weightiest.
var kindFacts = []struct {
	kind Kind
	kindFact
}{
	{KindClosed, kindFact{Internal, false}}, {KindRejected, kindFact{Internal, false}}, {KindDuplicate, kindFact{Internal, false}},
	{KindReopened, kindFact{Internal, false}}, {KindForwarded, kindFact{Internal, false}}, {KindNewReport, kindFact{Public, false}},
	{KindAcknowledged, kindFact{Internal, false}}, {KindInvited, kindFact{Internal, false}}, {KindMonitoring, kindFact{Internal, false}},
	{KindRecommended, kindFact{Internal, true}}, {KindOnsite, kindFact{Internal, false}}, {KindResponding, kindFact{Internal, false}},
	{KindHandedBack, kindFact{Internal, false}}, {KindVerified, kindFact{Internal, false}}, {KindQuestion, kindFact{Internal, true}},
	{KindPassedOn, kindFact{Internal, true}}, {KindUnsolved, kindFact{Public, true}}, {KindSolved, kindFact{Public, true}}, {KindMessage, kindFact{Public, true}}, {KindNote, kindFact{Internal, true}},
	{KindRefused, kindFact{Internal, false}}, {KindUnproven, kindFact{Internal, false}}, {KindUnverified, kindFact{Internal, false}},
	{KindConfirm, kindFact{Internal, false}}, {KindEvidence, kindFact{Internal, false}}, {KindPassword, kindFact{Internal, false}},
	{KindContinued, kindFact{Internal, false}}, {KindAgain, kindFact{Internal, true}}, {KindFollowed, kindFact{Internal, false}}, {KindHandedOn, kindFact{Internal, false}},
	{KindUndelivered, kindFact{Internal, false}}, {KindBounced, kindFact{Internal, false}}, {KindBadMail, kindFact{Internal, false}},
	{KindNationalDraft, kindFact{Internal, true}}, {KindNational, kindFact{Internal, true}}, {KindNationalAnswer, kindFact{Internal, true}},
	{KindStatutory, kindFact{Internal, false}}, {KindDeadline, kindFact{Internal, false}}, {KindDigest, kindFact{Internal, false}},
	{KindBacklog, kindFact{Internal, false}}, {KindWarning, kindFact{Internal, false}}, {KindAway, kindFact{Internal, false}}, {KindReminder, kindFact{Internal, false}},
	{KindList, kindFact{Internal, false}}, {KindFigures, kindFact{Internal, false}}, {KindHistory, kindFact{Internal, false}}, {KindStatus, kindFact{Internal, false}}, {KindHelp, kindFact{Internal, false}}, {KindDone, kindFact{Internal, false}},
}

// weight is the place of a kind in kindFacts; unknown kinds are the lightest.
func (k Kind) weight() int {
	for i, f := range kindFacts {
		if f.kind == k {
			return i
		}
	}
	return len(kindFacts)
}

func (k Kind) fact() kindFact {
	if i := k.weight(); i < len(kindFacts) {
		return kindFacts[i].kindFact
	}
	return kindFact{room: Internal}
}

// apart says whether a kind is a mail of its own even where the same mail has more to tell the same person: the answer to a
// request means that request alone, and a password does not travel with what it opens.
func (k Kind) apart() bool {
	return k == KindConfirm || k == KindNationalDraft || k == KindEvidence || k == KindPassword
}

// draft is one mail to one person that gathers what one incoming mail has to tell them.
type draft struct {
	ticket   *ticketRow // nil where it is about none
	to       Address
	audience Audience
	proven   bool
	items    []Item
}

// tell adds an item to what a person hears because of this mail.
func (f *filing) tell(t *ticketRow, to Address, audience Audience, proven bool, item Item) {
	to.Address = Key(to.Address)
	if f.a.Quiet || to.Address == "" || !ValidAddress(to.Address) || f.s.Mailbox.Own(to.Address) {
		return
	}
	item.At = f.now
	for _, d := range f.drafts {
		if d.to.Address == to.Address && d.ticket == t && (d.audience == ToStaff) == (audience == ToStaff) && !item.Kind.apart() && !d.items[0].Kind.apart() {
			d.items = append(d.items, item)
			return
		}
	}
	f.drafts = append(f.drafts, &draft{t, to, audience, proven, []Item{item}})
}

func (f *filing) tellReporter(item Item) {
	t := f.ticket
	f.tell(t, Address{t.ReporterName, t.Reporter}, ToReporter, t.ReporterProven, item)
}

func (f *filing) tellParticipants(item Item) {
	f.do("tell participants", func() error {
		people, err := f.t.participants(f.ctx, f.ticket.ID)
		for _, p := range people {
			f.tell(f.ticket, Address{p.Name, p.Address}, ToParticipant, p.Proven, item)
		}
		return err
	})
}

func (f *filing) tellStaff(t *ticketRow, s Staff, item Item) {
	f.tell(t, Address{s.Name, s.Address}, ToStaff, true, item)
}

// tellFrontDesk tells everybody of Front Desk except one address. Where there is no Front Desk the supervisors are it.
func (f *filing) tellFrontDesk(item Item, except string) {
	for _, s := range f.staff.desk() {
		if s.Address != except {
			f.tellStaff(f.ticket, s, item)
		}
	}
}

// tellOfFailure tells Front Desk what did not reach somebody; the supervisors where that was Front Desk itself.
func (f *filing) tellOfFailure(item Item, unreached string) {
	for _, role := range []Role{FrontDesk, Supervisor} {
		told := false
		for _, s := range f.staff.with(role) {
			if s.Address != unreached {
				f.tellStaff(f.ticket, s, item)
				told = true
			}
		}
		if told {
			return
		}
	}
}

// tellOwner tells the ticket's owner; before there is one, Front Desk.
func (f *filing) tellOwner(item Item) { f.tellOwnerOf(f.ticket, item) }

// tellOwnerOf tells the owner of a ticket about what happened on this mail's one: a duplicate's words go to who works on the case.
func (f *filing) tellOwnerOf(t *ticketRow, item Item) {
	if owner, ok := f.staff.byID(t.Owner); ok {
		f.tellStaff(f.ticket, owner, item)
		return
	}
	f.tellFrontDesk(item, "")
}

// tellFollowers tells the reporters of duplicates, and of their duplicates, which state the case has reached; they hear of
// states, never of messages.
func (f *filing) tellFollowers() {
	f.do("tell followers", func() error {
		seen := map[int64]bool{f.ticket.ID: true}
		for next := []int64{f.ticket.ID}; len(next) > 0; next = next[1:] {
			var rows []ticketRow
			if err := f.t.all(f.ctx, &rows, `SELECT `+ticketColumns+` FROM ticket WHERE duplicate_of = ? AND duplicate_of > 0 AND state = 'duplicate' ORDER BY id`, next[0]); err != nil {
				return err
			}
			for i := range rows {
				if r := &rows[i]; !seen[r.ID] {
					seen[r.ID], next = true, append(next, r.ID)
					f.tell(r, Address{r.ReporterName, r.Reporter}, ToReporter, r.ReporterProven, Item{Kind: KindFollowed, State: f.ticket.State, Number: Number(f.ticket.Number)})
				}
			}
		}
		return nil
	})
}

// author is how staff mails name the sender.
func (f *filing) author() Address {
	if f.sender.isStaff() {
		return Address{f.sender.staff.Name, f.sender.staff.Address}
	}
	return Address{f.sender.address.Name, f.sender.key()}
}

// words is the item that passes on what this mail says.
func (f *filing) words(kind Kind) Item {
	return Item{Kind: kind, Message: f.message, Who: f.author(), Proof: f.sender.detail, State: f.ticket.State, Files: true}
}

// writeDrafts turns drafts into notices.
func (f *filing) writeDrafts(ctx context.Context) error {
	for _, d := range f.drafts {
		if err := f.writeDraft(ctx, d); err != nil {
			return fmt.Errorf("write notice: %w", err)
		}
		f.out.Wakes = true
	}
	f.drafts = nil
	return nil
}

func (f *filing) writeDraft(ctx context.Context, d *draft) error {
	slices.SortStableFunc(d.items, func(a, b Item) int { return f.order(a) - f.order(b) })
	kind, room, automatic := d.items[0].Kind, Public, true
	for _, item := range d.items {
		if item.Kind.weight() < kind.weight() {
			kind = item.Kind
		}
		if item.Kind.fact().room == Internal && (item.Kind != KindReopened || len(d.items) == 1) { // beside words, that they reopened it says nothing of whose they are
			room = Internal
		}
		automatic = automatic && !item.Kind.fact().passesOn
	}
	if d.audience != ToStaff {
		room = Public // what somebody outside answers is never internal
	}
	language, ticket, version := f.s.Language, int64(0), 0
	if d.ticket != nil {
		ticket, version = d.ticket.ID, d.ticket.Version
		if d.audience != ToStaff && d.audience != ToNational {
			language = d.ticket.Language
		}
	}
	subject, err := f.subject(ctx, d)
	if err != nil {
		return err
	}
	reply := int64(0) // an answer to a request to confirm proves nothing else
	if kind != KindConfirm {
		if reply, err = f.issue(ctx, ticket, d.to.Address, room); err != nil {
			return err
		}
	}
	for _, item := range d.items {
		for _, id := range item.Cases {
			if _, err := f.issue(ctx, id, d.to.Address, Internal); err != nil {
				return err
			}
		}
	}
	items, err := json.Marshal(d.items)
	if err != nil {
		return err
	}
	state, err := f.stateOfNew(ctx, d.to.Address)
	if err != nil {
		return err
	}
	hurried := f.hurries(kind)
	var id int64
	err = f.t.get(ctx, &id, `INSERT INTO notice (ticket, recipient, recipient_name, audience, kind, room, language, subject, message_id, reply_address, version, automatic, proven, items, cause, state, next_at, created_at, queued_at, hurried)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		ticket, d.to.Address, CleanLine(d.to.Name), string(d.audience), string(kind), string(room), string(language), subject,
		f.s.Keys.newNoticeToken()+"@"+f.s.Mailbox.Domain(), reply, version, bit(automatic), bit(d.proven), CleanText(string(items)), f.message, string(state), atOnce, f.now, f.now, bit(hurried))
	f.t.wrote("notice", id)
	if err != nil || !hurried || ticket == 0 {
		return err
	}
	// It must not wait behind one that waits behind thousands.
	var before []int64
	err = f.t.all(ctx, &before, `UPDATE notice SET hurried = 1 WHERE ticket = ? AND recipient = ? AND `+unsettled+` AND state = 'queued' AND hurried = 0 RETURNING id`, ticket, d.to.Address)
	f.t.wroteAll("notice", before)
	return err
}

// hurries says whether a notice goes before others: what the words and commands of staff cause must not wait behind the
// acknowledgements of a flood. Nobody outside can make one, but for the few requests to confirm that a day allows.
func (f *filing) hurries(kind Kind) bool {
	return f.sender.isStaff() && (f.sender.proof != ProofNone || f.sender.confirms != nil || kind == KindConfirm)
}

// order puts an answer to commands first, then what happened in the order in which it happened.
func (f *filing) order(i Item) int {
	if i.Kind == KindDone || i.Kind == KindRefused {
		return 0
	}
	return 1
}

// stateOfNew holds notices to an address that refused for good.
func (f *filing) stateOfNew(ctx context.Context, address string) (DeliveryState, error) {
	var n int
	err := f.t.get(ctx, &n, `SELECT COUNT(*) FROM undeliverable WHERE address = ?`, address)
	if n > 0 {
		return Held, err
	}
	return Queued, err
}

// opened says whether this mail opened the ticket.
func (f *filing) opened(ticket int64) bool {
	return f.out.Opened && f.ticket != nil && f.ticket.ID == ticket
}

// issue returns the reply address of a person for a ticket and a room: the one issued before, or a fresh one where that has
// ended or was seen by others.
func (f *filing) issue(ctx context.Context, ticket int64, person string, room Room) (int64, error) {
	var last replyRow
	err := sql.ErrNoRows // what this mail opened has none; where it issued one before, the insertion finds that
	if !f.opened(ticket) {
		err = f.t.get(ctx, &last, `SELECT id, ticket, person, room, generation, issued_at, spent_at, ended_at FROM reply_address WHERE ticket = ? AND person = ? AND room = ? ORDER BY generation DESC LIMIT 1`, ticket, person, string(room))
	}
	if err == nil && last.SpentAt == 0 && last.EndedAt == 0 {
		return last.ID, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	var id int64
	err = f.t.get(ctx, &id, `INSERT INTO reply_address (ticket, person, room, generation, issued_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (ticket, person, room, generation) DO UPDATE SET issued_at = reply_address.issued_at RETURNING id`, ticket, person, string(room), last.Generation+1, f.now)
	f.t.wrote("reply_address", id)
	return id, err
}

// plainSubject is what the subject of a mail about a ticket says to somebody who is not proven yet: no word of theirs.
var plainSubject = Words{"Laporan insiden", "Incident report"}

// figuresSubject is that of a month's figures.
var figuresSubject = answer{"Angka bulan %s", "Figures of %s"}

// subject is fixed with the first notice to a recipient about a ticket, so that mail programs keep one conversation.
func (f *filing) subject(ctx context.Context, d *draft) (string, error) {
	if d.ticket == nil {
		if item := d.items[0]; item.Kind == KindFigures { // each month is a conversation of its own
			month, err := ParseMonth(item.Text)
			return figuresSubject.say(f.s.Language, month.Label(f.s.Language)), err
		}
		return f.s.TeamName, nil
	}
	var first string
	err := f.t.get(ctx, &first, `SELECT subject FROM notice WHERE ticket = ? AND recipient = ? ORDER BY id LIMIT 1`, d.ticket.ID, d.to.Address)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return first, err
	}
	subject := d.ticket.Subject
	if d.audience == ToNational {
		subject = plainSubject.In(f.s.Language) + ": " + subject
	} else if d.audience != ToStaff && !d.proven {
		subject = plainSubject.In(d.ticket.Language)
	} else if p, ok := f.staff.find(d.to.Address); ok && d.audience == ToStaff && d.ticket.TLP == TLPRed && !d.ticket.names(p) {
		subject = plainSubject.In(f.s.Language) // an answer to somebody who is not named
	}
	return "[" + d.ticket.Number + "] " + subject, nil
}

var replyPrefix = regexp.MustCompile(`(?i)^\s*(?:(?:re|aw|fwd?|wg|tr|rv|bls|trs|antw|sv|vs|balas|teruskan)\s*(?:\[\d+\])?\s*[:：]|\[(?:ext|external|eksternal)\])\s*`)

// ticketSubject is what a ticket is called after a mail's subject: without prefixes and ticket numbers, never empty.
func (f *filing) ticketSubject(subject string, language Language) string {
	if n := f.s.numbers.pattern; n != nil {
		if m := n.FindStringIndex(subject); m != nil {
			subject = strings.TrimRight(subject[:m[0]], " [(#") + " " + strings.TrimLeft(subject[m[1]:], " ])")
		}
	}
	for {
		short := replyPrefix.ReplaceAllString(subject, "")
		if short == subject {
			break
		}
		subject = short
	}
	if subject = Shorten(CleanLine(subject), 200); subject == "" {
		return Words{"(tanpa perihal)", "(no subject)"}.In(language)
	}
	return subject
}
