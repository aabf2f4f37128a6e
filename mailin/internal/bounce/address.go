package bounce

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	atomText = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
	hostText = `[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?`
)

// addressInText finds addresses between other words; only ASCII ones, as other scripts put no blank around them.
var addressInText = regexp.MustCompile(atomText + `@` + hostText)

// address checks the shape of one address and strips what stands around it; "" if it is none. Quoted local parts and
// UTF-8 (RFC 6531) are taken; blanks, control characters and anything without exactly a local part and a host are not.
func address(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '<'); i >= 0 {
		if j := strings.IndexByte(s[i:], '>'); j > 0 {
			s = s[i+1 : i+j]
		}
	}
	s = strings.TrimPrefix(s, "mailto:")
	s = strings.Trim(s, " \t<>,;:()[]'")
	if !strings.Contains(s, "\"@") {
		s = strings.Trim(s, "\" ")
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > maxAddress || !hostShape(s[at+1:]) {
		return ""
	}
	local := s[:at]
	for _, r := range local {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>()[]:;,\"`, r) || r == unicode.ReplacementChar {
			return quotedLocal(s, local)
		}
	}
	if strings.Contains(local, "@") {
		return ""
	}
	return s
}

// quotedLocal takes "first last"@host, printable ASCII only.
func quotedLocal(s, local string) string {
	if len(local) < 3 || local[0] != '"' || local[len(local)-1] != '"' {
		return ""
	}
	for _, r := range local[1 : len(local)-1] {
		if r < ' ' || r > '~' || r == '"' {
			return ""
		}
	}
	return s
}

func hostShape(host string) bool {
	if host == "" || len(host) > 255 || strings.HasPrefix(host, ".") || strings.HasSuffix(host, "-") || strings.Contains(host, "..") {
		return false
	}
	for _, r := range host {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// xtext decodes the +HH of RFC 3461 section 4.
func xtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// addresses returns all addresses in a header value or a line, in order.
func addresses(s string) []string {
	var out []string
	for _, m := range addressInText.FindAllString(s, maxRecipients+1) {
		if a := address(m); a != "" {
			out = append(out, a)
		}
	}
	return out
}
