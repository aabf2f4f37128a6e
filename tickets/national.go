package tickets

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// National names the response teams to which incidents are reported (Peraturan BSSN 1/2024, Pasal 15: the sectoral team, with
// a copy to the national one).
type National struct{ Sector, Copy []string }

// draftGoodFor is how long a draft waits for its author's word.
const draftGoodFor = 24 * time.Hour

// escalationRow is one row of escalation: a report that was drafted.
type escalationRow struct {
	ID, Ticket, Message int64
	Person              string
	Version             int
	Sector, Copies      string
	Text                string
	AskedAt             int64 `db:"asked_at"`
	SettledAt           int64 `db:"settled_at"`
}

const escalationColumns = `id, ticket, message, person, version, sector, copies, text, asked_at, settled_at`

// What became of a draft.
const (
	draftSent       = "sent"
	draftDropped    = "dropped"
	draftExpired    = "expired"
	draftMovedOn    = "moved-on"
	draftSuperseded = "superseded"
	draftSeen       = "seen" // by others, before its word was given
)

// stands is what the HMAC of a draft's token covers beside its reference.
func (e escalationRow) stands() string {
	return strings.Join([]string{"escalate", Key(e.Person), strconv.FormatInt(e.Message, 10)}, "\x00")
}

// token is the address part that an answer to the draft comes to.
func (e escalationRow) token(k Keys) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(e.ID))
	return k.token(tokenDraft, [referenceSize]byte(b[1:]), e.stands())
}

// draftTo is the address of a drafted report: its token is for the word whether to send it.
func (t *tx) draftTo(ctx context.Context, r noticeRow) (string, error) {
	var items []Item
	if err := json.Unmarshal([]byte(r.Items), &items); err != nil {
		return "", fmt.Errorf("read items of notice %d: %w", r.ID, err)
	}
	var e escalationRow
	if err := t.get(ctx, &e, `SELECT `+escalationColumns+` FROM escalation WHERE id = ?`, items[0].Draft); err != nil {
		return "", fmt.Errorf("read the drafted report: %w", err)
	}
	return t.s.Mailbox.With(e.token(t.s.Keys)), nil
}

