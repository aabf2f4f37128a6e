// Aduan-bench measures what the gateway does with mail that waits, rung by rung, beside what the machine itself can do in the
// same minute: absolute figures belong to one machine and one hour, ratios do not.
//
// It needs no preparation: it builds the gateway, starts a Dovecot with Maildirs and a PostgreSQL with fsync of its own,
// makes the mails, and removes everything when it ends. What is not installed is left out, and said so. The gateway is always
// the real one: `aduan serve` as a process of its own, with a settings file.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // the settings name a time zone
)

// options are the flags.
type options struct {
	count     int
	repeat    int
	lone      int
	backlog   int
	boxes     int
	tickets   int
	quiet     time.Duration
	only      string
	databases string
	folder    string
	program   string
	asJSON    bool
	large     bool
	profile   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "aduan-bench: %v\n", err)
		os.Exit(1)
	}
}

// section is one thing that is measured.
type section struct {
	name, about string
	measure     func(*bench, context.Context) error
}

// sections are all, in their order.
func sections() []section {
	return []section{
		{"ladder", "taking in what waits, rung by rung", (*bench).ladder},
		{"latency", "from the server's word to the acknowledgement at the relay", (*bench).latency},
		{"backlog", "a command behind a flood", (*bench).commandBehindBacklog},
		{"mailboxes", "many mailboxes in one process", (*bench).manyMailboxes},
		{"gateways", "several gateways on one PostgreSQL", (*bench).manyGateways},
		{"memory", "peak memory on what is large", (*bench).memory},
		{"sending", "what waits to be sent, with a relay that answers at once", (*bench).sending},
		{"idle", "what a gateway takes from the processor while nothing comes", (*bench).idle},
		{"growth", "a record of very many tickets beside a small one", (*bench).growth},
	}
}

func parseOptions(args []string, errOut io.Writer) (options, []section, error) {
	var o options
	f := flag.NewFlagSet("aduan-bench", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.IntVar(&o.count, "mails", 1000, "how many `MAILS` of 137 KB wait")
	f.IntVar(&o.repeat, "repeat", 3, "how often each rung is run; the median counts")
	f.IntVar(&o.lone, "latency-mails", 40, "how many `MAILS` the latency is measured with")
	f.IntVar(&o.backlog, "backlog-mails", 10000, "how many small `MAILS` a command comes behind")
	f.IntVar(&o.boxes, "boxes", 50, "how many `MAILBOXES` one process works")
	f.StringVar(&o.only, "only", "", "these `SECTIONS` alone, parted by commas: ladder, latency, backlog, mailboxes, gateways, memory, sending, idle, growth")
	f.IntVar(&o.tickets, "tickets", 20000, "to how many `TICKETS` the record grows")
	f.DurationVar(&o.quiet, "quiet", time.Minute, "for how long nothing comes, a `TIME` like 1m")
	f.StringVar(&o.databases, "databases", "sqlite,postgres", "the `DATABASES`, parted by commas")
	f.StringVar(&o.folder, "dir", "", "a `FOLDER` for all files, on the disk to be measured; the system's for temporary files if left out")
	f.StringVar(&o.program, "program", "", "the `FILE` of a gateway that is built already")
	f.StringVar(&o.profile, "profile", "", "write processor and memory profiles of the rungs inside this process into a `FOLDER`")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object a line")
	f.BoolVar(&o.large, "memory", false, "the same as --only memory")
	if err := f.Parse(args); err != nil {
		return o, nil, err
	}
	if f.NArg() > 0 {
		return o, nil, fmt.Errorf("%q is no flag: --help lists them", f.Arg(0))
	}
	if o.large {
		o.only = "memory"
	}
	if o.count < 1 || o.repeat < 1 || o.lone < 1 || o.backlog < 1 || o.boxes < 1 || o.tickets < smallRecord {
		return o, nil, fmt.Errorf("counts are 1 or more, tickets %d or more", smallRecord)
	}
	chosen, err := choose(o.only)
	return o, chosen, err
}

// choose finds the sections that were asked for; all of them where none was.
func choose(only string) ([]section, error) {
	all := sections()
	if only == "" {
		return all, nil
	}
	var chosen []section
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(s section) bool { return s.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("--only %q: there is no such section; --help lists them", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	o, chosen, err := parseOptions(args, errOut)
	if err != nil {
		return err
	}
	b := &bench{options: o, errOut: errOut, out: out}
	if o.asJSON {
		b.json = json.NewEncoder(out)
	}
	defer b.close()
	if err := b.open(ctx); err != nil {
		return err
	}
	for _, s := range chosen {
		b.begin(s)
		if err := s.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		b.end()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
