package entity

import "strings"

// Address is a mailbox: its display name, decoded, and its address as written.
type Address struct {
	Name, Address string
}

// parseAddresses reads an address list (RFC 5322 section 3.4) as it is really written: groups are opened, comments are
// names where there is no other, a comma in an unquoted name does not part it from its address, missing brackets and
// encoded words that hold a whole address are read. What holds no "@" is no address.
func parseAddresses(v string) []Address {
	var all []Address
	before := ""
	for v != "" {
		var item string
		item, v = nextAddress(v)
		if before != "" {
			item = before + ", " + item
		}
		a, ok := parseAddress(item)
		if !ok {
			before = strings.TrimSpace(item)
			if len(before) > 500 {
				before = ""
			}
			continue
		}
		before = ""
		all = append(all, a)
	}
	return all
}

// nextAddress cuts the list at the next comma or semicolon outside quotes, comments and brackets, and drops the name
// of a group before it.
func nextAddress(v string) (item, rest string) {
	quoted, angle, at, depth, from, closed := false, false, false, 0, 0, 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0 && !angle:
			quoted = !quoted && strings.IndexByte(v[i+1:min(len(v), i+1000)], '"') >= 0
		case quoted:
		case c == '(' && !angle:
			if depth > 0 || strings.IndexByte(v[i:min(len(v), i+1000)], ')') >= 0 {
				depth++
			}
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<' && closed > 0 && strings.TrimSpace(v[closed:i]) != "":
			return v[from:closed], v[closed:] // the comma is missing
		case c == '<':
			angle = strings.IndexByte(v[i:min(len(v), i+1000)], '>') >= 0
		case c == '>':
			angle = false
			if at {
				closed = i + 1
			}
		case c == '@':
			at = true
		case angle:
		case c == ':' && !at && !strings.EqualFold(v[max(from, i-6):i], "mailto"):
			from = i + 1
		case c == ',' || c == ';':
			return v[from:i], v[i+1:]
		}
	}
	return v[from:], ""
}

// parseAddress reads one mailbox.
func parseAddress(s string) (Address, bool) {
	if a, ok := splitAddress(s); ok {
		return a, true
	}
	if strings.Contains(s, "=?") { // the whole mailbox in one encoded word
		return splitAddress(decodeWords(s))
	}
	return Address{}, false
}

func splitAddress(s string) (Address, bool) {
	s = strings.TrimSpace(s)
	if open := strings.LastIndexByte(s, '<'); open >= 0 && !insideQuotes(s, open) {
		inside, after, _ := strings.Cut(s[open+1:], ">")
		if addr, ok := address(inside); ok {
			name := displayName(s[:open])
			if name == "" {
				name = displayName(after)
			}
			return Address{name, addr}, true
		}
		s = s[:open] + " " + after
	}
	text, comment := takeComments(s)
	if t := strings.TrimSpace(text); strings.HasPrefix(t, `"`) && strings.Contains(t, `"@`) { // a quoted local part
		if addr, ok := address(t); ok {
			return Address{displayName(comment), addr}, true
		}
	}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '<' || r == '>' || r == '[' || r == ']' }) {
		if addr, ok := address(w); ok {
			name := displayName(strings.Trim(strings.Replace(text, w, "", 1), " \t<>[]"))
			if name == "" {
				name = displayName(comment)
			}
			return Address{name, addr}, true
		}
	}
	return Address{}, false
}

// insideQuotes says that the place is inside a quoted string.
func insideQuotes(s string, at int) bool {
	return strings.Count(s[:at], `"`)%2 == 1 && strings.IndexByte(s[at:], '"') >= 0
}

// address checks and cleans what stands between the brackets: a source route and blanks go.
func address(s string) (string, bool) {
	s, _ = takeComments(s)
	s = strings.Trim(s, "<>,; \t")
	if len(s) > 6 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		if i := strings.LastIndexByte(s, ':'); i > 0 {
			s = s[i+1:]
		}
	}
	if !strings.HasPrefix(s, `"`) {
		s = withoutBlanks(strings.Trim(s, `"'`))
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 998 || strings.Contains(s, "=?") {
		return "", false
	}
	return s, true
}

// withoutBlanks takes the word that is an address out of several; else folding cut one in two.
func withoutBlanks(s string) string {
	words := strings.Fields(s)
	for _, w := range words {
		if at := strings.LastIndexByte(w, '@'); at > 0 && at < len(w)-1 && len(words) > 1 {
			return w
		}
	}
	return strings.Join(words, "")
}

// takeComments takes the comments out of s and returns their text.
func takeComments(s string) (text, comment string) {
	if !strings.Contains(s, "(") {
		return s, ""
	}
	var out, in strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && depth > 0:
			i++
			in.WriteByte(s[i])
		case c == '"' && depth == 0:
			quoted = !quoted
			out.WriteByte(c)
		case c == '(' && !quoted:
			if depth++; depth > 1 {
				in.WriteByte(c)
			}
		case c == ')' && depth > 0:
			if depth--; depth > 0 {
				in.WriteByte(c)
			} else {
				in.WriteByte(' ')
			}
		case depth > 0:
			in.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), strings.TrimSpace(in.String())
}

// displayName decodes a name: quotes and comments go, encoded words are decoded also inside quotes.
func displayName(s string) string {
	text, comment := takeComments(strings.TrimSpace(s))
	text = strings.TrimSpace(text)
	if text == "" {
		text = comment
	}
	if strings.Contains(text, `"`) {
		var b strings.Builder
		for i := 0; i < len(text); i++ {
			if text[i] == '\\' && i+1 < len(text) {
				i++
			} else if text[i] == '"' {
				continue
			}
			b.WriteByte(text[i])
		}
		text = b.String()
	}
	text = strings.Trim(decodeWords(text), " \t<>")
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' && strings.Count(text, `"`) == 2 {
		text = text[1 : n-1]
	}
	return strings.Join(strings.Fields(text), " ")
}
