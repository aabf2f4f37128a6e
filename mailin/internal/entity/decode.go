package entity

import (
	"bytes"
	"encoding/base64"
	"io"
)

// decoder undoes a content transfer encoding, piece by piece as the lines come. It never fails: what is no code is
// left out or kept as it is. Faults of the writer are not its business.
type decoder interface {
	write(b []byte, to io.Writer)
	close(to io.Writer)
}

// newDecoder finds the decoder for a Content-Transfer-Encoding; nil leaves the bytes as they are.
func newDecoder(encoding string) decoder {
	switch encoding {
	case "base64":
		return &base64Decoder{}
	case "quoted-printable":
		return &quotedDecoder{}
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return &uuDecoder{}
	}
	return nil
}

// base64Decoder takes lines of any length, skips what is no base64, starts anew after padding and needs none.
type base64Decoder struct {
	acc  uint32
	have int // sextets in acc
	out  []byte
}

// base64Chunk is how much is decoded before it is passed on.
const base64Chunk = 12 << 10

// write leaves a line whose groups are whole to the standard library, which is fast, and mends the others.
func (d *base64Decoder) write(b []byte, to io.Writer) {
	if d.out == nil {
		d.out = make([]byte, 0, base64Chunk)
	}
	b = trimEOL(b)
	for len(b) > 0 {
		piece := b[:min(len(b), base64Chunk/3)]
		b = b[len(piece):]
		if d.have > 0 || len(piece)%4 != 0 || !d.fast(piece) {
			d.slow(piece, to)
		}
		if len(d.out) > base64Chunk/2 {
			d.flush(to)
		}
	}
}

func (d *base64Decoder) fast(b []byte) bool {
	n := len(d.out)
	m, err := base64.StdEncoding.Decode(d.out[n:n+len(b)/4*3], b)
	if err != nil {
		return false
	}
	d.out = d.out[:n+m]
	return true
}

func (d *base64Decoder) slow(b []byte, to io.Writer) {
	for _, c := range b {
		if c == '=' {
			d.partial()
			continue
		}
		v := sextet(c)
		if v > 63 {
			continue
		}
		d.acc, d.have = d.acc<<6|uint32(v), d.have+1
		if d.have == 4 {
			d.out = append(d.out, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
			d.acc, d.have = 0, 0
			if len(d.out) > base64Chunk/2 {
				d.flush(to)
			}
		}
	}
}

// partial writes the bytes of a group that is not whole.
func (d *base64Decoder) partial() {
	switch d.have {
	case 2:
		d.out = append(d.out, byte(d.acc>>4))
	case 3:
		d.out = append(d.out, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.acc, d.have = 0, 0
}

func (d *base64Decoder) flush(to io.Writer) {
	_, _ = to.Write(d.out)
	d.out = d.out[:0]
}

func (d *base64Decoder) close(to io.Writer) {
	d.partial()
	d.flush(to)
}

// sextet gives the value of a base64 character, plain or for URLs (RFC 4648), or 255.
func sextet(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return 255
}

// quotedDecoder decodes quoted-printable (RFC 2045 section 6.7). Faulty codes stay as they are. The line end before a
// boundary belongs to the boundary, so each line end waits for the next line.
type quotedDecoder struct {
	eol  []byte
	rest []byte // of a line that comes in pieces: what may be the beginning of a code
	out  []byte
}

func (d *quotedDecoder) write(b []byte, to io.Writer) {
	if len(d.rest) > 0 {
		b = append(d.rest, b...)
		d.rest = nil
	}
	d.out = append(d.out[:0], d.eol...)
	d.eol = d.eol[:0]
	line := trimEOL(b)
	eol := b[len(line):]
	if len(eol) == 0 { // a piece
		if i := bytes.LastIndexByte(line, '='); i >= 0 && i+3 > len(line) {
			d.rest = bytes.Clone(line[i:])
			line = line[:i]
		}
	} else if t := bytes.TrimRight(line, " \t"); len(t) > 0 && t[len(t)-1] == '=' {
		line, eol = t[:len(t)-1], nil
	} else {
		line = t
	}
	d.codes(line)
	d.eol = append(d.eol, eol...)
	_, _ = to.Write(d.out)
}

func (d *quotedDecoder) codes(line []byte) {
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			d.out = append(d.out, line...)
			return
		}
		d.out = append(d.out, line[:i]...)
		line = line[i:]
		if len(line) >= 3 && hexDigit(line[1]) < 16 && hexDigit(line[2]) < 16 {
			d.out = append(d.out, hexDigit(line[1])<<4|hexDigit(line[2]))
			line = line[3:]
			continue
		}
		d.out = append(d.out, '=')
		line = line[1:]
	}
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

func (d *quotedDecoder) close(to io.Writer) {
	if len(d.rest) > 1 { // a lone "=" at the end is a soft break
		_, _ = to.Write(d.rest)
	}
}

// uuDecoder decodes a part that is a uuencoded file as a whole.
type uuDecoder struct {
	inside, ended bool
	out           []byte
}

func (d *uuDecoder) write(b []byte, to io.Writer) {
	b = bytes.TrimRight(trimEOL(b), " ")
	switch {
	case d.ended:
	case !d.inside:
		_, d.inside = uuBegin(b)
	case string(b) == "end":
		d.ended = true
	default:
		d.out = appendUU(d.out[:0], b)
		_, _ = to.Write(d.out)
	}
}

func (d *uuDecoder) close(io.Writer) {}

// uuBegin reads "begin 644 name".
func uuBegin(b []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte("begin "))
	if !ok || len(b) > 300 {
		return "", false
	}
	mode, file, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(mode) < 3 || len(mode) > 5 {
		return "", false
	}
	for _, c := range mode {
		if c < '0' || c > '7' {
			return "", false
		}
	}
	name = string(bytes.TrimSpace(file))
	return name, name != ""
}

// uuLine says that b can be a line of uuencoded data: its first character counts bytes, and as many are there, but for
// blanks at the end that transports cut and a checksum character.
func uuLine(b []byte) bool {
	if len(b) == 0 || len(b) > 90 || b[0] <= ' ' || b[0] > '`' {
		return false
	}
	want := (int(b[0]-' ')&63 + 2) / 3 * 4
	if len(b)-1 > want+2 || len(b)-1 < want/3 {
		return false
	}
	for _, c := range b {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}

func appendUU(out, b []byte) []byte {
	if len(b) == 0 || b[0] <= ' ' || b[0] > '`' {
		return out
	}
	n := int(b[0]-' ') & 63
	at := func(i int) byte {
		if i < len(b) && b[i] > ' ' && b[i] <= '`' {
			return (b[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; n > 0; i, n = i+4, n-3 {
		g := []byte{at(i)<<2 | at(i+1)>>4, at(i+1)<<4 | at(i+2)>>2, at(i+2)<<6 | at(i+3)}
		out = append(out, g[:min(3, n)]...)
	}
	return out
}
