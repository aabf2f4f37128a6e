package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"aduan/mailout"
	"aduan/tickets"
)

func (p *program) ticket() *cobra.Command {
	return group("ticket", "Look at tickets", p.ticketList(), p.ticketShow(), p.ticketExport())
}

func (p *program) ticketList() *cobra.Command {
	var asJSON bool
	var state string
	c := &cobra.Command{Use: "list", Short: "List tickets", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		want := tickets.State(state)
		if state != "" {
			var err error
			if want, err = tickets.ParseState(state); err != nil {
				return wrongUse(err)
			}
		}
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		if asJSON {
			return listJSON(c.Context(), parts.store, want, p.out)
		}
		return listText(c.Context(), parts, want, p.out)
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	c.Flags().StringVar(&state, "state", "", "only tickets in this `STATE`")
	return c
}

// listJSON writes the array as it goes, so that memory does not grow with the number of tickets.
func listJSON(ctx context.Context, s *tickets.Store, state tickets.State, w io.Writer) error {
	first := true
	fmt.Fprint(w, "[")
	err := s.Tickets(ctx, state, func(t tickets.Ticket) error {
		b, err := json.Marshal(t)
		if err != nil {
			return err
		}
		if !first {
			fmt.Fprint(w, ",")
		}
		first = false
		_, err = fmt.Fprintf(w, "\n%s", b)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, "\n]")
	return err
}

func listText(ctx context.Context, p *parts, state tickets.State, w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tSTATE\tOPENED\tSEVERITY\tOWNER\tREPORTER\tSUBJECT")
	err := p.store.Tickets(ctx, state, func(t tickets.Ticket) error {
		_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Number, t.State, t.OpenedAt.In(p.settings.location).Format("2006-01-02 15:04"), orDash(string(t.Severity)), orDash(t.Owner), orDash(t.Reporter.Address), tickets.Shorten(t.Subject, 60))
		return err
	})
	return errors.Join(err, table.Flush())
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p *program) ticketShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "show NUMBER", Short: "Show a ticket with its messages, events and deliveries", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		file, err := parts.show(c.Context(), args[0])
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(p.out, file)
		}
		return showText(parts, file, p.out)
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// show reads a ticket with its tokens blanked: who reads it must not be able to act as the people in it.
func (p *parts) show(ctx context.Context, number string) (tickets.File, error) {
	file, err := p.store.Show(ctx, tickets.Number(strings.TrimSpace(number)))
	if errors.Is(err, tickets.ErrNotFound) {
		return file, fmt.Errorf("there is no ticket %s: `aduan ticket list` shows all", number)
	}
	if err != nil {
		return file, err
	}
	return file.Blanked(p.store.Mailbox), nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// forTerminal is a stranger's text without what a terminal obeys: escape sequences, and marks that turn the order of letters
// around.
func forTerminal(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d':
			return -1
		}
		return r
	}, s)
}

func showText(p *parts, f tickets.File, w io.Writer) error {
	l := tickets.Language(p.settings.Team.Language)
	at := func(t tickets.Event) string { return t.At.In(p.settings.location).Format("2006-01-02 15:04:05") }
	fmt.Fprintf(w, "%s  %s\n%s (%s)  %s  %s\nreporter %s  owner %s  opened %s\n", f.Number, f.Subject, f.State, f.State.Label(l), f.TLP.Label(), orDash(string(f.Severity)),
		orDash(f.Reporter.Address), orDash(f.Owner), tickets.FormatTime(f.OpenedAt, p.settings.location, l))
	if f.DueAt != nil {
		fmt.Fprintf(w, "due %s\n", tickets.FormatTime(*f.DueAt, p.settings.location, l))
	}
	fmt.Fprintln(w, "\nMessages")
	for _, m := range f.Messages {
		fmt.Fprintf(w, "\n#%d %s %s %s  %s → %s\n   %s\n", m.ID, m.At.In(p.settings.location).Format("2006-01-02 15:04:05"), m.Direction, m.Visibility, orDash(m.From), strings.Join(m.To, ", "), m.Subject)
		if m.Direction == "in" {
			fmt.Fprintf(w, "   %s\n", strings.ReplaceAll(strings.TrimSpace(forTerminal(m.NewText)), "\n", "\n   "))
		}
		for _, a := range m.Attachments {
			fmt.Fprintf(w, "   + %s (%s, %d bytes) %s\n", orDash(a.Filename), a.ContentType, a.Size, a.SHA256)
		}
	}
	fmt.Fprintln(w, "\nEvents")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range f.Events {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", at(e), e.Kind, orDash(string(e.To)), e.Actor, e.Hash[:16])
	}
	table.Flush()
	fmt.Fprintln(w, "\nDeliveries")
	for _, d := range f.Deliveries {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", d.State, d.Kind, d.To, d.Attempts, d.LastError)
	}
	return table.Flush()
}

