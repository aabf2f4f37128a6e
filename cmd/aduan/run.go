package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/spf13/cobra"

	"aduan/cmd/aduan/internal/doctor"
)

// Exit codes of every call.
const (
	exitDone     = 0
	exitFailed   = 1
	exitWrongUse = 2  // wrong use or wrong settings
	exitTempFail = 75 // EX_TEMPFAIL of sysexits.h: an MTA keeps the mail and tries again
)

// exitError carries the exit code of a fault.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// wrongUse marks a fault of the command line or the settings.
func wrongUse(err error) error { return &exitError{exitWrongUse, err} }

// program is one call of the command line.
type program struct {
	in       io.Reader
	out, err io.Writer
	config   string          // path of the settings
	begun    bool            // the command line was understood
	dns      doctor.Resolver // nil is the system's
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	p := &program{in: in, out: out, err: errOut}
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(errOut, "aduan: %v%s\n", err, ownerHint(err))
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case !p.begun: // cobra's own faults: an unknown call, flag or number of arguments
		fmt.Fprintln(errOut, "`aduan --help` lists the calls and their flags.")
		return exitWrongUse
	}
	return exitFailed
}

// ownerHint says what to do where a file may not be read or written: as a rule the call was
// made in another folder than the gateway's, or an earlier one by another user.
func ownerHint(err error) string {
	var file *fs.PathError // ports and commands may be forbidden too; this is no advice for them
	if !errors.As(err, &file) || !errors.Is(file, fs.ErrPermission) {
		return ""
	}
	return "\nCall aduan in the gateway's own folder and as its user, to whom everything there belongs: `cd /var/lib/aduan && runuser -u aduan -- aduan …`; `chown -R aduan: /var/lib/aduan` takes back what another user wrote."
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{Use: "aduan", Short: "A gateway that lets an incident response team run its case work by e-mail", SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { p.begun = true }}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.PersistentFlags().StringVar(&p.config, "config", "aduan.toml", "the settings `FILE`")
	root.AddCommand(p.demo(), p.serve(), p.initialise(), p.ingest(), p.inspect(), p.ticket(), p.staff(), p.outbox(), p.failed(), p.report(), p.audit(), p.migrate(), p.version(), p.man())
	root.AddCommand(p.doctor(), p.oauth())
	return root
}

// group makes a call that only holds others.
func group(use, short string, calls ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return wrongUse(fmt.Errorf("`%s` needs one of its calls: `%s --help` lists them", c.CommandPath(), c.CommandPath()))
	}}
	c.AddCommand(calls...)
	return c
}

// logger writes to standard error in the form that the settings ask for.
func (p *program) logger(s *settings) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.Log.Level.Level}
	if s.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(p.err, options))
	}
	return slog.New(slog.NewTextHandler(p.err, options))
}
