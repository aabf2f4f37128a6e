package entity

import "bytes"

// rawField is a field of a header: its name as written, and its content unfolded but not decoded.
type rawField struct {
	name  string
	value []byte
}

// fieldReader takes a header line by line. It knows when the header is over, also where no blank line says so.
type fieldReader struct {
	limit    int64
	mail     bool // the header of a mail, which may begin with blank lines or an mbox line
	fields   []rawField
	size     int64
	over     bool // the header is larger than the limit
	skipping bool // the line at hand is junk that goes on
	junk     bool // a line that is no field was left out
	held     [][]byte
	heldSize int
}

// Lines without a colon are taken for junk inside the header while a field follows within so many lines and bytes.
const (
	heldLines = 30
	heldBytes = 8 << 10
)

// line takes the next line and says whether the header is over, and which lines (this one, those held back) turned out
// to belong to the body.
func (f *fieldReader) line(b []byte, start bool) (over bool, body [][]byte) {
	t := trimEOL(b)
	if !start && len(f.held) == 0 {
		f.more(t)
		return false, nil
	}
	if start && len(t) == 0 {
		return f.blankLine()
	}
	isField := start && fieldName(t) > 0
	isMore := start && (t[0] == ' ' || t[0] == '\t') && len(f.fields) > 0
	switch {
	case isField:
		f.drop()
		f.field(t)
	case isMore && len(bytes.TrimSpace(t)) > 0:
		f.drop()
		f.more(t)
	case f.mail && len(f.fields) == 0 && mboxLine(t):
		f.skipping = true
	case len(f.fields) == 0 && (!f.mail || len(f.held) > 0), len(f.held) == heldLines, f.heldSize+len(b) > heldBytes && len(f.held) > 0:
		return true, append(f.held, b)
	default: // perhaps junk inside the header, perhaps the body: the next lines tell
		f.held = append(f.held, bytes.Clone(b))
		f.heldSize += len(b)
	}
	return false, nil
}

// mboxLine says that a line parts the mails of an mbox file, quoted or not.
func mboxLine(b []byte) bool {
	return bytes.HasPrefix(b, []byte("From ")) || bytes.HasPrefix(b, []byte(">From "))
}

// blankLine ends the header. Lines held back are text, then, which is better read once too often than lost.
func (f *fieldReader) blankLine() (over bool, body [][]byte) {
	if f.mail && len(f.fields) == 0 && len(f.held) == 0 {
		return false, nil
	}
	for len(f.held) > 0 && len(bytes.TrimSpace(f.held[0])) == 0 {
		f.held = f.held[1:]
	}
	return true, f.held
}

// drop gives up lines held back as junk.
func (f *fieldReader) drop() {
	for _, h := range f.held {
		f.junk = f.junk || len(bytes.TrimSpace(h)) > 0
	}
	f.held, f.heldSize, f.skipping = nil, 0, false
}

func (f *fieldReader) field(t []byte) {
	n := fieldName(t)
	if f.room(len(t)) {
		name := string(bytes.TrimRight(t[:n], " \t"))
		f.fields = append(f.fields, rawField{name, bytes.Clone(bytes.TrimLeft(t[n+1:], " \t"))})
	}
}

// more adds a folded line, or the rest of a long one, to the last field.
func (f *fieldReader) more(t []byte) {
	if f.skipping || len(f.fields) == 0 || !f.room(len(t)) {
		return
	}
	last := &f.fields[len(f.fields)-1]
	if t = bytes.TrimRight(t, " \t"); len(t) > 0 && (t[0] == ' ' || t[0] == '\t') {
		last.value = append(bytes.TrimRight(last.value, " \t"), ' ')
		t = bytes.TrimLeft(t, " \t")
	}
	last.value = append(last.value, t...)
}

func (f *fieldReader) room(n int) bool {
	f.size += int64(n) + 64 // what a field costs beside its bytes
	f.over = f.over || f.size > f.limit
	return !f.over
}

// fieldName gives the length of a field's name with blanks before the colon, which old programs write (RFC 5322
// section 4.5), or 0 if the line is no field.
func fieldName(t []byte) int {
	n := 0
	for n < len(t) && t[n] > ' ' && t[n] < 127 && t[n] != ':' {
		n++
	}
	if n == 0 || n > 998 {
		return 0
	}
	for n < len(t) && (t[n] == ' ' || t[n] == '\t') {
		n++
	}
	if n < len(t) && t[n] == ':' {
		return n
	}
	return 0
}

// value gives the content of the first field of the name that has any.
func value(fields []rawField, name string) string {
	for _, f := range fields {
		if len(f.value) > 0 && equalFold(f.name, name) {
			return string(f.value)
		}
	}
	return ""
}

// equalFold compares ASCII names without regard to case.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && (x|32 != y|32 || x|32 < 'a' || x|32 > 'z') {
			return false
		}
	}
	return true
}
