package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/smtp"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
)

// The people of the story. Their domain names stand in the settings of gateway_test.go.
const (
	aduan     = "aduan@csirt.example"
	frontdesk = "frontdesk@csirt.example"
	budi      = "budi@csirt.example"
	ani       = "ani@dinkes.baliprov.example"
	john      = "john@lain.example"
	password  = "rahasia"
)

// inMail is a mail as its recipient's mail program shows it. It is read by a library and not by the program under test, so that
// a fault of reading cannot hide one of writing.
type inMail struct {
	raw       []byte
	header    mail.Header
	text      string // text/plain
	html      string
	files     map[string][]byte
	subject   string
	messageID string
	replyTo   string
}

func readLetter(raw []byte) (inMail, error) {
	l := inMail{raw: raw, files: map[string][]byte{}}
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return l, fmt.Errorf("read letter: %w", err)
	}
	l.header = r.Header
	l.subject, _ = r.Header.Subject()
	l.messageID, _ = r.Header.MessageID()
	if to, err := r.Header.AddressList("Reply-To"); err == nil && len(to) == 1 {
		l.replyTo = to[0].Address
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, fmt.Errorf("read part of letter: %w", err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return l, fmt.Errorf("read body of letter: %w", err)
		}
		l.add(part.Header, body)
	}
}

func (l *inMail) add(header mail.PartHeader, body []byte) {
	switch h := header.(type) {
	case *mail.AttachmentHeader:
		name, _ := h.Filename()
		l.files[name] = body
	case *mail.InlineHeader:
		switch kind, _, _ := h.ContentType(); kind {
		case "text/plain":
			l.text += strings.ReplaceAll(string(body), "\r\n", "\n")
		case "text/html":
			l.html += string(body)
		default:
			l.files[kind] = body
		}
	}
}

// says tells whether the subject, the text or the name of a file matches.
func (l inMail) says(want *regexp.Regexp) bool {
	for name := range l.files {
		if want.MatchString(name) {
			return true
		}
	}
	return want.MatchString(l.subject) || want.MatchString(l.text)
}

// client is how a mail program puts the original below an answer.
type client func(l inMail, from string) string

// gmail quotes with an attribution line above, in the language of its user.
func gmail(l inMail, from string) string {
	return "Pada Sen, 23 Nov 2026 pukul 10.15 Baliprov-CSIRT <" + from + ">\nmenulis:\n\n> " + strings.ReplaceAll(strings.TrimSpace(l.text), "\n", "\n> ") + "\n"
}

// outlook puts the original below a block of its header fields, without marks.
func outlook(l inMail, from string) string {
	return "________________________________\nDari: Baliprov-CSIRT <" + from + ">\nTerkirim: Senin, 23 November 2026 10:15\nKepada: Front Desk\nSubjek: " + l.subject + "\n\n" + l.text + "\n"
}

var letters atomic.Int64

// newID is a Message-ID for a mail of the story.
func newID() string { return fmt.Sprintf("<surat-%d@mail.example>", letters.Add(1)) }

// answerMail writes the answer of a person to a letter as a mail program does: to its Reply-To, with Re:, and the original below.
func answerMail(l inMail, from, text string, quote client) (to string, raw []byte) {
	subject := l.header.Get("Subject")
	if !strings.HasPrefix(strings.ToLower(l.subject), "re:") {
		subject = "Re: " + subject
	}
	sender, _ := l.header.AddressList("From")
	body := text + "\n\n" + quote(l, sender[0].Address)
	head := fmt.Sprintf("From: <%s>\nTo: <%s>\nSubject: %s\nDate: %s\nMessage-ID: %s\nIn-Reply-To: <%s>\nReferences: <%s>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n",
		from, l.replyTo, subject, time.Now().Format(time.RFC1123Z), newID(), l.messageID, l.messageID)
	return l.replyTo, crlf(head + wrapped([]byte(strings.ReplaceAll(body, "\n", "\r\n"))))
}

// reportMail is the first mail: a text with a screenshot.
func reportMail(from, subject, text string, picture []byte) []byte {
	return crlf(fmt.Sprintf("From: Ani Wijaya <%s>\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: %s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=batas\n\n"+
		"--batas\nContent-Type: text/plain; charset=utf-8\n\n%s\n--batas\nContent-Type: image/png; name=layar.png\nContent-Disposition: attachment; filename=layar.png\nContent-Transfer-Encoding: base64\n\n%s--batas--\n",
		from, aduan, subject, time.Now().Format(time.RFC1123Z), newID(), text, wrapped(picture)))
}

// picturePNG is a small picture in red.
func picturePNG(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 64, 40))
	for i := range 64 * 40 {
		img.Set(i%64, i/64, color.RGBA{R: uint8(255 - i%64), A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wrapped(data []byte) string {
	var b strings.Builder
	for code := base64.StdEncoding.EncodeToString(data); code != ""; {
		n := min(76, len(code))
		b.WriteString(code[:n] + "\n")
		code = code[n:]
	}
	return b.String()
}

func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n"))
}

// send brings a mail to the relay.
func send(relay, from, to string, raw []byte) error {
	return smtp.SendMail(relay, nil, from, []string{to}, raw)
}

// post is the mailboxes of the story's people, and which of their letters they have dealt with.
type post struct {
	relay string
	read  func(who, folder string) ([][]byte, error)
	dealt map[string]map[int]bool
}

func newPost(relay string, read func(who, folder string) ([][]byte, error)) *post {
	return &post{relay: relay, read: read, dealt: map[string]map[int]bool{}}
}

// all returns the letters of a person.
func (p *post) all(who string) ([]inMail, error) {
	raws, err := p.read(who, "INBOX")
	if err != nil {
		return nil, err
	}
	var out []inMail
	for _, raw := range raws {
		l, err := readLetter(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// next finds the first letter to a person that was not found before and says what is wanted.
func (p *post) next(who string, want *regexp.Regexp) (inMail, bool, error) {
	all, err := p.all(who)
	if err != nil {
		return inMail{}, false, err
	}
	if p.dealt[who] == nil {
		p.dealt[who] = map[int]bool{}
	}
	for i, l := range all {
		if !p.dealt[who][i] && l.says(want) {
			p.dealt[who][i] = true
			return l, true, nil
		}
	}
	return inMail{}, false, nil
}

// patience is how long a busy machine may take for what happens at once on an idle one.
const patience = 30 * time.Second

// await asks again and again until done says so, and tells whether it did in time.
func await(done func() (bool, error)) error {
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		ok, err := done()
		if ok {
			return nil
		}
		last = err
	}
	return errors.Join(fmt.Errorf("not within %s", patience), last)
}

// awaitLetter is next with patience; a failure shows what the person has.
func (p *post) awaitLetter(who, want string) (inMail, error) {
	expr, err := regexp.Compile(want)
	if err != nil {
		return inMail{}, err
	}
	var found inMail
	err = await(func() (ok bool, err error) {
		found, ok, err = p.next(who, expr)
		return ok, err
	})
	if err != nil {
		return found, fmt.Errorf("no new letter to %s says %q: %w; the letters:\n%s", who, want, err, p.summary(who))
	}
	return found, nil
}

func (p *post) summary(who string) string {
	all, err := p.all(who)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for i, l := range all {
		fmt.Fprintf(&b, "-- %d dealt=%t %s\n%s\n", i+1, p.dealt[who][i], l.subject, l.text)
	}
	return b.String()
}
