package entity

import (
	"bytes"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"
)

// reading is what all parsers of one mail share: its limits and what was found.
type reading struct {
	lim  Limits
	mail *Mail
	body node // the tree of readable text

	parts                           int
	textLeft, htmlLeft, machineLeft int64

	// Open looks for the attachment at one place and takes its content.
	want            string
	found, wantDone bool
	out             []byte
}

// parser reads one entity that is pushed into it line by line: the mail, or a message that was encoded inside it.
// Exactly one of head and leaf is set while there is something to read.
type parser struct {
	rd     *reading
	frames []*frame // what is open, innermost last
	depth  int      // frames of the parsers around this one
	head   *fieldReader
	scope  scope // of the part whose header is read
	leaf   *leaf
	inBody bool // the outermost header is over
}

// scope is where a part stands.
type scope struct {
	place    string
	node     *node // takes its readable text; nil inside an attached message
	first    bool  // the first part of its multipart
	children int
	isMail   bool // the header is that of a mail
	attached bool // inside an attached message
	digest   bool
}

// frame is an open multipart or message.
type frame struct {
	scope
	boundaries [][]byte // of a multipart: the one declared, and one that was found
	candidate  []byte   // a line of the preamble that may be a boundary
	subtype    string
	begun      bool // the first boundary came
	ended      bool // the closing boundary came
	message    *content
	sample     *sample
}

func (rd *reading) parser() *parser {
	return &parser{rd: rd, head: &fieldReader{limit: rd.lim.Header, mail: true}, scope: scope{node: &rd.body, isMail: true}}
}

// line takes a line, or a piece of one that is too long; start says that it begins a line.
func (p *parser) line(b []byte, start bool) {
	if start && len(b) > 2 && b[0] == '-' && b[1] == '-' && len(p.frames) > 0 && p.delimiter(b) {
		return
	}
	for _, f := range p.frames {
		if f.message != nil {
			f.message.raw(b)
		}
		if f.sample != nil {
			f.sample.add(b, p.head != nil)
		}
	}
	switch {
	case p.head != nil:
		over, rest := p.head.line(b, start)
		if over {
			p.endHeader(rest)
		}
	case p.leaf != nil:
		p.inPreamble(b, start)
		if p.leaf != nil {
			p.leaf.write(b)
		}
	}
}

// endHeader begins the part whose header is over; rest are lines that were taken for its header.
func (p *parser) endHeader(rest [][]byte) {
	h := p.head
	p.head = nil
	p.inBody = true
	if h.junk {
		p.rd.problem("a header has a line that is no field")
	}
	if h.over {
		p.rd.problem("a header is too large and was not read to its end")
	}
	p.begin(h)
	for _, l := range rest {
		p.line(l, true)
	}
}

// delimiter ends the part at hand if the line is a boundary of an open multipart: the innermost that is not over yet,
// else the innermost that is.
func (p *parser) delimiter(b []byte) bool {
	line := bytes.TrimRight(b, " \t\r\n")
	at, closes := -1, false
	for i := len(p.frames) - 1; i >= 0; i-- {
		f := p.frames[i]
		hit, end := f.boundary(line)
		if !hit || end && f.ended {
			continue
		}
		if !f.ended || at < 0 {
			at, closes = i, end
		}
		if !f.ended {
			break
		}
	}
	if at < 0 {
		return false
	}
	f := p.frames[at]
	f.begun = true // before the preamble ends, which is text only where nothing begins
	p.closeTo(at + 1)
	if closes {
		f.ended = true
		return true
	}
	if f.ended {
		p.rd.problem("a part follows the closing boundary")
	}
	f.ended = false
	p.nextPart(f)
	return true
}

// boundary says whether a line is one of the frame's boundaries, and whether it closes.
func (f *frame) boundary(line []byte) (hit, closes bool) {
	for _, b := range f.boundaries {
		t, ok := bytes.CutPrefix(line[2:], b)
		if !ok {
			continue
		}
		if len(t) == 0 {
			return true, false
		}
		if string(t) == "--" {
			return true, true
		}
	}
	return false, false
}

