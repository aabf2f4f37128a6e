package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"aduan/mailin"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// The rungs between the floor and the whole gateway are its own parts with something cut off: the intake and the mailbox are
// always the real ones.

// nothingKept is an evidence store that hashes and forgets.
type nothingKept struct{}

func (nothingKept) Create(context.Context) (tickets.Draft, error) {
	return &hashed{Hash: sha256.New()}, nil
}
func (nothingKept) Keep(context.Context, ...tickets.Draft) error { return nil }
func (nothingKept) Open(context.Context, string) (io.ReadCloser, error) {
	return nil, tickets.ErrNotFound
}

// Check implements tickets.Evidence.
func (nothingKept) Check(context.Context) error { return nil }

type hashed struct {
	hash.Hash
	size int64
}

func (h *hashed) Write(p []byte) (int, error) {
	h.size += int64(len(p))
	return h.Hash.Write(p)
}
func (h *hashed) Sum() string { return hex.EncodeToString(h.Hash.Sum(nil)) }
func (h *hashed) Size() int64 { return h.size }
func (h *hashed) Discard()    {}

// errStays is why a mail stays in the inbox of a rung that does not move.
var errStays = errors.New("this rung moves nothing")

// resident files nothing, or with a Store everything, and leaves the mails where they are.
type resident struct {
	store *tickets.Store // nil files nothing
	filed atomic.Int64
}

// File implements mailin.Record.
func (r *resident) File(ctx context.Context, now time.Time, arrivals ...tickets.Arrival) ([]tickets.Filed, error) {
	filed := make([]tickets.Filed, len(arrivals))
	if r.store != nil {
		var err error
		if filed, err = r.store.File(ctx, now, arrivals...); err != nil {
			return nil, err
		}
	}
	for i := range filed {
		if filed[i].Err == nil {
			filed[i].Err = errStays
			r.filed.Add(1)
		}
	}
	return filed, nil
}

// Known implements mailin.Record.
func (r *resident) Known(context.Context, string, uint32, []uint32) (map[uint32]bool, error) {
	return nil, nil
}

// Faulted implements mailin.Record.
func (r *resident) Faulted(context.Context, tickets.Arrival, error, time.Time) (bool, error) {
	return false, nil
}

// SawMailbox implements mailin.Record.
func (r *resident) SawMailbox(_ context.Context, _ string, _ uint32, now time.Time) (time.Time, error) {
	return now, nil
}

// TellBacklog implements mailin.Record.
func (r *resident) TellBacklog(context.Context, string, time.Time) error {
	return nil
}

// Urgencies implements mailin.Record.
func (r *resident) Urgencies(ctx context.Context, waiting []tickets.Envelope) ([]tickets.Urgency, error) {
	if r.store == nil {
		return nil, nil
	}
	return r.store.Urgencies(ctx, waiting)
}

// takeIn works the first mailbox through the real intake until nothing is left to do, and says how many mails were taken in.
func (b *bench) takeIn(ctx context.Context, record mailin.Record, evidence tickets.Evidence) (int, error) {
	addr, mode, err := mailin.ParseServer("imap://"+b.dovecot.Addr, false)
	if err != nil {
		return 0, err
	}
	count := 0
	log := slog.New(slog.DiscardHandler)
	in := &mailin.Intake{Record: record, Evidence: evidence, Authentication: mailin.NewAuthenticator(nil, 50_000_000, nil), Log: log, Counted: func(string, time.Duration) { count++ }}
	ctx, done := context.WithCancel(ctx)
	defer done()
	box := mailin.Mailbox{Name: "report", Addr: addr, TLS: mode, Username: reportAddress, Password: mailPassword, Logger: log}
	box.Status = func(s mailin.MailboxStatus) {
		if s.Trouble == "" { // the first round is over
			done()
		}
	}
	err = in.Watch(ctx, box, 24*time.Hour)
	return count, err
}

func (b *bench) parseOnly(ctx context.Context) (int, error) {
	return b.takeIn(ctx, &resident{}, nothingKept{})
}

func (b *bench) keepOnly(ctx context.Context) (int, error) {
	folder, _, err := b.workspace("sqlite")
	if err != nil {
		return 0, err
	}
	evidence, err := tickets.NewFolder(filepath.Join(folder, "evidence"))
	if err != nil {
		return 0, err
	}
	return b.takeIn(ctx, &resident{}, evidence)
}

// desk opens an empty record with the people of the mails.
func (b *bench) desk(ctx context.Context, database string) (*tickets.Store, tickets.Evidence, error) {
	folder, url, err := b.workspace(database)
	if err != nil {
		return nil, nil, err
	}
	evidence, err := tickets.NewFolder(filepath.Join(folder, "evidence"))
	if err != nil {
		return nil, nil, err
	}
	store, err := tickets.OpenStore(ctx, url, ticketstest.Settings())
	if err != nil {
		return nil, nil, err
	}
	_, err = store.Migrate(ctx)
	if err == nil {
		err = store.AddStaff(ctx, tickets.Staff{Address: frontDesk, Name: "Front Desk", Roles: []tickets.Role{tickets.FrontDesk}}, time.Now())
	}
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return store, evidence, nil
}
