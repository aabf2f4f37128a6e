package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"aduan/mailin"
	"aduan/tickets"
)

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{Use: "migrate", Short: "Bring the database to this version", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		v, err := parts.store.Migrate(c.Context())
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "the database is at version %d\n", v)
		return nil
	}}
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Tell version and commit", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		_, err := fmt.Fprintln(p.out, "aduan", version())
		return err
	}}
}

// release is the version; a build sets it with -ldflags -X main.release=….
var release = "development"

// commit is the commit where the build's own information lacks it; a build sets it with -ldflags -X main.commit=….
var commit string

// version is the release and the commit that the program was built from.
func version() string {
	revision, changed := commit, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && revision == "":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", changed"
			}
		}
	}
	if revision == "" {
		revision = "unknown"
	}
	return fmt.Sprintf("%s (commit %s%s)", release, revision, changed)
}

// numbers reads ids.
func numbers(args []string) ([]int64, error) {
	var ids []int64
	for _, a := range args {
		id, err := strconv.ParseInt(a, 10, 64)
		if err != nil || id <= 0 {
			return nil, fmt.Errorf("%q is no id", a)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func writeJSONLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// inspectText shows an inspection to people.
func inspectText(w io.Writer, in mailin.Inspection) error {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-12s %s\n", name, tickets.CleanLine(value))
		}
	}
	fmt.Fprintf(w, "== %s\n", in.File)
	line("From", strings.TrimSpace(in.From.Name+" <"+in.From.Address+">"))
	line("To", strings.Join(in.To, ", "))
	line("Cc", strings.Join(in.Cc, ", "))
	line("Subject", in.Subject)
	line("Date", in.Date)
	line("Message-ID", in.MessageID)
	line("Answers", strings.Join(in.InReplyTo, " "))
	line("Ticket", string(in.TicketHint))
	line("Automatic", in.Automatic)
	for _, b := range in.Bounce {
		line("Bounce", strings.Join([]string{b.Recipient, b.Action, b.Status, b.Diagnostic}, " "))
	}
	line("Returned", in.ReturnedMessageID)
	for _, c := range in.Commands {
		line("Command", fmt.Sprintf("/%s %s %v", c.Name, strings.Join(c.Args, " "), c.Set))
	}
	for _, a := range in.Attachments {
		line("Attachment", fmt.Sprintf("%s (%s, %d bytes) %s", orDash(a.Filename), a.ContentType, a.Size, a.SHA256))
	}
	for _, problem := range in.Problems {
		line("Problem", problem)
	}
	_, err := fmt.Fprintf(w, "\n%s\n\n", forTerminal(in.NewText))
	return errors.Join(err)
}