// nextPart begins the header of a multipart's next part.
func (p *parser) nextPart(f *frame) {
	p.scope = scope{place: childPlace(&f.scope), first: f.children == 1, attached: f.attached, digest: f.subtype == "digest"}
	if f.node != nil {
		p.scope.node = f.node.child()
	}
	p.head = &fieldReader{limit: p.rd.lim.Header}
}

func childPlace(s *scope) string {
	s.children++
	n := strconv.Itoa(s.children)
	if s.place == "" {
		return n
	}
	return s.place + "." + n
}

// closeTo ends the part at hand and all frames from the one at n on.
func (p *parser) closeTo(n int) {
	for p.head != nil { // a boundary inside a header, perhaps that of an attached message with nothing in it
		held := p.head.held
		p.head.held = nil
		p.endHeader(held)
	}
	if p.leaf != nil {
		p.leaf.close()
		p.leaf = nil
	}
	for i := len(p.frames) - 1; i >= n; i-- {
		f := p.frames[i]
		if f.message != nil {
			f.message.close()
		}
		if f.sample != nil {
			p.rd.machine(f.sample.kind, f.place, f.sample.buf)
		}
		if f.boundaries != nil && !f.ended {
			p.unclosed(f)
		}
	}
	p.frames = p.frames[:min(n, len(p.frames))]
}

func (p *parser) unclosed(f *frame) {
	if !f.begun {
		p.rd.problem("a multipart has no boundary; its content is read as text")
		return
	}
	p.rd.problem("a multipart has no closing boundary")
}

// close ends the reading.
func (p *parser) close() {
	p.closeTo(0)
}

// inPreamble looks for a boundary other than the declared one: a line like one, and a header after it.
func (p *parser) inPreamble(b []byte, start bool) {
	if len(p.frames) == 0 || !start {
		return
	}
	f := p.frames[len(p.frames)-1]
	if f.boundaries == nil || f.begun {
		return
	}
	line := bytes.TrimRight(b, " \t\r\n")
	if f.candidate != nil && len(line) > 8 && strings.EqualFold(string(line[:8]), "content-") && fieldName(line) > 0 {
		f.boundaries = append(f.boundaries, f.candidate)
		f.begun, f.candidate = true, nil
		p.rd.problem("a multipart has another boundary than it says")
		p.leaf.close()
		p.leaf = nil
		p.nextPart(f)
		p.head.line(b, start)
		return
	}
	f.candidate = nil
	if len(line) > 4 && len(line) < 200 && line[0] == '-' && line[1] == '-' && !bytes.ContainsAny(line, " \t") {
		f.candidate = bytes.Clone(line[2:])
	}
}

// begin starts the part that its header describes.
func (p *parser) begin(h *fieldReader) {
	if p.scope.isMail && !p.scope.attached && p.depth == 0 && len(p.frames) == 0 {
		p.rd.mail.Header = newHeader(h.fields)
	}
	if p.rd.parts++; p.rd.parts > p.rd.lim.Parts {
		p.rd.problem("the mail has too many parts; the last ones were not read")
		return
	}
	part := newPart(h.fields, p.scope)
	deep := p.depth+len(p.frames) >= p.rd.lim.Depth
	switch {
	case deep && (part.isMultipart() || part.isMessage()):
		p.rd.problem("parts are nested too deeply; the innermost were not read")
		part.opaque = true
		p.beginLeaf(part)
	case part.isMultipart():
		p.beginMultipart(part)
	case part.isMessage() && part.decoder() == nil:
		p.beginMessage(part)
	default:
		p.beginLeaf(part)
	}
}

