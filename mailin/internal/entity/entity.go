// Package entity reads mail as programs really write it: bytes in, knowledge out.
//
// Reading never fails, it only knows less. What is damaged (a header line without a colon, a boundary that never
// comes, base64 with junk, a charset that lies) is read as far as it goes, and Mail.Problems says in plain words what
// was wrong. Everything that comes out is valid UTF-8 without NUL. The raw mail is read once, in order, and memory
// does not grow with the attachments: they are hashed and listed, and Open reads one of them again out of the raw mail.
package entity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// Limits bound what one mail may cost. A field that is zero or less has the value of DefaultLimits. Sizes are in bytes.
type Limits struct {
	Depth   int   // levels of multipart and message; what is deeper is one attachment
	Parts   int   // parts in the whole mail; what comes later is not read
	Header  int64 // of one header; what comes later is not read
	Text    int64 // of readable text that is kept; four times as much of the HTML behind it
	Machine int64 // of all machine-readable parts together that is kept
	Packed  int64 // of a signed or packed part that has to be held in memory to be opened
	Message int64 // of the whole mail; what comes later is not read

	Unhashed bool // Mail.SHA256 stays empty: the caller hashes the raw mail on its way anyway
}

// DefaultLimits are large enough for mail that people send on purpose.
func DefaultLimits() Limits {
	return Limits{Depth: 20, Parts: 1000, Header: 1 << 20, Text: 1 << 20, Machine: 256 << 10, Packed: 4 << 20, Message: 1 << 30}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ v, or *int }{{&l.Depth, &d.Depth}, {&l.Parts, &d.Parts}} {
		if *f.v <= 0 {
			*f.v = *f.or
		}
	}
	for _, f := range []struct{ v, or *int64 }{{&l.Header, &d.Header}, {&l.Text, &d.Text}, {&l.Machine, &d.Machine},
		{&l.Packed, &d.Packed}, {&l.Message, &d.Message}} {
		if *f.v <= 0 {
			*f.v = *f.or
		}
	}
	return l
}

// Mail is what could be read in a mail.
type Mail struct {
	Header      Header
	Text        string        // all readable text: the plain parts in order, else the text of the HTML
	HTML        string        // the HTML body as it was sent, not cleaned; empty if there is none
	Attachments []Attachment  // all that is not the body, in the order of the mail
	Machine     []MachinePart // what programs wrote for programs: delivery reports and the mail they return
	Problems    []string      // what was wrong with the mail, in words for people
	Size        int64         // bytes read of the raw mail
	SHA256      string        // of those bytes, in hex
	BodySHA256  string        // of what follows the header, with LF as line end and no blank lines at its end, in hex
	Truncated   bool          // the mail is larger than Limits.Message
}

// Attachment describes a part that is not the body. Size and SHA256 (hex) are of its decoded content.
type Attachment struct {
	Filename    string // as sent, decoded; it may hold path characters and is no name for a file here
	ContentType string // lower case, without parameters
	Size        int64
	SHA256      string
	Inline      bool   // shown inside the text, as a picture that was pasted
	ContentID   string // without angle brackets
	Disposition string // lower case: attachment, inline or empty
	Place       string // names the part for Open: "2", "2.1"
	Charset     string // as declared
}

// MachinePart is the decoded content of a part for programs, up to Limits.Machine. Of a returned mail it is the header
// and the beginning of its text.
type MachinePart struct {
	ContentType string
	Place       string
	Content     string
}

// ErrNoPart says that a mail has no attachment at the place.
var ErrNoPart = errors.New("no such part in the mail")

// Read reads a mail to its end, to Limits.Message or until ctx ends. A fault of r ends the mail there and is a problem
// noted, as is the end of ctx; a caller that must tell them from a short mail wraps r or asks ctx.
func Read(ctx context.Context, r io.Reader, lim Limits) *Mail {
	lim = lim.withDefaults()
	rd := &reading{lim: lim, mail: &Mail{}, textLeft: lim.Text, htmlLeft: 4 * lim.Text, machineLeft: lim.Machine}
	body := bodyHash{Hash: sha256.New()}
	src := &source{r: r, left: lim.Message, done: func() bool { return ctx.Err() != nil }}
	if !lim.Unhashed {
		src.raw = sha256.New()
	}
	p := rd.parser()
	for {
		line, start, ok := src.next()
		if !ok {
			break
		}
		if p.inBody {
			body.line(line)
		}
		p.line(line, start)
	}
	p.close()
	rd.finish(src)
	if rd.mail.Size = src.size; src.raw != nil {
		rd.mail.SHA256 = hex.EncodeToString(src.raw.Sum(nil))
	}
	rd.mail.BodySHA256 = body.sum()
	return rd.mail
}

// Open gives the decoded content of the attachment at the place, read again out of the raw mail as Read read it, with
// the same limits. The error is ErrNoPart if there is none. raw is read as the content is; closing does not close raw.
func Open(raw io.Reader, place string, lim Limits) (io.ReadCloser, error) {
	lim = lim.withDefaults()
	rd := &reading{lim: lim, mail: &Mail{}, want: place, textLeft: 1, htmlLeft: 1, machineLeft: 1}
	o := &opened{rd: rd, src: &source{r: raw, left: lim.Message}, p: rd.parser()}
	for !rd.found && !o.ended {
		o.step()
	}
	if !rd.found {
		return nil, ErrNoPart
	}
	return o, nil
}

// opened drives the parser as far as its reader needs content.
type opened struct {
	rd    *reading
	src   *source
	p     *parser
	ended bool
	at    int
}

func (o *opened) step() {
	line, start, ok := o.src.next()
	if !ok {
		o.p.close()
		o.ended = true
		return
	}
	o.p.line(line, start)
}

// Read returns the fault of the raw mail's reader where it ended early.
func (o *opened) Read(b []byte) (int, error) {
	for o.at == len(o.rd.out) {
		if o.ended || o.rd.wantDone {
			return 0, o.fault()
		}
		o.rd.out, o.at = o.rd.out[:0], 0
		o.step()
	}
	n := copy(b, o.rd.out[o.at:])
	o.at += n
	return n, nil
}

func (o *opened) fault() error {
	if o.src.err != nil {
		return o.src.err
	}
	return io.EOF
}

func (o *opened) Close() error {
	o.ended, o.at, o.rd.out = true, 0, nil
	return nil
}

// bodyHash hashes lines with LF as line end and without the blank lines at the end, which transports add and remove.
type bodyHash struct {
	hash.Hash
	buf   []byte
	blank int // line ends not yet hashed
}

func (h *bodyHash) line(b []byte) {
	ended := len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r')
	b = trimEOL(b)
	if len(b) > 0 {
		for ; h.blank > 0; h.blank-- {
			h.add([]byte{'\n'})
		}
		h.add(b)
	}
	if ended {
		h.blank++
	}
}

func (h *bodyHash) add(b []byte) {
	h.buf = append(h.buf, b...)
	if len(h.buf) > 16<<10 {
		h.Write(h.buf)
		h.buf = h.buf[:0]
	}
}

func (h *bodyHash) sum() string {
	h.Write(h.buf)
	return hex.EncodeToString(h.Sum(nil))
}
