package entity

import (
	"strings"
	"time"
)

// Header holds the fields of a mail in their order.
type Header struct {
	Fields []Field
}

// Field is one field: its name as written and its content, unfolded and repaired to valid UTF-8 but not decoded.
type Field struct {
	Name, Value string
}

// newHeader repairs the fields. Bytes that are not UTF-8 are read in the charset that the mail declares for its body.
func newHeader(raw []rawField) Header {
	_, params := parameters(value(raw, "Content-Type"))
	h := Header{Fields: make([]Field, 0, len(raw))}
	for _, f := range raw {
		h.Fields = append(h.Fields, Field{f.name, repair(f.value, params["charset"])})
	}
	return h
}

// Values returns the contents of all fields of the name, in order, not decoded.
func (h Header) Values(name string) []string {
	var v []string
	for _, f := range h.Fields {
		if equalFold(f.Name, name) {
			v = append(v, f.Value)
		}
	}
	return v
}

// Get returns the content of the first field of the name that has any, not decoded.
func (h Header) Get(name string) string {
	for _, f := range h.Fields {
		if f.Value != "" && equalFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Text returns the content of the first field of the name that has any with its encoded words decoded (RFC 2047).
func (h Header) Text(name string) string {
	return strings.TrimSpace(decodeWords(h.Get(name)))
}

// Subject returns the decoded subject on one line.
func (h Header) Subject() string {
	return strings.Join(strings.Fields(h.Text("Subject")), " ")
}

// Addresses returns the addresses of all fields of the name, in order; those of groups (RFC 5322 section 3.4) too.
// What holds no address is left out.
func (h Header) Addresses(name string) []Address {
	var all []Address
	for _, v := range h.Values(name) {
		all = append(all, parseAddresses(v)...)
	}
	return all
}

// From returns the addresses of all From fields, so that more than one is seen as more than one. Where they name none,
// it is the sender that Sender, Reply-To or Return-Path name, in this order, else nothing.
func (h Header) From() []Address {
	if from := h.Addresses("From"); len(from) > 0 {
		return from
	}
	for _, name := range []string{"Sender", "Reply-To", "Return-Path"} {
		if a := h.Addresses(name); len(a) > 0 {
			if a[0].Name == "" {
				a[0].Name = strings.Trim(h.Text("From"), `" <>`)
			}
			return a[:1]
		}
	}
	return nil
}

// MessageID returns the Message-ID without its angle brackets; empty if there is none.
func (h Header) MessageID() string {
	if ids := h.IDs("Message-ID"); len(ids) > 0 {
		return ids[0]
	}
	return strings.Trim(h.Get("Message-ID"), "<> \t")
}

// IDs returns the message identifiers of all fields of the name in their order, without angle brackets: also those that
// are parted by commas, lost a bracket or were cut off.
func (h Header) IDs(name string) []string {
	var ids []string
	for _, v := range h.Values(name) {
		ids = appendIDs(ids, v)
	}
	return ids
}

func appendIDs(ids []string, v string) []string {
	for v != "" {
		open := strings.IndexByte(v, '<')
		if open < 0 {
			return appendBare(ids, v)
		}
		ids = appendBare(ids, v[:open])
		v = v[open+1:]
		end := strings.IndexAny(v, "<>")
		if end < 0 {
			end = len(v)
		}
		// Folding puts blanks inside an identifier that is longer than a line.
		if id := strings.Join(strings.Fields(v[:end]), ""); id != "" {
			ids = append(ids, id)
		}
		v = strings.TrimPrefix(v[end:], ">")
	}
	return ids
}

// appendBare adds identifiers without brackets: words that hold an "@".
func appendBare(ids []string, v string) []string {
	for _, w := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == ';' || r == '>' }) {
		if i := strings.IndexByte(w, '@'); i > 0 && i < len(w)-1 {
			ids = append(ids, strings.Trim(w, `"'()`))
		}
	}
	return ids
}

// Date returns the moment of the Date field in its own zone; zero where nothing can be read.
func (h Header) Date() time.Time {
	for _, v := range h.Values("Date") {
		if t := parseDate(v); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
