package mailout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // as a mail program has it

	"aduan/tickets"
)

const samplePrefix = "BALIPROV-CSIRT"

// part is one leaf of a rendered mail.
type part struct {
	kind, disposition, filename, id string
	body                            string
}

// rendered is a mail that was written and read again.
type rendered struct {
	raw    string
	record string // what Render returned
	header message.Header
	parts  []part
}

// text is the body that a terminal shows.
func (m rendered) text() string { return m.first("text/plain") }

// html is the body that a mail program shows.
func (m rendered) html() string { return m.first("text/html") }

func (m rendered) first(kind string) string {
	for _, p := range m.parts {
		if p.kind == kind && p.disposition == "" {
			return p.body
		}
	}
	return ""
}

func (m rendered) attached() []part {
	var found []part
	for _, p := range m.parts {
		if p.disposition == "attachment" {
			found = append(found, p)
		}
	}
	return found
}

func (m rendered) subject(t *testing.T) string {
	t.Helper()
	s, err := m.header.Text("Subject")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func witaSettings() Settings {
	return Settings{
		TeamName: "Baliprov-CSIRT", Address: "aduan@csirt.example", Prefix: samplePrefix, Salutation: "Om Suastiastu",
		Valediction: "Om Santih, Santih, Santih Om", Location: time.FixedZone("WITA", 8*3600),
		Staff: func(context.Context) ([]tickets.Staff, error) { return sampleStaff(), nil },
	}
}

// screenshot is a small picture for every attachment that is opened.
func screenshot() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for x := range 640 {
		img.SetRGBA(x, 200, color.RGBA{200, 20, 20, 255})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
}

func openScreenshot(context.Context, string, string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(screenshot())), nil
}

func newTestRenderer(t testing.TB, s Settings) *Renderer {
	t.Helper()
	r, err := NewRenderer(s, openScreenshot)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func render(t *testing.T, n tickets.Notice) rendered {
	t.Helper()
	return renderWith(t, newTestRenderer(t, witaSettings()), n)
}

func renderWith(t *testing.T, r *Renderer, n tickets.Notice) rendered {
	t.Helper()
	var b bytes.Buffer
	text, err := r.Render(context.Background(), n, &b)
	if err != nil {
		t.Fatalf("%s to %s in %s: %v", n.Kind, n.Audience, n.Language, err)
	}
	m := readMail(t, b.String())
	m.record = text
	return m
}

func readMail(t *testing.T, raw string) rendered {
	t.Helper()
	e, err := message.Read(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("the mail cannot be read again: %v\n%s", err, raw)
	}
	m := rendered{raw: raw, header: e.Header}
	err = e.Walk(func(_ []int, e *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, params, _ := e.Header.ContentType()
		if strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		body, err := io.ReadAll(e.Body)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(kind, "image/") && kind != "application/zip" {
			body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
		}
		p := part{kind: kind, body: string(body), id: strings.Trim(e.Header.Get("Content-Id"), "<>")}
		disposition, dp, _ := e.Header.ContentDisposition()
		p.disposition, p.filename = disposition, dp["filename"]
		if p.filename == "" {
			p.filename = params["name"]
		}
		m.parts = append(m.parts, p)
		return nil
	})
	if err != nil {
		t.Fatalf("a part cannot be read again: %v", err)
	}
	return m
}

func wantContains(t *testing.T, where, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("%s lacks %q:\n%s", where, want, text)
	}
}

func wantNotContains(t *testing.T, where, text, no string) {
	t.Helper()
	if strings.Contains(strings.ToLower(text), strings.ToLower(no)) {
		t.Errorf("%s holds %q:\n%s", where, no, text)
	}
}

func TestEveryKindIsAWellFormedMailToEveryClassInBothLanguages(t *testing.T) {
	r := newTestRenderer(t, witaSettings())
	for _, n := range Samples(samplePrefix) {
		t.Run(fmt.Sprintf("%s %s %s", n.Language, n.Audience, n.Kind), func(t *testing.T) {
			m := renderWith(t, r, n)
			wantWellFormed(t, m)
			wantHeader(t, m, n)
			wantWords(t, m, n)
		})
	}
}