// escalate drafts the report and shows it to the sender: nothing goes out before their word.
func (o *order) escalate(_ Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	l, n := o.s.Language, o.s.National
	if len(n.Sector) == 0 {
		return &fault{"", answerNoNational.say(l)}
	}
	text, missing := o.nationalReport()
	if o.err != nil {
		return nil
	}
	if len(missing) > 0 {
		return &fault{"", answerIncomplete.say(l, strings.Join(missing, ", "))}
	}
	o.do("draft the report", func() error {
		var older []int64
		if err := o.t.all(o.ctx, &older, `UPDATE escalation SET settled_at = ?, outcome = ? WHERE ticket = ? AND settled_at = 0 RETURNING id`, o.now, draftSuperseded, o.ticket.ID); err != nil {
			return err
		}
		o.t.wroteAll("escalation", older)
		var id int64
		p := *o.sender.staff
		err := o.t.get(o.ctx, &id, `INSERT INTO escalation (ticket, message, person, version, sector, copies, text, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			o.ticket.ID, o.message, p.Address, o.ticket.Version, list(n.Sector), list(n.Copy), CleanText(text), o.now)
		if err != nil {
			return err
		}
		o.t.wrote("escalation", id)
		o.event("escalation-drafted", o.facts(map[string]any{"to": p.Address}))
		o.tellStaff(o.ticket, p, Item{Kind: KindNationalDraft, State: o.ticket.State, Text: text, Draft: id})
		o.said = true
		return nil
	})
	return nil
}

// readDraft finds the draft to the sender that this mail answers: by its address, or by In-Reply-To where the server knows no
// plus addresses. The draft's address is issued to that person for that ticket, so it proves as much as the reply address that
// was issued with it: no more than that, and not longer.
func (f *filing) readDraft() error {
	if f.s.Mailbox.Pattern == "" {
		return f.readDraftAnswered()
	}
	for _, address := range f.a.Recipients {
		token := f.s.Mailbox.Token(address)
		purpose, reference, ok := readToken(token)
		if !ok || purpose != tokenDraft {
			continue
		}
		e, err := f.draftByID(int64(binary.BigEndian.Uint64(append([]byte{0}, reference[:]...))))
		if err != nil {
			return err
		}
		if e == nil || !f.s.Keys.verify(token, tokenDraft, e.stands()) {
			continue
		}
		if err := f.useDraft(e); err != nil {
			return err
		}
	}
	return nil
}

// useDraft takes a draft's address as its person's reply address; from anybody else it tells that others know it.
func (f *filing) useDraft(e *escalationRow) error {
	row, err := f.issuedWith(e)
	if err != nil || row == nil {
		return err
	}
	if !f.isFor(e.Person) {
		f.sender.seen, f.sender.seenDrafts = append(f.sender.seen, row.ID), append(f.sender.seenDrafts, e.ID)
		return nil
	}
	if !f.sender.isStaff() || f.sender.draft != nil {
		return nil
	}
	if row.EndedAt == 0 { // with the staff entry it ends, also for somebody who is registered anew
		f.sender.draft = e
	}
	return f.useReplyAddress(row, e.Version)
}

// issuedWith is the reply address that the notice with a draft was given; nil where the draft was shown to nobody.
func (f *filing) issuedWith(e *escalationRow) (*replyRow, error) {
	var shown []struct {
		Items        string
		ReplyAddress int64 `db:"reply_address"`
	}
	err := f.t.all(f.ctx, &shown, `SELECT items, reply_address FROM notice WHERE ticket = ? AND recipient = ? AND kind = ? ORDER BY id`, e.Ticket, Key(e.Person), string(KindNationalDraft))
	if err != nil {
		return nil, fmt.Errorf("look for the notice of a draft: %w", err)
	}
	for _, n := range shown {
		var items []Item
		if err := json.Unmarshal([]byte(n.Items), &items); err != nil {
			return nil, fmt.Errorf("read the notice of a draft: %w", err)
		}
		if len(items) > 0 && items[0].Draft == e.ID {
			return f.replyRow(n.ReplyAddress)
		}
	}
	return nil, nil
}

func (f *filing) readDraftAnswered() error {
	for _, id := range f.a.InReplyTo {
		token, _, _ := strings.Cut(id, "@")
		if !f.sender.isStaff() || !f.s.Keys.isNotice(token) {
			continue
		}
		var kept []string
		if err := f.t.all(f.ctx, &kept, `SELECT items FROM notice WHERE message_id = ? AND kind = ?`, id, string(KindNationalDraft)); err != nil {
			return err
		}
		if len(kept) == 0 {
			continue
		}
		var items []Item
		if err := json.Unmarshal([]byte(kept[0]), &items); err != nil {
			return err
		}
		e, err := f.draftByID(items[0].Draft)
		if err != nil {
			return err
		}
		if e == nil || !f.isFor(e.Person) {
			continue
		}
		if row, err := f.issuedWith(e); err != nil || row != nil && row.EndedAt == 0 {
			f.sender.draft = e
			return err
		}
	}
	return nil
}

// spendDrafts ends drafts whose address others have seen before its person gave a clear word: whoever saw it could give one in
// their name. The clear word itself may go to others too.
func (f *filing) spendDrafts() error {
	seen := f.sender.seenDrafts
	if e := f.sender.draft; e != nil && f.seenByOthers() && f.saysOfDraft() == "" {
		seen, e.SettledAt = append(seen, e.ID), f.now
	}
	for _, id := range seen {
		if _, err := f.t.exec(f.ctx, `UPDATE escalation SET settled_at = ?, outcome = ? WHERE id = ? AND settled_at = 0`, f.now, draftSeen, id); err != nil {
			return err
		}
		f.t.wrote("escalation", id)
	}
	return nil
}

func (f *filing) draftByID(id int64) (*escalationRow, error) {
	var e escalationRow
	err := f.t.get(f.ctx, &e, `SELECT `+escalationColumns+` FROM escalation WHERE id = ?`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &e, err
}

// saysOfDraft is the clear word that a mail says of a draft; "" where it says none, or nothing proves who says it. Anything but
// a clear word is a mail like any other.
func (f *filing) saysOfDraft() string {
	if f.sender.draft == nil || f.ticket == nil || f.ticket.ID != f.sender.draft.Ticket || f.a.Automatic != "" || f.a.Authentication.DMARCFail || f.a.Froms != 1 || f.s.DKIMOnly && f.a.Authentication.DKIM == "" {
		return ""
	}
	switch f.firstWord() {
	case "ya", "yes":
		return "yes"
	case "tidak", "no":
		return "no"
	}
	return ""
}

// draftYes are words with which people begin an answer that is to send the report.
var draftYes = []string{"ya", "yes", "y", "ok", "oke", "okay", "setuju", "kirim", "kirimkan", "send", "lanjut", "lanjutkan"}

// nearlyYes says whether the answer to an open draft reads like a yes and is none: it must not pass for a note, or its author
// would believe that the report went out.
func (f *filing) nearlyYes() bool {
	if e := f.sender.draft; e == nil || e.SettledAt > 0 || f.saysOfDraft() != "" {
		return false
	}
	words := strings.FieldsFunc(f.firstWord(), func(r rune) bool { return !unicode.IsLetter(r) })
	return len(words) > 0 && slices.Contains(draftYes, words[0])
}

// mayEscalate says whether the sender may still give the command.
func (f *filing) mayEscalate() (bool, string) {
	c, _ := FindCommand("escalate")
	o := &order{filing: f}
	return o.mayGive(c), answerNotYours.say(f.s.Language, c.Alias, o.givers(c))
}

// answerDraft sends the report that the mail answers, or drops it.
func (f *filing) answerDraft() {
	e, l := f.sender.draft, f.s.Language
	if f.sender.proof == ProofNone { // the draft's own address proves this one word
		f.sender.proof, f.sender.detail = ProofReplyAddress, "drafted report"
	}
	f.do("place the answer", func() error { return f.placeMessage(VisibleInternal, "") })
	f.event("received", f.mailFacts())
	t := f.ticket
	may, notYours := f.mayEscalate()
	switch {
	case e.SettledAt > 0:
		f.refuseDraft(answerDraftOver.say(l))
	case f.saysOfDraft() == "no":
		if f.settleDraft(e, draftDropped) {
			f.event("escalation-dropped", map[string]any{"message": f.message})
			f.tellStaff(t, *f.sender.staff, Item{Kind: KindDone, State: t.State, Lines: []string{answerDraftDropped.say(l)}})
		}
	case f.at > e.AskedAt+draftGoodFor.Microseconds():
		if f.settleDraft(e, draftExpired) {
			f.refuseDraft(answerDraftExpired.say(l))
		}
	case t.Version != e.Version:
		if f.settleDraft(e, draftMovedOn) {
			f.refuseDraft(answerMovedOn.say(l, t.State.Label(l), t.ChangedBy, FormatTime(fromMicros(t.ChangedAt), f.s.Location, l)))
		}
	case !may:
		f.refuseDraft(notYours)
	case f.settleDraft(e, draftSent):
		f.sendNational(e)
	}
}

// settleDraft ends a draft and says whether it was still open: each is sent once.
func (f *filing) settleDraft(e *escalationRow, outcome string) bool {
	var n int64
	f.do("settle the draft", func() (err error) {
		n, err = f.t.exec(f.ctx, `UPDATE escalation SET settled_at = ?, outcome = ? WHERE id = ? AND settled_at = 0`, f.now, outcome, e.ID)
		f.t.wrote("escalation", e.ID)
		return err
	})
	return n == 1
}

func (f *filing) refuseDraft(words string) {
	f.tellStaff(f.ticket, *f.sender.staff, Item{Kind: KindRefused, State: f.ticket.State, Lines: []string{words}})
	f.out.Refused = words
	f.event("refused", map[string]any{"message": f.message})
}

// sendNational sends a report to every team of it, each a mail of their own, and ends the statutory clocks. From now on these
// teams are known on the ticket.
func (f *filing) sendNational(e *escalationRow) {
	var sector, copies []string
	f.do("read the report's recipients", func() error {
		return errors.Join(json.Unmarshal([]byte(e.Sector), &sector), json.Unmarshal([]byte(e.Copies), &copies))
	})
	t, l := f.ticket, f.s.Language
	var all []string
	for _, address := range slices.Concat(sector, copies) {
		if !slices.Contains(all, address) { // a team may be both
			all = append(all, address)
		}
	}
	for _, address := range all {
		f.do("note the response team", func() error {
			f.t.wrote("counterpart", t.ID, Key(address))
			_, err := f.t.exec(f.ctx, `INSERT INTO counterpart (ticket, address, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, t.ID, Key(address), f.now)
			return err
		})
		f.tell(t, Address{Address: address}, ToNational, true, Item{Kind: KindNational, State: t.State, Text: e.Text})
	}
	t.EscalatedAt = f.now
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(e.Text)))
	f.event("escalated", map[string]any{"message": f.message, "asked": e.Message, "to": strings.Join(all, ", "), "text_sha256": sum})
	me := *f.sender.staff
	item := Item{Kind: KindNational, State: t.State, Who: f.author(), Text: e.Text}
	f.ownerAndDesk(item, me.Address)
	f.tellStaff(t, me, Item{Kind: KindDone, State: t.State, Lines: []string{answerNationalSent.say(l, strings.Join(all, ", "))}})
}

// ownerAndDesk tells the ticket's owner and Front Desk, except one address; nobody twice.
func (f *filing) ownerAndDesk(item Item, except string) {
	owner, owned := f.staff.byID(f.ticket.Owner)
	if owned && owner.Address != except {
		f.tellStaff(f.ticket, owner, item)
	}
	for _, s := range f.staff.desk() {
		if s.Address != except && (!owned || s.ID != owner.ID) {
			f.tellStaff(f.ticket, s, item)
		}
	}
}
