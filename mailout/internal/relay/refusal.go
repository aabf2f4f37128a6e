package relay

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Refusal is what the relay said no with, to this mail and recipient, in its own words.
type Refusal struct {
	Code      int    // RFC 5321 section 4.2; 421, 450, 550, …
	Status    string // the enhanced code, RFC 3463: "5.1.1"; "" where the server gave none
	Text      string // the server's words in one line, without the codes
	Permanent bool   // trying the same mail again does not help (5xx)
}

// Error gives the codes and words as postmasters know them: "550 5.1.1 no such user".
func (r *Refusal) Error() string {
	return strings.Join(strings.Fields(strconv.Itoa(r.Code)+" "+r.Status+" "+r.Text), " ")
}

// Unreachable means that no session could be opened: nobody answers, the greeting is a refusal, there is no TLS, the password
// is wrong. It is never the mail's fault and always temporary, whatever code the server gave: an operator can mend it.
type Unreachable struct {
	Addr string
	Step string // "connect", "greeting", "hello", "STARTTLS", "log-in"
	Err  error
}

// Error says what was tried, where, and what came of it.
func (u *Unreachable) Error() string { return fmt.Sprintf("relay %s: %s: %v", u.Addr, u.Step, u.Err) }

// Unwrap gives the cause.
func (u *Unreachable) Unwrap() error { return u.Err }

// SourceError means that the mail itself could not be read; the relay is not to blame and got no mail.
type SourceError struct{ Err error }

// Error says what was wrong with the mail's source.
func (s *SourceError) Error() string { return fmt.Sprintf("read the mail to be sent: %v", s.Err) }

// Unwrap gives the cause.
func (s *SourceError) Unwrap() error { return s.Err }

// statusPattern is an enhanced code at the start of a line (RFC 2034 section 4).
var statusPattern = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3})(?:\s+|$)`)

// maxText bounds, in characters, what is kept of a server's words: they end up on the ticket and in a mail to staff.
const maxText = 500

// refusal reads a server's negative reply; nil where err is none. Codes that are no refusal (a 250 where 354 was due) are a
// fault of the conversation and stay what they are.
func refusal(err error) *Refusal {
	var said *Refusal
	if errors.As(err, &said) {
		return said
	}
	var reply *textproto.Error
	if !errors.As(err, &reply) || reply.Code < 400 || reply.Code > 599 {
		return nil
	}
	status, text := words(reply.Code, reply.Msg)
	return &Refusal{Code: reply.Code, Status: status, Text: text, Permanent: reply.Code >= 500 && !loginNeeded(reply.Code)}
}

// loginNeeded tells the codes that ask for a log-in or for TLS first (RFC 4954 section 6, RFC 3207): the settings are wrong,
// not the mail, even where the server says so only at MAIL.
func loginNeeded(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

// words takes the enhanced code off each line of a reply and makes one clean line of the rest.
func words(code int, msg string) (status, text string) {
	var lines []string
	for line := range strings.SplitSeq(msg, "\n") {
		m := statusPattern.FindStringSubmatch(line)
		if m != nil && m[1] == strconv.Itoa(code)[:1] {
			status = strings.TrimSpace(m[0])
			line = line[len(m[0]):]
		}
		lines = append(lines, line)
	}
	return status, oneLine(strings.Join(lines, " "))
}

// oneLine makes foreign words fit for a log line and a database: valid, printable, bounded.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > maxText {
		return string(runes[:maxText]) + " …"
	}
	return string(runes)
}
