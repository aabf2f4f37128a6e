package entity

import (
	"crypto/sha256"
	"strings"
)

// part is what a header says about its content.
type part struct {
	kind        string // the content type, lower case, without parameters
	params      map[string]string
	encoding    string
	disposition string
	filename    string
	contentID   string
	place       string
	opaque      bool // not to be entered
	attached    bool
	first       bool // the first part, or the only one
}

func newPart(fields []rawField, s scope) part {
	p := part{attached: s.attached, first: s.isMail || s.first}
	p.kind, p.params = parameters(value(fields, "Content-Type"))
	if !strings.Contains(p.kind, "/") || strings.HasSuffix(p.kind, "/") {
		switch {
		case p.params["boundary"] != "":
			p.kind = "multipart/mixed"
		case s.digest:
			p.kind = "message/rfc822"
		default:
			p.kind = "text/plain"
		}
	}
	p.kind = clip(p.kind, 200)
	encoding, _ := takeComments(value(fields, "Content-Transfer-Encoding"))
	p.encoding = strings.ToLower(strings.Trim(encoding, "\"'; \t"))
	disposition, params := parameters(value(fields, "Content-Disposition"))
	p.disposition = clip(disposition, 50)
	p.filename = params["filename"]
	for _, other := range []string{params["name"], p.params["name"], p.params["filename"]} {
		if p.filename == "" {
			p.filename = other
		}
	}
	p.filename = clip(plainName(p.filename), 255)
	p.contentID = clip(strings.Trim(repair([]byte(value(fields, "Content-ID")), ""), "<> \t"), 500)
	return p
}

// plainName takes control characters out of a file name.
func plainName(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, s))
}

// clip cuts s to n characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}

func (p part) isMultipart() bool {
	return strings.HasPrefix(p.kind, "multipart/")
}

func (p part) isMessage() bool {
	return p.kind == "message/rfc822" || p.kind == "message/global" || p.kind == "message/news"
}

// isText says that people read the part as the body, if it is no file.
func (p part) isText() bool {
	return p.kind == "text/plain" || p.kind == "text/html"
}

// isMachine says that programs read the part.
func (p part) isMachine() bool {
	switch p.kind {
	case "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
		"message/global-disposition-notification", "message/feedback-report", "text/rfc822-headers", "message/global-headers",
		"message/partial": // a returned mail that somebody cut (RFC 2046 section 5.2.2)
		return true
	}
	return false
}

// isTNEF says that the part is Outlook's container.
func (p part) isTNEF() bool {
	return p.kind == "application/ms-tnef" || p.kind == "application/vnd.ms-tnef" || strings.EqualFold(p.filename, "winmail.dat")
}

// isSigned says that the part is a CMS container that may hold the signed text in the clear (RFC 8551 section 3.5.2).
func (p part) isSigned() bool {
	return (p.kind == "application/pkcs7-mime" || p.kind == "application/x-pkcs7-mime") && p.params["smime-type"] != "enveloped-data"
}

// isFile says that the part is listed among the attachments. A disposition that nobody knows means one (RFC 2183
// section 2.8).
func (p part) isFile() bool {
	return p.opaque || !p.isText() || p.disposition != "" && p.disposition != "inline" || p.filename != ""
}

// isBody says that the part is readable text of the mail. A text with a name that is not attached is both.
func (p part) isBody() bool {
	return !p.opaque && p.isText() && !p.attached && p.disposition != "attachment" && (p.filename == "" || p.first || p.disposition == "inline")
}

func (p part) decoder() decoder {
	return newDecoder(p.encoding)
}

func (p part) attachment(place string) Attachment {
	return Attachment{
		Filename: p.filename, ContentType: p.kind, ContentID: p.contentID, Disposition: p.disposition, Place: place,
		Charset: clip(p.params["charset"], 50),
		Inline:  p.disposition == "inline" || p.disposition == "" && p.contentID != "" && strings.HasPrefix(p.kind, "image/"),
	}
}

// content lists an attachment and returns what takes its bytes.
func (rd *reading) content(a Attachment) *content {
	c := &content{rd: rd, index: len(rd.mail.Attachments), place: a.Place}
	rd.mail.Attachments = append(rd.mail.Attachments, a)
	if rd.want == "" {
		c.hash = sha256.New()
	} else if rd.want == a.Place && !rd.found {
		rd.found, c.out = true, true
	}
	return c
}

// isReadable says that a part, although listed as a file, can stand for the text of a mail that has no other: a text
// that is the whole mail, or one of a kind that nobody knows (RFC 2046 section 4.1.4).
func (p part) isReadable(whole bool) bool {
	if p.attached || p.opaque || whole && p.isText() {
		return !p.attached && !p.opaque
	}
	if !strings.HasPrefix(p.kind, "text/") || p.isText() || p.disposition == "attachment" || p.filename != "" {
		return false
	}
	switch p.kind {
	case "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/rtf", "text/xml", "text/css", "text/x-amp-html", "text/watch-html":
		return false
	}
	return true
}
