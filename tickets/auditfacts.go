package tickets

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// facts is what a ticket's events say of its mails, its notices and its fields.
type facts struct {
	name  string
	row   *ticketRow
	named map[int64]string     // digests of the messages that events name
	shown map[int64]Visibility // who may see them, after the last event that says so
	sent  map[string]string    // hashes of the mails that went out, by Message-ID
	told  map[string]string    // how a notice ended according to the events, by Message-ID
	mails map[string]string    // hashes of the mails that are on record as sent
	after map[string]string    // fields of the ticket
	cc    map[string]bool      // participants
}

func newFacts(row *ticketRow) *facts {
	return &facts{name: row.Number, row: row, named: map[int64]string{}, shown: map[int64]Visibility{}, sent: map[string]string{}, told: map[string]string{}, mails: map[string]string{},
		after: map[string]string{}, cc: map[string]bool{}}
}

// said is what the data of events may hold.
type said struct {
	Message      int64
	Messages     []int64
	Visibility   Visibility
	Digest       string
	MessageID    string `json:"message_id"`
	SHA256       string
	Subject      *string
	Reporter     *string
	To, Address  string
	Of           string
	Fields       map[string]string
	MonitorUntil any `json:"monitor_until"`
}

func (f *facts) read(e Event) {
	var data said
	if json.Unmarshal(e.Data, &data) != nil {
		return
	}
	if data.Message > 0 && data.Digest != "" {
		f.named[data.Message], f.shown[data.Message] = data.Digest, data.Visibility
	}
	switch e.Kind {
	case "released":
		for _, id := range data.Messages {
			f.shown[id] = VisiblePublic
		}
	case "sent":
		if data.MessageID != "" && data.SHA256 != "" {
			f.sent[data.MessageID] = data.SHA256
		}
	}
	switch e.Kind {
	case "sent", "undelivered", "bounced":
		f.told[data.MessageID] = e.Kind
	}
	f.replay(e, data)
}

// replay follows the ticket's fields through its events: those that an event names with the value that they get.
func (f *facts) replay(e Event, d said) {
	switch e.Kind {
	case "opened":
		if d.Subject != nil && d.Reporter != nil {
			f.after["subject"], f.after["reporter"] = *d.Subject, *d.Reporter
		}
		f.after["owner"], f.after["tlp"], f.after["severity"], f.after["type"] = "", string(TLPAmber), "", ""
	case "forwarded":
		f.after["owner"] = d.To
	case "handed-back":
		f.after["owner"] = ""
	case "reporter":
		f.after["reporter"] = d.To
		delete(f.cc, d.To)
	case "cc":
		f.cc[d.Address] = true
	case "uncc":
		delete(f.cc, d.Address)
	}
	if e.To == Open {
		f.after["owner"] = "" // a case without an owner is open again
	}
	for key, value := range d.Fields {
		switch key {
		case "type":
			if v, ok := ParseType(value); ok {
				f.after[key] = string(v)
			}
		case "severity":
			if v, ok := ParseSeverity(value); ok {
				f.after[key] = string(v)
			}
		case "tlp":
			if v, ok := ParseTLP(value); ok {
				f.after[key] = string(v)
			}
		case "lang":
			f.after["language"] = Key(value)
		case "subject":
			delete(f.after, "subject") // it is cleaned on its way; the journal has it
		}
	}
}

// close reports what events name and the record does not have, and fields that are not as events made them.
func (f *facts) close(a *audit) {
	for _, id := range slices.Sorted(maps.Keys(f.named)) {
		a.fault("%s: message %d is missing", f.name, id)
	}
	for _, id := range slices.Sorted(maps.Keys(f.sent)) {
		a.fault("%s: the mail %s that was sent is missing", f.name, id)
	}
	for _, id := range slices.Sorted(maps.Keys(f.told)) {
		if id != "" {
			a.fault("%s: an event says %s of the notice %s, which is missing", f.name, f.told[id], id)
		}
	}
	r := f.row
	is := map[string]string{"subject": r.Subject, "reporter": r.Reporter, "tlp": string(r.TLP), "severity": string(r.Severity), "type": string(r.Type), "language": string(r.Language)}
	for _, field := range slices.Sorted(maps.Keys(is)) {
		if want, said := f.after[field]; said && want != is[field] {
			a.fault("%s: the %s is %q, its events say %q", f.name, field, is[field], want)
		}
	}
}

// notices checks the notices of a range of tickets against the events of their tickets.
func (a *audit) notices(ctx context.Context, t *tx, of map[int64]*facts, from, to int64) error {
	var rows []struct {
		ID, Ticket       int64
		State            DeliveryState
		Rendered         string
		MessageID, Words string
	}
	err := t.all(ctx, &rows, `SELECT id, ticket, state, rendered, message_id AS messageid, words FROM notice WHERE ticket >= ? AND ticket <= ? ORDER BY id`, from, to)
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	for _, n := range rows {
		a.Notices++
		f := of[n.Ticket]
		if f == nil {
			a.fault("notice %d is about ticket %d, which is not there", n.ID, n.Ticket)
			continue
		}
		switch told := f.told[n.MessageID]; {
		case n.State == Sent && told == "":
			a.fault("%s: notice %d is sent, and no event says so", f.name, n.ID)
		case n.Rendered != "" && f.mails[n.MessageID] != n.Rendered:
			a.fault("%s: the mail of notice %d is not on record", f.name, n.ID)
		case n.State == Bounced && told != "bounced":
			a.fault("%s: notice %d is bounced, and no event says so", f.name, n.ID)
		}
		delete(f.told, n.MessageID)
	}
	return a.participants(ctx, t, of, from, to)
}

// participants checks who takes part, and who owns the tickets, against the events.
func (a *audit) participants(ctx context.Context, t *tx, of map[int64]*facts, from, to int64) error {
	var rows []struct {
		Ticket  int64
		Address string
	}
	err := t.all(ctx, &rows, `SELECT ticket, address FROM participant WHERE ticket >= ? AND ticket <= ? AND removed_at = 0 ORDER BY ticket, address`, from, to)
	if err != nil {
		return fmt.Errorf("read participants: %w", err)
	}
	for _, p := range rows {
		if f := of[p.Ticket]; f != nil && !f.cc[p.Address] {
			a.fault("%s: %s takes part, and no event says so", f.name, p.Address)
		} else if f != nil {
			delete(f.cc, p.Address)
		}
	}
	var owners []struct {
		ID      int64
		Address string
	}
	if err := t.all(ctx, &owners, `SELECT t.id, s.address FROM ticket t JOIN staff s ON s.id = t.owner WHERE t.id >= ? AND t.id <= ? AND s.shared = 0`, from, to); err != nil {
		return fmt.Errorf("read owners: %w", err)
	}
	owner := map[int64]string{}
	for _, o := range owners {
		owner[o.ID] = o.Address
	}
	for id, f := range of {
		if f.row.Owner != 0 && owner[id] == "" {
			delete(f.after, "owner") // a mailbox that several people share: the event names the person
		}
	}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		f := of[id]
		for _, address := range slices.Sorted(maps.Keys(f.cc)) {
			a.fault("%s: an event made %s a participant, who is none", f.name, address)
		}
		if want, said := f.after["owner"]; said && owner[id] != want && !(f.row.Owner == 0 && f.row.State.Final()) { // who leaves the staff leaves ended cases without a word
			a.fault("%s: the owner is %s, its events say %s", f.name, strconv.Quote(owner[id]), strconv.Quote(want))
		}
	}
	return nil
}
