package tickets

import (
	"encoding/base64"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Blank takes tokens out of text that leaves the record: whoever reads an export must not be able to act as the people in
// it. A token stands before the @ of an address or Message-ID of ours, in a link perhaps as %40, and a mail program may have
// broken it over lines (quoted-printable, RFC 2045 section 6.7). What is replaced keeps its length.
func (m Mailbox) Blank(text string) string {
	pattern := m.tokens()
	if pattern == nil {
		return text
	}
	return pattern.ReplaceAllStringFunc(text, func(found string) string {
		b := []byte(found)
		for i, n := 0, 0; i < len(b) && n < tokenLength; i++ {
			if c := b[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '2' && c <= '7' {
				b[i] = 'x'
				n++
			}
		}
		return string(b)
	})
}

// outward is text as it goes to people outside staff: a reply address that somebody quoted in it is not theirs. Most texts hold
// no address at all.
func (m Mailbox) outward(text string) string {
	if len(text) < tokenLength || !strings.Contains(text, "@") && !strings.Contains(text, "%40") {
		return text
	}
	return m.Blank(text)
}

// tokens finds a token and the domain of ours behind it.
func (m Mailbox) tokens() *regexp.Regexp {
	const broken = `(?:=\r?\n)?`
	var domains []string
	for _, domain := range []string{m.Domain(), Domain(m.Pattern)} {
		var letters []string
		for _, c := range domain {
			letters = append(letters, regexp.QuoteMeta(string(c)))
		}
		if domain != "" {
			domains = append(domains, strings.Join(letters, broken))
		}
	}
	if len(domains) == 0 {
		return nil
	}
	return regexp.MustCompile(`(?i)(?:[a-z2-7]` + broken + `){32}(?:@|%` + broken + `4` + broken + `0|=40|&#64;)` + broken + `(?:` + strings.Join(domains, "|") + `)`)
}

// blankAtMost bounds what of a text in base64, or of lines that belong together, is held at once: bytes.
const blankAtMost = 8 << 20

// mailBlanker goes through a raw mail line by line. It knows the parts only as far as it must: in which encoding a text is.
// Files are not touched, so that evidence stays what it was.
type mailBlanker struct {
	m      Mailbox
	write  func(line string) error
	header bool
	field  string // the header field that is being read, unfolded
	text   bool   // the part is text
	base64 bool
	nested bool // the part is a mail
	// boundaries are those that the headers so far have declared.
	boundaries []string
	held       []string
	size       int
}

// blankMail calls write with each line of a raw mail, without its line end and with tokens blanked.
func (m Mailbox) blankMail(r io.Reader, write func(line string) error) error {
	b := &mailBlanker{m: m, write: write, header: true, text: true}
	err := eachLine(r, func(line string) error { return b.line(strings.TrimSuffix(line, "\r")) })
	if err != nil {
		return err
	}
	return b.flush()
}

func (b *mailBlanker) line(line string) error {
	switch {
	case b.isBoundary(line):
		if err := b.flush(); err != nil {
			return err
		}
		b.header, b.text, b.base64, b.nested, b.field = true, true, false, false, ""
		return b.write(line)
	case b.header && line == "":
		b.endField()
		b.header = b.nested
		if b.nested {
			b.text, b.base64, b.nested = true, false, false
		}
		return b.write(line)
	case b.header:
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			b.endField()
			b.field = ""
		}
		if len(b.field) < 4096 {
			b.field += line
		}
		return b.write(b.m.Blank(line))
	case b.base64 && !b.text:
		return b.write(line)
	}
	b.held, b.size = append(b.held, line), b.size+len(line)
	if !b.base64 && !strings.HasSuffix(line, "=") || b.size > blankAtMost {
		return b.flush()
	}
	return nil
}

// isBoundary says whether a line parts or ends one of the multiparts so far (RFC 2046 section 5.1.1).
func (b *mailBlanker) isBoundary(line string) bool {
	name, found := strings.CutPrefix(strings.TrimRight(line, " \t"), "--")
	return found && (slices.Contains(b.boundaries, name) || slices.Contains(b.boundaries, strings.TrimSuffix(name, "--")))
}

var boundaryParameter = regexp.MustCompile(`(?i);\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))`)

// endField learns from a header field that has been read whole.
func (b *mailBlanker) endField() {
	name, value, _ := strings.Cut(b.field, ":")
	name = strings.ToLower(name)
	if found := boundaryParameter.FindStringSubmatch(value); found != nil && strings.TrimSpace(name) == "content-type" && len(b.boundaries) < 100 {
		b.boundaries = append(b.boundaries, found[1]+found[2])
	}
	value = strings.ToLower(strings.TrimSpace(value))
	switch strings.TrimSpace(name) {
	case "content-type":
		b.nested = strings.HasPrefix(value, "message/rfc822")
		b.text = strings.HasPrefix(value, "text/") || strings.HasPrefix(value, "message/")
	case "content-transfer-encoding":
		b.base64 = strings.HasPrefix(value, "base64")
	}
}

// flush writes what is held: lines that belong together, or a text in base64.
func (b *mailBlanker) flush() error {
	lines := b.held
	b.held, b.size = nil, 0
	if len(lines) == 0 {
		return nil
	}
	if b.base64 {
		lines = b.blankBase64(lines)
	} else {
		lines = strings.Split(b.m.Blank(strings.Join(lines, "\n")), "\n")
	}
	for _, line := range lines {
		if err := b.write(line); err != nil {
			return err
		}
	}
	return nil
}

// blankBase64 blanks an encoded text; one that cannot be decoded stays out of the export, as nobody could read it.
func (b *mailBlanker) blankBase64(lines []string) []string {
	packed := strings.TrimRight(strings.Join(strings.Fields(strings.Join(lines, "")), ""), "=")
	raw, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return []string{"", "(a text with damaged encoding: see the raw mail in the evidence)"}
	}
	clean := b.m.Blank(string(raw))
	if clean == string(raw) {
		return lines
	}
	var out []string
	for text := base64.StdEncoding.EncodeToString([]byte(clean)); len(text) > 0; {
		n := min(76, len(text))
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}
