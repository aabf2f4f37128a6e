package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"aduan/tickets"
)

func (p *program) report() *cobra.Command {
	var out string
	var asJSON, asCSV bool
	c := &cobra.Command{Use: "report [YYYY-MM]", Short: "Show a month's figures, this month's where none is named", Args: cobra.MaximumNArgs(1), RunE: func(c *cobra.Command, args []string) error {
		if asJSON && asCSV {
			return wrongUse(errors.New("give --json or --csv, not both"))
		}
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		month, err := parts.monthAsked(args, time.Now())
		if err != nil {
			return wrongUse(err)
		}
		f, err := parts.store.MonthlyFigures(c.Context(), month)
		if err != nil {
			return err
		}
		return p.writeReport(parts, f, out, asJSON, asCSV)
	}}
	c.Flags().StringVar(&out, "out", "", "write a page with charts to this `FILE`; with --json or --csv, those")
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	c.Flags().BoolVar(&asCSV, "csv", false, "write CSV, one figure a line")
	return c
}

// monthAsked is the month that the call names; without one the current month of the team's time zone.
func (p *parts) monthAsked(args []string, now time.Time) (tickets.Month, error) {
	if len(args) == 0 {
		return tickets.MonthOf(now, p.settings.location), nil
	}
	month, err := tickets.ParseMonth(args[0])
	if err != nil {
		return month, err
	}
	if from, _ := month.Bounds(p.settings.location); from.After(now) {
		return month, fmt.Errorf("%s is still to come", month)
	}
	return month, nil
}

// writeReport writes the figures in the form that was asked for: a page into a file, tables to a terminal.
func (p *program) writeReport(parts *parts, f tickets.MonthlyFigures, path string, asJSON, asCSV bool) error {
	r, err := parts.renderer(parts.intake())
	if err != nil {
		return err
	}
	w, done, err := p.output(path)
	if err != nil {
		return err
	}
	switch {
	case asJSON:
		err = writeJSON(w, f)
	case asCSV:
		err = f.WriteCSV(w, tickets.Language(parts.settings.Team.Language))
	case path != "":
		err = r.WriteFiguresHTML(w, f, time.Now())
	default:
		err = r.WriteFiguresText(w, f, time.Now())
	}
	return errors.Join(err, done())
}
