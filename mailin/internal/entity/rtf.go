package entity

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// rtfDictionary is what the window of compressed RTF holds at the beginning ([MS-OXRTFCP] section 2.1.2.1).
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial" +
	"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// unpackRTF undoes Outlook's compression of RTF ([MS-OXRTFCP]), to at most limit bytes. Damage ends it.
func unpackRTF(b []byte, limit int) []byte {
	if len(b) < 16 {
		return nil
	}
	kind, b := string(b[8:12]), b[16:]
	if kind != "LZFu" {
		return b
	}
	var window [4096]byte
	at := copy(window[:], rtfDictionary)
	var out []byte
	put := func(c byte) {
		window[at%len(window)] = c
		at++
		out = append(out, c)
	}
	for len(b) > 0 && len(out) < limit {
		flags := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(b) > 0; bit, flags = bit+1, flags>>1 {
			if flags&1 == 0 {
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out
			}
			ref := int(binary.BigEndian.Uint16(b))
			b = b[2:]
			from := ref >> 4
			if from == at%len(window) {
				return out
			}
			for i := range ref&15 + 2 {
				put(window[(from+i)%len(window)])
			}
		}
	}
	return out
}

// rtfUnread are the groups of RTF that hold no text of the document.
var rtfUnread = map[string]bool{"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true,
	"header": true, "footer": true, "listtable": true, "filetbl": true, "generator": true, "*": true}

// rtfWords are control words that stand for text.
var rtfWords = map[string]string{"par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t", "emdash": "—",
	"endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "~": " ", "_": "-",
	"\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}

// rtfGroup is what holds until a group ends.
type rtfGroup struct {
	unread bool
	skip   int // bytes that stand for a \u for programs that do not know it
}

// rtfReader takes the text out of RTF.
type rtfReader struct {
	out      strings.Builder
	raw      []byte   // bytes in the document's code page
	units    []uint16 // UTF-16
	codepage string
	group    rtfGroup
	outer    []rtfGroup
	skip     int // bytes still to be left out after a \u
}

// textOfRTF gives the text of an RTF document in lines. It ignores all looks.
func textOfRTF(b []byte) string {
	r := rtfReader{codepage: "windows-1252", group: rtfGroup{skip: 1}}
	for len(b) > 0 {
		switch c := b[0]; c {
		case '\\':
			b = r.control(b[1:])
			continue
		case '{':
			r.outer = append(r.outer, r.group)
		case '}':
			if n := len(r.outer); n > 0 {
				r.group, r.outer = r.outer[n-1], r.outer[:n-1]
			}
			r.skip = 0
		case '\r', '\n':
		default:
			r.byte(c)
		}
		b = b[1:]
	}
	r.flush()
	return strings.Trim(clean(r.out.String()), "\n")
}

func (r *rtfReader) byte(c byte) {
	switch {
	case r.skip > 0:
		r.skip--
	case !r.group.unread:
		if len(r.units) > 0 {
			r.flush()
		}
		r.raw = append(r.raw, c)
	}
}

// flush writes what was collected.
func (r *rtfReader) flush() {
	r.out.WriteString(decodeCharset(r.raw, r.codepage))
	r.out.WriteString(string(utf16.Decode(r.units)))
	r.raw, r.units = r.raw[:0], r.units[:0]
}

// control reads what follows a backslash, and returns what follows that.
func (r *rtfReader) control(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if b[0] == '\'' {
		if len(b) >= 3 && hexDigit(b[1]) < 16 && hexDigit(b[2]) < 16 {
			r.byte(hexDigit(b[1])<<4 | hexDigit(b[2]))
			return b[3:]
		}
		return b[1:]
	}
	n := 0
	for n < len(b) && n < 32 && b[n]|32 >= 'a' && b[n]|32 <= 'z' {
		n++
	}
	if n == 0 {
		r.word(string(b[:1]), 0)
		return b[1:]
	}
	word := string(b[:n])
	b = b[n:]
	n = 0
	for n < len(b) && n < 11 && (b[n] >= '0' && b[n] <= '9' || n == 0 && b[n] == '-') {
		n++
	}
	number, _ := strconv.Atoi(string(b[:n]))
	b = b[n:]
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if word == "bin" {
		return b[max(0, min(number, len(b))):]
	}
	r.word(word, number)
	return b
}

func (r *rtfReader) word(word string, number int) {
	switch {
	case rtfUnread[word]:
		r.group.unread = true
	case word == "ansicpg" && codepage(uint32(number)) != "":
		r.codepage = codepage(uint32(number))
	case word == "uc":
		r.group.skip = max(0, min(number, 16))
	case r.group.unread:
	case word == "u":
		if len(r.raw) > 0 {
			r.flush()
		}
		r.units = append(r.units, uint16(number))
		r.skip = r.group.skip
	case rtfWords[word] != "":
		r.flush()
		r.out.WriteString(rtfWords[word])
	}
}
