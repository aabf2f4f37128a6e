package mailin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"aduan/mailin/internal/entity"
	"aduan/mailin/internal/mailbox"
	"aduan/tickets"
	"aduan/tickets/waypoint"
)

// Record is what the intake needs of the Store.
type Record interface {
	File(ctx context.Context, now time.Time, arrivals ...tickets.Arrival) ([]tickets.Filed, error)
	Known(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) (map[uint32]bool, error)
	Faulted(ctx context.Context, a tickets.Arrival, fault error, now time.Time) (givenUp bool, err error)
	SawMailbox(ctx context.Context, name string, uidValidity uint32, now time.Time) (first time.Time, err error)
	TellBacklog(ctx context.Context, name string, now time.Time) error
	Urgencies(ctx context.Context, waiting []tickets.Envelope) ([]tickets.Urgency, error)
}

// Authenticator finds what DKIM and DMARC say about a mail's sender. The raw mail is read only where it has to be.
type Authenticator interface {
	Check(ctx context.Context, h entity.Header, raw func() (io.ReadCloser, error)) tickets.Authentication
}

// Intake takes mails in: reads them, keeps them as they came, and files them.
type Intake struct {
	Record   Record
	Evidence tickets.Evidence
	Limits   Limits
	// Authentication is nil where nothing is verified.
	Authentication Authenticator
	Log            *slog.Logger
	// Counted is told the outcome of each mail and how long after its arrival it was on record, for the metrics; may be nil.
	Counted func(outcome string, after time.Duration)
	Clock   func() time.Time // nil is time.Now

	pieces sync.Pool // of mails on their way into the evidence
}

func (i *Intake) now() time.Time {
	if i.Clock != nil {
		return i.Clock()
	}
	return time.Now()
}

// staged is a mail that was read and lies in the evidence, not yet durable.
type staged struct {
	arrival tickets.Arrival
	header  entity.Header
	draft   tickets.Draft
}

// stage reads a mail once while it is written into the evidence.
func (i *Intake) stage(ctx context.Context, r io.Reader) (*staged, error) {
	kept := putAside(ctx, i.Evidence, &i.pieces)
	source := &faultReader{r: r}
	lim := i.Limits.entity()
	lim.Unhashed = true // the draft does it
	m, h := parse(ctx, io.TeeReader(source, &faultWriter{w: kept, r: source}), lim)
	draft, err := kept.end()
	if err := errors.Join(err, source.err, ctx.Err()); err != nil {
		if draft != nil {
			draft.Discard()
		}
		return nil, fmt.Errorf("read the mail: %w", err)
	}
	m.SHA256, m.Size = draft.Sum(), draft.Size()
	for n := range m.Attachments {
		if m.Attachments[n].Place == placeOfWhole {
			m.Attachments[n].SHA256, m.Attachments[n].Size = m.SHA256, m.Size
		}
	}
	if m.Fingerprint == "" { // it could not be read at all
		m.Fingerprint = m.SHA256
	}
	waypoint.Pass(ctx, waypoint.MailStaged)
	return &staged{tickets.Arrival{Mail: m}, h, draft}, nil
}

// faultReader remembers that its source failed: what reads mails takes a fault for the end.
type faultReader struct {
	r   io.Reader
	err error
}

func (f *faultReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// faultWriter lets a fault of the evidence end the reading, as a fault of its source.
type faultWriter struct {
	w io.Writer
	r *faultReader
}

func (f *faultWriter) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		f.r.err = err
	}
	return n, err
}

// file is the way of a batch: keep the raw mails, find out who wrote them, put them on record in one transaction. The
// outcomes are in the order of the mails.
func (i *Intake) file(ctx context.Context, batch []*staged) ([]tickets.Filed, error) {
	drafts := make([]tickets.Draft, len(batch))
	for n, s := range batch {
		drafts[n] = s.draft
	}
	if err := i.Evidence.Keep(ctx, drafts...); err != nil {
		return nil, err
	}
	if err := i.authenticate(ctx, batch); err != nil {
		return nil, err
	}
	waypoint.Pass(ctx, waypoint.SendersChecked)
	arrivals := make([]tickets.Arrival, len(batch))
	for n, s := range batch {
		arrivals[n] = s.arrival
	}
	filed, err := i.Record.File(ctx, i.now(), arrivals...)
	if err != nil {
		return nil, err
	}
	for n, f := range filed {
		i.tell(arrivals[n], f)
	}
	return filed, nil
}

