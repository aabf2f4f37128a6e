package mailout

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"io"
	"strings"
	"unicode/utf8"

	"aduan/mailout/internal/paper"
	"aduan/tickets"
)

// Limits of the pictures in a case file.
const (
	maxCasePictures   = 30_000_000 // bytes of all of them
	casePictureWidth  = 1000       // pixels at most
	casePictureHeight = 1400
)

// caseView is what layout/case.html shows.
type caseView struct {
	paper.Document
	Team        string
	Colour, Ink template.CSS
	MarkInk     template.CSS
}

func jpegURL(b []byte) template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b))
}

// WriteCaseHTML writes a case file as one page that can be printed; it loads nothing from elsewhere and runs nothing.
func (r *Renderer) WriteCaseHTML(ctx context.Context, w io.Writer, c tickets.CaseFile) error {
	return r.writeCaseHTML(w, r.caseDocument(ctx, c, maxCasePictures))
}

// WriteCasePDF writes the same as PDF.
func (r *Renderer) WriteCasePDF(ctx context.Context, w io.Writer, c tickets.CaseFile) error {
	return r.writeCasePDF(w, r.caseDocument(ctx, c, maxCasePictures))
}

func (r *Renderer) writeCasePDF(w io.Writer, d paper.Document) error { return paper.Write(w, d) }

func (r *Renderer) writeCaseHTML(w io.Writer, d paper.Document) error {
	var b bytes.Buffer
	v := caseView{Document: d, Team: oneLine(r.settings.TeamName, maxName), Colour: r.colour, Ink: r.ink, MarkInk: template.CSS(d.MarkInk)}
	if err := r.set.HTML.ExecuteTemplate(&b, "case", v); err != nil {
		return fmt.Errorf("write the case file of %s: %w", d.Number, err)
	}
	_, err := b.WriteTo(w)
	return err
}

// caseDocument words a case in the team's language, with at most so many bytes of pictures. A picture that cannot be decoded, or
// that there is no room for, is named all the same.
func (r *Renderer) caseDocument(ctx context.Context, f tickets.CaseFile, pictures int) paper.Document {
	people, err := r.settings.Staff(ctx)
	if err != nil {
		people = nil // names of the team alone are missing then
	}
	c := r.compose(tickets.Notice{Audience: tickets.ToStaff, Language: r.settings.Language, Ticket: f.Ticket}, people)
	w := caseWriter{composition: c, ctx: ctx, f: f, pictures: pictures, seen: map[string]int{}}
	tlp := c.tlp()
	d := paper.Document{Title: w.label("title") + " " + string(f.Number), Subtitle: c.line(f.Subject), Mark: tlp.Label(), MarkInk: string(tlpInk(tlp)), Number: string(f.Number),
		Author: fmt.Sprintf(w.label("by"), oneLine(r.settings.TeamName, maxName), c.at(f.At)), Colour: string(r.colour), Lang: string(c.lang), Made: f.At.UTC(), Page: w.label("page"), Missing: w.label("missing")}
	d.Sections = append(d.Sections, w.theCase(), w.audit())
	if s := w.recommendations(); len(s.Passages) > 0 {
		d.Sections = append(d.Sections, s)
	}
	d.Sections = append(d.Sections, w.timeline(), w.messages(), w.outgoing())
	return d
}

// caseWriter words one case file.
type caseWriter struct {
	*composition
	ctx      context.Context
	f        tickets.CaseFile
	pictures int            // bytes that pictures may still take
	seen     map[string]int // pictures by content, with the number of the first
}

func (w *caseWriter) label(key string) string { return w.labels.Get("file", key) }

// text is what a person wrote, as much as a document takes of one message.
func (w *caseWriter) text(s string) string {
	return cut(manyLines(s), maxText, w.composition.label("cut"))
}

func (w *caseWriter) theCase() paper.Section {
	s := paper.Section{Title: w.composition.label("case"), Facts: []paper.Fact{{Label: w.composition.label("state"), Value: w.f.State.Label(w.lang)}}}
	for _, f := range w.caseFacts() {
		s.Facts = append(s.Facts, paper.Fact{Label: f.Label, Value: f.Value})
	}
	return s
}

func (w *caseWriter) audit() paper.Section {
	a := w.f.Audit
	s := paper.Section{Title: w.label("audit"), Facts: []paper.Fact{{Label: w.label("head"), Value: w.f.Head, Code: true}}, Notes: []string{w.label("head_note")}}
	if len(a.Faults) == 0 {
		s.Good = fmt.Sprintf(w.label("sound"), a.Events, a.Messages)
		return s
	}
	s.Bad = append(s.Bad, fmt.Sprintf(w.label("broken"), len(a.Faults)))
	for _, fault := range a.Faults {
		s.Bad = append(s.Bad, w.line(fault))
	}
	return s
}

func (w *caseWriter) recommendations() paper.Section {
	s := paper.Section{Title: w.composition.label("recommendations")}
	for _, text := range w.f.Recommendations {
		s.Passages = append(s.Passages, paper.Passage{Text: w.text(text), Open: true})
	}
	return s
}

// timeline is every event but those that a mail went out, which have a section of their own.
func (w *caseWriter) timeline() paper.Section {
	s := paper.Section{Title: w.label("timeline")}
	for _, e := range w.f.Events {
		if e.Kind == string(tickets.Sent) {
			continue
		}
		m := w.moment(e)
		what := m.What
		if m.Change != "" {
			what += " (" + m.Change + ")"
		}
		if m.Who != "" {
			what += " · " + m.Who
		}
		s.Entries = append(s.Entries, paper.Entry{When: m.At, What: what, Small: fmt.Sprintf("%d · %.16s", e.Seq, e.Hash)})
	}
	return s
}

