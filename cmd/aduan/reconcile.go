package main

import (
	"context"
	"strings"
	"time"

	"aduan/tickets"
)

// Times of the daily reconciliation: the inbox is left time to be read after a start, and a result is looked for often enough that
// another gateway's death costs little.
const (
	reconcileAfterStart = 10 * time.Minute
	reconcileEvery      = 10 * time.Minute
)

// reconcile compares the record with the mailboxes and the evidence once a day, on one of all gateways, until ctx ends.
func (p *parts) reconcile(ctx context.Context) error {
	for wait := reconcileAfterStart; ; wait = reconcileEvery {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		day, err := p.store.ReconciliationDue(ctx, time.Now())
		if err == nil && day != "" {
			err = p.reconcileDay(ctx, day)
		}
		if err != nil && ctx.Err() == nil {
			p.log.Warn("the daily comparison of record, mailboxes and evidence is tried again later", "error", err)
		}
	}
}

// reconcileDay makes the reconciliation of a day and logs its result in one line.
func (p *parts) reconcileDay(ctx context.Context, day string) error {
	intake, mailboxes := p.intake(), map[string]tickets.Folders{}
	for _, m := range p.mailboxes() {
		mailboxes[m.Name] = func(ctx context.Context, visit func(tickets.FolderPiece) error) error {
			return intake.Survey(ctx, m.Mailbox, visit)
		}
	}
	r, err := p.store.Reconcile(ctx, day, mailboxes, p.evidence)
	if err != nil {
		gone, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		p.store.GiveUpReconciliation(gone, day) // else another one makes it when the claim is old
		return err
	}
	attrs := []any{"day", day, "inbox", r.Mails["inbox"], "processed", r.Mails["processed"], "failed", r.Mails["failed"], "evidence", r.Pieces, "took", r.Took.Round(time.Millisecond)}
	switch {
	case r.Faults > 0:
		p.log.Error("record, mailboxes and evidence differ", append(attrs, "differences", r.Faults, "missing", r.Missing, "findings", strings.Join(r.Findings, "; "))...)
	case len(r.Unlooked) > 0:
		p.log.Warn("record, mailboxes and evidence agree as far as they could be compared", append(attrs, "not_compared", strings.Join(r.Unlooked, "; "))...)
	default:
		p.log.Info("record, mailboxes and evidence agree", attrs...)
	}
	return nil
}
