package tickets

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// workdayStarts is when somebody is reminded of a date without a time.
const workdayStarts = 8 * time.Hour

// moveReporter gives the conversation to another address. The former one proves nothing any more and is not told: its
// mailbox may be in an attacker's hands.
func (o *order) moveReporter(c Command, line CommandLine) *fault {
	address, x := o.anAddress(c, line)
	if x != nil {
		return x
	}
	t := o.ticket
	if address == t.Reporter {
		return &fault{"", answerIsReporter.say(o.s.Language, address)}
	}
	former := t.Reporter
	o.dismiss(former)
	o.do("end their participation", func() error {
		o.t.wrote("participant", t.ID, address)
		_, err := o.t.exec(o.ctx, `UPDATE participant SET removed_at = ? WHERE ticket = ? AND address = ? AND removed_at = 0`, o.now, t.ID, address)
		return err
	})
	t.Reporter, t.ReporterName, t.ReporterProven, t.Outside = address, o.nameOf(address), false, o.outside(address)
	t.AskedAt, t.AskedAgain = 0, false
	o.event("reporter", o.facts(map[string]any{"from": former, "to": address}))
	o.release(address)
	o.tellReporter(Item{Kind: KindInvited, State: t.State})
	o.did(c, answerReporter, address)
	return nil
}

// dismiss ends what somebody had on this ticket: their proofs and what was going to be told to them.
func (o *order) dismiss(address string) {
	if address == "" {
		return
	}
	o.do("end reply addresses", func() error {
		var ended []int64
		err := o.t.all(o.ctx, &ended, `UPDATE reply_address SET ended_at = ? WHERE ticket = ? AND person = ? AND ended_at = 0 RETURNING id`, o.now, o.ticket.ID, address)
		o.t.wroteAll("reply_address", ended)
		return err
	})
	o.do("withdraw notices", func() error {
		return o.t.withdraw(o.ctx, `ticket = ? AND recipient = ? AND audience <> 'staff'`, o.now, "the recipient is no longer on the ticket", o.ticket.ID, address)
	})
	o.drafts = slices.DeleteFunc(slices.Clone(o.drafts), func(d *draft) bool {
		return d.ticket == o.ticket && d.to.Address == address && d.audience != ToStaff
	})
}

// withdraw keeps notices from being sent, also by a later retry; what went out already stays as it is.
func (t *tx) withdraw(ctx context.Context, which string, now int64, why string, args ...any) error {
	var ids []int64
	err := t.all(ctx, &ids, `UPDATE notice SET settled_at = CASE WHEN state IN ('queued', 'held') THEN ? ELSE settled_at END, words = ?,
		state = CASE WHEN state IN ('queued', 'held') THEN 'failed' ELSE state END WHERE `+unsettled+` AND `+which+` RETURNING id`,
		append([]any{now, "withdrawn: " + why}, args...)...)
	t.wroteAll("notice", ids)
	return err
}

