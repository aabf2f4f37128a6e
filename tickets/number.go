package tickets

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Number names a ticket to people: prefix, year of opening in the team's time zone, counter ("BALIPROV-CSIRT-2026-0123").
type Number string

// NewNumber makes the number of the n-th ticket of a year. The counter has four digits or more.
func NewNumber(prefix string, year, n int) Number {
	return Number(fmt.Sprintf("%s-%d-%04d", prefix, year, n))
}

// Numbers finds ticket numbers of one prefix in text that people and their programs have handled.
type Numbers struct {
	prefix  string
	pattern *regexp.Regexp
}

// NewNumbers prepares the search for numbers of a prefix. Upper and lower case count as the same, and the dashes and blanks
// that telephones and mail programs put in place of a hyphen are accepted.
func NewNumbers(prefix string) Numbers {
	dash := `\s?[-‐‑‒–—−_]\s?`
	parts := strings.Split(prefix, "-")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return Numbers{prefix, regexp.MustCompile(`(?i)(?:^|[^\pL\pN])` + strings.Join(parts, dash) + dash + `(\d{4})` + dash + `(\d{4,9})(?:[^\pL\pN]|$)`)}
}

// Find returns the first ticket number in text, or "" where there is none.
func (n Numbers) Find(text string) Number {
	if n.pattern == nil {
		return ""
	}
	m := n.pattern.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	year, _ := strconv.Atoi(m[1])
	count, _ := strconv.Atoi(m[2])
	return NewNumber(n.prefix, year, count)
}
