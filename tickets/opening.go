package tickets

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aduan/tickets/waypoint"
)

// open makes a ticket of a mail that belongs to none: nothing is refused, and robots' reports are reports.
func (f *filing) open() {
	language := f.languageOf()
	f.openAs(f.a.From, f.sender.proof != ProofNone, f.ticketSubject(f.a.Subject, language), language)
	if f.err != nil {
		return
	}
	report := Item{Kind: KindNewReport, Message: f.message, Who: f.author(), Proof: f.sender.detail, State: Open, Files: true}
	if f.continues != nil {
		report.Number = Number(f.continues.Number)
	}
	if f.mayTellOfReport() {
		f.tellFrontDesk(report, "")
	}
	if f.a.Automatic == "" && !f.a.Unacknowledged {
		f.acknowledge()
	}
}

// openAs opens the ticket of this mail for a reporter.
func (f *filing) openAs(reporter Address, proven bool, subject string, language Language) {
	f.do("open a ticket", func() error {
		local := time.UnixMicro(f.at).In(f.s.Location)
		t := &ticketRow{State: Open, Subject: subject, Language: language, Reporter: Key(reporter.Address), ReporterName: CleanLine(reporter.Name), ReporterProven: proven,
			Outside: f.outside(reporter.Address), Reported: reportedSeverity(f.a.NewText), TLP: TLPAmber, OpenedAt: f.at, ChangedAt: f.at, Year: local.Year()}
		if f.continues != nil {
			t.Continues = f.continues.ID
		}
		if err := f.t.newTicket(f.ctx, t); err != nil {
			return err
		}
		f.ticket, f.out.Opened = t, true
		if err := f.placeMessage(VisiblePublic, "report"); err != nil {
			return err
		}
		facts := f.mailFacts()
		facts["subject"], facts["reporter"] = subject, t.Reporter
		f.events = append(f.events, event{f.actor(), "opened", "", Open, facts})
		return f.noteBacklog()
	})
	f.do("record the ids", f.nameIDs)
}

// placeMessage settles where the message belongs, who may see it and what it is for.
func (f *filing) placeMessage(v Visibility, purpose string) error {
	f.visible = v
	if purpose != "" {
		f.purpose = purpose
	}
	_, err := f.t.exec(f.ctx, `UPDATE message SET ticket = ?, visibility = ?, purpose = ? WHERE id = ?`, f.ticketID(), string(v), f.purpose, f.message)
	f.t.wrote("message", f.message)
	if err != nil {
		return fmt.Errorf("place the message: %w", err)
	}
	return nil
}

func (f *filing) languageOf() Language {
	if f.a.Language != "" {
		return f.a.Language
	}
	return f.s.Language
}

// outside says whether an address is not of the constituency: its domains and their subdomains.
func (f *filing) outside(address string) bool {
	return !f.s.constituent(Domain(address))
}