// messages are the mails that came in and those that went to people outside.
func (w *caseWriter) messages() paper.Section {
	s := paper.Section{Title: w.label("messages"), Notes: []string{w.label("messages_note")}}
	for _, m := range w.f.Messages {
		if m.Direction == "in" || m.Visibility == tickets.VisiblePublic {
			s.Passages = append(s.Passages, w.message(m))
		}
	}
	return s
}

func (w *caseWriter) message(m tickets.Message) paper.Passage {
	p := paper.Passage{Title: w.at(m.At) + ", " + w.person(tickets.Address{Name: m.FromName, Address: m.From}), Tag: w.labels.Get("shown", string(m.Visibility)), Open: m.Visibility == tickets.VisiblePublic}
	add := func(key, value string, code bool) {
		if value != "" {
			p.Facts = append(p.Facts, paper.Fact{Label: w.label(key), Value: value, Code: code})
		}
	}
	add("to", w.line(strings.Join(m.To, ", ")), false)
	add("subject", w.line(m.Subject), false)
	if m.Direction == "in" {
		add("proof", w.proof(tickets.Item{}, m), false)
		add("problems", w.line(strings.Join(m.Problems, "; ")), false)
	}
	add("raw", "SHA-256 "+shownHash(m.SHA256)+", "+size(m.Size, w.lang), true)
	text := m.Text
	if fresh := strings.TrimSpace(m.NewText); fresh != "" && m.Purpose != "report" && m.Direction == "in" {
		if utf8.RuneCountInString(m.Text) > utf8.RuneCountInString(fresh)+20 {
			add("quoted", w.label("not_repeated"), false)
		}
		text = m.NewText
	}
	p.Text = w.text(text)
	for _, a := range m.Attachments {
		p.Files = append(p.Files, w.file(m, a))
	}
	return p
}

var errNoRoom = errors.New("no room for a picture")

// file names an attachment, and shows it where it is a picture.
func (w *caseWriter) file(m tickets.Message, a tickets.Attachment) paper.File {
	f := paper.File{Name: fmt.Sprintf("[%d] %s", a.Number, w.fileName(a.Filename)), Detail: oneLine(a.ContentType, 80) + ", " + size(a.Size, w.lang), SHA256: shownHash(a.SHA256)}
	if Dangerous(a.Filename, a.ContentType) {
		f.Detail += ", " + w.label("withheld")
		return f
	}
	if w.r.open == nil || !pictureType(a.ContentType) || a.Decoration {
		return f
	}
	if first, seen := w.seen[a.SHA256]; seen {
		f.Detail += ", " + fmt.Sprintf(w.label("same"), first)
		return f
	}
	w.seen[a.SHA256] = a.Number
	jpeg, size, err := []byte(nil), image.Point{}, errNoRoom
	if a.Size <= maxPreviewBytes && w.pictures > 0 {
		jpeg, size, err = w.r.preview(w.ctx, m.SHA256, a.Place, image.Pt(casePictureWidth, casePictureHeight))
	}
	if err != nil || len(jpeg) > w.pictures {
		f.Detail += ", " + w.label("not_shown")
		return f
	}
	w.pictures -= len(jpeg)
	f.JPEG, f.Width, f.Height = jpeg, size.X, size.Y
	return f
}

// outgoing lists what became of every mail that was to go out.
func (w *caseWriter) outgoing() paper.Section {
	s := paper.Section{Title: w.label("outgoing")}
	for _, d := range w.f.Deliveries {
		e := paper.Entry{When: w.at(d.At), What: w.line(d.To) + " · " + string(d.Kind) + " · " + w.labels.Get("delivery", string(d.State))}
		if d.Attempts > 1 {
			e.What += ", " + fmt.Sprintf(w.label("attempts"), d.Attempts)
		}
		if d.LastError != "" {
			e.What += ": " + w.line(d.LastError)
		}
		if d.SHA256 != "" {
			e.Small = "SHA-256 " + shownHash(d.SHA256)
		}
		if d.Kind == tickets.KindPassword {
			e.What += " " + w.label("password")
		}
		s.Entries = append(s.Entries, e)
	}
	return s
}

// document is one form of the case file that goes along with a mail.
type document struct {
	name, kind string
	data       []byte
}

// addDocuments puts the case file into the answer to /history: as PDF and as a page, as far as a mail has room for them.
func (c *composition) addDocuments(ctx context.Context) error {
	if !c.staff || !c.has(tickets.KindHistory) || c.r.settings.CaseFile == nil {
		return nil
	}
	f, err := c.r.settings.CaseFile(ctx, c.n.Ticket.Number)
	if err != nil {
		return err
	}
	// A picture is in both forms, and in the page as base64: this leaves room for both of them.
	d := c.r.caseDocument(ctx, f, int(min(c.r.settings.MailSize, maxCasePictures)/4))
	var pdf, page bytes.Buffer
	if err := paper.Write(&pdf, d); err != nil {
		return err
	}
	if err := c.r.writeCaseHTML(&page, d); err != nil {
		return err
	}
	room := c.r.settings.MailSize
	for _, x := range []document{{string(f.Number) + ".pdf", "application/pdf", pdf.Bytes()}, {string(f.Number) + ".html", "text/html", page.Bytes()}} {
		if n := int64(len(x.data)); n <= room {
			room -= n
			c.documents = append(c.documents, x)
		}
	}
	return nil
}
