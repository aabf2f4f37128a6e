package tickets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Proofs of a sender, as messages carry them.
const (
	ProofReplyAddress = "reply-address"
	ProofDKIM         = "dkim"
	ProofNone         = "none"
)

// proofOutlivesTicket is how long a reply address proves its person after the ticket has ended.
const proofOutlivesTicket = 30 * 24 * time.Hour

// partyRole is what somebody outside staff is to a ticket.
type partyRole int

const (
	noRole partyRole = iota
	isReporter
	isParticipant
	isCounterpart // a response team that the case was reported to
)

// sender is who wrote a mail and how far that is proven.
type sender struct {
	address Address
	staff   *Staff
	role    partyRole
	proof   string
	detail  string     // of the proof, for people
	row     *replyRow  // the reply address that the mail came to, where it is the sender's
	version int        // the ticket's version when the answered mail was sent; -1 where it is not known
	room    Room       // where a plain answer goes; "" where the answered mail is not known
	rows    []replyRow // all reply addresses of the sender that the mail came to
	seen    []int64    // reply addresses of others that the mail came to: the sender knows them
	// formerly is the ticket of a reply address of the sender that proves nothing any more; it still says where the mail belongs.
	formerly int64

	seenDrafts []int64 // drafted reports of others whose address the mail came to: the sender knows them

	draft    *escalationRow   // the drafted report that the mail answers, where it was shown to the sender
	confirms *confirmationRow // the request to confirm that the mail answers, where it was the sender's
}

func (s sender) isStaff() bool { return s.staff != nil }

func (s sender) key() string { return Key(s.address.Address) }

// identify finds the person in From and what proves them.
func (f *filing) identify() {
	f.sender = sender{address: f.a.From, proof: ProofNone, version: -1}
	if p, ok := f.staff.find(f.a.From.Address); ok && f.a.From.Address != "" {
		f.sender.staff = &p
	}
	if f.s.Mailbox.Own(f.a.From.Address) {
		f.a.Automatic = AutoOwn
	}
	f.do("look for our own mail", f.recogniseOwn)
	f.do("read reply addresses", f.readReplyAddresses)
	f.do("read requests to confirm", f.readConfirmation)
	f.do("read drafted reports", f.readDraft)
	f.proveByDKIM()
	if f.sender.detail == "" {
		f.sender.detail = f.a.Authentication.Detail
	}
	f.do("remember DKIM", f.rememberDKIM)
}

// proveByDKIM takes an aligned signature as proof where there is none yet.
func (f *filing) proveByDKIM() {
	if d := f.a.Authentication; f.sender.proof == ProofNone && d.DKIM != "" && !d.DMARCFail && f.a.Froms == 1 {
		f.sender.proof, f.sender.detail = ProofDKIM, d.Detail
	}
}

// rememberDKIM notes that a staff member's mail carries DKIM: from now on a reply address alone does not suffice for their
// commands.
func (f *filing) rememberDKIM() error {
	d := f.a.Authentication
	if !f.sender.isStaff() || d.DKIM == "" || d.DMARCFail || f.a.Froms != 1 {
		return nil
	}
	return f.t.carriesDKIM(f.ctx, f.sender.staff.Address, f.now)
}

// carriesDKIM notes that an address' mail carries DKIM.
func (t *tx) carriesDKIM(ctx context.Context, address string, now int64) error {
	added, err := t.exec(ctx, `INSERT INTO dkim_sender (address, since) VALUES (?, ?) ON CONFLICT DO NOTHING`, address, now)
	if added > 0 {
		t.wrote("dkim_sender", address)
	}
	return err
}

// recogniseOwn finds mail of ours that came back: its Message-ID is one of a notice.
func (f *filing) recogniseOwn() error {
	if f.a.MessageID == "" {
		return nil
	}
	var ticket int64
	err := f.t.get(f.ctx, &ticket, `SELECT ticket FROM notice WHERE message_id = ?`, f.a.MessageID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		f.a.Automatic = AutoOwn
	}
	return err
}

// readReplyAddresses looks for a reply address of the sender's among all addresses of the mail. An internal one wins over a
// public one, so that what was meant for staff stays there.
func (f *filing) readReplyAddresses() error {
	for _, address := range f.a.Recipients {
		token := f.s.Mailbox.Token(address)
		purpose, reference, ok := readToken(token)
		if !ok || purpose != tokenReply {
			continue
		}
		id, version := readReplyReference(reference)
		row, err := f.replyRow(id)
		if err != nil {
			return err
		}
		if row == nil || !f.s.Keys.verify(token, tokenReply, row.stands()) {
			continue
		}
		if !f.isFor(row.Person) {
			f.sender.seen = append(f.sender.seen, row.ID)
			continue
		}
		if err := f.useReplyAddress(row, int(version)); err != nil {
			return err
		}
	}
	if f.s.Mailbox.Pattern == "" {
		return f.readAnsweredNotice()
	}
	return nil
}

