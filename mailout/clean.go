package mailout

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits that keep a mail readable and its lines legal (RFC 5322 section 2.1.1: 998 characters).
const (
	maxName     = 100     // characters of a display name
	maxSubject  = 300     // characters of a subject
	maxFilename = 120     // bytes of a file name: three each when encoded, and the line holds two forms of it
	maxText     = 200_000 // bytes of one message's text
	maxTexts    = 600_000 // bytes of all messages' texts in one mail
)

// unseen says whether a character must not stand in a line that people judge by its looks: control characters, line and
// paragraph separators, and the marks that turn the direction of writing ("gpj.exe" shown as "exe.jpg").
func unseen(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f':
		return true
	}
	return false
}

// oneLine makes text from outside fit for a header or a label: one line, single blanks, at most max characters.
func oneLine(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unseen(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > max {
		s = string([]rune(s)[:max-1]) + "…"
	}
	return s
}

// headerText is oneLine for a header field. An encoded word spelled out in it would be decoded by the reader into what
// oneLine has just removed, so it is taken apart (RFC 2047 section 2).
func headerText(s string, max int) string {
	return strings.ReplaceAll(oneLine(s, max), "=?", "= ?")
}

// manyLines makes a text from outside fit for a body: LF line ends, no control characters but tabs, no blank ends.
func manyLines(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029', r == '\v', r == '\f':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\u00a0")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// cut shortens a text at a rune's border and says so with note; a text within the limit is returned as it is.
func cut(s string, max int, note string) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max] + "\n" + note
}

// fileName makes an attachment's name safe to show and to save: its last path element in one line, with its extension kept
// where it must be shortened.
func fileName(name, unnamed string) string {
	name = oneLine(name, 1000)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, strings.Trim(name, " ."))
	if name == "" {
		return unnamed
	}
	if len(name) <= maxFilename {
		return name
	}
	end := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 12 {
		end = name[i:]
	}
	keep := maxFilename - len(end)
	for !utf8.RuneStart(name[keep]) {
		keep--
	}
	return name[:keep] + end
}

// wrap breaks words at 76 characters, as the composed text part has them. A word longer than that keeps its line.
func wrap(s string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(s) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > 76:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String()
}

// indent sets a text off from the words around it; its lines stay as they are.
func indent(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = "  " + l
		}
	}
	return strings.Join(lines, "\n")
}