func (p *parser) beginMultipart(part part) {
	s := p.scope
	if s.node != nil {
		s.node.kind = part.kind
	}
	f := &frame{scope: s, subtype: strings.TrimPrefix(part.kind, "multipart/"), boundaries: [][]byte{}}
	if b := part.params["boundary"]; b != "" {
		f.boundaries = append(f.boundaries, []byte(strings.TrimRight(b, " \t")))
	}
	p.frames = append(p.frames, f)
	p.leaf = newPreamble(p, part, f)
}

// beginMessage lists an attached message and reads on inside it: its parts are listed after it.
func (p *parser) beginMessage(part part) {
	c := p.rd.content(part.attachment(p.place(part)))
	c.held = true
	s := scope{place: c.place, isMail: true, attached: true}
	p.frames = append(p.frames, &frame{scope: s, message: c, sample: p.rd.sample(part.kind)})
	p.scope = s
	p.head = &fieldReader{limit: p.rd.lim.Header, mail: true}
}

// place names a leaf. The content of a message stands one level below it, unless it is a multipart.
func (p *parser) place(part part) string {
	if p.scope.isMail {
		return childPlace(&p.scope)
	}
	return p.scope.place
}

func (p *parser) beginLeaf(part part) {
	part.place = p.place(part)
	p.leaf = newLeaf(p, part, p.scope)
}

// problem notes what was wrong, once.
func (rd *reading) problem(s string) {
	if len(rd.mail.Problems) < 50 && !slices.Contains(rd.mail.Problems, s) {
		rd.mail.Problems = append(rd.mail.Problems, s)
	}
}

// machine keeps what a program wrote, as far as there is room.
func (rd *reading) machine(kind, place string, b []byte) {
	if len(b) == 0 || rd.machineLeft <= 0 {
		return
	}
	b = b[:min(int64(len(b)), rd.machineLeft)]
	rd.machineLeft -= int64(len(b))
	rd.mail.Machine = append(rd.mail.Machine, MachinePart{ContentType: kind, Place: place, Content: repair(b, "")})
}

// sampleText is how much of the text of a returned mail is kept, in bytes: a token of ours may stand there.
const sampleText = 4 << 10

// sample keeps the header of an attached message and the beginning of its text.
type sample struct {
	kind string
	buf  []byte
	left int64
	body int
}

func (rd *reading) sample(kind string) *sample {
	return &sample{kind: kind, left: rd.machineLeft}
}

func (s *sample) add(b []byte, header bool) {
	if s.left <= 0 || s.body > sampleText {
		return
	}
	if !header {
		s.body += len(b)
	}
	b = b[:min(int64(len(b)), s.left)]
	s.left -= int64(len(b))
	s.buf = append(s.buf, b...)
}

// content takes the decoded bytes of an attachment.
type content struct {
	rd    *reading
	index int // in Mail.Attachments
	place string
	hash  hash.Hash
	size  int64
	held  bool   // line ends wait, because the last belongs to the boundary
	eol   []byte // the one that waits
	out   bool   // Open wants this one
}

// raw takes bytes as they stand in the mail.
func (c *content) raw(b []byte) {
	if c.held {
		if len(c.eol) > 0 {
			_, _ = c.Write(c.eol)
		}
		t := trimEOL(b)
		c.eol = append(c.eol[:0], b[len(t):]...)
		b = t
	}
	_, _ = c.Write(b)
}

// Write takes decoded bytes. It never fails.
func (c *content) Write(b []byte) (int, error) {
	c.size += int64(len(b))
	if c.hash != nil {
		c.hash.Write(b)
	}
	if c.out {
		c.rd.out = append(c.rd.out, b...)
	}
	return len(b), nil
}

func (c *content) close() {
	a := &c.rd.mail.Attachments[c.index]
	a.Size = c.size
	if c.hash != nil {
		a.SHA256 = hex.EncodeToString(c.hash.Sum(nil))
	}
	if c.out {
		c.rd.wantDone = true
	}
}
