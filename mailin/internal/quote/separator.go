package quote

import (
	"regexp"
	"strings"
	"unicode"
)

// separator tells lines that stand over a mail within the mail.
type separator uint8

const (
	noSeparator separator = iota
	overQuoted
	overForwarded
)

// separatorOf reads "----- Pesan Asli -----", "Begin forwarded message:" and their like in many languages. A divider that
// names nothing known is one too if header fields follow, which the caller finds out.
func separatorOf(l *line) separator {
	if l.plain == "" || len(l.plain) > 160 {
		return noSeparator
	}
	if beginForward[strings.TrimRight(l.lower, " :：")] && strings.ContainsAny(l.lower, ":：") {
		return overForwarded
	}
	if groupWise.MatchString(strings.TrimSpace(l.raw)) {
		return overQuoted
	}
	title, ok := betweenDashes(l.lower)
	if !ok {
		return noSeparator
	}
	for _, w := range forwardWords {
		if strings.Contains(title, w) {
			return overForwarded
		}
	}
	for _, w := range originalWords {
		if strings.Contains(title, w) {
			return overQuoted
		}
	}
	return noSeparator
}

// groupWise matches GroupWise's line over a quoted mail: ">>> Budi Santoso 23/11/2026 10:05 >>>".
var groupWise = regexp.MustCompile(`^>>> .{3,120}\d{1,2}[:.]\d{2}.{0,12} >>>$`)

// betweenDashes returns the words of a line that has dashes, underscores or equals signs on both sides. Programs that wrap
// lines cut the right side off, so long dashes on the left suffice.
func betweenDashes(lower string) (string, bool) {
	left := strings.TrimLeft(lower, ruleRunes)
	title := strings.TrimRight(strings.TrimSpace(left), ruleRunes+" ")
	before, after := len(lower)-len(left), len(left)-len(strings.TrimRight(left, ruleRunes))
	if title == "" || !strings.ContainsFunc(title, unicode.IsLetter) || len(words(title)) > 8 {
		return "", false
	}
	return strings.TrimSpace(title), before >= 2 && after >= 2 || before >= 5
}
