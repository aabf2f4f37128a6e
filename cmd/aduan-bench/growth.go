package main

import (
	"context"
	"fmt"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// smallRecord is how many tickets the record has that a grown one is compared with.
const smallRecord = 300

// rounds is how often each thing is measured, on the one record and on the other in turn.
const rounds = 40

// perRound is how many mails one transaction of a round files: their commit must not hide what they cost.
const perRound = 50

// growth compares what things cost in a record of hundreds of tickets and in one of very many.
func (b *bench) growth(ctx context.Context) error {
	for _, database := range b.installed() {
		small, err := b.newRecord(ctx, database)
		if err != nil {
			return err
		}
		defer small.Close()
		large, err := b.newRecord(ctx, database)
		if err != nil {
			return err
		}
		defer large.Close()
		began, told := time.Now(), time.Now()
		for r, n := range map[*record]int{small: smallRecord, large: b.tickets} {
			err := r.grow(ctx, 0, n, func(done int) {
				if time.Since(told) > 10*time.Second {
					told = time.Now()
					fmt.Fprintf(b.errOut, "  %s: %d tickets, %.0f a second\n", database, done, float64(done)/time.Since(began).Seconds())
				}
			})
			if err == nil {
				err = r.AddStaff(ctx, tickets.Staff{Address: frontDesk, Name: "Front Desk", Roles: []tickets.Role{tickets.FrontDesk}}, r.now())
			}
			if err != nil {
				return fmt.Errorf("%s: %w", database, err)
			}
		}
		took := time.Since(began)
		b.add(row{Rung: "made", Database: database, Mails: b.tickets, Rate: float64(b.tickets) / took.Seconds(), Note: fmt.Sprintf("tickets, with %d messages", 3*b.tickets)})
		if err := b.compare(ctx, database, small, large); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}
	return nil
}

// compare measures everything on both records in turn, and asks the large one how it goes about every statement.
func (b *bench) compare(ctx context.Context, database string, small, large *record) error {
	for _, m := range measures {
		var times [2][]float64
		for range rounds {
			for j, r := range []*record{small, large} {
				k := r.choose()
				before := time.Now()
				took, err := m.run(ctx, r, k)
				if err != nil {
					return fmt.Errorf("%s: %w", m.name, err)
				}
				if took == 0 {
					took = time.Since(before)
				}
				times[j] = append(times[j], milliseconds(took))
			}
		}
		before, after := median(times[0]), median(times[1])
		b.add(row{Rung: m.name, Database: database, MedianMS: after, P95MS: percentile(times[1], 95), Note: fmt.Sprintf("%.2f of the small record's %.2f ms", after/before, before)})
	}
	whole, err := ticketstest.Readings(ctx, large.url, large.Statements())
	for _, r := range whole {
		fmt.Fprintf(b.errOut, "  reads a whole table: %s\n", r)
	}
	return err
}

// measures are what is compared. A measure that takes steps beside what it is about says itself how long that took.
var measures = []struct {
	name string
	run  func(ctx context.Context, r *record, k known) (time.Duration, error)
}{
	{"50 reports filed", func(ctx context.Context, r *record, _ known) (time.Duration, error) {
		return r.fileRound(ctx, func(known) tickets.Arrival { return r.report() })
	}},
	{"their notices claimed", func(ctx context.Context, r *record, _ known) (time.Duration, error) {
		if _, err := r.send(ctx); err != nil {
			return 0, err
		}
		if _, err := r.fileRound(ctx, func(known) tickets.Arrival { return r.report() }); err != nil {
			return 0, err
		}
		before := time.Now()
		notices, err := r.Claim(ctx, 2*perRound)
		took := time.Since(before)
		r.clock.Add(time.Minute.Microseconds()) // the claims end
		if err == nil && len(notices) == 0 {
			err = fmt.Errorf("nothing was claimed")
		}
		return took, err
	}},
	{"50 answers by References", threads(func(a *tickets.Arrival, k known) {
		a.References = append(a.References, k.messageID)
	})},
	{"50 answers by reply address", threads(func(a *tickets.Arrival, k known) {
		a.To, a.Recipients = []tickets.Address{{Address: k.replyTo}}, []string{k.replyTo}
	})},
	{"50 answers by subject", threads(func(a *tickets.Arrival, k known) {
		a.Subject = fmt.Sprintf("Re: [%s] laporan", k.number)
	})},
	{"/list", func(ctx context.Context, r *record, _ known) (time.Duration, error) {
		if _, err := r.send(ctx); err != nil {
			return 0, err
		}
		a := r.mail(frontDesk, "daftar", "")
		a.Authentication.DKIM = "csirt.example"
		a.Commands = []tickets.CommandLine{{Name: "list"}}
		before := time.Now()
		if _, err := r.file(ctx, []tickets.Arrival{a}); err != nil {
			return 0, err
		}
		notices, err := r.Claim(ctx, 1)
		if err == nil && (len(notices) != 1 || len(notices[0].Table) == 0) {
			err = fmt.Errorf("no list came: %+v", notices)
		}
		return time.Since(before), err
	}},
	{"ticket show", func(ctx context.Context, r *record, k known) (time.Duration, error) {
		_, err := r.Show(ctx, k.number)
		return 0, err
	}},
	{"what /metrics asks", func(ctx context.Context, r *record, _ known) (time.Duration, error) {
		_, err := r.Figures(ctx)
		return 0, err
	}},
	{"opened for a start", func(ctx context.Context, r *record, _ known) (time.Duration, error) {
		s, err := tickets.OpenStore(ctx, r.url, r.Settings)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		if _, err := s.Migrate(ctx); err != nil {
			return 0, err
		}
		return 0, s.ReleaseClaims(ctx)
	}},
}

// fileRound files some mails in one transaction.
func (r *record) fileRound(ctx context.Context, next func(known) tickets.Arrival) (time.Duration, error) {
	var batch []tickets.Arrival
	for range perRound {
		batch = append(batch, next(r.choose()))
	}
	before := time.Now()
	_, err := r.file(ctx, batch)
	return time.Since(before), err
}

// threads measures answers that name their ticket in one way, and fails where one of them opened another.
func threads(name func(*tickets.Arrival, known)) func(context.Context, *record, known) (time.Duration, error) {
	return func(ctx context.Context, r *record, _ known) (time.Duration, error) {
		var wanted []tickets.Number
		var batch []tickets.Arrival
		for range perRound {
			k := r.choose()
			a := r.answer(k)
			name(&a, k)
			batch, wanted = append(batch, a), append(wanted, k.number)
		}
		before := time.Now()
		filed, err := r.file(ctx, batch)
		took := time.Since(before)
		for i, f := range filed {
			if err == nil && f.Ticket != wanted[i] {
				err = fmt.Errorf("an answer on %s came to %q", wanted[i], f.Ticket)
			}
		}
		return took, err
	}
}
