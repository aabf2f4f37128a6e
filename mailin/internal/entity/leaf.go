package entity

import (
	"bytes"
	"io"
)

// leaf is the part whose content is read at the moment. Its decoded bytes go to all of its sinks.
type leaf struct {
	rd      *reading
	part    part
	decode  decoder
	eol     []byte // waits, because the last line end belongs to the boundary
	sinks   []io.Writer
	onClose []func()
	sniffed bool
}

// Write passes decoded bytes on. It never fails.
func (l *leaf) Write(b []byte) (int, error) {
	if len(b) > 0 {
		for _, s := range l.sinks {
			_, _ = s.Write(b)
		}
	}
	return len(b), nil
}

func (l *leaf) write(b []byte) {
	if len(l.sinks) == 0 {
		return
	}
	if l.decode != nil && !l.sniffed {
		l.sniff(b)
	}
	if l.decode != nil {
		l.decode.write(b, l)
		return
	}
	if len(l.eol) > 0 {
		_, _ = l.Write(l.eol)
	}
	t := trimEOL(b)
	l.eol = append(l.eol[:0], b[len(t):]...)
	_, _ = l.Write(t)
}

// sniff finds text that is declared as base64 and is not: base64 has no blanks between words.
func (l *leaf) sniff(b []byte) {
	t := bytes.TrimSpace(b)
	if len(t) == 0 {
		return
	}
	l.sniffed = true
	if _, is := l.decode.(*base64Decoder); !is || !l.part.isText() {
		return
	}
	if words := bytes.Count(t, []byte(" ")); words > 1 || words == 1 && bytes.ContainsAny(t, ".,:<>!?") {
		l.decode = nil
		l.rd.problem("a text is declared as base64 and is not")
	}
}

func (l *leaf) close() {
	if l.decode != nil {
		l.decode.close(l)
	}
	for _, f := range l.onClose {
		f()
	}
}

// newLeaf says what becomes of a part's content.
func newLeaf(p *parser, part part, s scope) *leaf {
	l := &leaf{rd: p.rd, part: part, decode: part.decoder()}
	var file *content
	if part.isFile() {
		file = p.rd.content(part.attachment(part.place))
		l.add(file, file.close)
	}
	deep := p.depth+len(p.frames)+1 >= p.rd.lim.Depth
	switch {
	case part.opaque:
	case part.isTNEF():
		t := newTNEF(p.rd, part.place, s.node, 0)
		l.add(t, t.close)
	case part.isMachine():
		c := &collector{left: &p.rd.machineLeft, borrowed: true}
		l.add(c, func() { p.rd.machine(part.kind, part.place, c.buf) })
	case part.isMessage() && !deep:
		l.message(p, part)
	case part.isSigned() && !deep && s.node != nil:
		l.signed(p, part, s)
	case part.isBody():
		l.text(s.node, nil)
	case part.isText() && !part.isFile():
		l.text(nil, nil) // of an attached message: only the files in it are looked for
	case s.node != nil && part.isReadable(s.isMail):
		s.node.fallback = !s.isMail
		l.text(s.node, nil)
	}
	return l
}

func (l *leaf) add(w io.Writer, onClose func()) {
	l.sinks = append(l.sinks, w)
	if onClose != nil {
		l.onClose = append(l.onClose, onClose)
	}
}

// newPreamble reads what stands before the first boundary of a multipart: it is its text if no boundary comes.
func newPreamble(p *parser, part part, f *frame) *leaf {
	l := &leaf{rd: p.rd, part: part}
	if len(f.boundaries) == 0 {
		l.decode = part.decoder()
	}
	l.part.kind = "text/plain"
	l.text(f.node, func() bool { return !f.begun })
	return l
}

// text keeps the decoded text for the node, if wanted says so at the end, and takes uuencoded files out of it.
func (l *leaf) text(n *node, wanted func() bool) {
	var c *collector
	if n != nil {
		left := &l.rd.textLeft
		if l.part.kind == "text/html" {
			left = &l.rd.htmlLeft
		}
		c = &collector{left: left}
	}
	if l.part.kind == "text/html" {
		if c != nil {
			l.add(c, nil)
		}
	} else {
		u := &uuFilter{rd: l.rd, place: &scope{place: l.part.place}, to: c}
		cut := &lineCutter{line: u.line}
		l.add(cut, func() { cut.close(); u.close() })
	}
	if c == nil {
		return
	}
	l.onClose = append(l.onClose, func() {
		if wanted != nil && !wanted() {
			*c.left += int64(len(c.buf))
			return
		}
		if c.cut {
			l.rd.problem("the text is too long and was not kept to its end")
		}
		n.set(l.part, c.buf)
	})
}

