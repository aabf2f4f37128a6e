package mailout

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"net/mail"
	"regexp"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"aduan/templates"
	"aduan/tickets"
)

// DefaultMailSize is how many bytes of attachments go along with one mail where the settings do not say.
const DefaultMailSize = 10_000_000

// Settings say whose mail it is and how it looks.
type Settings struct {
	TeamName, Address       string           // the From of every mail
	Prefix                  string           // of ticket numbers
	Salutation, Valediction string           // lines around every mail to reporters; "" for none
	Colour                  string           // "#0b5394"; "" for the default
	Language                tickets.Language // where a notice names none
	Location                *time.Location   // in which times are told; nil is UTC
	TemplateDir             string           // a folder whose files replace built-in ones; "" for none
	MailSize                int64            // bytes of attachments that go along with one mail; 0 is DefaultMailSize
	// Staff lists the team: for buttons, and for the addresses that nobody outside receives. nil is nobody.
	Staff func(context.Context) ([]tickets.Staff, error)
	// CaseFile reads a whole case for /history; where it is nil, that mail has no document.
	CaseFile func(context.Context, tickets.Number) (tickets.CaseFile, error)
}

// Opener reads an attachment again: the decoded content of the part at place in the raw mail with this SHA-256.
type Opener func(ctx context.Context, rawSHA256, place string) (io.ReadCloser, error)

// Renderer writes notices as mail. It may be used by several goroutines at once.
type Renderer struct {
	settings Settings
	set      *templates.Set
	open     Opener
	colour   template.CSS
	ink      template.CSS  // what can be read on colour
	decoding chan struct{} // one picture is decoded at a time, which bounds the memory
}

var colourPattern = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// NewRenderer parses the templates. An error names the setting, or the file and line, that is wrong.
func NewRenderer(s Settings, open Opener) (*Renderer, error) {
	if s.Colour == "" {
		s.Colour = "#0b5394"
	}
	if !colourPattern.MatchString(s.Colour) {
		return nil, fmt.Errorf("team colour %q: write it as # and six hexadecimal digits", s.Colour)
	}
	if s.Location == nil {
		s.Location = time.UTC
	}
	if s.Language == "" {
		s.Language = tickets.Indonesian
	}
	if s.MailSize == 0 {
		s.MailSize = DefaultMailSize
	}
	if s.Staff == nil {
		s.Staff = func(context.Context) ([]tickets.Staff, error) { return nil, nil }
	}
	set, err := templates.Load(s.TemplateDir, layoutFuncs)
	if err != nil {
		return nil, err
	}
	return &Renderer{settings: s, set: set, open: open, colour: template.CSS(s.Colour), ink: inkOn(s.Colour), decoding: make(chan struct{}, 1)}, nil
}

// layoutFuncs are what layouts may call.
var layoutFuncs = templates.Funcs{
	"wrap":   wrap,
	"indent": indent,
	"upper":  strings.ToUpper,
	"lines":  htmlLines,
	"jpeg":   jpegURL,
	"passage": func(title, text string) passage {
		return passage{Title: title, Text: text}
	},
}

// htmlLines escapes text and keeps its lines and leading blanks, which Outlook does not do by style.
func htmlLines(text string) template.HTML {
	lines := strings.Split(template.HTMLEscapeString(text), "\n")
	for i, l := range lines {
		body := strings.TrimLeft(l, " \t")
		lead := strings.ReplaceAll(l[:len(l)-len(body)], "\t", "    ")
		lines[i] = strings.Repeat("&nbsp;", len(lead)) + body
	}
	return template.HTML(strings.Join(lines, "<br>\n"))
}

// inkOn is black or white, whichever can be read on a colour (relative luminance of WCAG 2.2, simplified).
func inkOn(colour string) template.CSS {
	var r, g, b int
	fmt.Sscanf(colour, "#%02x%02x%02x", &r, &g, &b)
	if 299*r+587*g+114*b > 150_000 {
		return "#000000"
	}
	return "#ffffff"
}

// Render writes a notice as a whole mail (RFC 5322, CRLF line ends) and returns its plain text for the record. A notice that
// must not reach its recipient is refused with ErrInternal.
func (r *Renderer) Render(ctx context.Context, n tickets.Notice, w io.Writer) (string, error) {
	if err := guard(n); err != nil {
		return "", err
	}
	staff, err := r.settings.Staff(ctx)
	if err != nil {
		return "", fmt.Errorf("render notice %d: list staff: %w", n.ID, err)
	}
	c := r.compose(n, staff)
	c.addPreviews(ctx)
	if err := c.addDocuments(ctx); err != nil {
		return "", fmt.Errorf("render notice %d: %w", n.ID, err)
	}
	v, err := c.view()
	if err != nil {
		return "", fmt.Errorf("render notice %d: %w", n.ID, err)
	}
	var text, html bytes.Buffer
	if err := r.set.Text.Execute(&text, v); err != nil {
		return "", fmt.Errorf("render notice %d as text: %w", n.ID, err)
	}
	if err := r.set.HTML.Execute(&html, v); err != nil {
		return "", fmt.Errorf("render notice %d as HTML: %w", n.ID, err)
	}
	plain := strings.TrimLeft(text.String(), "\n")
	if err := guardWords(n, c.redact, plain, html.String()); err != nil {
		return "", err
	}
	if err := c.write(ctx, w, v, plain, html.String()); err != nil {
		return "", fmt.Errorf("write notice %d: %w", n.ID, err)
	}
	return plain, nil
}

