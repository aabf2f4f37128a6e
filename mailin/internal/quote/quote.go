// Package quote tells what is new in a mail from what it repeats.
//
// It reads the readable text of a mail, as text/plain gave it or as HTML was turned into it ("> " a level of quotation), and
// knows how mail programs announce what they quote: attribution lines ("Pada … menulis:", "On … wrote:"), blocks of header
// fields ("Dari: … Dikirim: … Perihal:"), separators ("----- Pesan Asli -----") and quotation marks (RFC 3676, section 4.5).
//
// What it promises: nothing is invented, each piece of the result is a piece of the mail; text whose nature is in doubt is new;
// a forwarded mail is new, for it is what the sender wants to report. It never fails, and its time is linear in the text.
package quote

import (
	"slices"
	"strings"
)

// Kind says what a part of a mail is.
type Kind uint8

// The kinds of a part, in the order in which they usually stand in an answer.
const (
	// Fresh is what the sender wrote.
	Fresh Kind = iota
	// Signature is a signature, a telephone's advertisement of itself, or an office's disclaimer.
	Signature
	// Attribution announces a quotation: who wrote it and when.
	Attribution
	// Quoted is repeated from an earlier mail.
	Quoted
	// Forwarded is another's mail that the sender passes on, with the line that says so. It counts as new.
	Forwarded
)

// String names the kind for test output and logs.
func (k Kind) String() string {
	return [...]string{"fresh", "signature", "attribution", "quoted", "forwarded"}[k]
}

// Part is a run of lines of one kind, joined with "\n".
type Part struct {
	Kind Kind
	Text string
}

// Split divides a text into its parts, in their order and without leaving out a line. Line ends become "\n", invalid UTF-8
// becomes U+FFFD, and a line that an answer shares with the attribution below it becomes two.
func Split(text string) []Part {
	s := read(text)
	var parts []Part
	for a := 0; a < len(s.lines); {
		b := a + 1
		for b < len(s.lines) && s.lines[b].kind == s.lines[a].kind {
			b++
		}
		parts = append(parts, Part{Kind: s.lines[a].kind, Text: s.join(a, b)})
		a = b
	}
	return parts
}

// New returns the new text of a mail: without what is quoted and without the signature, but with what is forwarded.
//
// It is empty only where the mail surely has nothing new: an answer without a word above its marked quotation, say. Where all of
// it might be quoted but nothing proves it, the whole text is returned, its announcing lines included, so that a quoted line
// never comes to stand first. HasNew tells the two apart.
func New(text string) string {
	s := read(text)
	var pieces []string
	for a := 0; a < len(s.lines); {
		if !s.lines[a].isNew() {
			a++
			continue
		}
		b := a
		for b < len(s.lines) && s.lines[b].isNew() {
			b++
		}
		if piece := trimBlankLines(s.join(a, b)); piece != "" {
			pieces = append(pieces, piece)
		}
		a = b
	}
	if len(pieces) == 0 && !s.sure {
		return trimBlankLines(s.join(0, len(s.lines)))
	}
	return strings.Join(pieces, "\n\n")
}

// HasNew reports whether a mail surely has new text. Where it is false, New may still return the whole mail: a report that was
// forwarded without a word, say, which nothing tells from an answer without a word.
func HasNew(text string) bool {
	return slices.ContainsFunc(read(text).lines, func(l line) bool { return l.isNew() && !l.blank })
}

// trimBlankLines drops blank lines around the text and blanks at its end, and keeps the indentation of its first line.
func trimBlankLines(text string) string {
	text = strings.TrimRightFunc(text, isBlank)
	start := 0
	for i, r := range text {
		if r == '\n' {
			start = i + 1
		} else if !isBlank(r) {
			break
		}
	}
	return text[start:]
}