// message reads on inside a message that was encoded as a whole.
func (l *leaf) message(p *parser, part part) {
	child := &parser{rd: p.rd, depth: p.depth + len(p.frames) + 1, head: &fieldReader{limit: p.rd.lim.Header, mail: true},
		scope: scope{place: part.place, isMail: true, attached: true}}
	s := p.rd.sample(part.kind)
	cut := &lineCutter{line: func(b []byte, start bool) {
		s.add(b, child.head != nil)
		child.line(b, start)
	}}
	l.add(cut, func() {
		cut.close()
		child.close()
		p.rd.machine(s.kind, part.place, s.buf)
	})
}

// signed reads the entity inside a signed CMS container; the container stays listed.
func (l *leaf) signed(p *parser, part part, s scope) {
	left := p.rd.lim.Packed
	c := &collector{left: &left}
	n := s.node.child()
	l.add(c, func() {
		inner, ok := signedContent(c.buf)
		if !ok || c.cut {
			return
		}
		child := &parser{rd: p.rd, depth: p.depth + len(p.frames) + 1, head: &fieldReader{limit: p.rd.lim.Header},
			scope: scope{place: part.place, isMail: true, node: n}}
		cut := &lineCutter{line: child.line}
		_, _ = cut.Write(inner)
		cut.close()
		child.close()
	})
}

// collector keeps bytes up to what is left of a budget. A borrowed budget is charged by somebody else.
type collector struct {
	left     *int64
	borrowed bool
	buf      []byte
	cut      bool
}

// Write keeps what there is room for. It never fails.
func (c *collector) Write(b []byte) (int, error) {
	room := *c.left
	if c.borrowed {
		room -= int64(len(c.buf))
	}
	keep := b[:max(0, min(int64(len(b)), room))]
	if c.cut = c.cut || len(keep) < len(b); !c.borrowed {
		*c.left -= int64(len(keep))
	}
	c.buf = append(c.buf, keep...)
	return len(b), nil
}

// lineCutter cuts decoded bytes into lines again, in pieces where they are longer than lineMax.
type lineCutter struct {
	line func(b []byte, start bool)
	buf  []byte
	more bool // the line has begun
}

// Write never fails.
func (c *lineCutter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 && len(c.buf)+len(b) < lineMax {
			c.buf = append(c.buf, b...)
			break
		}
		to := i + 1
		if i < 0 {
			to = len(b)
		}
		line := b[:to]
		if len(c.buf) > 0 {
			c.buf = append(c.buf, line...)
			line = c.buf
		}
		c.line(line, !c.more)
		c.more, c.buf = i < 0, c.buf[:0]
		b = b[to:]
	}
	return n, nil
}

func (c *lineCutter) close() {
	if len(c.buf) > 0 {
		c.line(c.buf, !c.more)
		c.buf = nil
	}
}

// uuFilter takes uuencoded files out of text. They become attachments below the place of the text.
type uuFilter struct {
	rd    *reading
	place *scope
	to    *collector // nil throws the text away
	begin []byte     // a line that begins a file if data follow
	file  *content
	out   []byte
}

func (u *uuFilter) line(b []byte, start bool) {
	t := bytes.TrimRight(b, "\r\n")
	switch {
	case u.file != nil && start && u.data(t):
	case u.begin != nil && start && uuLine(t):
		u.open()
		u.data(t)
	default:
		u.flush()
		if _, ok := uuBegin(t); ok && start {
			u.begin = bytes.Clone(b)
			return
		}
		u.pass(b)
	}
}

// data takes a line of a file and says whether it was one.
func (u *uuFilter) data(t []byte) bool {
	switch {
	case string(bytes.TrimSpace(t)) == "end":
		u.closeFile()
	case len(bytes.TrimSpace(t)) == 0, t[0] == '`' && len(t) < 5:
	case uuLine(t):
		u.out = appendUU(u.out[:0], t)
		_, _ = u.file.Write(u.out)
	default:
		u.rd.problem("a uuencoded file has no end")
		u.closeFile()
		return false
	}
	return true
}

func (u *uuFilter) open() {
	name, _ := uuBegin(bytes.TrimRight(u.begin, "\r\n"))
	u.begin = nil
	u.rd.parts++
	u.file = u.rd.content(Attachment{Filename: clip(plainName(decodeWords(repair([]byte(name), ""))), 255),
		ContentType: "application/octet-stream", Disposition: "attachment", Place: childPlace(u.place)})
}

func (u *uuFilter) closeFile() {
	u.file.close()
	u.file = nil
}

func (u *uuFilter) pass(b []byte) {
	if u.to != nil {
		_, _ = u.to.Write(b)
	}
}

// flush gives a line back to the text that began no file.
func (u *uuFilter) flush() {
	if u.begin != nil {
		u.pass(u.begin)
		u.begin = nil
	}
}

func (u *uuFilter) close() {
	u.flush()
	if u.file != nil {
		u.rd.problem("a uuencoded file has no end")
		u.closeFile()
	}
}
