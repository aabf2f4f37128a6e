package mailin

import (
	"strings"
	"unicode"

	"aduan/tickets"
)

// undo gives a line as it was typed, before a telephone or a mail program made it beautiful: plain quotes, hyphens, blanks and
// slashes, no invisible characters, no blanks around, no bold or italic marks around a command.
func undo(line string) string {
	return undecorated(strings.TrimSpace(strings.Map(plainRune, line)))
}

// plainRune is what was typed for a character; -1 for one that nobody sees.
func plainRune(r rune) rune {
	switch {
	case r < 0x80:
		if r == '\t' {
			return ' '
		}
		return r
	case strings.ContainsRune("“”„‟«»″〝〞", r):
		return '"'
	case strings.ContainsRune("‘’‚‛′‹›", r):
		return '\''
	case strings.ContainsRune("‐‑‒–—―−﹘﹣", r):
		return '-'
	case strings.ContainsRune("⁄∕⧸╱", r):
		return '/'
	case strings.ContainsRune("⧵﹨∖", r):
		return '\\'
	case r >= 0xFF01 && r <= 0xFF5E: // full-width forms of ASCII
		return r - 0xFF01 + '!'
	case unicode.Is(unicode.Zs, r), r == 0x2028, r == 0x2029, r == 0x85:
		return ' '
	case unicode.Is(unicode.Cf, r), r >= 0xFE00 && r <= 0xFE0F, r == 0x034F, r == 0x115F, r == 0x3164, r == 0x180E: // zero-width, BOM, bidi marks, soft hyphen, variation selectors
		return -1
	}
	return r
}

// undecorated takes the marks away that stand for bold and italic letters in plain text, where they hold a command:
// _/tutup_, **/teruskan** budi@….
func undecorated(line string) string {
	rest := strings.TrimLeft(line, "*_~`")
	marks := line[:len(line)-len(rest)]
	if marks == "" || len(marks) > 3 || rest == "" || rest[0] != '/' && rest[0] != '\\' {
		return line
	}
	for at := 0; ; {
		i := strings.Index(rest[at:], marks)
		if i < 0 {
			return rest
		}
		i += at
		if after := rest[i+len(marks):]; after == "" || strings.ContainsRune(" .,;:!", rune(after[0])) {
			return strings.TrimSpace(rest[:i] + after)
		}
		at = i + 1
	}
}

// splitCommand reads a line as a slash, a word and what follows. It is false where the line is text.
func splitCommand(line string) (word, rest string, ok bool) {
	after, slash := cutSlash(undo(line))
	if !slash {
		return "", "", false
	}
	end := strings.IndexFunc(after, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' })
	if end < 0 {
		end = len(after)
	}
	word, rest = after[:end], after[end:]
	if word == "" || word[0] == '-' {
		return "", "", false
	}
	if rest == "" || rest[0] == ' ' {
		return word, strings.TrimSpace(rest), true
	}
	if !tickets.NearCommand(word) { // /tmp, /home: and the like are no commands with a comma
		return "", "", false
	}
	if rest[0] == '<' || rest[0] == '"' { // /teruskan<budi@…>
		return word, rest, true
	}
	tail := strings.TrimLeft(rest, ".,:;!?")
	colon := rest[0] == ':' && len(rest) == len(tail)+1 && (tail == "" || tail[0] != '/') // /cc:budi@…
	if len(tail) < len(rest) && (tail == "" || tail[0] == ' ' || colon) {
		return word, strings.TrimSpace(tail), true
	}
	return "", "", false
}

// cutSlash takes the slash from the front, with the blank that a telephone puts after it. A backslash stands for it, alone,
// doubled, or before a slash that a mail program escaped.
func cutSlash(line string) (after string, ok bool) {
	for _, slash := range []string{`\\`, `\/`, `\`, `/`} {
		if after, ok = strings.CutPrefix(line, slash); ok {
			return strings.TrimLeft(after, " "), true
		}
	}
	return line, false
}
