package bounce

import (
	"strings"
)

// returnedMessageID finds the id of the mail that came back: in the part that returns it, in the text that quotes it,
// in the fields of the report, and last in what the report answers (RFC 5322 section 3.6.4).
func (m *mail) returnedMessageID() string {
	for _, p := range m.returnedBy {
		if id := idIn(lines(string(cut(p.Content))), true); id != "" {
			return id
		}
	}
	if id := idIn(m.returned, false); id != "" {
		return id
	}
	for _, g := range m.status {
		for _, name := range []string{"x-original-message-id", "original-message-id"} {
			if id := messageID(g[name]); id != "" {
				return id
			}
		}
	}
	for _, name := range []string{"X-Original-Message-ID", "In-Reply-To"} {
		if id := messageID(m.first(name)); id != "" {
			return id
		}
	}
	if refs := strings.Fields(m.first("References")); len(refs) > 0 {
		return messageID(refs[len(refs)-1])
	}
	return ""
}

// idIn returns the Message-ID of the header that begins at ls, also where the value stands on the next line. A
// returned part has only one header; quoted text may have blank lines in it, so there the search goes on.
func idIn(ls []string, headerOnly bool) string {
	begun := false
	for i, l := range ls {
		name, value, ok := strings.Cut(strings.TrimLeft(l, "> "), ":")
		if strings.TrimSpace(l) == "" {
			if begun && headerOnly {
				return ""
			}
			continue
		}
		begun = true
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "Message-ID") || l[0] == '\t' {
			continue
		}
		if strings.TrimSpace(value) == "" && i+1 < len(ls) {
			value = ls[i+1]
		}
		if id := messageID(value); id != "" {
			return id
		}
	}
	return ""
}

// messageID takes the id out of its brackets; "" if it is none. Ids without a host and of odd shape are sent too, so
// only what could break something is refused: blanks, control characters, other scripts, absurd length.
func messageID(value string) string {
	value = strings.TrimSpace(value)
	if i := strings.IndexByte(value, '<'); i >= 0 {
		value = value[i+1:]
		j := strings.IndexByte(value, '>')
		if j < 0 {
			return "" // cut in the middle: half an id finds nothing, or the wrong mail
		}
		value = value[:j]
	}
	value = strings.TrimSpace(value)
	if value == "" || len(value) > maxMessageID || !strings.Contains(value, "@") && len(value) < 8 {
		return ""
	}
	for _, r := range value {
		if r <= ' ' || r > '~' || r == '<' || r == '>' {
			return ""
		}
	}
	return value
}

// returnedTo returns the addresses that the returned mail was sent to, where they are few enough to be meant.
func (m *mail) returnedTo() []string {
	for _, p := range m.returnedBy {
		if to := toIn(lines(string(cut(p.Content)))); len(to) > 0 {
			return to
		}
	}
	return toIn(m.returned)
}

// toIn reads the To of a header, at most three addresses: a report about one of many recipients must name it itself.
func toIn(ls []string) []string {
	var value string
	begun, inTo := false, false
	for _, l := range ls {
		if strings.TrimSpace(l) == "" {
			if begun {
				break
			}
			continue
		}
		begun = true
		if l[0] == ' ' || l[0] == '\t' {
			if inTo && len(value) < 2000 {
				value += " " + l
			}
			continue
		}
		name, v, _ := strings.Cut(l, ":")
		if inTo = strings.EqualFold(strings.TrimSpace(name), "To") && value == ""; inTo {
			value = v
		}
	}
	to := addresses(value)
	if len(to) > 3 {
		return nil
	}
	return to
}
