// Package bounce reads delivery reports: mail in which a mail system says what became of a mail that was sent.
//
// It promises three things. A mail is called a report only where a machine shows itself as the sender (an RFC 3464
// report, a null envelope sender, a mail daemon's address, the words of a known program): a person who forwards or
// describes a report stays a person. Whatever a report says is given back cleaned: addresses have the shape of
// addresses, texts have no control characters and no line breaks, lists are capped. And it never fails: from broken
// or truncated input it reads what is there and says in Report.Problems what was missing.
//
// A report proves nothing. Anybody can write one, so whoever acts on a Report must first check that it reached an
// address, or names a Message-ID, that only the receiver of the original mail could know.
package bounce

import (
	"strings"
)

// Limits on what one report may bring; a longer list is cut and noted in Report.Problems.
const (
	maxRecipients = 200     // recipients of one report
	maxText       = 1 << 18 // bytes of text, and of each part, that are looked at
	maxDiagnostic = 500     // runes of one diagnostic
	maxAddress    = 320     // bytes of one address (RFC 3696, with erratum 1690: 64 + 1 + 255)
	maxMessageID  = 500     // bytes of one Message-ID
)

// Input is what a report is read from, taken from the mail itself and never from mails attached to it.
type Input struct {
	// Header returns the raw unfolded values of a field of the root header, by any case of its name; may be nil.
	Header func(name string) []string
	// Subject is decoded (RFC 2047).
	Subject string
	// From is the address in From, empty where there is none.
	From string
	// ContentType is the root's media type with its report-type: "multipart/report; report-type=delivery-status".
	ContentType string
	// Text is the readable text of the mail.
	Text string
	// Parts are the machine parts in the order of the mail: message/delivery-status, text/rfc822-headers,
	// message/rfc822 and their like.
	Parts []Part
}

// Part is one body part that is meant for machines.
type Part struct {
	ContentType string
	// Content is decoded; its beginning is enough (all of a delivery-status, the header of a returned mail).
	Content []byte
}

// Recipient is what a report says about one recipient (RFC 3464 section 2.3).
type Recipient struct {
	Recipient  string `json:"recipient"`
	Action     string `json:"action"`     // failed, delayed, delivered, relayed or expanded
	Status     string `json:"status"`     // RFC 3463, "5.1.1"; empty where the report tells none
	Diagnostic string `json:"diagnostic"` // the server's words on one line
}

// Report is what was read. The zero Report says: this is not a delivery report.
type Report struct {
	Is         bool
	Recipients []Recipient
	// ReturnedMessageID is the id of the mail that the report is about, without angle brackets.
	ReturnedMessageID string
	// Problems are plain sentences about what is missing or was cut.
	Problems []string
}

// Read tells whether a mail is a delivery report and what it reports.
func Read(in Input) Report {
	m := &mail{in: in}
	m.mediaType, m.reportType = mediaType(in.ContentType)
	if !m.maybe() {
		return Report{}
	}
	if m.gather(); !m.isReport() {
		return Report{}
	}
	r := Report{Is: true, ReturnedMessageID: m.returnedMessageID()}
	r.Recipients = m.recipients()
	if len(r.Recipients) > maxRecipients {
		r.Recipients = r.Recipients[:maxRecipients:maxRecipients]
		r.Problems = append(r.Problems, "the report names more recipients than are kept")
	}
	if len(r.Recipients) == 0 {
		r.Problems = append(r.Problems, "the report names no recipient")
	}
	if r.ReturnedMessageID == "" {
		r.Problems = append(r.Problems, "the report does not name the mail that it is about")
	}
	return r
}

// mail is an Input taken apart once, for all the questions that follow.
type mail struct {
	in         Input
	mediaType  string // of the root, lower case
	reportType string
	notice     []string // the lines that the mail system wrote
	flat       string   // the notice on one line in lower case, for phrases that are wrapped
	returned   []string // the lines of the returned mail, where the text quotes it
	status     []group  // per-recipient groups of the delivery-status parts
	returnedBy []Part   // parts that hold the returned mail or its header
	statusPart bool     // there is a delivery-status part, readable or not
	foreign    bool     // a part says that this is another kind of report

	codes  *string      // what onlyCode found, once asked
	failed *[]Recipient // what recipients found, once asked
	alone  bool         // the report is about one recipient, so all of its words are
}

// maybe is false where nothing in the text could make a report of the mail: its form is not that of one, and its sender shows
// itself as a person. Most mail ends here, before its text is searched.
func (m *mail) maybe() bool {
	return m.mediaType == "message/delivery-status" || m.mediaType == "multipart/report" || m.machine() || m.in.From == "" && len(m.header("From")) == 0
}

func (m *mail) gather() {
	m.notice, m.returned = split(lines(m.in.Text))
	m.flat = flatten(m.notice)
	for _, p := range m.in.Parts {
		m.addPart(p)
	}
	if len(m.status) == 0 && strings.Contains(m.flat, "final-recipient:") {
		// Some write the fields of RFC 3464 into the text, and a broken boundary makes text of a part.
		m.status = statusGroups(m.notice)
	}
}

func (m *mail) addPart(p Part) {
	kind, _ := mediaType(p.ContentType)
	switch kind {
	case "message/delivery-status", "message/global-delivery-status", "message/x-delivery-status":
		m.statusPart = true
		m.status = append(m.status, statusGroups(lines(string(cut(p.Content))))...)
	case "message/rfc822", "message/global", "message/partial", "text/rfc822-headers", "text/rfc822-header",
		"text/rfc822", "message/rfc822-headers", "message/global-headers":
		m.returnedBy = append(m.returnedBy, p)
	case "message/disposition-notification", "message/global-disposition-notification", "message/feedback-report":
		m.foreign = true
	}
}

// header returns the values of a root header field.
func (m *mail) header(name string) []string {
	if m.in.Header == nil {
		return nil
	}
	return m.in.Header(name)
}

// first returns the first value of a root header field, trimmed.
func (m *mail) first(name string) string {
	if v := m.header(name); len(v) > 0 {
		return strings.TrimSpace(v[0])
	}
	return ""
}

// mediaType splits a Content-Type into its lower-case type and its report-type. It takes what mime.ParseMediaType
// refuses, since reports are among the worst-formed mails there are.
func mediaType(value string) (kind, reportType string) {
	fields := strings.Split(strings.ToLower(value), ";")
	kind = strings.TrimSpace(fields[0])
	for _, f := range fields[1:] {
		name, v, _ := strings.Cut(f, "=")
		if strings.TrimSpace(name) == "report-type" {
			reportType = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return kind, reportType
}
