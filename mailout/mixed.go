package mailout

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// writeMail writes a mail with its files. The library would hold each file in memory several times over while it encodes it;
// here it makes the mail without them, and they go from where they are read straight to w.
func writeMail(w io.Writer, msg *gomail.Msg, files []filePart) error {
	if len(files) == 0 {
		_, err := msg.WriteTo(w)
		return err
	}
	var small bytes.Buffer
	if _, err := msg.WriteTo(&small); err != nil {
		return err
	}
	head, body, found := bytes.Cut(small.Bytes(), []byte("\r\n\r\n"))
	if !found {
		return errors.New("the mail has no body")
	}
	fields, content := partHeader(string(head))
	boundary := rand.Text()
	out := &sticky{w: w}
	fmt.Fprintf(out, "%sContent-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n", fields, boundary)
	fmt.Fprintf(out, "--%s\r\n%s\r\n", boundary, content)
	out.Write(body)
	for _, f := range files {
		fmt.Fprintf(out, "\r\n--%s\r\n", boundary)
		if err := f.writeTo(out); err != nil {
			return fmt.Errorf("attach %q: %w", f.name, err)
		}
	}
	fmt.Fprintf(out, "\r\n--%s--\r\n", boundary)
	return out.err
}

// partHeader parts the fields of a mail from those that describe its content (RFC 2045, section 3: their names begin with
// Content-) and so belong to the first part of a multipart. Each field keeps its line end.
func partHeader(head string) (fields, content string) {
	ofContent := false
	for line := range strings.SplitAfterSeq(head+"\r\n", "\r\n") {
		if line != "" && line[0] != ' ' && line[0] != '\t' { // no continuation
			name := strings.ToLower(line)
			ofContent = strings.HasPrefix(name, "content-type:") || strings.HasPrefix(name, "content-transfer-encoding:")
		}
		if ofContent {
			content += line
		} else {
			fields += line
		}
	}
	return fields, content
}

// writeTo writes a file as a part: its header and its content in base64 (RFC 2045, section 6.8).
func (f filePart) writeTo(w *sticky) error {
	fmt.Fprintf(w, "Content-Type: %s;\r\n name=\"%s\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: %s\r\n\r\n", f.contentType,
		strings.ReplaceAll(mime.QEncoding.Encode("utf-8", f.name), "?= =?", "?=\r\n =?"),
		strings.Replace(mime.FormatMediaType("attachment", map[string]string{"filename": f.name}), "; ", ";\r\n ", 1))
	lines := &base64Lines{w: w}
	encoder := base64.NewEncoder(base64.StdEncoding, lines)
	if err := f.write(encoder); err != nil {
		return err
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	return w.err
}

// base64Lines breaks what comes into lines of 76 characters, the most that RFC 2045 allows. The last line end is left to the
// boundary that follows.
type base64Lines struct {
	w   io.Writer
	at  int // characters in the line
	out []byte
}

// Write implements io.Writer.
func (l *base64Lines) Write(p []byte) (int, error) {
	l.out = l.out[:0]
	for rest := p; len(rest) > 0; {
		if l.at == 76 {
			l.out, l.at = append(l.out, "\r\n"...), 0
		}
		n := min(76-l.at, len(rest))
		l.out, l.at, rest = append(l.out, rest[:n]...), l.at+n, rest[n:]
	}
	if _, err := l.w.Write(l.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// sticky remembers the first fault, after which nothing more is written.
type sticky struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (s *sticky) Write(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	n, s.err = s.w.Write(p)
	return n, s.err
}
