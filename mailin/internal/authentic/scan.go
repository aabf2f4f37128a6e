package authentic

import "strings"

// statement is what one Authentication-Results field says (RFC 8601 section 2.2).
type statement struct {
	id      string // authserv-id, folded; "" where there is none or it is no host's
	results []outcome
	// damaged says that a quoted string or a comment has no end, a bracket no beginning, or the version is unknown: then
	// nobody knows which words are the host's.
	damaged bool
}

// outcome is one resinfo: a method, its result and the properties it was told from.
type outcome struct {
	method, result string // lower case
	properties     []property
	malformed      bool // words that are no property, or one property twice with different values
}

type property struct {
	name, value string // name in lower case, "header.d"; value as written, without quotes
}

// get returns the value of a property and whether it is there.
func (o outcome) get(name string) (string, bool) {
	for _, p := range o.properties {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// readStatement reads an Authentication-Results field, or an ARC-Authentication-Results field (RFC 8617 section 4.1.1),
// which has its instance before the rest.
func readStatement(value string, arc bool) statement {
	sc := &scanner{s: value}
	if arc && !sc.instance() {
		return statement{damaged: true}
	}
	id, _ := sc.value()
	var st statement
	if sc.peek() != '=' { // a method: there is no authserv-id, as Microsoft writes it
		st.id = foldDomain(id)
	}
	if n := sc.word(); n != "" && n != "1" {
		sc.bad = true
	}
	if c := sc.peek(); c != ';' && c != 0 {
		sc.bad = true
	}
	for sc.skipTo(';') {
		if o, ok := sc.outcome(); ok {
			st.results = append(st.results, o)
		}
	}
	st.damaged = sc.bad
	return st
}

// scanner walks over a field. Comments and blanks (CFWS, RFC 5322 section 3.2.2) may stand between all of its words.
type scanner struct {
	s   string
	at  int
	bad bool // an end is missing, or a beginning
}

// instance reads "i=1;".
func (sc *scanner) instance() bool {
	return strings.EqualFold(sc.word(), "i") && sc.take('=') && sc.word() != "" && sc.take(';')
}

// maxProperties bounds what one result was told from; hosts write fewer than ten.
const maxProperties = 64

// outcome reads "method/version = result property=value …" up to the next semicolon. "none" alone is no outcome.
func (sc *scanner) outcome() (o outcome, ok bool) {
	o.method = strings.ToLower(sc.word())
	if sc.take('/') {
		o.malformed = sc.word() != "1"
	}
	if o.method == "" || !sc.take('=') {
		return o, false
	}
	quoted := false
	o.result, quoted = sc.value()
	o.result = strings.ToLower(o.result)
	o.malformed = o.malformed || quoted
	for c := sc.peek(); c != ';' && c != 0; c = sc.peek() {
		p, ok := sc.property()
		if !ok || len(o.properties) == maxProperties {
			o.malformed = true
			break
		}
		if was, twice := o.get(p.name); twice && was != p.value {
			o.malformed = true
		}
		o.properties = append(o.properties, p)
	}
	return o, true
}

// property reads "ptype.property = value", and "reason = value" and its like.
func (sc *scanner) property() (p property, ok bool) {
	name := sc.word()
	if sc.take('.') {
		name += "." + sc.word()
	}
	if name == "" || !sc.take('=') {
		return p, false
	}
	p.name = strings.ToLower(name)
	p.value, _ = sc.value()
	return p, true
}

// peek returns the next byte after blanks and comments; 0 at the end.
func (sc *scanner) peek() byte {
	sc.blanks()
	if sc.at == len(sc.s) {
		return 0
	}
	return sc.s[sc.at]
}

// take steps over c if it comes next.
func (sc *scanner) take(c byte) bool {
	if sc.peek() != c {
		return false
	}
	sc.at++
	return true
}

// skipTo steps behind the next c outside quotes and comments, and says whether there was one.
func (sc *scanner) skipTo(c byte) bool {
	for {
		switch next := sc.peek(); next {
		case 0:
			return false
		case c:
			sc.at++
			return true
		case '"':
			sc.quoted()
		case ')': // closes nothing: a comment ended earlier than its writer meant
			sc.bad = true
			sc.at++
		default:
			sc.at++
		}
	}
}

// blanks steps over blanks and comments, which nest.
func (sc *scanner) blanks() {
	depth := 0
	for ; sc.at < len(sc.s); sc.at++ {
		switch c := sc.s[sc.at]; {
		case c == '\\' && depth > 0 && sc.at+1 < len(sc.s):
			sc.at++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return
		}
	}
	sc.bad = sc.bad || depth > 0
}

// word reads a keyword (RFC 8601 section 2.2): letters, digits, "-" and "_"; "" where there is none.
func (sc *scanner) word() string {
	sc.blanks()
	from := sc.at
	for sc.at < len(sc.s) && wordByte(sc.s[sc.at]) {
		sc.at++
	}
	return sc.s[from:sc.at]
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'z' || c == '-' || c == '_'
}

// value reads a pvalue: a quoted string, or all up to a blank, a semicolon or a comment, which is more than the grammar
// allows but is what hosts write ("header.b=ab/c+=", "smtp.mailfrom=<>"). An address may have a quoted local part.
func (sc *scanner) value() (v string, quoted bool) {
	sc.blanks()
	var b strings.Builder
	for from := sc.at; ; from = sc.at {
		for sc.at < len(sc.s) && strings.IndexByte(" \t\r\n;()\"", sc.s[sc.at]) < 0 {
			sc.at++
		}
		b.WriteString(sc.s[from:sc.at])
		if sc.at == len(sc.s) || sc.s[sc.at] != '"' {
			return b.String(), quoted
		}
		b.WriteString(sc.quoted())
		quoted = true
	}
}

// quoted reads a quoted string (RFC 5322 section 3.2.4) and returns its content.
func (sc *scanner) quoted() string {
	var b strings.Builder
	for sc.at++; sc.at < len(sc.s); sc.at++ {
		switch c := sc.s[sc.at]; {
		case c == '"':
			sc.at++
			return b.String()
		case c == '\\' && sc.at+1 < len(sc.s):
			sc.at++
			b.WriteByte(sc.s[sc.at])
		default:
			b.WriteByte(c)
		}
	}
	sc.bad = true
	return b.String()
}