// write composes the MIME structure: alternative(text, HTML, calendar), with previews related to it, in mixed with files.
func (c *composition) write(ctx context.Context, w io.Writer, v *view, text, html string) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	c.header(msg, v.Headline)
	msg.SetBodyString(gomail.TypeTextPlain, text)
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	for _, p := range c.embedded() {
		if err := msg.EmbedReader(p.name, bytes.NewReader(p.data), gomail.WithFileContentType(gomail.ContentType(p.kind)), gomail.WithFileContentID("<"+p.id+">")); err != nil {
			return err
		}
	}
	var files []filePart
	for _, d := range c.documents {
		files = append(files, partOf(d.name, d.kind, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(d.data)), nil }))
	}
	files = append(files, c.enclosed(ctx)...)
	if it, ok := c.visit(); ok {
		ical := c.invitation(it, text)
		msg.AddAlternativeString("text/calendar; method=REQUEST", ical)
		files = append(files, partOf(c.label("invitation"), "application/ics", func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(ical)), nil
		}))
	}
	return writeMail(w, msg, files)
}

// embedded are the pictures that the HTML shows: previews of files, and charts.
func (c *composition) embedded() []picture {
	all := c.pictures
	for _, e := range c.files {
		if e.preview != nil {
			name, _, _ := strings.Cut(e.previewID, "@")
			all = append(all, picture{id: e.previewID, name: name + ".jpg", kind: "image/jpeg", data: e.preview})
		}
	}
	return all
}

// header sets the fields of CONTRACT section 6.
func (c *composition) header(msg *gomail.Msg, headline string) {
	n, s := c.n, c.r.settings
	to := mail.Address{Address: headerText(n.To.Address, 320)}
	if n.Proven || c.staff {
		to.Name = headerText(n.To.Name, maxName)
	}
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, &mail.Address{Name: headerText(s.TeamName, maxName), Address: s.Address})
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &to)
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, &mail.Address{Name: headerText(s.TeamName, maxName), Address: c.replyTo()})
	msg.Subject(c.subject(headline))
	msg.SetDateWithValue(c.date())
	if id := messageID(n.MessageID); id != "" {
		msg.SetGenHeader(gomail.HeaderMessageID, id)
	}
	if id := messageID(n.InReplyTo); id != "" {
		msg.SetGenHeader(gomail.HeaderInReplyTo, id)
	}
	var references []string
	for _, ref := range n.References {
		if id := messageID(ref); id != "" {
			references = append(references, id)
		}
	}
	if len(references) > 0 {
		msg.SetGenHeader(gomail.HeaderReferences, strings.Join(references, " "))
	}
	if n.Automatic {
		msg.SetGenHeader("Auto-Submitted", autoSubmitted(n.Kind))
	}
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", string(c.lang))
}

// replyTo is the recipient's own address, or the team's.
func (c *composition) replyTo() string {
	if a := oneLine(c.n.ReplyTo, 320); a != "" {
		return a
	}
	return c.r.settings.Address
}

// date is when the notice was recorded: a second rendering tells the same.
func (c *composition) date() time.Time {
	at := c.n.CreatedAt
	for _, it := range c.n.Items {
		if at.IsZero() || at.UnixMicro() <= 0 {
			at = time.UnixMicro(it.At)
		}
	}
	return at.In(c.r.settings.Location)
}

// subject is the fixed one, with the number once, the label where TLP 2.0 wants it seen, and Re: from the second mail on.
func (c *composition) subject(headline string) string {
	s := c.redact.hide(headerText(c.n.Subject, maxSubject))
	if s == "" {
		s = headerText(headline, maxSubject)
	}
	if number := string(c.n.Ticket.Number); number != "" {
		tag := "[" + number + "]"
		s = tag + " " + oneLine(strings.ReplaceAll(withoutRe(s, tag), tag, " "), maxSubject)
		if t := c.n.Ticket.TLP; t == tickets.TLPAmberStrict || t == tickets.TLPRed {
			s = tag + " " + t.Label() + strings.TrimPrefix(s, tag)
		}
	}
	if c.n.InReplyTo != "" || len(c.n.References) > 0 {
		s = "Re: " + withoutRe(s, "")
	}
	return s
}

// withoutRe takes Re: off what stands before a ticket's tag; with tag "" from the beginning.
func withoutRe(s, tag string) string {
	for len(s) >= 3 && strings.EqualFold(s[:3], "re:") {
		rest := strings.TrimSpace(s[3:])
		if !strings.HasPrefix(rest, tag) {
			break
		}
		s = rest
	}
	return s
}

var idPattern = regexp.MustCompile(`^[!-;=?-~]+$`)

// messageID brackets an id for a header; "" where it could not stand there (RFC 5322 section 3.6.4 allows no blanks).
func messageID(id string) string {
	id = strings.Trim(id, "<>")
	if len(id) > 250 || !idPattern.MatchString(id) {
		return ""
	}
	return "<" + id + ">"
}

// autoSubmitted tells answers to a mail from what happens by itself (RFC 3834 section 5).
func autoSubmitted(k tickets.Kind) string {
	switch k {
	case tickets.KindAcknowledged, tickets.KindContinued, tickets.KindDone, tickets.KindRefused, tickets.KindStatus, tickets.KindHelp, tickets.KindList,
		tickets.KindEvidence, tickets.KindPassword, tickets.KindFigures, tickets.KindHistory:
		return "auto-replied"
	}
	return "auto-generated"
}