// lookingUp is how many mails of a batch ask the DNS at once: one slow domain must not hold up the others.
const lookingUp = 8

// authenticate finds the proofs of a batch's senders. It fails only when ctx ends, so that a shutdown is not taken for a
// missing proof.
func (i *Intake) authenticate(ctx context.Context, batch []*staged) error {
	if i.Authentication == nil {
		return nil
	}
	var g errgroup.Group
	g.SetLimit(lookingUp)
	for _, s := range batch {
		g.Go(func() error {
			s.arrival.Authentication = i.check(ctx, s.header, func() (io.ReadCloser, error) {
				return i.Evidence.Open(ctx, s.arrival.SHA256)
			})
			return nil
		})
	}
	g.Wait()
	return ctx.Err()
}

// check looks for proofs. A fault of ours in reading a hostile signature proves nothing, and must not stop the mailbox.
func (i *Intake) check(ctx context.Context, h entity.Header, raw func() (io.ReadCloser, error)) (a tickets.Authentication) {
	defer func() {
		if p := recover(); p != nil {
			i.Log.Error("the proofs of a mail's sender could not be read; it counts as unproven", "message_id", h.MessageID(), "error", p)
			a = tickets.Authentication{}
		}
	}()
	return i.Authentication.Check(ctx, h, raw)
}

// tell logs and counts what became of a mail; never a word of its text.
func (i *Intake) tell(a tickets.Arrival, f tickets.Filed) {
	outcome := "kept"
	switch {
	case f.Err != nil:
		outcome = "fault"
	case f.Known:
		outcome = "known"
	case f.Opened:
		outcome = "opened"
	case f.Reopened:
		outcome = "reopened"
	case f.Refused != "":
		outcome = "refused"
	case f.Ticket != "":
		outcome = "added"
	}
	if i.Counted != nil {
		i.Counted(outcome, i.now().Sub(a.At))
	}
	attrs := []any{"outcome", outcome, "ticket", string(f.Ticket), "message_id", a.MessageID, "mailbox", a.Mailbox, "uid", a.UID}
	if a.Automatic != "" {
		attrs = append(attrs, "automatic", a.Automatic)
	}
	if f.Err != nil {
		i.Log.Error("mail not taken in", append(attrs, "error", f.Err)...)
		return
	}
	i.Log.Info("mail taken in", attrs...)
}

// OpenAttachment reads an attachment again out of the kept raw mail.
func (i *Intake) OpenAttachment(ctx context.Context, rawSHA256, place string) (io.ReadCloser, error) {
	raw, err := i.Evidence.Open(ctx, rawSHA256)
	if err != nil {
		return nil, err
	}
	part, err := Open(raw, place, i.Limits)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return &attachmentReader{part, raw}, nil
}

type attachmentReader struct {
	io.ReadCloser
	raw io.Closer
}

func (a *attachmentReader) Close() error {
	return errors.Join(a.ReadCloser.Close(), a.raw.Close())
}

// worked is one mailbox's side of the intake.
type worked struct {
	*Intake
	within  time.Duration // what had arrived longer before the mailbox was first seen becomes a quiet ticket
	mu      sync.Mutex
	first   time.Time // when the mailbox was first seen
	waiting int       // mails that it held when it was selected and that were not filed since
	untold  bool      // there may be quiet tickets that Front Desk was not told of: from now, or from before a crash
}

// Watch works a mailbox until ctx ends, whatever its server does. Mail that had arrived longer than acknowledgeWithin before
// the mailbox was first seen becomes tickets without acknowledgement; Front Desk gets one summary of them.
func (i *Intake) Watch(ctx context.Context, cfg Mailbox, acknowledgeWithin time.Duration) error {
	cfg.Urgent = i.urgencies
	return mailbox.Run(ctx, cfg, &worked{Intake: i, within: acknowledgeWithin})
}

