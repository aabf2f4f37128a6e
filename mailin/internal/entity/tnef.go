package entity

import (
	"encoding/binary"
	"path"
	"strings"
	"unicode/utf16"
)

// Attributes of a TNEF stream ([MS-OXTNEF] section 2.1.3.3), with their type.
const (
	tnefSignature    = 0x223e9f78
	tnefBody         = 0x0002800c
	tnefMessageProps = 0x00069003
	tnefCodepage     = 0x00069007
	tnefRendering    = 0x00069002
	tnefTitle        = 0x00018010
	tnefData         = 0x0006800f
	tnefAttachProps  = 0x00069005
)

// MAPI properties ([MS-OXPROPS]).
const (
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propAttachData   = 0x3701
	propFilename     = 0x3704
	propLongFilename = 0x3707
	propMIMETag      = 0x370e
	propContentID    = 0x3712
)

// tnefDepth is how many messages deep winmail.dat is read.
const tnefDepth = 4

// tnefKeep is how much of an attribute is kept that is not an attachment's content: names, and properties that may
// hold a whole attachment.
const tnefKeep = 4 << 20

// tnef reads Outlook's container piece by piece: attachments stream through, only names and properties are kept.
type tnef struct {
	rd       *reading
	place    *scope
	node     *node // takes the text; nil if nobody reads it
	depth    int
	codepage string

	head    []byte // of the stream, then of each attribute
	begun   bool
	broken  bool
	level   byte
	id      uint32
	left    int64 // of the attribute's data
	tail    int   // of its checksum
	buf     []byte
	file    *content // the attachment at hand
	hasData bool
	plain   string
	html    string
	rtf     string // the text of it
	started bool   // inside an attachment
	title   string
}

func newTNEF(rd *reading, place string, n *node, depth int) *tnef {
	return &tnef{rd: rd, place: &scope{place: place}, node: n, depth: depth, codepage: "windows-1252"}
}

// Write never fails.
func (t *tnef) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 && !t.broken {
		switch {
		case t.left > 0:
			k := int(min(int64(len(b)), t.left))
			t.data(b[:k])
			b, t.left = b[k:], t.left-int64(k)
			if t.left == 0 {
				t.end()
			}
		case t.tail > 0:
			k := min(len(b), t.tail)
			b, t.tail = b[k:], t.tail-k
		default:
			b = t.header(b)
		}
	}
	return n, nil
}

// header collects the head of the stream (6 bytes) or of an attribute (9 bytes).
func (t *tnef) header(b []byte) []byte {
	want := 9
	if !t.begun {
		want = 6
	}
	k := min(len(b), want-len(t.head))
	t.head, b = append(t.head, b[:k]...), b[k:]
	if len(t.head) < want {
		return b
	}
	head := t.head
	t.head = t.head[:0]
	if !t.begun {
		t.begun = true
		if binary.LittleEndian.Uint32(head) != tnefSignature {
			t.damaged()
		}
		return b
	}
	t.level, t.id = head[0], binary.LittleEndian.Uint32(head[1:])
	t.left, t.tail = int64(binary.LittleEndian.Uint32(head[5:])), 2
	t.buf = t.buf[:0]
	if t.level != 1 && t.level != 2 {
		t.damaged()
		return nil
	}
	if t.id == tnefRendering {
		t.closeFile()
		t.started = true
	}
	if t.id == tnefData && t.started && !t.hasData {
		t.open()
	}
	if t.left == 0 {
		t.end()
	}
	return b
}

func (t *tnef) damaged() {
	t.broken = true
	t.rd.problem("winmail.dat is damaged")
}

func (t *tnef) open() {
	t.hasData = true
	t.rd.parts++
	if t.rd.parts > t.rd.lim.Parts {
		t.rd.problem("the mail has too many parts; the last ones were not read")
		t.broken = true
		return
	}
	t.file = t.rd.content(Attachment{ContentType: "application/octet-stream", Disposition: "attachment", Place: childPlace(t.place)})
	t.rename(t.title)
}

// data takes a piece of an attribute.
func (t *tnef) data(b []byte) {
	if t.id == tnefData {
		if t.file != nil {
			_, _ = t.file.Write(b)
		}
		return
	}
	switch t.id {
	case tnefBody, tnefMessageProps, tnefCodepage, tnefTitle, tnefAttachProps:
		if len(t.buf)+len(b) <= tnefKeep {
			t.buf = append(t.buf, b...)
		}
	}
}

// end acts on an attribute that is whole.
func (t *tnef) end() {
	switch t.id {
	case tnefCodepage:
		if len(t.buf) >= 4 {
			t.codepage = codepage(binary.LittleEndian.Uint32(t.buf))
		}
	case tnefBody:
		t.plain = t.text(t.buf)
	case tnefTitle:
		t.title = t.text(t.buf)
		t.rename(t.title)
	case tnefMessageProps:
		t.properties(t.buf, func(id, kind uint16, v []byte) {
			switch id {
			case propBody:
				t.plain = t.value(kind, v)
			case propHTML:
				t.html = t.value(kind, v)
			case propRTF:
				t.rtf = textOfRTF(unpackRTF(v, int(t.rd.lim.Text)))
			}
		})
	case tnefAttachProps:
		t.properties(t.buf, t.attachmentProperty)
	}
	t.buf = t.buf[:0]
}

func codepage(n uint32) string {
	switch {
	case n == 65001:
		return "utf-8"
	case n >= 1250 && n <= 1258:
		return "windows-" + string([]byte{'1', '2', '5', byte('0' + n - 1250)})
	}
	names := map[uint32]string{932: "shift_jis", 936: "gb18030", 949: "euc-kr", 950: "big5", 874: "windows-874", 20866: "koi8-r",
		437: "ibm437", 850: "ibm850", 28591: "iso-8859-1", 50220: "iso-2022-jp"}
	return names[n]
}

