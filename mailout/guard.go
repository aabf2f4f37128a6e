package mailout

import (
	"errors"
	"fmt"

	"aduan/tickets"
)

// ErrInternal means that a notice would tell somebody outside staff what is internal. It is a fault of the gateway's own: the
// notice is never sent, and trying again does not help.
var ErrInternal = errors.New("internal words for a recipient outside staff")

// internalKinds are the kinds that only staff receive.
var internalKinds = map[tickets.Kind]bool{
	tickets.KindNewReport: true, tickets.KindForwarded: true, tickets.KindHandedOn: true, tickets.KindNote: true,
	tickets.KindUnproven: true, tickets.KindUnverified: true, tickets.KindReminder: true, tickets.KindAway: true,
	tickets.KindBounced: true, tickets.KindUndelivered: true, tickets.KindList: true, tickets.KindBacklog: true,
	tickets.KindBadMail: true, tickets.KindWarning: true, tickets.KindPassedOn: true, tickets.KindDone: true, tickets.KindRefused: true,
	tickets.KindConfirm: true, tickets.KindEvidence: true, tickets.KindPassword: true,
	tickets.KindNationalDraft: true, tickets.KindNationalAnswer: true,
	tickets.KindDeadline: true, tickets.KindStatutory: true, tickets.KindDigest: true, tickets.KindFigures: true, tickets.KindHistory: true,
}

// guard checks a notice's facts against its recipient's class, and that every message it names is there.
func guard(n tickets.Notice) error {
	if n.Audience == tickets.ToNational && (n.Kind != tickets.KindNational || len(n.Items) != 1) {
		return fmt.Errorf("render notice %d to a response team: %s, which is not their report: %w", n.ID, n.Kind, ErrInternal)
	}
	for _, it := range n.Items {
		m, known := n.Texts[it.Message]
		if it.Message != 0 && !known {
			return fmt.Errorf("render %s notice %d: message %d is missing", it.Kind, n.ID, it.Message)
		}
		if n.Audience == tickets.ToStaff {
			continue
		}
		if internalKinds[it.Kind] {
			return fmt.Errorf("render notice %d to a %s: kind %s: %w", n.ID, n.Audience, it.Kind, ErrInternal)
		}
		if it.Message != 0 && m.Visibility != tickets.VisiblePublic {
			return fmt.Errorf("render notice %d to a %s: message %d is %s: %w", n.ID, n.Audience, it.Message, m.Visibility, ErrInternal)
		}
	}
	if n.Audience != tickets.ToStaff && (n.Room == tickets.Internal || len(n.Case)+len(n.Timeline)+len(n.Table) > 0 || n.Figures != nil || internalKinds[n.Kind]) {
		return fmt.Errorf("render notice %d to a %s: the case or a list: %w", n.ID, n.Audience, ErrInternal)
	}
	return nil
}

// guardWords checks the finished words once more, just before they become a mail.
func guardWords(n tickets.Notice, r redactor, texts ...string) error {
	for _, text := range texts {
		if _, found := r.finds(text); found {
			return fmt.Errorf("render notice %d to a %s: a staff address: %w", n.ID, n.Audience, ErrInternal)
		}
	}
	return nil
}