// wantWellFormed checks what RFC 5322 and the receiving programs ask of the bytes.
func wantWellFormed(t *testing.T, m rendered) {
	t.Helper()
	for _, l := range strings.SplitAfter(m.raw, "\n") {
		if len(strings.TrimSuffix(l, "\r\n")) > 998 {
			t.Errorf("a line of %d characters", len(l))
		}
		if strings.HasSuffix(l, "\n") && !strings.HasSuffix(l, "\r\n") {
			t.Errorf("a line without CR: %q", l)
		}
	}
	for _, p := range m.parts {
		if strings.HasPrefix(p.kind, "text/") && !utf8.ValidString(p.body) {
			t.Errorf("%s is not UTF-8", p.kind)
		}
	}
	if m.text() == "" || m.html() == "" || m.parts[0].kind != "text/plain" {
		t.Errorf("want text, then HTML; got %d parts, first %s", len(m.parts), m.parts[0].kind)
	}
	if strings.TrimSpace(m.record) != strings.TrimSpace(m.text()) {
		t.Error("the record's text is not the mail's")
	}
	if remote := regexp.MustCompile(`(?i)(src|background)\s*=\s*"(?:https?:)?//|url\(|@import|<link|<script`).FindString(m.html()); remote != "" {
		t.Errorf("the HTML loads something: %q", remote)
	}
	for _, c := range regexp.MustCompile(`cid:([^"]+)"`).FindAllStringSubmatch(m.html(), -1) {
		if !strings.Contains(m.raw, "<"+c[1]+">") {
			t.Errorf("no part with Content-ID <%s>", c[1])
		}
	}
}

func wantHeader(t *testing.T, m rendered, n tickets.Notice) {
	t.Helper()
	for name, want := range map[string]string{
		"From": `"Baliprov-CSIRT" <aduan@csirt.example>`, "Reply-To": `"Baliprov-CSIRT" <` + n.ReplyTo + ">",
		"Message-Id": "<" + n.MessageID + ">", "X-Auto-Response-Suppress": "All", "Cc": "", "Bcc": "",
		"Date": "Mon, 23 Nov 2026 15:05:00 +0800", "To": fmt.Sprintf("%q <%s>", n.To.Name, n.To.Address),
	} {
		if got := m.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if n.InReplyTo != "" && (m.header.Get("In-Reply-To") != "<"+n.InReplyTo+">" || m.header.Get("References") != "<"+n.InReplyTo+">") {
		t.Errorf("In-Reply-To %q, References %q", m.header.Get("In-Reply-To"), m.header.Get("References"))
	}
	if n.InReplyTo != "" != strings.HasPrefix(m.subject(t), "Re: ") {
		t.Errorf("Re: belongs to the second mail and later ones: %q", m.subject(t))
	}
	if number := string(n.Ticket.Number); number != "" && strings.Count(m.subject(t), "["+number+"]") != 1 {
		t.Errorf("the number stands not once in %q", m.subject(t))
	}
}

// wantWords checks what every body must say, and what it must not say to people outside.
func wantWords(t *testing.T, m rendered, n tickets.Notice) {
	t.Helper()
	words := html.UnescapeString(regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).ReplaceAllString(m.html(), " "))
	top := strings.Split(m.text(), "\n")
	if n.Audience == tickets.ToStaff {
		room := map[tickets.Room]tickets.Words{
			tickets.Public:   {ID: "Balasan Anda dikirim KE PELAPOR", EN: "Your answer goes TO THE REPORTER"},
			tickets.Internal: {ID: "Balasan Anda tetap INTERNAL", EN: "Your answer stays INTERNAL"},
		}[n.Room].In(n.Language)
		if top[0] != room {
			t.Errorf("the first line is %q, want %q", top[0], room)
		}
		wantContains(t, "the HTML", words, room)
		top = top[1:]
	} else {
		for where, text := range map[string]string{"the mail": m.raw, "the text": m.text(), "the HTML": m.html()} {
			for _, s := range sampleStaff() {
				wantNotContains(t, where, text, s.Address)
				wantNotContains(t, where, text, s.Name)
			}
		}
		if n.Audience != tickets.ToNational { // the lines are for reporters
			wantContains(t, "the text", m.text(), "Om Suastiastu")
			wantContains(t, "the text", m.text(), "Om Santih, Santih, Santih Om")
		}
	}
	if !strings.HasPrefix(top[0], "TLP:") {
		t.Errorf("no label on top: %q", top[0])
	}
	wantContains(t, "the HTML", words, top[0])
	for _, it := range n.Items {
		if state, ok := reached[it.Kind]; ok {
			wantContains(t, "the text", m.text(), state.Label(n.Language))
			wantContains(t, "the HTML", words, state.Label(n.Language))
		}
	}
	if n.Ticket.Number != "" {
		wantContains(t, "the text", m.text(), string(n.Ticket.Number))
		wantContains(t, "the HTML", words, string(n.Ticket.Number))
	}
	for _, unfilled := range []string{"<no value>", "%!", "{{", "ZgotmplZ"} {
		wantNotContains(t, "the text", m.text(), unfilled)
		wantNotContains(t, "the HTML", words, unfilled)
	}
}

