package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
	log := p.logger(s)
	var opened *parts
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		if opened, err = openParts(ctx, s, log, migrate); err == nil {
			break
		}
		var exit *exitError
		if errors.As(err, &exit) || errors.Is(err, tickets.ErrNewerDatabase) || !tickets.Away(err) {
			return err // waiting does not help
		}
		log.Error("the database is away, trying again", "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
	defer opened.close()
	return opened.serve(ctx)
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
	sender, err := p.sender(renderer)
	if err != nil {
		return err
	}
	sender.Status = health.relay
	if err := p.store.ReleaseClaims(ctx); err != nil {
		return err
	}
	if err := p.store.RecountClocks(ctx); err != nil {
		return err
	}
	p.warnOfMissingStaff(ctx)
	g, ctx := errgroup.WithContext(ctx)
	for i, m := range p.mailboxes() {
		m.Status = health.mailbox
		health.expect(m.Name)
		g.Go(func() error { return intake.Watch(ctx, m, p.settings.Mailboxes[i].Acknowledge.Duration) })
	}
	g.Go(func() error { return sender.Run(ctx) })
	g.Go(func() error { return p.remind(ctx) })
	if p.settings.HTTP.Listen != "" {
		g.Go(func() error { return p.listen(ctx, health) })
	}
	p.log.Info("aduan serves", "version", version(), "mailboxes", len(p.settings.Mailboxes), "database", p.store.Dialect())
	err = g.Wait()
	p.log.Info("aduan has stopped")
	return err
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
			wait = min(wait, max(time.Until(next), time.Second))
		}
		select {
		case <-ctx.Done():
			return nil
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
