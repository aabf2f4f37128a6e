package mailin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"

	"aduan/mailin/internal/bounce"
	"aduan/mailin/internal/entity"
	"aduan/mailin/internal/quote"
	"aduan/mailin/internal/robot"
	"aduan/tickets"
)

// placeOfWhole is the Place of an attachment that is the whole raw mail.
const placeOfWhole = "whole"

// Limits bound the reading of one mail. Zero is the default of each.
type Limits struct {
	Message int64 // bytes of a mail that are read; what is beyond is left out, with a note
}

func (l Limits) entity() entity.Limits {
	e := entity.DefaultLimits()
	if l.Message > 0 {
		e.Message = l.Message
	}
	return e
}

// Parse reads a mail in one pass: bytes in, knowledge out. It never fails, it only knows less; whether r itself failed is for
// the caller to know.
func Parse(ctx context.Context, r io.Reader, lim Limits) (m tickets.Mail) {
	m, _ = parse(ctx, r, lim.entity())
	return m
}

// parse also returns the header, from which proofs of the sender are read.
func parse(ctx context.Context, r io.Reader, lim entity.Limits) (m tickets.Mail, header entity.Header) {
	defer func() {
		if p := recover(); p != nil { // a fault of ours must not cost the mail
			m = unreadable(tickets.Mail{Problems: []string{fmt.Sprintf("the mail could not be read: %v", p)}})
		}
	}()
	e := entity.Read(ctx, r, lim)
	h := e.Header
	m = tickets.Mail{MessageID: h.MessageID(), InReplyTo: h.IDs("In-Reply-To"), References: h.IDs("References"), Subject: h.Subject(), Date: h.Date(),
		To: addresses(h.Addresses("To")), Cc: addresses(h.Addresses("Cc")), Recipients: recipients(h), ThreadIndex: threadIndex(h.Get("Thread-Index")),
		Text: e.Text, Problems: e.Problems, SHA256: e.SHA256, Size: e.Size, Attachments: attachments(e), Fingerprint: fingerprint(h, e.BodySHA256)}
	if from := addresses(h.From()); len(from) > 0 {
		m.From, m.Froms = from[0], len(from)
	}
	newText(&m, e)
	automatic(&m, e)
	m.Thanks, m.Language = isThanks(m.NewText), languageOf(m.NewText)
	if e.Truncated {
		m.Problems = append(m.Problems, fmt.Sprintf("the mail is larger than the limit: only its first %d bytes were kept", e.Size))
	}
	if len(h.Fields) == 0 || e.Truncated || m.From.Address == "" && m.Subject == "" && m.Text == "" && len(m.Attachments) == 0 {
		m = unreadable(m)
	}
	return m, h
}

// unreadable attaches the raw mail itself, so that people can look at what could not be read.
func unreadable(m tickets.Mail) tickets.Mail {
	m.Attachments = append(m.Attachments, tickets.Attachment{Filename: "laporan.eml", ContentType: "message/rfc822", Size: m.Size, SHA256: m.SHA256, Place: placeOfWhole})
	return m
}

func addresses(list []entity.Address) []tickets.Address {
	var out []tickets.Address
	for _, a := range list {
		out = append(out, tickets.Address{Name: a.Name, Address: a.Address})
	}
	return out
}