func (s *Settings) constituent(domain string) bool {
	for _, d := range s.Constituency {
		if d = Key(d); domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return len(s.Constituency) == 0
}

// reportedSeverity is the reporter's own word for it: a line "Tingkat: …" or "Severity: …".
func reportedSeverity(text string) Severity {
	for _, line := range strings.Split(text, "\n") {
		key, value, found := strings.Cut(line, ":")
		if !found || len(line) > 200 {
			continue
		}
		switch plainWord(strings.Trim(key, " *-•")) {
		case "tingkat", "tingkat-dampak", "tingkat-bahaya", "severity", "dampak":
			if s, ok := ParseSeverity(strings.Trim(value, " *.")); ok {
				return s
			}
		}
	}
	return ""
}

// acknowledge tells the reporter that the report is a ticket, within the caps that keep the gateway from being a weapon
// against the address in From.
func (f *filing) acknowledge() {
	f.do("acknowledge", func() error {
		t := f.ticket
		if t.Reporter == "" || f.a.Quiet {
			return nil
		}
		within, err := f.withinCaps(t.Reporter)
		if err != nil || !within {
			return err
		}
		item := Item{Kind: KindAcknowledged, State: Open}
		f.tellReporter(item)
		if f.continues != nil {
			f.tellReporter(Item{Kind: KindContinued, Number: Number(f.continues.Number), State: Open})
		}
		return f.countAcknowledgement(t.Reporter)
	})
}

func (f *filing) countAcknowledgement(address string) error {
	_, err := f.t.exec(f.ctx, `INSERT INTO acknowledgement (address, domain, at) VALUES (?, ?, ?)`, address, Domain(address), f.now)
	return err
}

// mayTellOfReport says whether Front Desk hears of a new ticket. Bounces and robots' answers without a ticket open one all
// the same, but a bounce of a mail to Front Desk itself must not cause the next.
func (f *filing) mayTellOfReport() bool {
	return f.a.Automatic != AutoBounce && f.a.Automatic != AutoReply || f.mayCause()
}

// SawMailbox notes that a mailbox was selected and returns when it was first seen; older mail in it is filed quietly.
func (s *Store) SawMailbox(ctx context.Context, name string, uidValidity uint32, now time.Time) (first time.Time, err error) {
	var at int64
	err = s.write(ctx, func(t *tx) error {
		t.wrote("mailbox", name, uidValidity)
		return t.get(ctx, &at, `INSERT INTO mailbox (name, uid_validity, seen_at) VALUES (?, ?, COALESCE((SELECT MIN(seen_at) FROM mailbox WHERE name = ?), ?))
			ON CONFLICT (name, uid_validity) DO UPDATE SET seen_at = mailbox.seen_at RETURNING seen_at`, name, uidValidity, name, micros(now))
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("note mailbox %s: %w", name, err)
	}
	return fromMicros(at), nil
}

// verdictBacklog marks in the ledger a mail that became a ticket without acknowledgement and that Front Desk was not told of.
const verdictBacklog = "backlog"

// noteBacklog remembers with the mail itself that Front Desk is to be told of it, whatever happens before the backlog is through.
func (f *filing) noteBacklog() error {
	if !f.a.Quiet || f.a.UID == 0 {
		return nil
	}
	_, err := f.t.exec(f.ctx, `UPDATE ledger SET verdict = ? WHERE mailbox = ? AND uid_validity = ? AND uid = ?`, verdictBacklog, f.a.Mailbox, f.a.UIDValidity, f.a.UID)
	if err != nil {
		return fmt.Errorf("note the backlog: %w", err)
	}
	return nil
}

// TellBacklog tells Front Desk which older mails of a mailbox became tickets without acknowledgement; each is named once,
// and nobody is told where there is none.
func (s *Store) TellBacklog(ctx context.Context, name string, now time.Time) error {
	told := false
	err := s.settle(ctx, waypoint.BacklogWritten, waypoint.BacklogRecorded, func(t *tx) error {
		var rows []struct {
			Message, UID int64
			UIDValidity  int64 `db:"uid_validity"`
		}
		if err := t.all(ctx, &rows, `UPDATE ledger SET verdict = 'filed' WHERE mailbox = ? AND verdict = ? RETURNING message, uid_validity, uid`, name, verdictBacklog); err != nil {
			return fmt.Errorf("read the backlog of %s: %w", name, err)
		}
		if told = len(rows) > 0; !told {
			return nil
		}
		messages := make([]int64, len(rows))
		for i, r := range rows {
			messages[i] = r.Message
			t.wrote("ledger", name, r.UIDValidity, r.UID)
		}
		slices.Sort(messages)
		lines := make([]string, len(messages))
		for i, id := range messages {
			if err := t.get(ctx, &lines[i], `SELECT t.number FROM message m JOIN ticket t ON t.id = m.ticket WHERE m.id = ?`, id); err != nil {
				return fmt.Errorf("read a ticket of the backlog: %w", err)
			}
		}
		f, err := newFiling(ctx, t, Arrival{At: now}, now)
		if err != nil {
			return err
		}
		f.tellFrontDesk(Item{Kind: KindBacklog, Text: name, Lines: lines}, "")
		return f.settle(ctx)
	})
	if told {
		s.wakeSender()
	}
	return err
}