// formats are the forms of a ticket's export.
var formats = []string{"html", "pdf", "mbox", "json", "zip"}

func (p *program) ticketExport() *cobra.Command {
	var format, out string
	c := &cobra.Command{Use: "export NUMBER", Short: "Export a ticket: a case file to print (html, pdf), its raw mails (mbox), JSON, or all of it (zip)", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		if !slices.Contains(formats, format) {
			return wrongUse(fmt.Errorf("there is no format %q: give one of %s", format, strings.Join(formats, ", ")))
		}
		if (format == "pdf" || format == "zip") && out == "" && p.terminal() {
			return wrongUse(fmt.Errorf("%s is not for a terminal: give --out FILE.%s", format, format))
		}
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		write, err := parts.exporter(c.Context(), args[0], format)
		if err != nil {
			return err
		}
		w, done, err := p.output(out)
		if err != nil {
			return err
		}
		return errors.Join(write(w), done())
	}}
	c.Flags().StringVar(&format, "format", "mbox", "the `FORMAT`: "+strings.Join(formats, ", "))
	c.Flags().StringVar(&out, "out", "", "write to this `FILE` instead of standard output")
	return c
}

// exporter reads a ticket and returns what writes it in a format; nothing is written where there is no such ticket.
func (p *parts) exporter(ctx context.Context, number, format string) (func(io.Writer) error, error) {
	file, err := p.show(ctx, number)
	if err != nil {
		return nil, err
	}
	switch format {
	case "json":
		return func(w io.Writer) error { return writeJSON(w, file) }, nil
	case "mbox":
		return func(w io.Writer) error { return p.store.ExportMbox(ctx, file.Number, p.evidence, w) }, nil
	}
	whole, err := p.caseFile(ctx, file.Number)
	if err != nil {
		return nil, err
	}
	r, err := p.renderer(p.intake())
	if err != nil {
		return nil, err
	}
	switch format {
	case "html":
		return func(w io.Writer) error { return r.WriteCaseHTML(ctx, w, whole) }, nil
	case "pdf":
		return func(w io.Writer) error { return r.WriteCasePDF(ctx, w, whole) }, nil
	}
	return func(w io.Writer) error {
		return r.WriteCaseZip(ctx, w, mailout.Bundle{Case: whole, Mailbox: p.store.Mailbox, Raw: p.evidence.Open})
	}, nil
}

// caseFile reads and audits a whole case.
func (p *parts) caseFile(ctx context.Context, n tickets.Number) (tickets.CaseFile, error) {
	return p.store.CaseFile(ctx, n, p.auditing())
}

// terminal says whether the output goes to people's eyes.
func (p *program) terminal() bool {
	f, is := p.out.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// output is standard output, or a file that only its owner may read.
func (p *program) output(path string) (io.Writer, func() error, error) {
	if path == "" {
		return p.out, func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", path, err)
	}
	return f, f.Close, nil
}
