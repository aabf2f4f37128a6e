package tickets

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanText makes text fit for the record: valid UTF-8 without NUL (PostgreSQL refuses both, SQLite hides them).
func CleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

// CleanLine makes text fit for a header, a log line or a table's cell: one line without control, formatting or bidirectional
// marks, blanks collapsed.
func CleanLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d':
			return -1
		}
		return r
	}, CleanText(s)), unicode.IsSpace), " ")
}

// Shorten cuts a line to at most n runes and shows that it did.
func Shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// ValidAddress says whether s is one plain address that mail can be sent to (RFC 5321 section 4.1.2, without quoted local
// parts and address literals).
func ValidAddress(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, " \t\r\n\"<>,;:()[]\\") {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	local, domain, _ := strings.Cut(s, "@")
	return len(local) <= 64 && strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "..")
}