// recipientFields are where a reply address may stand: address fields, and what mail servers write of the envelope.
var recipientFields = []string{"To", "Cc", "Bcc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "Apparently-To", "X-Forwarded-To", "X-RCPT-To", "Resent-To"}

func recipients(h entity.Header) []string {
	var out []string
	for _, name := range recipientFields {
		for _, a := range h.Addresses(name) {
			if !slices.Contains(out, a.Address) {
				out = append(out, a.Address)
			}
		}
	}
	return out
}

// threadIndex is Outlook's conversation: the first 22 bytes of the field, in hex.
func threadIndex(value string) string {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil || len(b) < 22 {
		return ""
	}
	return hex.EncodeToString(b[:22])
}

// fingerprint is over what does not change on a mail's way through mailboxes: trace fields and flags are left out.
func fingerprint(h entity.Header, body string) string {
	sum := sha256.New()
	for _, name := range []string{"Message-ID", "Date", "From", "Subject", "To", "Cc", "In-Reply-To"} {
		fmt.Fprintf(sum, "%q\n", h.Values(name))
	}
	fmt.Fprint(sum, body)
	return hex.EncodeToString(sum.Sum(nil))
}

func attachments(e *entity.Mail) []tickets.Attachment {
	var out []tickets.Attachment
	for _, a := range e.Attachments {
		t := tickets.Attachment{Filename: a.Filename, ContentType: a.ContentType, Size: a.Size, SHA256: a.SHA256, Inline: a.Inline, ContentID: a.ContentID, Place: a.Place}
		t.Decoration = decoration(t)
		out = append(out, t)
	}
	return out
}

// maxDecoration is the size up to which a picture inside the text is taken for a signature's, in bytes: a logo is small, a
// screenshot is not.
const maxDecoration = 20 << 10

// decoration says whether an attachment is a picture of a signature rather than something that somebody attached.
func decoration(a tickets.Attachment) bool {
	return a.Inline && a.ContentID != "" && strings.HasPrefix(a.ContentType, "image/") && a.Size <= maxDecoration
}

var forwardSubject = regexp.MustCompile(`(?i)^\s*(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|wg|tr|i|rv|enc|doorst|vb|vs|teruskan|trs|penerusan)\s*:`)

// newText finds what is new in a mail and the commands in it.
func newText(m *tickets.Mail, e *entity.Mail) {
	m.NewText = quote.New(m.Text)
	m.Commands, m.Body, m.Slip = readCommands(m.NewText)
	answers := len(m.InReplyTo) > 0 || len(m.References) > 0
	switch {
	case len(m.Commands) > 0:
	case forwardSubject.MatchString(m.Subject):
		m.Body = strings.TrimSpace(m.Text) // what was forwarded is what is said
	case answers && !quote.HasNew(m.Text):
		m.Body, m.Slip = "", "" // a mail of attachments only must not pass on what it quotes
	}
}

// automatic tells robots from people and reads delivery reports.
func automatic(m *tickets.Mail, e *entity.Mail) {
	from := ""
	if list := e.Header.Addresses("From"); len(list) > 0 {
		from = list[0].Address
	}
	contentType := e.Header.Get("Content-Type")
	if media, params, err := mime.ParseMediaType(contentType); err == nil {
		if contentType = media; params["report-type"] != "" {
			contentType += "; report-type=" + params["report-type"]
		}
	}
	var parts []bounce.Part
	var types []string
	for _, p := range outerParts(e.Machine) {
		parts = append(parts, bounce.Part{ContentType: p.ContentType, Content: []byte(p.Content)})
		types = append(types, p.ContentType)
	}
	report := bounce.Read(bounce.Input{Header: e.Header.Values, Subject: m.Subject, From: from, ContentType: contentType, Text: m.Text, Parts: parts})
	if report.Is {
		m.Automatic, m.ReturnedMessageID = tickets.AutoBounce, report.ReturnedMessageID
		m.Problems = append(m.Problems, report.Problems...)
		for _, r := range report.Recipients {
			m.Bounces = append(m.Bounces, tickets.BouncedRecipient(r))
		}
		return
	}
	for _, a := range e.Attachments {
		types = append(types, a.ContentType)
	}
	in := robot.Input{Header: e.Header.Values, Subject: m.Subject, From: from, ContentType: contentType, PartTypes: types, Text: m.Text}
	m.Automatic, m.Unacknowledged = robot.Kind(in), robot.Suppressed(in)
}

// outerParts leaves out what lies inside another machine part: a returned mail's own parts report nothing.
func outerParts(parts []entity.MachinePart) []entity.MachinePart {
	var out []entity.MachinePart
	for _, p := range parts {
		inside := slices.ContainsFunc(parts, func(q entity.MachinePart) bool { return strings.HasPrefix(p.Place, q.Place+".") })
		if !inside {
			out = append(out, p)
		}
	}
	return out
}

// Open reads an attachment again out of a raw mail.
func Open(raw io.Reader, place string, lim Limits) (io.ReadCloser, error) {
	if place == placeOfWhole {
		return io.NopCloser(raw), nil
	}
	r, err := entity.Open(raw, place, lim.entity())
	if err != nil {
		return nil, fmt.Errorf("find attachment %s: %w", place, err)
	}
	return r, nil
}
