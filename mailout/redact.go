package mailout

import (
	"strings"

	"aduan/tickets"
)

// redactor puts the team's address in place of the registered addresses of staff. Its zero value changes nothing: that is
// what staff themselves get.
type redactor struct {
	addresses []string // folded, of staff, their aliases and members of shared mailboxes
	team      string
}

// newRedactor prepares the replacement. The recipient's own address is theirs to see, also where they are staff elsewhere.
func newRedactor(staff []tickets.Staff, team, recipient string) redactor {
	r := redactor{team: team}
	own := []string{tickets.Key(team), tickets.Key(recipient)}
	for _, s := range staff {
		for _, a := range append(append([]string{s.Address}, s.Aliases...), s.Members...) {
			if k := tickets.Key(a); k != "" && k != own[0] && k != own[1] {
				r.addresses = append(r.addresses, k)
			}
		}
	}
	return r
}

// hide replaces every registered address that stands in text as a whole address.
func (r redactor) hide(text string) string {
	if !strings.Contains(text, "@") && !strings.Contains(text, "%40") {
		return text
	}
	for _, a := range r.addresses {
		text = replaceAddress(text, a, r.team)
		if encoded := strings.Replace(a, "@", "%40", 1); strings.Contains(text, "%40") {
			text = replaceAddress(text, encoded, r.team)
		}
	}
	return text
}

// finds says whether a registered address stands in text.
func (r redactor) finds(text string) (string, bool) {
	folded := lowerASCII(text)
	for _, a := range r.addresses {
		if indexAddress(folded, a, 0) >= 0 {
			return a, true
		}
	}
	return "", false
}

func replaceAddress(text, address, with string) string {
	folded := lowerASCII(text)
	at := indexAddress(folded, address, 0)
	if at < 0 {
		return text
	}
	var b strings.Builder
	from := 0
	for at >= 0 {
		b.WriteString(text[from:at])
		b.WriteString(with)
		from = at + len(address)
		at = indexAddress(folded, address, from)
	}
	b.WriteString(text[from:])
	return b.String()
}

// indexAddress finds an address that is not the end of a longer one: "budi@x.example" is not in "abudi@x.example", but it is
// in "_budi@x.example_" and before a full stop that lacks its blank. In doubt it is found: to replace too much does no harm.
func indexAddress(folded, address string, from int) int {
	for {
		i := strings.Index(folded[from:], address)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(address)
		if !continued(folded[:i]) && (end == len(folded) || !alphanumeric(folded[end])) {
			return i
		}
		from = end
	}
}

// continued says whether text ends in the beginning of a local part: punctuation alone is none, nor is a percent-encoded
// delimiter as in "to=%3Cbudi@…".
func continued(text string) bool {
	for i := len(text) - 1; i >= 0; i-- {
		if alphanumeric(text[i]) {
			return !encodedDelimiter(text[:i+1])
		}
		if strings.IndexByte("._%+-", text[i]) < 0 {
			return false
		}
	}
	return false
}

// encodedDelimiter says whether text ends in a percent-encoded character that ends a word.
func encodedDelimiter(text string) bool {
	if len(text) < 3 {
		return false
	}
	switch text[len(text)-3:] {
	case "%20", "%3c", "%3a", "%2c", "%3b", "%0a", "%22":
		return true
	}
	return false
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// lowerASCII folds ASCII letters alone, so that every byte keeps its place.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
