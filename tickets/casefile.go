package tickets

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// CaseFile is everything that is on record about one ticket, with the result of its audit. Tokens are blanked: who reads it
// must not be able to act as the people in it.
type CaseFile struct {
	File
	// Audit is of this ticket alone: its chain of events, its messages, its raw mails against their hashes.
	Audit Audited
	// Head is the hash of the ticket's last event: whoever has noted it can tell later that nothing before it was changed.
	Head string
	// At is when all this was read.
	At time.Time
}

// CaseFile reads and audits one ticket; ErrNotFound where there is none of that number.
func (s *Store) CaseFile(ctx context.Context, n Number, how Auditing) (CaseFile, error) {
	c, a := CaseFile{At: s.now()}, &audit{s: s, how: how}
	err := s.look(ctx, func(t *tx) error {
		row, err := t.ticketByNumber(ctx, n)
		if err != nil {
			return err
		}
		if c.File, err = t.whole(ctx, row); err != nil {
			return err
		}
		c.Head = row.LastHash
		return a.page(ctx, t, row.ID, row.ID)
	})
	if err == nil {
		err = a.readPieces(ctx)
	}
	if err != nil {
		return c, fmt.Errorf("read the case %s: %w", n, err)
	}
	c.Audit, c.File = a.Audited, c.File.Blanked(s.Mailbox)
	return c, nil
}

// whole reads a ticket with its messages, events and deliveries.
func (t *tx) whole(ctx context.Context, row *ticketRow) (file File, err error) {
	if file.Ticket, err = t.ticket(ctx, row); err != nil {
		return file, err
	}
	if file.Messages, err = t.messages(ctx, row.ID, ``); err != nil {
		return file, err
	}
	if file.Events, err = t.events(ctx, row.ID); err != nil {
		return file, err
	}
	if file.Deliveries, err = t.deliveries(ctx, row.ID); err != nil {
		return file, err
	}
	for i := range file.Messages {
		m := &file.Messages[i]
		m.Password = m.Direction == "out" && slices.ContainsFunc(file.Deliveries, func(d Delivery) bool { return d.Kind == KindPassword && d.MessageID == m.MessageID })
	}
	return file, nil
}

// Blanked is the file without the reply addresses in its texts. Message-IDs stay where they prove nobody: where reply
// addresses do.
func (f File) Blanked(m Mailbox) File {
	f.Subject = m.Blank(f.Subject)
	for i := range f.Recommendations {
		f.Recommendations[i] = m.Blank(f.Recommendations[i])
	}
	for i := range f.Messages {
		x := &f.Messages[i]
		x.Text, x.NewText, x.Body, x.Subject = m.Blank(x.Text), m.Blank(x.NewText), m.Blank(x.Body), m.Blank(x.Subject)
		for n := range x.To {
			x.To[n] = m.Blank(x.To[n])
		}
	}
	for i := range f.Events {
		f.Events[i].Data = m.blankData(f.Events[i].Data)
	}
	for i := range f.Deliveries {
		if m.Pattern == "" {
			f.Deliveries[i].MessageID = m.Blank(f.Deliveries[i].MessageID)
		}
		f.Deliveries[i].LastError = m.Blank(f.Deliveries[i].LastError)
	}
	return f
}

// blankData blanks what an event says. A Message-ID of ours stays where it proves nobody, because the event's hash is over it.
func (m Mailbox) blankData(data json.RawMessage) json.RawMessage {
	clean := m.Blank(string(data))
	var was, is map[string]any
	if clean == string(data) || json.Unmarshal(data, &was) != nil || json.Unmarshal([]byte(clean), &is) != nil {
		return json.RawMessage(clean)
	}
	if id, has := was["message_id"]; has && m.Pattern != "" {
		is["message_id"] = id
	}
	if same, err := json.Marshal(is); err == nil && !bytes.Equal(same, data) {
		return same
	}
	return data
}

// opened opens the same bytes again and again.
type opened func() (io.ReadCloser, error)

// WriteBlankMail writes a raw mail with the tokens in its header and texts blanked, and says whether there were any. Where
// there were none the bytes are those of the record.
func (m Mailbox) WriteBlankMail(w io.Writer, open func() (io.ReadCloser, error)) (blanked bool, err error) {
	return opened(open).write(w, m.blankMail)
}

// WriteBlankText does the same for a text that is no mail.
func (m Mailbox) WriteBlankText(w io.Writer, open func() (io.ReadCloser, error)) (blanked bool, err error) {
	return opened(open).write(w, func(r io.Reader, write func(string) error) error {
		return eachLine(r, func(line string) error { return write(m.Blank(strings.TrimSuffix(line, "\r"))) })
	})
}

// write looks through the bytes first: only where a line changes are they written line by line, with CRLF.
func (open opened) write(w io.Writer, each func(io.Reader, func(string) error) error) (bool, error) {
	was, err := open.sum(func(r io.Reader, write func(string) error) error {
		return eachLine(r, func(line string) error { return write(strings.TrimSuffix(line, "\r")) })
	})
	if err != nil {
		return false, err
	}
	is, err := open.sum(each)
	if err != nil {
		return false, err
	}
	if was == is {
		return false, open.read(func(r io.Reader) error {
			_, err := io.Copy(w, r)
			return err
		})
	}
	b := bufio.NewWriter(w)
	err = open.read(func(r io.Reader) error {
		return each(r, func(line string) error {
			_, err := b.WriteString(line + "\r\n")
			return err
		})
	})
	if err == nil {
		err = b.Flush()
	}
	return true, err
}

// sum is over the lines that each writes.
func (open opened) sum(each func(io.Reader, func(string) error) error) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	err = open.read(func(r io.Reader) error {
		return each(r, func(line string) error {
			_, err := io.WriteString(h, line+"\n")
			return err
		})
	})
	return [sha256.Size]byte(h.Sum(nil)), err
}

func (open opened) read(do func(io.Reader) error) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	return do(r)
}
