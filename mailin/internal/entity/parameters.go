package entity

import (
	"slices"
	"strconv"
	"strings"
)

// parametersMax is how much of a field is looked at, in bytes.
const parametersMax = 16 << 10

// parameters reads a field like Content-Type: its value in lower case, and its parameters by lower-case name, decoded
// (RFC 2231 with continuations and charset, and RFC 2047 words, which do not belong there but are). The first of equal
// names counts. Where a semicolon or a quote is missing, it reads what is meant.
func parameters(field string) (value string, params map[string]string) {
	field = repair([]byte(field[:min(len(field), parametersMax)]), "")
	end := strings.IndexAny(field, "; \t(")
	if end < 0 {
		end = len(field)
	}
	value = strings.ToLower(strings.Trim(field[:end], `" `))
	rest := field[end:]
	if strings.Index(value, "=") > 0 { // no value at all, only parameters
		value, rest = "", field
	}
	params = map[string]string{}
	sections := map[string][]section{}
	for rest != "" {
		var name, v string
		name, v, rest = nextParameter(rest)
		if name == "" {
			continue
		}
		if base, s, split := sectionName(name); split {
			s.text = v
			sections[base] = append(sections[base], s)
		} else if _, twice := params[name]; !twice {
			params[name] = strings.TrimSpace(decodeWords(v))
		}
	}
	for name, s := range sections {
		if v := joinSections(s); v != "" {
			params[name] = v
		}
	}
	return value, params
}

// nextParameter cuts one "name=value" off the front. The name is empty where there is none.
func nextParameter(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t")
	if strings.HasPrefix(s, "(") {
		return "", "", skipComment(s)
	}
	i := strings.IndexAny(s, "=;\"")
	if i < 0 {
		return "", "", ""
	}
	if s[i] != '=' {
		return "", "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	if j := strings.LastIndexAny(name, " \t"); j >= 0 {
		name = name[j+1:]
	}
	s = strings.TrimLeft(s[i+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, rest = quotedString(s[1:])
		return name, value, rest
	}
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	if next := missingSemicolon(s[:end]); next > 0 {
		end = next
	}
	return name, strings.TrimSpace(s[:end]), s[end:]
}

// skipComment cuts a comment off the front; one that never ends goes to the next semicolon.
func skipComment(s string) string {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[i+1:]
			}
		}
	}
	_, rest, _ := strings.Cut(s, ";")
	return rest
}

// missingSemicolon finds where another parameter begins inside an unquoted value, as in `us-ascii name=x`.
func missingSemicolon(v string) int {
	for _, known := range []string{"name", "filename", "charset", "boundary", "format", "type", "delsp"} {
		for _, blank := range []string{" ", "\t"} {
			if i := strings.Index(strings.ToLower(v), blank+known+"="); i > 0 && i < len(v) {
				return i
			}
		}
	}
	return 0
}

// quotedString reads up to the closing quote. A backslash quotes only a quote or a backslash, because programs write
// Windows paths plainly. Without a closing quote the value ends at a semicolon.
func quotedString(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	value, rest, _ = strings.Cut(s, ";")
	return strings.TrimSpace(value), rest
}

// section is one piece of a parameter that RFC 2231 splits.
type section struct {
	number  int
	encoded bool
	text    string
}

// sectionName splits "filename*1*" into the name and the piece it stands for.
func sectionName(name string) (base string, s section, split bool) {
	base, tail, split := strings.Cut(name, "*")
	if !split || base == "" {
		return name, s, false
	}
	if tail == "" {
		return base, section{encoded: true}, true
	}
	tail, s.encoded = strings.CutSuffix(tail, "*")
	n, err := strconv.Atoi(tail)
	if err != nil || n < 0 {
		return name, s, false
	}
	s.number = n
	return base, s, true
}

// joinSections puts the pieces together (RFC 2231 sections 3 and 4). The charset of the first counts for all, which
// are decoded as one because programs cut characters in two.
func joinSections(sections []section) string {
	slices.SortStableFunc(sections, func(a, b section) int { return a.number - b.number })
	var raw []byte
	charset, any := "", false
	for i, s := range sections {
		if i > 0 && s.number == sections[i-1].number {
			continue
		}
		t := s.text
		if s.encoded {
			if p := strings.SplitN(t, "'", 3); i == 0 && len(p) == 3 {
				charset, t = p[0], p[2]
			}
			any = true
			raw = append(raw, unescapePercent(t)...)
			continue
		}
		raw = append(raw, t...)
	}
	v := decodeCharset(raw, charset)
	if !any || strings.Contains(v, "=?") {
		v = decodeWords(v)
	}
	return strings.TrimSpace(v)
}

func unescapePercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