func (f *filing) replyRow(id int64) (*replyRow, error) {
	var row replyRow
	err := f.t.get(f.ctx, &row, `SELECT id, ticket, person, room, generation, issued_at, spent_at, ended_at FROM reply_address WHERE id = ?`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &row, err
}

// isFor says whether something issued to an address was issued to the sender.
func (f *filing) isFor(issued string) bool {
	if f.sender.isStaff() {
		return f.staff.answersFor(issued, *f.sender.staff)
	}
	return issued == f.sender.key() && issued != ""
}

// useReplyAddress takes a reply address of the sender as proof, unless it has ended.
func (f *filing) useReplyAddress(row *replyRow, version int) error {
	ended, err := f.hasEnded(row)
	if err != nil {
		return err
	}
	if ended || f.a.Froms > 1 {
		f.sender.formerly = row.Ticket
		return nil
	}
	if f.sender.row == nil || row.Room == Internal {
		f.sender.row, f.sender.room, f.sender.version = row, row.Room, version
	}
	f.sender.rows = append(f.sender.rows, *row)
	if !f.a.Authentication.DMARCFail {
		f.sender.proof, f.sender.detail = ProofReplyAddress, "reply address"
	}
	return nil
}

// hasEnded says whether a reply address proves nothing any more: it was ended, or its ticket was long ago.
func (f *filing) hasEnded(row *replyRow) (bool, error) {
	if row.EndedAt > 0 || row.Ticket == 0 {
		return row.EndedAt > 0, nil
	}
	var ended int64
	err := f.t.get(f.ctx, &ended, `SELECT ended_at FROM ticket WHERE id = ?`, row.Ticket)
	return ended > 0 && f.at > ended+proofOutlivesTicket.Microseconds(), err
}

// answeredNotice is the notice that In-Reply-To names.
type answeredNotice struct {
	Ticket       int64
	Recipient    string
	Room         Room
	Version      int
	MessageID    string `db:"message_id"`
	ReplyAddress int64  `db:"reply_address"`
}

// answered finds the notice to the sender that a mail answers, by the given ids.
func (f *filing) answered(ids []string) (*answeredNotice, error) {
	for _, id := range ids {
		var n answeredNotice
		err := f.t.get(f.ctx, &n, `SELECT ticket, recipient, room, version, message_id, reply_address FROM notice WHERE message_id = ?`, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if f.isFor(n.Recipient) {
			return &n, nil
		}
	}
	return nil, nil
}

// readAnsweredNotice is the proof where the server knows no plus addresses: In-Reply-To names a mail of ours to the sender,
// whose Message-ID nobody else can know.
func (f *filing) readAnsweredNotice() error {
	n, err := f.answered(f.a.InReplyTo)
	if err != nil || n == nil {
		return err
	}
	token, _, _ := strings.Cut(n.MessageID, "@")
	if !f.s.Keys.isNotice(token) || n.ReplyAddress == 0 {
		return nil
	}
	row, err := f.replyRow(n.ReplyAddress)
	if err != nil || row == nil {
		return err
	}
	return f.useReplyAddress(row, n.Version)
}

// join finds the ticket of a mail: by the sender's reply address, by the mails it names, by the number in its subject.
func (f *filing) join() {
	f.do("find the ticket", func() error {
		id, err := f.findTicket()
		if err != nil || id == 0 {
			return err
		}
		if f.ticket, err = f.t.lockTicket(f.ctx, id); err != nil {
			return err
		}
		f.dropForeignProof()
		return f.findRole()
	})
	f.do("find the answered mail", func() error {
		if f.sender.version >= 0 || !f.sender.isStaff() {
			return nil
		}
		n, err := f.answered(f.a.InReplyTo)
		if err == nil && n != nil && f.ticket != nil && n.Ticket == f.ticket.ID {
			f.sender.version, f.sender.room = n.Version, n.Room
		}
		return err
	})
	f.leaveOldCase()
}

// dropForeignProof takes a reply address back that was issued for no ticket or for another one: it proves its person there alone.
func (f *filing) dropForeignProof() {
	s := &f.sender
	if s.row == nil || s.row.Ticket == f.ticket.ID {
		return
	}
	s.row, s.room, s.version = nil, "", -1
	if s.proof == ProofReplyAddress {
		s.proof, s.detail = ProofNone, f.a.Authentication.Detail
		f.proveByDKIM()
	}
}

func (f *filing) findTicket() (int64, error) {
	if f.sender.confirms != nil {
		return f.sender.confirms.Ticket, nil
	}
	if f.sender.draft != nil {
		return f.sender.draft.Ticket, nil
	}
	if f.sender.row != nil && f.sender.row.Ticket > 0 {
		return f.sender.row.Ticket, nil
	}
	if f.sender.formerly > 0 {
		return f.sender.formerly, nil
	}
	ids := slices.Clone(f.a.InReplyTo)
	for i := len(f.a.References) - 1; i >= 0; i-- {
		ids = append(ids, f.a.References[i])
	}
	if f.a.Automatic == AutoOwn && f.a.MessageID != "" {
		ids = append([]string{f.a.MessageID}, ids...)
	}
	if id, err := f.ticketOfEnvelope(); err != nil || id > 0 {
		return id, err
	}
	if id, err := f.ticketOfMails(ids); err != nil || id > 0 {
		return id, err
	}
	if n := f.s.numbers.Find(f.a.Subject); n != "" {
		var id int64
		err := f.t.get(f.ctx, &id, `SELECT id FROM ticket WHERE number = ?`, string(n))
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return id, err
		}
	}
	if id, err := f.ticketOfForeignNumber(); err != nil || id > 0 {
		return id, err
	}
	return f.ticketOfThread(ids)
}

// ticketOfEnvelope finds the notice to whose envelope address a robot answered. It proves nothing: it only says where the
// robot's words belong.
func (f *filing) ticketOfEnvelope() (int64, error) {
	var ids []string
	for _, address := range f.a.Recipients {
		if token := f.s.Mailbox.Token(address); f.s.Keys.isNotice(token) {
			ids = append(ids, token+"@"+f.s.Mailbox.Domain())
		}
	}
	n, err := f.answered(ids)
	if err != nil || n == nil {
		return 0, err
	}
	return n.Ticket, nil
}

// ticketOfMails looks the mails up that a mail names: ours first, then those on record.
func (f *filing) ticketOfMails(ids []string) (int64, error) {
	for _, id := range ids[:min(len(ids), 100)] {
		var ticket int64
		err := f.t.get(f.ctx, &ticket, `SELECT ticket FROM notice WHERE message_id = ? AND ticket > 0
			UNION ALL SELECT ticket FROM (SELECT ticket FROM message WHERE message_id = ? AND message_id <> '' AND ticket > 0 ORDER BY id DESC LIMIT 1) AS m LIMIT 1`, id, id)
		if err == nil {
			return ticket, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return 0, fmt.Errorf("look up %s: %w", id, err)
		}
	}
	return 0, nil
}

// ticketOfThread finds siblings: mails that name the same unseen mail, or share Outlook's conversation. That is weak, so it
// holds only for the reporter of that ticket and for its participants.
func (f *filing) ticketOfThread(ids []string) (int64, error) {
	person := f.sender.key()
	if person == "" {
		return 0, nil
	}
	const onTicket = ` AND (t.reporter = ? OR EXISTS (SELECT 1 FROM participant p WHERE p.ticket = t.id AND p.address = ? AND p.removed_at = 0))`
	for _, id := range ids[:min(len(ids), 20)] {
		var ticket int64
		err := f.t.get(f.ctx, &ticket, `SELECT t.id FROM named_id n JOIN ticket t ON t.id = n.ticket WHERE n.message_id = ?`+onTicket+` ORDER BY n.ticket DESC LIMIT 1`, id, person, person)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return ticket, err
		}
	}
	if f.a.ThreadIndex == "" {
		return 0, nil
	}
	var ticket int64
	err := f.t.get(f.ctx, &ticket, `SELECT t.id FROM message m JOIN ticket t ON t.id = m.ticket WHERE m.thread_index = ? AND m.thread_index <> ''`+onTicket+` ORDER BY t.id DESC LIMIT 1`, f.a.ThreadIndex, person, person)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return ticket, err
}