// nameOf is the name that an address last wrote under on this ticket.
func (o *order) nameOf(address string) string {
	var names []string
	o.do("look for the name", func() error {
		return o.t.all(o.ctx, &names, `SELECT from_name FROM message WHERE ticket = ? AND from_address = ? ORDER BY id DESC LIMIT 1`, o.ticket.ID, address)
	})
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// release makes the kept words of somebody who was not on the ticket part of the conversation.
func (o *order) release(address string) {
	o.do("release kept messages", func() error {
		var ids []int64
		err := o.t.all(o.ctx, &ids, `UPDATE message SET visibility = 'public' WHERE ticket = ? AND from_address = ? AND visibility = 'unverified' RETURNING id`, o.ticket.ID, address)
		if err == nil && len(ids) > 0 {
			o.t.wroteAll("message", ids)
			o.event("released", o.facts(map[string]any{"messages": ids, "of": address}))
		}
		return err
	})
}

func (o *order) cc(c Command, line CommandLine) *fault {
	address, x := o.anAddress(c, line)
	if x != nil {
		return x
	}
	if address == o.ticket.Reporter {
		return &fault{"", answerIsReporter.say(o.s.Language, address)}
	}
	name := o.nameOf(address)
	o.do("add the participant", func() error {
		o.t.wrote("participant", o.ticket.ID, address)
		_, err := o.t.exec(o.ctx, `INSERT INTO participant (ticket, address, name, added_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (ticket, address) DO UPDATE SET removed_at = 0, added_at = excluded.added_at, proven = 0`, o.ticket.ID, address, name, o.now)
		return err
	})
	o.event("cc", o.facts(map[string]any{"address": address}))
	o.release(address)
	o.tell(o.ticket, Address{name, address}, ToParticipant, false, Item{Kind: KindInvited, State: o.ticket.State})
	o.did(c, answerCc, address)
	return nil
}

func (o *order) uncc(c Command, line CommandLine) *fault {
	address, x := o.oneArgument(c, line, Words{"sebuah alamat surel", "a mail address"})
	if x != nil {
		return x
	}
	address = Key(address)
	var n int64
	o.do("remove the participant", func() (err error) {
		o.t.wrote("participant", o.ticket.ID, address)
		n, err = o.t.exec(o.ctx, `UPDATE participant SET removed_at = ? WHERE ticket = ? AND address = ? AND removed_at = 0`, o.now, o.ticket.ID, address)
		return err
	})
	if n == 0 {
		return &fault{"", answerNotThere.say(o.s.Language, quoted(address))}
	}
	o.dismiss(address)
	o.event("uncc", o.facts(map[string]any{"address": address}))
	o.did(c, answerUncc, address)
	return nil
}

// openNew opens a ticket for what came by telephone or at the counter; commands below it are about the new ticket.
func (o *order) openNew(c Command, line CommandLine) *fault {
	if len(o.given) > 0 {
		return &fault{line.Line, answerNewFirst.say(o.s.Language, line.Name)}
	}
	subject := CleanLine(joined(line.Args))
	if subject == "" {
		return &fault{"", answerNoSubject.say(o.s.Language, line.Name)}
	}
	if o.a.Body == "" && len(o.a.Attachments) == 0 {
		return &fault{"", answerNeedsText.say(o.s.Language, line.Name)}
	}
	var reporter Address
	if given, ok := line.Set["for"]; ok {
		address, x := o.outsideAddress(given)
		if x != nil {
			return x
		}
		reporter.Address = address
	}
	language := o.languageOf()
	o.continues, o.sender.version, o.textPlaced = nil, -1, true
	o.openAs(reporter, false, o.ticketSubject(subject, language), language)
	if o.err != nil {
		return nil
	}
	item := Item{Kind: KindNewReport, Message: o.message, Who: o.author(), Proof: o.sender.detail, State: Open, Files: true}
	o.tellFrontDesk(item, o.sender.staff.Address)
	o.acknowledge()
	o.did(c, answerNew, o.ticket.Number)
	return nil
}

func (o *order) away(c Command, line CommandLine) *fault {
	at, allDay, rest, x := o.whenArgument(c, line)
	if x != nil {
		return x
	}
	shown := FormatTime(at, o.s.Location, o.s.Language)
	if allDay {
		shown, at = FormatDate(at, o.s.Location, o.s.Language), endOf(at, allDay)
	}
	if rest != "" {
		return &fault{"", answerTooMuch.say(o.s.Language, line.Name, quoted(rest))}
	}
	p := o.sender.staff
	var open []struct {
		ID     int64
		Number string
	}
	o.do("note the absence", func() error {
		if _, err := o.t.exec(o.ctx, `UPDATE staff SET away_until = ? WHERE id = ?`, micros(at), p.ID); err != nil {
			return err
		}
		o.t.wrote("staff", p.ID)
		return o.t.all(o.ctx, &open, `SELECT id, number FROM ticket WHERE owner = ? AND owner > 0 AND state IN ('responding', 'monitoring') ORDER BY id`, p.ID)
	})
	item := Item{Kind: KindAway, Who: o.author(), When: micros(at)}
	for _, t := range open {
		item.Lines, item.Cases = append(item.Lines, t.Number), append(item.Cases, t.ID)
	}
	for _, s := range o.staff.desk() {
		if s.Address != p.Address {
			o.tellStaff(nil, s, item)
		}
	}
	o.event("away", o.facts(map[string]any{"until": at.In(o.s.Location)}))
	o.did(c, answerAway, shown)
	return nil
}

func (o *order) set(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	if len(line.Set) == 0 {
		return &fault{"", answerNoFields.say(o.s.Language, line.Name, c.Shows.In(o.s.Language))}
	}
	fields, x := o.setFields(line.Set)
	if x != nil {
		return x
	}
	o.event("set", o.facts(map[string]any{"fields": line.Set}))
	o.done = append(o.done, fields...)
	return nil
}

func (o *order) status(_ Command, line CommandLine) *fault {
	if o.ticket.TLP == TLPRed && !o.named() {
		return &fault{"", answerRed.say(o.s.Language, line.Name)}
	}
	o.said = true
	o.tellStaff(o.ticket, *o.sender.staff, Item{Kind: KindStatus, State: o.ticket.State})
	return nil
}

func (o *order) help(Command, CommandLine) *fault {
	o.said = true
	o.tellStaff(o.ticket, *o.sender.staff, Item{Kind: KindHelp})
	return nil
}

func (o *order) list(c Command, line CommandLine) *fault {
	which := "open"
	if len(line.Args) > 0 {
		which = plainWord(joined(line.Args))
	}
	if alias, ok := map[string]string{"terbuka": "open", "milik-saya": "mine", "saya": "mine", "terlambat": "overdue", "semua": "all"}[which]; ok {
		which = alias
	}
	if !slices.Contains([]string{"open", "mine", "overdue", "all"}, which) {
		return &fault{"", answerNoList.say(o.s.Language, quoted(which))}
	}
	o.said = true
	numbers, err := o.t.listed(o.ctx, which, o.sender.staff.ID, o.now)
	if err != nil {
		o.do("list tickets", func() error { return err })
	}
	o.tellStaff(o.ticket, *o.sender.staff, Item{Kind: KindList, Text: which, Lines: numbers})
	return nil
}

// listedAtMost bounds the table of a mail.
const listedAtMost = 200

// String keeps a fault readable in logs and tests.
func (x *fault) String() string { return strings.TrimSpace(fmt.Sprintf("%s %s", x.line, x.words)) }
