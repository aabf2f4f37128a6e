package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// record is a record that grows by the Store's own rules, on a clock of its own: a report every few minutes, its
// acknowledgement sent, and an answer of the reporter's. The raw mails are not kept: this is about the database.
type record struct {
	*tickets.Store
	url   string
	clock atomic.Int64 // microseconds
	mails int
	known []known
	turn  int // which of them is chosen next
}

// known is a ticket that later mails are about.
type known struct {
	number             tickets.Number
	reporter           string
	messageID, replyTo string // of its acknowledgement
}

const (
	// between is the time from one report to the next: a million are three years.
	between = 95 * time.Second
	// perBatch is how many mails are filed in one transaction.
	perBatch = 500
	// remembered is how many tickets the measurements choose from, in turn: as many in every record, so that those have the same
	// number of answers.
	remembered = smallRecord
)

// newRecord opens an empty record without staff: who hears of nothing costs nothing.
func (b *bench) newRecord(ctx context.Context, database string) (*record, error) {
	_, url, err := b.workspace(database)
	if err != nil {
		return nil, err
	}
	r := &record{url: url}
	r.clock.Store(time.Now().AddDate(-3, -1, 0).UnixMicro())
	s := ticketstest.Settings()
	s.Clock = r.now
	if r.Store, err = tickets.OpenStore(ctx, url, s); err != nil {
		return nil, err
	}
	if _, err = r.Migrate(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// choose gives the next of the remembered tickets, which lie in all parts of the record.
func (r *record) choose() known {
	r.turn++
	return r.known[r.turn%remembered]
}

func (r *record) now() time.Time { return time.UnixMicro(r.clock.Load()) }

// mail makes the next mail, between after the last one.
func (r *record) mail(from, subject, text string) tickets.Arrival {
	r.mails++
	r.clock.Add(between.Microseconds())
	sum := sha256.Sum256(fmt.Append(nil, from, subject, text, r.mails))
	a := tickets.Arrival{At: r.now(), Mailbox: "report", UIDValidity: 1, UID: uint32(r.mails)}
	a.From, a.Froms = tickets.Address{Name: "Pelapor", Address: from}, 1
	a.To, a.Recipients = []tickets.Address{{Address: ticketstest.Address}}, []string{ticketstest.Address}
	a.Subject, a.Text, a.NewText, a.Body = subject, text, text, text
	a.MessageID = fmt.Sprintf("mail-%d@baliprov.example", r.mails)
	a.References = []string{fmt.Sprintf("earlier-%d@baliprov.example", r.mails)}
	a.SHA256, a.Fingerprint = hex.EncodeToString(sum[:]), hex.EncodeToString(sum[:])
	a.Size = int64(len(text))
	return a
}

func (r *record) report() tickets.Arrival {
	n := r.mails + 1
	return r.mail(reporter(n), fmt.Sprintf("Laporan situs diretas nomor %d", n), fmt.Sprintf("Halaman depan situs kami diganti orang sejak pagi, laporan nomor %d, mohon segera dibantu.", n))
}

// answer is a mail of a ticket's reporter that names the ticket by nothing yet.
func (r *record) answer(k known) tickets.Arrival {
	return r.mail(k.reporter, "Re: laporan", fmt.Sprintf("Ini tambahan nomor %d: log server ada pada kami.", r.mails+1))
}

// grow brings the record to n tickets.
func (r *record) grow(ctx context.Context, from, n int, each func(done int)) error {
	every := max(1, n/remembered)
	for done := from; done < n; {
		batch := make([]tickets.Arrival, 0, perBatch)
		for range min(perBatch, n-done) {
			batch = append(batch, r.report())
		}
		if _, err := r.file(ctx, batch); err != nil {
			return err
		}
		sent, err := r.send(ctx)
		if err != nil {
			return err
		}
		batch = batch[:0]
		for _, k := range sent {
			if done++; done%every == 0 {
				r.known = append(r.known, k)
			}
			a := r.answer(k)
			a.InReplyTo, a.To, a.Recipients = []string{k.messageID}, []tickets.Address{{Address: k.replyTo}}, []string{k.replyTo}
			batch = append(batch, a)
		}
		if _, err := r.file(ctx, batch); err != nil {
			return err
		}
		if len(sent) == 0 {
			return fmt.Errorf("%d tickets are acknowledged, and then no more", done)
		}
		each(done)
	}
	return nil
}

func (r *record) file(ctx context.Context, batch []tickets.Arrival) ([]tickets.Filed, error) {
	filed, err := r.File(ctx, r.now(), batch...)
	for _, f := range filed {
		if err == nil {
			err = f.Err
		}
	}
	return filed, err
}

// send brings everything that is due to a relay that is not there, as the sender does it, and returns what was said to reporters.
func (r *record) send(ctx context.Context) ([]known, error) {
	var sent []known
	for {
		notices, err := r.Claim(ctx, perBatch)
		if err != nil || len(notices) == 0 {
			return sent, err
		}
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(64) // they share their commits
		for _, n := range notices {
			sum := sha256.Sum256([]byte(n.MessageID))
			g.Go(func() error {
				if err := r.Rendered(ctx, n, hex.EncodeToString(sum[:]), 1000, "Laporan Anda kami terima dengan nomor "+string(n.Ticket.Number)+"."); err != nil {
					return err
				}
				return r.Sent(ctx, n, "250 taken")
			})
			if n.Kind == tickets.KindAcknowledged {
				sent = append(sent, known{n.Ticket.Number, n.To.Address, n.MessageID, n.ReplyTo})
			}
		}
		if err := g.Wait(); err != nil {
			return sent, err
		}
	}
}
