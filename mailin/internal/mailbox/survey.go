package mailbox

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Role says what a folder is to a mailbox.
type Role string

// The roles: worked on, filed to, filed to after faults.
const (
	RoleInbox     Role = "inbox"
	RoleProcessed Role = "processed"
	RoleFailed    Role = "failed"
)

// Seen is one mail that lies in a folder.
type Seen struct {
	UID       uint32
	ArrivedAt time.Time // INTERNALDATE
	Header    []byte    // its Message-ID field
}

// Piece is some of the mails of a folder. Open reads one of them whole; it is good until the visit returns, and a mail that is gone
// meanwhile reads as empty.
type Piece struct {
	Role        Role
	UIDValidity uint32
	Mails       []Seen
	Open        func(uid uint32, read func(io.Reader) error) error
}

// surveyed is how many mails are one piece.
const surveyed = 500

// Survey looks through the folders of a mailbox on a connection of its own and changes nothing in them: they are opened
// read-only (RFC 3501, section 6.3.2). A folder that is not there is left out.
func Survey(ctx context.Context, cfg Config, visit func(Piece) error) error {
	s, err := enter(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.close()
	stop := context.AfterFunc(ctx, func() { s.guard.kill(context.Cause(ctx)) })
	defer stop()
	s.guard.arm()
	delimiter, prefix, err := s.namespace()
	s.guard.disarm()
	if err != nil {
		return s.fault("find the folders", err, true)
	}
	for _, f := range []struct {
		role Role
		name string
	}{{RoleInbox, s.cfg.Folder}, {RoleProcessed, s.cfg.Processed}, {RoleFailed, s.cfg.Failed}} {
		if err := s.survey(f.role, spell(f.name, delimiter, prefix), visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) survey(role Role, folder string, visit func(Piece) error) error {
	s.guard.arm()
	data, err := s.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	s.guard.disarm()
	switch {
	case err != nil && s.guard.fault() == nil && role != RoleInbox:
		return nil // made when the first mail goes there
	case err != nil:
		return s.fault("look into "+folder, err, true)
	}
	uids, err := s.search(&imap.SearchCriteria{})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(uids, surveyed) {
		p := Piece{Role: role, UIDValidity: data.UIDValidity, Open: s.whole}
		if p.Mails, err = s.see(some); err != nil {
			return s.fault("look into "+folder, err, true)
		}
		if err := visit(p); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) see(uids []uint32) (seen []Seen, err error) {
	s.guard.arm()
	defer s.guard.disarm()
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true, Partial: &imap.SectionPartial{Size: oneHeader}}
	messages, err := s.client.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	for _, m := range messages {
		one := Seen{UID: uint32(m.UID), ArrivedAt: m.InternalDate}
		for _, header := range m.BodySection {
			one.Header = header.Bytes
		}
		seen = append(seen, one)
	}
	return seen, err
}

// whole reads one mail of the folder that is open, as it comes.
func (s *session) whole(uid uint32, read func(io.Reader) error) error {
	s.guard.arm()
	defer s.guard.disarm()
	cmd := s.client.Fetch(uidSet([]uint32{uid}), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	var fault error
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil {
				continue
			}
			fault = errors.Join(fault, read(body.Literal))
			if _, err := io.Copy(io.Discard, body.Literal); err != nil {
				fault = errors.Join(fault, err)
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return s.fault("fetch", err, true)
	}
	if s.guard.fault() != nil { // a connection that was cut reads as a clean end
		return s.fault("fetch", io.ErrUnexpectedEOF, true)
	}
	return fault
}
