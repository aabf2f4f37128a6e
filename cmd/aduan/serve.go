package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"aduan/tickets"
)

func (p *program) serve() *cobra.Command {
	var noMigrate bool
	c := &cobra.Command{Use: "serve", Short: "Run the gateway", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return p.runServe(c.Context(), !noMigrate)
	}}
	c.Flags().BoolVar(&noMigrate, "no-migrate", false, "refuse a database of an older version instead of migrating it")
	return c
}

// runServe opens the parts, waiting for a database that is away, and works until ctx ends.
func (p *program) runServe(ctx context.Context, migrate bool) error {
	s, err := loadSettings(p.config)
	if err != nil {
		return err
	}
	if len(s.Mailboxes) == 0 {
		return wrongUse(fmt.Errorf("%s: there is no [[mailbox]]: the gateway has nothing to read", p.config))
	}
	limitMemory(len(s.Mailboxes))
	away := &absence{log: p.logger(s), listen: s.HTTP.Listen}
	defer away.stop()
	for {
		err := serveOnce(ctx, s, away, migrate)
		switch {
		case ctx.Err() != nil && (errors.Is(err, ctx.Err()) || waitingHelps(err)):
			return nil
		case !waitingHelps(err):
			return err
		}
		away.outwait(ctx, err)
	}
}

// serveOnce opens the parts and works until ctx ends, or until it finds out that the database is away.
func serveOnce(ctx context.Context, s *settings, away *absence, migrate bool) error {
	parts, err := openParts(ctx, s, away.log, migrate)
	if err != nil {
		return err
	}
	defer parts.closeSoon()
	if err := parts.begin(ctx); err != nil {
		return err
	}
	away.end()
	return parts.serve(ctx)
}

// begin puts the record in order for a process that has just started.
func (p *parts) begin(ctx context.Context) error {
	if err := p.store.ReleaseClaims(ctx); err != nil {
		return err
	}
	return p.store.RecountClocks(ctx)
}

// limitMemory asks the collector to work harder before garbage piles up: one large picture in a mail would else leave the process
// twice as large as what it needs. It is no hard limit. An operator's GOMEMLIMIT goes before it.
func limitMemory(mailboxes int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(56+mailboxes) << 20)
	}
}

// serve runs the parts in one group: mailboxes, sender, reminders, HTTP. It returns when all have ended.
func (p *parts) serve(ctx context.Context) error {
	health := newHealth()
	intake := p.intake()
	intake.Counted = health.mail
	renderer, err := p.renderer(intake)
	if err != nil {
		return err
	}
	sender := p.sender(renderer)
	sender.Status, sender.Counted = health.relay, health.sent
	sender.Share = health.share
	sharing, err := p.sharing(intake, health)
	if err != nil {
		return err
	}
	p.warnOfMissingStaff(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return sharing.Run(ctx) })
	g.Go(func() error { return sender.Run(ctx) })
	g.Go(func() error { return p.remind(ctx) })
	g.Go(func() error { return p.prune(ctx) })
	g.Go(func() error { return p.reconcile(ctx) })
	g.Go(func() error { return p.watchReadings(ctx, health) })
	if p.settings.HTTP.Listen != "" {
		g.Go(func() error { return p.listen(ctx, health) })
	}
	p.log.Info("aduan serves", "version", version(), "mailboxes", len(p.settings.Mailboxes), "database", p.store.Dialect())
	return p.end(ctx, g)
}

// endWithin is how long the parts may take to stop. Each of them has its own, shorter time for what is in hand; only what a
// database that hangs keeps may exceed it.
const endWithin = 9 * time.Second

// end waits for the parts. What still hangs when time is up is left: all that is not on record is done again after the next
// start.
func (p *parts) end(ctx context.Context, g *errgroup.Group) error {
	ended := make(chan error, 1)
	go func() { ended <- g.Wait() }()
	late := make(chan struct{})
	defer context.AfterFunc(ctx, func() { time.AfterFunc(endWithin, func() { close(late) }) })()
	select {
	case err := <-ended:
		p.log.Info("aduan has stopped")
		return err
	case <-late:
		p.log.Warn("aduan stops without waiting any longer; what was in hand is done again after the next start")
		return nil
	}
}

// warnOfMissingStaff: without a Front Desk nobody hears of new reports.
func (p *parts) warnOfMissingStaff(ctx context.Context) {
	staff, err := p.store.Staff(ctx)
	if err != nil {
		return // what needs the staff will say so
	}
	for _, s := range staff {
		if s.Has(tickets.FrontDesk) {
			return
		}
	}
	p.log.Warn("nobody has the role front-desk: reports become tickets, but nobody hears of them; add staff with `aduan staff add`")
}

// remindEvery is how long the clock's work is not looked for at most: another process on the same database may have planned
// something sooner.
const remindEvery = time.Minute

// remind does what is due by the clock until ctx ends. It sleeps until something is.
func (p *parts) remind(ctx context.Context) error {
	troubled := false
	for {
		n, next, err := p.remindOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !troubled:
			p.log.Error("reminders wait for the database", "error", err)
			troubled = true
		case err == nil && troubled:
			p.log.Info("reminders go on")
			troubled = false
		}
		if n > 0 && err == nil {
			continue
		}
		wait := remindEvery
		if err == nil && !next.IsZero() {
			wait = min(wait, max(time.Until(next), 100*time.Millisecond))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.store.Clocked():
		case <-time.After(wait):
		}
	}
}

// remindOnce reminds of what is due, and tells when something will be again.
func (p *parts) remindOnce(ctx context.Context) (n int, next time.Time, err error) {
	if n, err = p.store.Remind(ctx, time.Now()); err != nil {
		return n, next, err
	}
	next, err = p.store.NextReminder(ctx, time.Now())
	return n, next, err
}

// pruneEvery is how often rows are looked for that nobody needs any more.
const pruneEvery = time.Hour

// prune keeps what only counts for a time from growing for ever, until ctx ends. A fault is of no matter: the next time comes.
func (p *parts) prune(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if err := p.store.Prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
			p.log.Debug("old rows stay for another while", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// listen serves /healthz, /readyz and /metrics. An address that is taken is a fault of the settings.
func (p *parts) listen(ctx context.Context, h *health) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.settings.HTTP.Listen)
	if err != nil {
		return wrongUse(fmt.Errorf("http.listen: %w: give another address, or \"\" for none", err))
	}
	server := &http.Server{Handler: h.handler(p), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}
