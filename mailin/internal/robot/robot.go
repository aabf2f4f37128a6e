// Package robot tells mail that a machine sent from mail that a person wrote, and of which kind a machine's mail is.
//
// It promises that a person is not taken for a robot: a person taken for one is not acknowledged and stops no clock,
// while a robot taken for a person gets one acknowledgement too many. So only what a machine says of itself counts
// (its header fields, RFC 3834 first; a sender address that nobody reads; a report's media type), and words in a
// subject count last and only in the set forms of vacation programs. "Auto-Submitted: no" is a person's word for it.
// It never fails: a mail without a readable header is a person's.
//
// Delivery reports are package bounce's, which is to be asked first.
package robot

import (
	"strings"
)

// The kinds of automatic mail; "" is a person's.
const (
	Person       = ""
	AutoReply    = "auto-reply"   // a vacation notice or another robot's answer to a mail
	Notification = "notification" // an alert, a newsletter, a machine's report
	List         = "list"         // a person's mail that came through a mailing list
	Receipt      = "receipt"      // RFC 8098, and its like
	Feedback     = "feedback"     // RFC 5965, and its like
)

// Input is what the kind is told from: the mail itself, never mails attached to it.
type Input struct {
	// Header returns the raw unfolded values of a field of the root header, by any case of its name; may be nil.
	Header func(name string) []string
	// Subject is decoded (RFC 2047).
	Subject string
	// From is the address in From, empty where there is none.
	From string
	// ContentType is the root's media type with its report-type: "multipart/report; report-type=feedback-report".
	ContentType string
	// PartTypes are the media types of the leaves, lower case, without those inside attached mails.
	PartTypes []string
	// Text is the readable text; its beginning is enough.
	Text string
}

// Kind returns the kind of a mail that is no delivery report.
func Kind(in Input) string {
	m := mail{in}
	for _, rule := range []func() string{
		m.byReport,    // what the media type says is sure
		m.bySubmitted, // RFC 3834
		m.byContent,
		m.byVendor,
		m.byList,
		m.byPrecedence,
		m.byBulk,
		m.byEnvelope,
		m.bySender,
		m.byWords,
	} {
		switch kind := rule(); kind {
		case Person:
		case surelyPerson:
			return Person
		default:
			return kind
		}
	}
	return Person
}

// surelyPerson ends the search: the mail says that a person sent it.
const surelyPerson = "person"

// Suppressed tells whether the sender's program asks for no automatic answer (X-Auto-Response-Suppress, [MS-OXCMAIL]):
// by All or AutoReply. OOF, DR, NDR, RN and NRN decline vacation notices, reports and receipts alone, and an
// acknowledgement is none of them. Exchange writes the field into people's mail too, so it makes nobody a robot.
func Suppressed(in Input) bool {
	m := mail{in}
	for _, v := range m.all("X-Auto-Response-Suppress") {
		for _, word := range strings.FieldsFunc(strings.ToLower(v), separator) {
			switch word {
			case "all", "autoreply":
				return true
			}
		}
	}
	return false
}

func separator(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' }

// mail is an Input with the questions about it.
type mail struct{ in Input }

func (m mail) all(name string) []string {
	if m.in.Header == nil {
		return nil
	}
	return m.in.Header(name)
}

// first returns the first value of a field, trimmed and in lower case.
func (m mail) first(name string) string {
	if v := m.all(name); len(v) > 0 {
		return strings.ToLower(strings.TrimSpace(v[0]))
	}
	return ""
}

func (m mail) has(names ...string) bool {
	for _, n := range names {
		if m.first(n) != "" {
			return true
		}
	}
	return false
}

// keyword returns the first word of a field, without parameters and comments (RFC 3834 section 5, RFC 5322 section 3.2.2).
func keyword(value string) string {
	for strings.HasPrefix(value, "(") {
		_, rest, ok := strings.Cut(value, ")")
		if !ok {
			return ""
		}
		value = strings.TrimSpace(rest)
	}
	if i := strings.IndexAny(value, ";( \t,"); i >= 0 {
		value = value[:i]
	}
	return strings.Trim(strings.TrimSpace(value), `"'`)
}
