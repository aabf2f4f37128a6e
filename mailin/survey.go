package mailin

import (
	"bytes"
	"context"
	"io"

	"aduan/mailin/internal/mailbox"
	"aduan/tickets"
)

// Survey shows what lies in the folders of a mailbox, in pieces, and changes nothing there.
func (i *Intake) Survey(ctx context.Context, m Mailbox, visit func(tickets.FolderPiece) error) error {
	return mailbox.Survey(ctx, m, func(p mailbox.Piece) error {
		piece := tickets.FolderPiece{Mailbox: m.Name, Folder: string(p.Role), UIDValidity: p.UIDValidity}
		for _, seen := range p.Mails {
			head := Parse(ctx, bytes.NewReader(seen.Header), i.Limits)
			piece.Mails = append(piece.Mails, tickets.FolderMail{UID: seen.UID, ArrivedAt: seen.ArrivedAt, MessageID: head.MessageID, Read: func() (whole tickets.Mail, err error) {
				err = p.Open(seen.UID, func(r io.Reader) error {
					whole = Parse(ctx, r, i.Limits)
					return nil
				})
				return whole, err
			}})
		}
		return visit(piece)
	})
}