func TestTwoStatesInOneMailAreBothNamed(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindResponding)
	n.Items = append(sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindVerified).Items, n.Items...)
	m := render(t, n)
	wantContains(t, "the text", m.text(), "Laporan Anda kini Ditangani oleh tim kami.")
	wantContains(t, "the text", m.text(), "Laporan Anda sudah Terverifikasi.")
}

func TestAHeaderTakesNoLineFromOutside(t *testing.T) {
	evil := "x\r\nBcc: victim@elsewhere.example\r\n\r\nbody \u2028 \x00 =?UTF-8?Q?=0D=0ABcc:_v@e.example?= \u202egpj.exe"
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	n.Subject, n.To.Name, n.MessageID = "["+string(n.Ticket.Number)+"] "+evil, evil, "ok@csirt.example"
	n.InReplyTo, n.References = "a b\r\nBcc: v@e.example", []string{"fine@dinas.example", "no\r\nX: y"}
	report := n.Texts[1]
	report.Attachments = []tickets.Attachment{{Filename: evil + ".png", ContentType: "image/png\r\nX-Evil: 1", Size: 10, SHA256: sampleHash('f')}}
	n.Texts = map[int64]tickets.Message{1: report}
	m := render(t, n)
	wantWellFormed(t, m)
	if m.header.Has("Bcc") || m.header.Has("X-Evil") || m.header.Has("In-Reply-To") {
		t.Errorf("a header came from outside:\n%s", m.raw[:800])
	}
	if got := m.header.Get("References"); got != "<fine@dinas.example>" {
		t.Errorf("References %q", got)
	}
	for _, s := range []string{m.subject(t), m.attached()[0].filename} {
		if strings.ContainsAny(s, "\r\n\x00\u2028\u202e") {
			t.Errorf("a control character in %q", s)
		}
	}
	if strings.Contains(m.raw, "\nX-Evil") || strings.Contains(m.raw, "\nBcc:") {
		t.Error("a part's header came from outside")
	}
}

func TestHeadersOfAnyLengthKeepTheirLinesLegal(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	n.Subject, n.To.Name = strings.Repeat("a", 5000), strings.Repeat("ñ", 5000)
	report := n.Texts[1]
	report.Text = strings.Repeat("b", 50_000)
	report.Attachments = []tickets.Attachment{
		{Filename: strings.Repeat("字", 900) + ".png", ContentType: "image/png", Size: 10, SHA256: sampleHash('f')},
		{Filename: strings.Repeat("z", 900) + ".pdf", ContentType: "application/pdf", Size: 10, SHA256: sampleHash('0')},
	}
	n.Texts = map[int64]tickets.Message{1: report}
	for range 30 {
		n.References = append(n.References, strings.Repeat("r", 200)+"@csirt.example")
	}
	m := render(t, n)
	wantWellFormed(t, m)
	for i, end := range []string{".png", ".pdf"} {
		if !strings.HasSuffix(m.attached()[i].filename, end) {
			t.Errorf("the extension is lost: %q", m.attached()[i].filename)
		}
	}
}

func TestTheSubjectKeepsOneConversation(t *testing.T) {
	number := "[BALIPROV-CSIRT-2026-0123]"
	for _, c := range []struct {
		about, given, want string
		tlp                tickets.TLP
		again              bool
	}{
		{"the first mail has it as it is", number + " Situs diretas", number + " Situs diretas", tickets.TLPAmber, false},
		{"later ones say Re:", number + " Situs diretas", "Re: " + number + " Situs diretas", tickets.TLPAmber, true},
		{"but once", "Re: " + number + " Situs diretas", "Re: " + number + " Situs diretas", tickets.TLPAmber, true},
		{"the reporter's own Re: is part of it", number + " Re: Situs", "Re: " + number + " Re: Situs", tickets.TLPAmber, true},
		{"the number stands once", number + " Re: " + number + " Situs", number + " Re: Situs", tickets.TLPAmber, false},
		{"a subject without it gets it", "Laporan", number + " Laporan", tickets.TLPAmber, false},
		{"RED is seen in the subject", number + " Situs", "Re: " + number + " TLP:RED Situs", tickets.TLPRed, true},
		{"AMBER+STRICT too", number + " Situs", number + " TLP:AMBER+STRICT Situs", tickets.TLPAmberStrict, false},
		{"a staff address is not", number + " Tanya budi@csirt.example", number + " Tanya aduan@csirt.example", tickets.TLPAmber, false},
	} {
		n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindAcknowledged)
		n.Subject, n.Ticket.TLP = c.given, c.tlp
		if c.again {
			n.InReplyTo = "first@csirt.example"
		}
		if got := render(t, n).subject(t); got != c.want {
			t.Errorf("%s: got %q, want %q", c.about, got, c.want)
		}
	}
}

