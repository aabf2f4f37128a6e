package authentic

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// Bounds of the header that signatures are verified over, in bytes and pieces; a larger one proves nothing. Joining the
// lines of a field costs their number times its size, picking the signed fields their number times the names in "h=".
const (
	headerBytes  = 1 << 20
	headerLines  = 20000
	headerFields = 2000
	fieldBytes   = 128 << 10
)

// rawHeader is the header as a DKIM verifier sees it: lines end at LF, the first empty one ends it, every line that does
// not begin with a blank begins a field. It has to part the lines just as the library does.
type rawHeader struct {
	bytes  []byte  // with the empty line that ends it
	fields []Field // names without blanks, values still folded
	body   io.Reader
	over   bool
	err    error
}

// readHeader reads the header and leaves the body.
func readHeader(r io.Reader) *rawHeader {
	br := bufio.NewReaderSize(r, 32<<10)
	h := &rawHeader{body: br}
	var starts []int // of the fields
	for lines, whole := 0, true; ; lines++ {
		line, err := br.ReadSlice('\n')
		ended := whole && (len(line) == 0 || line[0] == '\n' || bytes.Equal(line, []byte("\r\n")))
		if !ended && whole && (len(starts) == 0 || line[0] != ' ' && line[0] != '\t') {
			starts = append(starts, len(h.bytes))
		}
		h.bytes = append(h.bytes, line...)
		whole = err != bufio.ErrBufferFull
		h.over = len(h.bytes) > headerBytes || lines > headerLines || len(starts) > headerFields
		if ended || h.over || whole && err != nil {
			if err != nil && err != io.EOF && whole {
				h.err = err
			}
			h.cut(starts)
			return h
		}
	}
}

// cut makes the fields out of the bytes.
func (h *rawHeader) cut(starts []int) {
	for i, from := range starts {
		to := len(h.bytes)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		h.over = h.over || to-from > fieldBytes
		name, value, _ := strings.Cut(string(h.bytes[from:to]), ":")
		h.fields = append(h.fields, Field{strings.TrimSpace(name), value})
	}
}

// disagrees says why the header that signatures cover is not the one that the caller reads. Programs part lines, fields
// and headers differently where mail is malformed (a lone CR, a line without a colon); whoever knows this can show one
// From to the verifier and another to the reader.
func (h *rawHeader) disagrees(fields []Field) string {
	switch {
	case h.err != nil:
		return "the mail could not be read"
	case h.over:
		return "the header is too large"
	}
	seen, read := valuesOf(h.fields, "From"), valuesOf(fields, "From")
	if len(seen) == 0 || len(read) == 0 || bare(seen[0]) != bare(read[0]) {
		return "From is malformed"
	}
	return doubled(h.fields)
}

// bare reduces a value to its visible ASCII: blanks differ by folding, and other bytes by their charset.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s)
}

// names says that the one From field holds the address itself, not Sender or another field in its place, and not an
// encoded word (RFC 2047 section 5 allows none in an address).
func names(fields []Field, address string) bool {
	from := valuesOf(fields, "From")
	return len(from) == 1 && strings.Contains(strings.ToLower(bare(from[0])), strings.ToLower(bare(address)))
}

// onceFields may stand once only (RFC 5322 section 3.6, RFC 2045 section 3). A second one, put on top of a signed mail,
// is what a reader sees while the signature covers the lower one (RFC 6376 section 8.15).
var onceFields = []string{"From", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Sender", "Reply-To",
	"To", "Cc", "Content-Type", "Content-Transfer-Encoding"}

// doubled says which field stands more than once that may not.
func doubled(fields []Field) string {
	for _, name := range onceFields {
		if len(valuesOf(fields, name)) > 1 {
			return "more than one " + name + " field"
		}
	}
	return ""
}

func valuesOf(fields []Field, name string) []string {
	var v []string
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			v = append(v, f.Value)
		}
	}
	return v
}
