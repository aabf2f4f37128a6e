package main

import (
	"context"
	"time"

	"aduan/tickets"
)

// noteEvery is how often, at most, it is put on record when the mailboxes were read.
const noteEvery = 30 * time.Second

// read notes that a mailbox was read to its end.
func (h *health) read(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readAt[name] = time.Now()
}

// readings are those of all mailboxes of the settings.
func (h *health) readings() []tickets.Reading {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []tickets.Reading
	for _, name := range h.expected {
		all = append(all, tickets.Reading{Mailbox: name, At: h.readAt[name], Trouble: h.troubles["mailbox "+name]})
	}
	return all
}

// watchReadings puts the readings on record, so that the team hears by mail of a mailbox that stands still.
func (p *parts) watchReadings(ctx context.Context, h *health) error {
	since := time.Now()
	for wait := time.Second; ; wait = min(2*wait, noteEvery) { // soon after the start, so that `aduan doctor` sees that it works
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		asked, cancel := context.WithTimeout(ctx, noteEvery)
		if err := p.store.NoteReadings(asked, h.readings(), since, time.Now()); err != nil && ctx.Err() == nil {
			// Of a database that is away the sender tells, once; this is another word about the same.
			p.log.Debug("it could not be put on record when the mailboxes were read", "error", err)
		}
		cancel()
	}
}