// Selected implements mailbox.Intake.
func (w *worked) Selected(ctx context.Context, s mailbox.Selection) error {
	first, err := w.Record.SawMailbox(ctx, s.Mailbox, s.UIDValidity, w.now())
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.first, w.waiting, w.untold = first, s.Waiting, true
	return nil
}

// Known implements mailbox.Intake.
func (w *worked) Known(ctx context.Context, s mailbox.Selection, uids []uint32) (map[uint32]mailbox.Verdict, error) {
	known, err := w.Record.Known(ctx, s.Mailbox, s.UIDValidity, uids)
	if err != nil {
		return nil, err
	}
	verdicts := make(map[uint32]mailbox.Verdict, len(known))
	for uid, failed := range known {
		verdicts[uid] = mailbox.Done
		if failed {
			verdicts[uid] = mailbox.Bad
		}
	}
	w.mu.Lock()
	w.waiting -= len(known)
	tell := w.untold && len(known) > 0 && len(known) == len(uids)
	w.mu.Unlock()
	if tell { // those of a crash are filed, and nothing follows them that would bring the word
		err = w.tellBacklog(ctx, s.Mailbox)
	}
	return verdicts, err
}

// tellBacklog tells Front Desk of the quiet tickets so far.
func (w *worked) tellBacklog(ctx context.Context, mailbox string) error {
	w.setUntold(false)
	err := w.Record.TellBacklog(ctx, mailbox, w.now())
	if err != nil {
		w.setUntold(true)
	}
	return err
}

func (w *worked) setUntold(untold bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.untold = untold
}

// Begin implements mailbox.Intake.
func (w *worked) Begin(context.Context, mailbox.Selection) (mailbox.Batch, error) {
	return &batch{worked: w}, nil
}

// batch implements mailbox.Batch.
type batch struct {
	*worked
	mails []*staged
}

// Stage implements mailbox.Batch.
func (b *batch) Stage(ctx context.Context, e mailbox.Envelope, r io.Reader) error {
	s, err := b.stage(ctx, r)
	if err != nil {
		return err
	}
	a := &s.arrival
	a.Mailbox, a.UIDValidity, a.UID, a.At = e.Mailbox, e.UIDValidity, e.UID, e.ArrivedAt
	if now := b.now(); a.At.IsZero() || a.At.After(now) {
		a.At = now
	}
	b.mu.Lock()
	a.Quiet = b.within > 0 && !b.first.IsZero() && a.At.Before(b.first.Add(-b.within))
	b.mu.Unlock()
	b.mails = append(b.mails, s)
	return nil
}

// File implements mailbox.Batch.
func (b *batch) File(ctx context.Context) (map[uint32]mailbox.Verdict, error) {
	filed, err := b.file(ctx, b.mails)
	if err != nil {
		b.Discard()
		return nil, err
	}
	verdicts := make(map[uint32]mailbox.Verdict, len(filed))
	for n, f := range filed {
		a := b.mails[n].arrival
		if verdicts[a.UID] = mailbox.Done; f.Ledger {
			verdicts[a.UID] = mailbox.Elsewhere
		}
		if f.Err == nil {
			continue
		}
		givenUp, err := b.Record.Faulted(ctx, a, f.Err, b.now())
		if err != nil {
			return nil, err
		}
		if verdicts[a.UID] = mailbox.Later; givenUp {
			verdicts[a.UID] = mailbox.Bad
		}
	}
	return verdicts, b.summarise(ctx, filed)
}

// summarise tells Front Desk of the quiet tickets of a backlog once it is through.
func (b *batch) summarise(ctx context.Context, filed []tickets.Filed) error {
	if len(b.mails) == 0 {
		return nil
	}
	b.mu.Lock()
	b.waiting -= len(filed)
	quiet := false
	for n, f := range filed {
		quiet = quiet || b.mails[n].arrival.Quiet && f.Opened
	}
	b.untold = b.untold || quiet
	tell := b.untold && (b.waiting <= 0 || !quiet)
	b.mu.Unlock()
	if !tell {
		return nil
	}
	return b.tellBacklog(ctx, b.mails[0].arrival.Mailbox)
}

// Discard implements mailbox.Batch.
func (b *batch) Discard() {
	for _, s := range b.mails {
		s.draft.Discard()
	}
	b.mails = nil
}