// findRole says what the sender is to the ticket.
func (f *filing) findRole() error {
	if f.sender.key() == "" {
		return nil
	}
	if f.sender.key() == f.ticket.Reporter {
		f.sender.role = isReporter
		return nil
	}
	var n int
	err := f.t.get(f.ctx, &n, `SELECT COUNT(*) FROM participant WHERE ticket = ? AND address = ? AND removed_at = 0`, f.ticket.ID, f.sender.key())
	if n > 0 {
		f.sender.role = isParticipant
	}
	if err != nil || n > 0 || f.sender.isStaff() {
		return err
	}
	if err = f.t.get(f.ctx, &n, `SELECT COUNT(*) FROM counterpart WHERE ticket = ? AND address = ?`, f.ticket.ID, f.sender.key()); n > 0 {
		f.sender.role = isCounterpart
	}
	return err
}

// onlyAsks says whether a mail on a closed case has nothing that a new one could be about: a word that all is well, or
// commands alone that change nothing.
func (f *filing) onlyAsks() bool {
	for _, line := range f.a.Commands {
		if c, ok := FindCommand(line.Name); ok && c.Name == "solved" {
			return true
		}
	}
	return f.a.Body == "" && len(f.a.Attachments) == 0 && len(f.a.Commands) > 0 && !slices.ContainsFunc(f.a.Commands, func(line CommandLine) bool {
		c, ok := FindCommand(line.Name)
		return !ok || !slices.Contains(c.Who, ByAnyone)
	})
}

// leaveOldCase makes a reporter's answer that comes too late for its closed ticket the beginning of a new one.
func (f *filing) leaveOldCase() {
	t := f.ticket
	if t == nil || t.State != Closed || f.sender.isStaff() || f.sender.role != isReporter || f.a.Authentication.DMARCFail {
		return
	}
	if !f.late(t) || f.robot() || f.a.Thanks || f.onlyAsks() {
		return
	}
	f.continues, f.ticket, f.sender.role = t, nil, noRole
}