// text decodes a string of the stream, which ends with a zero byte.
func (t *tnef) text(b []byte) string {
	return strings.TrimRight(decodeCharset(b, t.codepage), "\x00")
}

// value decodes a property: Unicode, the stream's code page, or bytes (of HTML).
func (t *tnef) value(kind uint16, v []byte) string {
	if kind != 0x1f {
		return t.text(v)
	}
	units := make([]uint16, 0, len(v)/2)
	for ; len(v) >= 2; v = v[2:] {
		units = append(units, binary.LittleEndian.Uint16(v))
	}
	return clean(string(utf16.Decode(units)))
}

// rename gives the attachment at hand a name; Windows paths are cut to their end.
func (t *tnef) rename(name string) {
	if name == "" || t.file == nil {
		return
	}
	name = path.Base(strings.ReplaceAll(plainName(name), `\`, "/"))
	a := &t.rd.mail.Attachments[t.file.index]
	a.Filename = clip(name, 255)
	if kind := typeByName(name); a.ContentType == "application/octet-stream" && kind != "" {
		a.ContentType = kind
	}
}

// typeByName knows the kinds of pictures that are pasted into mails; the container does not say.
func typeByName(name string) string {
	return map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
		".bmp": "image/bmp", ".pdf": "application/pdf", ".txt": "text/plain"}[strings.ToLower(path.Ext(name))]
}

func (t *tnef) attachmentProperty(id, kind uint16, v []byte) {
	switch id {
	case propAttachData:
		t.embedded(v)
	case propLongFilename:
		t.title = t.value(kind, v)
		t.rename(t.title)
	case propFilename:
		if t.title == "" {
			t.title = t.value(kind, v)
			t.rename(t.title)
		}
	case propMIMETag:
		if s := strings.ToLower(t.value(kind, v)); t.file != nil && strings.Contains(s, "/") {
			t.rd.mail.Attachments[t.file.index].ContentType = clip(s, 200)
		}
	case propContentID:
		if s := t.value(kind, v); t.file != nil && s != "" {
			a := &t.rd.mail.Attachments[t.file.index]
			a.ContentID, a.Inline = clip(strings.Trim(s, "<>"), 500), true
		}
	}
}

// embedded takes an attachment whose content is a property: a message is entered, anything else is a file.
func (t *tnef) embedded(v []byte) {
	if len(v) > 20 && binary.LittleEndian.Uint32(v[16:]) == tnefSignature { // after the identifier of its interface
		if t.depth < tnefDepth {
			place := childPlace(t.place)
			inner := newTNEF(t.rd, place, nil, t.depth+1)
			_, _ = inner.Write(v[16:])
			inner.close()
		}
		return
	}
	if !t.hasData && t.started {
		t.open()
		if t.file != nil {
			_, _ = t.file.Write(v)
		}
	}
}

// properties walks a list of MAPI properties ([MS-OXTNEF] section 2.1.3.4) and gives each value to f.
func (t *tnef) properties(b []byte, f func(id, kind uint16, v []byte)) {
	r := propertyReader{b: b}
	for n := r.u32(); n > 0 && !r.short; n-- {
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 {
			r.skipName()
		}
		many := kind&0x1000 != 0
		kind &^= 0x1000
		values := uint32(1)
		if many || kind == 0x1e || kind == 0x1f || kind == 0x0d || kind == 0x102 {
			values = r.u32()
		}
		for ; values > 0 && !r.short; values-- {
			v, ok := r.value(kind)
			if !ok {
				return
			}
			f(id, kind, v)
		}
	}
}

// propertyReader cuts values off a list; short says that it ended too early.
type propertyReader struct {
	b     []byte
	short bool
}

func (r *propertyReader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)) {
		r.short, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *propertyReader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (r *propertyReader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// padded takes n bytes and what fills them up to a multiple of four.
func (r *propertyReader) padded(n uint32) []byte {
	v := r.take(n)
	if fill := (4 - n%4) % 4; !r.short && fill > 0 {
		r.take(min(fill, uint32(len(r.b))))
	}
	return v
}

func (r *propertyReader) skipName() {
	r.take(16)
	if r.u32() == 0 {
		r.take(4)
		return
	}
	r.padded(r.u32())
}

// value takes a value of the type; ok is false for types that are not known, after which nothing can be found.
func (r *propertyReader) value(kind uint16) (v []byte, ok bool) {
	switch kind {
	case 0x01, 0x02, 0x03, 0x04, 0x0a, 0x0b:
		v = r.take(4)
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		v = r.take(8)
	case 0x48:
		v = r.take(16)
	case 0x0d, 0x1e, 0x1f, 0x102:
		v = r.padded(r.u32())
	}
	return v, v != nil && !r.short
}

func (t *tnef) closeFile() {
	if t.file != nil {
		t.file.close()
	}
	t.file, t.hasData, t.started, t.title = nil, false, false, ""
}

func (t *tnef) close() {
	if !t.begun || t.left > 0 {
		t.rd.problem("winmail.dat is damaged")
	}
	t.closeFile()
	if t.node == nil {
		return
	}
	n := t.node
	switch {
	case strings.TrimSpace(t.plain) != "":
		n.plain = lines(t.plain)
	case t.html != "":
		n.html = t.html
	default:
		n.plain = t.rtf
	}
	n.isText = n.plain != "" || n.html != ""
	n.fallback = n.isText
}