func TestOnlyAutomaticMailSaysSo(t *testing.T) {
	for _, c := range []struct {
		kind      tickets.Kind
		automatic bool
		want      string
	}{
		{tickets.KindAcknowledged, true, "auto-replied"},
		{tickets.KindVerified, true, "auto-generated"},
		{tickets.KindQuestion, false, ""},
	} {
		n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, c.kind)
		n.Automatic = c.automatic
		m := render(t, n)
		if got := m.header.Get("Auto-Submitted"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.kind, got, c.want)
		}
		if m.header.Get("X-Auto-Response-Suppress") != "All" {
			t.Errorf("%s does not suppress answers", c.kind)
		}
	}
}

func TestAVisitIsAnInvitation(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindOnsite)
	m := render(t, n)
	inline := m.first("text/calendar")
	attached := m.attached()
	if len(attached) != 1 || attached[0].filename != "undangan.ics" || attached[0].body != inline || inline == "" {
		t.Fatalf("want the same invitation as a part and attached, got %v", attached)
	}
	wantContains(t, "the part's type", m.raw, "text/calendar; method=REQUEST")
	cal, err := ics.ParseCalendar(strings.NewReader(inline))
	if err != nil {
		t.Fatal(err)
	}
	event := cal.Events()[0]
	start, err := event.GetStartAt()
	if err != nil || !start.Equal(time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("start %v, %v", start, err)
	}
	for property, want := range map[ics.ComponentProperty]string{
		ics.ComponentPropertyOrganizer: "mailto:aduan@csirt.example", ics.ComponentPropertyAttendee: "mailto:ani@dinas.example",
		ics.ComponentPropertyLocation: "Ruang server Dinas Kesehatan",
	} {
		if p := event.GetProperty(property); p == nil || p.Value != want {
			t.Errorf("%s: got %v, want %q", property, p, want)
		}
	}
	wantContains(t, "the calendar", inline, "METHOD:REQUEST")
	if d := event.GetProperty(ics.ComponentPropertyDescription); d == nil || d.Value != manyLines(m.text()) {
		t.Errorf("the description is not the mail's text: %v", d)
	}
	wantContains(t, "the text", m.text(), "25 November 2026, 10.00 WITA")
}

func TestAVisitOnADateAloneIsAWholeDay(t *testing.T) {
	n := sample(samplePrefix, tickets.English, tickets.ToReporter, tickets.KindOnsite)
	n.Items[0].When, n.Items[0].AllDay = time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC).UnixMicro(), true
	inline := render(t, n).first("text/calendar")
	wantContains(t, "the calendar", inline, "DTSTART;VALUE=DATE:20261125")
	wantContains(t, "the calendar", inline, "DTEND;VALUE=DATE:20261126")
}

func TestARenderedMailSaysTheSameAgain(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindForwarded)
	a, b := render(t, n), render(t, n)
	if a.text() != b.text() || a.html() != b.html() || a.header.Get("Date") != b.header.Get("Date") {
		t.Error("two renderings of one notice differ")
	}
}

func TestAFaultOfTheEvidenceIsAnError(t *testing.T) {
	broken := errors.New("disk gone")
	r, err := NewRenderer(witaSettings(), func(context.Context, string, string) (io.ReadCloser, error) { return nil, broken })
	if err != nil {
		t.Fatal(err)
	}
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindForwarded)
	if _, err := r.Render(context.Background(), n, io.Discard); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// links are the addresses, subjects and bodies of a mail's buttons.
func links(t *testing.T, m rendered) (to []string, subjects, bodies []string) {
	t.Helper()
	for _, a := range regexp.MustCompile(`href="mailto:([^"]*)"`).FindAllStringSubmatch(m.html(), -1) {
		address, query, _ := strings.Cut(html.UnescapeString(a[1]), "?")
		if strings.Contains(query, "+") {
			t.Errorf("a plus in a link means a plus, not a blank: %q", query)
		}
		address, err := url.PathUnescape(address)
		if err != nil {
			t.Fatal(err)
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		to, subjects, bodies = append(to, address), append(subjects, values.Get("subject")), append(bodies, values.Get("body"))
	}
	return to, subjects, bodies
}
