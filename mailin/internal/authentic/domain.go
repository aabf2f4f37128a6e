package authentic

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// foldDomain brings a domain into the one form that is compared: lower case, A-labels (RFC 5890), no dot at the end.
// What is no domain name gives "", which aligns with nothing.
func foldDomain(d string) string {
	d = strings.TrimSuffix(d, ".")
	if !isASCII(d) {
		a, err := idna.Lookup.ToASCII(d)
		if err != nil {
			return ""
		}
		d = strings.TrimSuffix(a, ".")
	}
	d = strings.ToLower(d)
	if d == "" || len(d) > 253 {
		return ""
	}
	for _, label := range strings.Split(d, ".") {
		if label == "" || len(label) > 63 || !isLabel(label) {
			return ""
		}
	}
	return d
}

// isLabel allows the underscore too, which hosts of old systems have.
func isLabel(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// addressDomain gives the folded domain of an address; "" where it has none.
func addressDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return ""
	}
	return foldDomain(address[at+1:])
}

// aligned says that two folded domains are of one organisation (RFC 7489 section 3.1.1, relaxed). A public suffix is
// nobody's organisation: "go.id" speaks for itself alone.
func aligned(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	orgA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	orgB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && orgA == orgB
}
