package mailout

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"aduan/tickets"
)

// Dangerous says whether a file must not go along with a mail, by its name and by its content type.
func Dangerous(filename, contentType string) bool { return tickets.Dangerous(filename, contentType) }

// enclosure is one attachment that a mail speaks of.
type enclosure struct {
	tickets.Attachment
	raw       string // SHA-256 of the raw mail it is in
	withheld  string // label of the reason why it does not go along; "" where it does
	password  string // of the zip that it goes along in; "" where it goes as it is
	previewID string // content id of its preview; "" for none
	width     int    // of the preview, pixels
	preview   []byte
}

// enclosures lists the attachments that a notice carries, the same content once, and decides which of them go along: those
// that are not dangerous, in their order, until max bytes are reached.
func enclosures(n tickets.Notice, max int64) []enclosure {
	var all []enclosure
	seen := map[string]bool{}
	room := max
	one := func(m tickets.Message, a tickets.Attachment, password string) {
		if seen[a.SHA256] {
			return
		}
		seen[a.SHA256] = true
		e := enclosure{Attachment: a, raw: m.SHA256, password: password}
		switch {
		case password == "" && Dangerous(a.Filename, a.ContentType):
			e.withheld = "dangerous"
		case a.Size > room:
			e.withheld = "large"
		default:
			room -= a.Size
		}
		all = append(all, e)
	}
	add := func(m tickets.Message) {
		for _, a := range m.Attachments {
			one(m, a, "")
		}
	}
	for _, it := range n.Items {
		m := n.Texts[it.Message]
		if it.Files {
			add(m)
		}
		if a, ok := asked(it, m); ok && it.Kind == tickets.KindEvidence {
			one(m, a, string(it.Password))
		}
	}
	for _, m := range n.Case {
		add(m)
	}
	if !slices.ContainsFunc(n.Items, func(it tickets.Item) bool { return it.Kind == tickets.KindForwarded }) {
		for i := range all { // the case file shows them; each one can be asked for
			if len(n.Case) > 0 && all[i].withheld == "" {
				all[i].withheld = "on_request"
			}
		}
	}
	return all
}

// asked is the attachment that an answer to /evidence is about.
func asked(it tickets.Item, m tickets.Message) (tickets.Attachment, bool) {
	for _, a := range m.Attachments {
		if a.Number == it.Evidence && it.Evidence > 0 {
			return a, true
		}
	}
	return tickets.Attachment{}, false
}

var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$`)

// attachedType is the content type to attach a file with. Types that may not be base64 encoded (RFC 2046 sections 5.1 and
// 5.2.1) and those that are no types become plain bytes.
func attachedType(declared string) string {
	base, _, _ := strings.Cut(declared, ";")
	base = strings.ToLower(strings.TrimSpace(base))
	if !mediaType.MatchString(base) || strings.HasPrefix(base, "message/") || strings.HasPrefix(base, "multipart/") {
		return "application/octet-stream"
	}
	return base
}

// filePart is a part of a mail whose content is written when the mail is.
type filePart struct {
	name, contentType string
	write             func(io.Writer) error
}

// partOf is a part that is read from somewhere.
func partOf(name, contentType string, open func() (io.ReadCloser, error)) filePart {
	return filePart{name, contentType, func(w io.Writer) error {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(w, r)
		return err
	}}
}

// enclosed are the enclosures that go along.
func (c *composition) enclosed(ctx context.Context) []filePart {
	var files []filePart
	for _, e := range c.files {
		name := c.fileName(e.Filename)
		open := func() (io.ReadCloser, error) { return c.r.open(ctx, e.raw, e.Place) }
		switch {
		case e.withheld != "":
		case e.password == "":
			files = append(files, partOf(name, attachedType(e.ContentType), open))
		default:
			files = append(files, filePart{c.zipName(e.Number), "application/zip", func(w io.Writer) error {
				r, err := open()
				if err != nil {
					return err
				}
				defer r.Close()
				return sealZip(w, name, c.date(), e.password, r)
			}})
		}
	}
	return files
}

// zipName is what the zip of a dangerous piece of evidence is called.
func (c *composition) zipName(number int) string {
	return fmt.Sprintf("%s-%d.zip", c.label("zip"), number)
}

// size tells a number of bytes as people write it in a language.
func size(n int64, l tickets.Language) string {
	value, unit := float64(n), "byte"
	for _, u := range []string{"KB", "MB", "GB"} {
		if value < 1000 {
			break
		}
		value, unit = value/1000, u
	}
	if unit == "byte" {
		if l == tickets.English && n != 1 {
			unit = "bytes"
		}
		return fmt.Sprintf("%d %s", n, unit)
	}
	s := fmt.Sprintf("%.1f %s", value, unit)
	if l == tickets.English {
		return s
	}
	return strings.Replace(s, ".", ",", 1)
}

// shownHash is a SHA-256 as a mail shows it; what is no hash is not shown.
func shownHash(sha string) string {
	if b, err := hex.DecodeString(sha); err != nil || len(b) != 32 {
		return "?"
	}
	return strings.ToLower(sha)
}
