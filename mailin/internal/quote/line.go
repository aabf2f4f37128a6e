package quote

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is the length in bytes beyond which a line is nobody's attribution, header field or separator. It bounds the work
// that is done for a line.
const longest = 600

// line is one line of the mail with what the rules ask about it.
type line struct {
	raw   string // as it came, without its line end
	plain string // without quotation marks, emphasis, invisible characters; blanks collapsed; empty for lines above longest
	lower string // plain in lower case
	depth int    // quotation marks in front
	blank bool   // nothing to see, quotation marks aside
	kind  Kind
}

func (l *line) isNew() bool { return l.kind == Fresh || l.kind == Forwarded }

// readLines splits the text into lines; LF, CRLF and CR end one.
func readLines(text string) []line {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	rows := strings.Split(text, "\n")
	lines := make([]line, 0, len(rows)+1)
	for _, raw := range rows {
		l := readLine(raw)
		if l.depth == 1 && len(lines) > 0 && closesAddress(&lines[len(lines)-1], &l) {
			l = newLine(raw, raw, 0)
		}
		if at := sharedAttribution(&l); at > 0 {
			lines = append(lines, readLine(raw[:at]), readLine(raw[at:]))
			continue
		}
		lines = append(lines, l)
	}
	return lines
}

func readLine(raw string) line {
	depth, rest := quoteDepth(raw)
	return newLine(raw, rest, depth)
}

func newLine(raw, rest string, depth int) line {
	l := line{raw: raw, depth: depth, blank: strings.TrimFunc(rest, isBlank) == ""}
	if len(rest) <= longest && !l.blank {
		l.plain = plain(rest)
		l.lower = strings.ToLower(l.plain)
	}
	return l
}

// closesAddress knows an attribution that was wrapped within its address, so that the bracket seems to be a quotation mark:
// "… <budi@dinas.example" and "> menulis:".
func closesAddress(above, l *line) bool {
	open := strings.LastIndexByte(above.plain, '<')
	return above.depth == 0 && open > strings.LastIndexByte(above.plain, '>') && strings.Contains(above.plain[open:], "@") &&
		len(l.plain) < 60 && (strings.HasSuffix(l.plain, ":") || strings.HasSuffix(l.plain, "："))
}

// quoteDepth counts the quotation marks in front of a line and returns what follows them. Marks may stand apart ("> > "), be
// written full-width, or have stayed escaped when a program made text of HTML.
func quoteDepth(raw string) (int, string) {
	depth, rest := 0, raw
	for {
		trimmed := strings.TrimLeft(rest, " \t\u00a0")
		// Four blanks make a block of code, not a quotation, unless a mark stands before them.
		if depth == 0 && len(rest)-len(trimmed) > 3 {
			return depth, rest
		}
		after, ok := cutMark(trimmed)
		if !ok {
			return depth, rest
		}
		depth, rest = depth+1, after
	}
}

func cutMark(s string) (string, bool) {
	for _, mark := range [...]string{">", "＞", "&gt;"} {
		if after, ok := strings.CutPrefix(s, mark); ok {
			return after, true
		}
	}
	return s, false
}

// plain is a line as the rules compare it: what only dresses it up is gone.
func plain(s string) string {
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case r == '*' || isInvisible(r):
		case unicode.IsSpace(r):
			gap = b.Len() > 0
		default:
			if gap {
				b.WriteByte(' ')
				gap = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isInvisible reports characters that direct or join text without being seen: soft hyphen, zero-width, direction marks.
func isInvisible(r rune) bool {
	return r == 0xAD || r == 0xFEFF || r == utf8.RuneError || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2060 && r <= 0x2069
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) && r != utf8.RuneError }

// words splits lower-cased text into its runs of letters; an apostrophe within a word belongs to it.
func words(lower string) []string {
	return strings.FieldsFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
}

// dashes are the strokes that programs and people draw lines with.
const (
	dashes    = "-‐‑‒–—―─━_="
	ruleRunes = dashes + "*~·•#+"
)

// isRule reports a line that only divides: three or more dashes, underscores, equals signs and the like.
func isRule(l *line) bool {
	t := strings.TrimFunc(l.raw, isBlank)
	n := 0
	for _, r := range t {
		if !strings.ContainsRune(ruleRunes, r) {
			if r != ' ' {
				return false
			}
			continue
		}
		n++
	}
	return n >= 3
}
