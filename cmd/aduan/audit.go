package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"aduan/mailin"
	"aduan/tickets"
)

func (p *program) audit() *cobra.Command {
	var head string
	c := &cobra.Command{Use: "audit", Short: "Verify that the record and the evidence are what the gateway wrote", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		how := parts.auditing()
		how.Head, how.Progress = head, progress(os.Stderr)
		a, err := parts.store.AuditWith(c.Context(), how)
		var invalid *tickets.InvalidError
		if errors.As(err, &invalid) {
			return wrongUse(fmt.Errorf("--head: %w", err))
		}
		if err != nil {
			return err
		}
		return p.tellAudit(a)
	}}
	c.Flags().StringVar(&head, "head", "", "the head that an earlier audit printed: show that the record has only grown since")
	return c
}

// auditing compares the record with the evidence, whose mails are read again.
func (p *parts) auditing() tickets.Auditing {
	limits := p.intake().Limits
	return tickets.Auditing{Evidence: p.evidence, Parts: func(ctx context.Context, raw io.Reader) []tickets.Attachment {
		return mailin.Parse(ctx, raw, limits).Attachments
	}}
}

// tellAudit prints what an audit found; faults are an error.
func (p *program) tellAudit(a tickets.Audited) error {
	for _, fault := range a.Faults {
		fmt.Fprintln(p.out, fault)
	}
	for _, remark := range a.Remarks {
		fmt.Fprintln(p.out, "no fault, but:", remark)
	}
	fmt.Fprintf(p.out, "%d tickets, %d events, %d messages looked at, %d faults\n", a.Tickets, a.Events, a.Messages, len(a.Faults))
	fmt.Fprintf(p.out, "%d notices, %d ledger rows, %d pieces of evidence\n", a.Notices, a.Ledger, a.Pieces)
	fmt.Fprintf(p.out, "head %s\n", a.Head)
	if len(a.Faults) > 0 {
		return fmt.Errorf("the record was changed: %s", a.Faults[0])
	}
	return nil
}

// progress shows on a terminal how far a long audit is; nil where f is none.
func progress(f *os.File) func(done, total int) {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	begun, told := time.Now(), time.Time{}
	return func(done, total int) {
		if now := time.Now(); now.Sub(begun) > 2*time.Second && (now.Sub(told) > time.Second/2 || done >= total) {
			told = now
			fmt.Fprintf(f, "\r%d of %d tickets", done, total)
			if done >= total {
				fmt.Fprintln(f)
			}
		}
	}
}
