package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aduan/mailin"
	"aduan/tickets"
)

func (p *program) ingest() *cobra.Command {
	var history bool
	c := &cobra.Command{Use: "ingest [FILE…|-]", Short: "Take in .eml files, an mbox or standard input, the same way as from a mailbox",
		Long: "Take in .eml files, an mbox or standard input (an MTA's pipe), the same way as from a mailbox. What is on record already changes nothing.\nExit code 75 (EX_TEMPFAIL) means that it should be tried again; nothing is lost then, and nothing is doubled by trying again.",
		RunE: func(c *cobra.Command, args []string) error {
			parts, err := p.open(c.Context())
			if err != nil {
				return temporary(err)
			}
			defer parts.close()
			if len(args) == 0 {
				args = []string{"-"}
			}
			in := parts.intake()
			for _, name := range args {
				if err := p.ingestFile(c.Context(), in, name, history); err != nil {
					return err
				}
			}
			return nil
		}}
	c.Flags().BoolVar(&history, "history", false, "keep the mails' own dates, and tell nobody")
	return c
}

// temporary marks what an MTA should try again; wrong settings stay wrong.
func temporary(err error) error {
	var exit *exitError
	if errors.As(err, &exit) {
		return err
	}
	return &exitError{exitTempFail, err}
}

func (p *program) ingestFile(ctx context.Context, in *mailin.Intake, name string, history bool) error {
	r, size := p.in, int64(0)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return &exitError{exitFailed, fmt.Errorf("read mails: %w", err)}
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		r = f
	}
	report := newIngestReport(p.out, p.err, filepath.Base(name), size, isTerminal(p.err))
	defer report.end()
	if err := in.Ingest(ctx, report.reading(r), history, report.filed); err != nil {
		return temporary(fmt.Errorf("take in %s: %w", name, err))
	}
	return nil
}

func (p *program) inspect() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "inspect FILE…", Short: "Show what the gateway makes of a mail, and change nothing", Args: cobra.MinimumNArgs(1), RunE: func(c *cobra.Command, args []string) error {
		team, err := p.team(c.Flags().Changed("config"))
		if err != nil {
			return err
		}
		for _, name := range args {
			in, err := p.inspectFile(c.Context(), name, team)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSONLine(p.out, in)
			} else {
				err = inspectText(p.out, in)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// team is what the settings say for inspecting; it works without settings unless they were asked for.
func (p *program) team(asked bool) (*mailin.Team, error) {
	if _, err := os.Stat(p.config); err != nil && !asked {
		return nil, nil
	}
	s, err := loadSettings(p.config)
	if err != nil {
		if asked {
			return nil, err
		}
		return nil, nil
	}
	r := s.record()
	return &mailin.Team{Mailbox: r.Mailbox, Prefix: r.Prefix}, nil
}

func (p *program) inspectFile(ctx context.Context, name string, team *mailin.Team) (mailin.Inspection, error) {
	r := p.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return mailin.Inspection{}, fmt.Errorf("read mail: %w", err)
		}
		defer f.Close()
		r = f
	}
	return mailin.Inspect(ctx, name, r, mailin.Limits{}, team), nil
}

func (p *program) outbox() *cobra.Command {
	var all bool
	list := &cobra.Command{Use: "list", Short: "List mail that could not be sent yet, or at all", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		waiting, err := parts.store.Outbox(c.Context())
		if err != nil {
			return err
		}
		return outboxText(p.out, waiting, parts.settings.location)
	}}
	retry := &cobra.Command{Use: "retry [ID…]", Short: "Try mail again now, and release what is held for its address", RunE: func(c *cobra.Command, args []string) error {
		ids, err := numbers(args)
		if err != nil || (len(ids) == 0) != all {
			return wrongUse(errors.Join(err, errors.New("give the ids that `aduan outbox list` shows, or --all")))
		}
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		if all {
			ids = []int64{0}
		}
		return retryEach(c.Context(), p.out, parts.store, ids)
	}}
	retry.Flags().BoolVar(&all, "all", false, "everything that was not sent: queued, held, failed and bounced")
	return group("outbox", "Look after mail that could not be sent", list, retry)
}

func retryEach(ctx context.Context, w io.Writer, s *tickets.Store, ids []int64) error {
	total := int64(0)
	for _, id := range ids {
		n, err := s.RetryOutbox(ctx, id)
		if err != nil {
			return err
		}
		if n == 0 && id > 0 {
			return fmt.Errorf("there is no unsent mail %d: `aduan outbox list` shows all", id)
		}
		total += n
	}
	_, err := fmt.Fprintf(w, "%d to be tried again\n", total)
	return err
}

func outboxText(w io.Writer, waiting []tickets.Delivery, zone *time.Location) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tTICKET\tKIND\tTO\tATTEMPTS\tNEXT\tLAST ERROR")
	for _, d := range waiting {
		next := "-"
		if d.State == tickets.Queued {
			next = d.NextAt.In(zone).Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", d.ID, d.State, orDash(string(d.Ticket)), d.Kind, d.To, d.Attempts, next, orDash(d.LastError))
	}
	return table.Flush()
}

func (p *program) failed() *cobra.Command {
	list := &cobra.Command{Use: "list", Short: "List mail that could not be taken in", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		failed, err := parts.store.FailedMails(c.Context())
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tMAILBOX\tAT\tSHA256\tERROR")
		for _, f := range failed {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", f.ID, f.Mailbox, f.At.In(parts.settings.location).Format("2006-01-02 15:04:05"), orDash(f.SHA256), f.Words)
		}
		return table.Flush()
	}}
	retry := &cobra.Command{Use: "retry [ID…]", Short: "Take failed mail in again, all of it without an id", RunE: func(c *cobra.Command, args []string) error {
		ids, err := numbers(args)
		if err != nil {
			return wrongUse(err)
		}
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		return p.retryFailed(c.Context(), parts, ids)
	}}
	return group("failed", "Look after mail that could not be taken in", list, retry)
}

// retryFailed takes mails in from the evidence, where their bytes lie.
func (p *program) retryFailed(ctx context.Context, parts *parts, ids []int64) error {
	failed, err := parts.store.FailedMails(ctx)
	if err != nil {
		return err
	}
	wanted := map[int64]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	in, done := parts.intake(), 0
	for _, f := range failed {
		if len(ids) > 0 && !wanted[f.ID] {
			continue
		}
		raw, err := parts.evidence.Open(ctx, f.SHA256)
		if err != nil {
			return fmt.Errorf("failed mail %d: %w; take it in from the failed folder with `aduan ingest`", f.ID, err)
		}
		err = in.Ingest(ctx, raw, false, func(filed tickets.Filed) {
			fmt.Fprintf(p.out, "%d\t%s\n", f.ID, orDash(string(filed.Ticket)))
		})
		raw.Close()
		if err != nil {
			return fmt.Errorf("failed mail %d: %w", f.ID, err)
		}
		if err := parts.store.SettleFailed(ctx, f.ID, time.Now()); err != nil {
			return err
		}
		done++
	}
	if len(failed) == 0 {
		fmt.Fprintln(p.out, "no mail has failed")
	}
	if done < len(ids) {
		return errors.New("not every id is on the list: `aduan failed list` shows all")
	}
	return nil
}
