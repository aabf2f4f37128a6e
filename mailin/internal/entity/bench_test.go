package entity

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// screenshotMail is a usual report: 2 KB of text in both forms and a picture of the size, CRLF.
func screenshotMail(size int) []byte {
	png := make([]byte, size)
	src := rand.New(rand.NewPCG(1, 2))
	for i := range png {
		png[i] = byte(src.Uint32())
	}
	var b bytes.Buffer
	for i := range 12 {
		fmt.Fprintf(&b, "Received: from mx%d.example (mx%d.example [192.0.2.%d])\r\n\tby csirt.example with ESMTPS id 4XyZ%d\r\n\tfor <aduan@csirt.example>; Mon, 23 Nov 2026 08:00:00 +0800\r\n", i, i, i, i)
	}
	b.WriteString("From: =?utf-8?Q?Made_W=C4=81yan?= <made@baliprov.example>\r\nTo: aduan@csirt.example\r\nSubject: =?utf-8?B?U2l0dXMgZGlyZXRhcw==?=\r\n" +
		"Message-ID: <r1@baliprov.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n" +
		"--outer\r\nContent-Type: multipart/alternative; boundary=\"inner\"\r\n\r\n--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	b.WriteString(strings.Repeat("Halaman depan situs kami diganti, lihat gambar =E2=80=93 mohon bantuan.\r\n", 14))
	b.WriteString("--inner\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>")
	b.WriteString(strings.Repeat("<p>Halaman depan situs kami diganti, lihat gambar &ndash; mohon bantuan.</p>\r\n", 12))
	b.WriteString("</body></html>\r\n--inner--\r\n--outer\r\nContent-Type: image/png; name=\"layar.png\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"layar.png\"\r\n\r\n")
	text := base64.StdEncoding.EncodeToString(png)
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	b.WriteString("--outer--\r\n")
	return b.Bytes()
}

// BenchmarkRead is the cost of reading a mail, with the hashes of the mail, its body and its picture.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{0, 100 << 10, 10 << 20} {
		raw := screenshotMail(size)
		b.Run(fmt.Sprintf("%dKB", len(raw)>>10), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if m := Read(context.Background(), bytes.NewReader(raw), Limits{}); len(m.Attachments) != 1 {
					b.Fatal(m.Attachments)
				}
			}
		})
	}
}

// BenchmarkOpen is the cost of reading the picture again out of the mail.
func BenchmarkOpen(b *testing.B) {
	raw := screenshotMail(100 << 10)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(bytes.NewReader(raw), "2", Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != 100<<10 || err != nil {
			b.Fatal(n, err)
		}
	}
}

// repeated gives the same bytes again and again, so that a large mail needs no memory of its own.
type repeated struct {
	head, body []byte
	left, at   int
}

func (r *repeated) Read(b []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(b, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.body[r.at:])
	r.at = (r.at + n) % len(r.body)
	if r.at == 0 {
		r.left--
	}
	return n, nil
}

// The memory that reading needs does not grow with the attachment.
func TestReadingALargeAttachmentNeedsLittleMemory(t *testing.T) {
	const count = 1 << 20 // lines of 78 bytes: 80 MB
	head := "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	r := &repeated{head: []byte(head), body: []byte(strings.Repeat("QUJD", 19) + "\r\n"), left: count}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := Read(context.Background(), r, Limits{})
	runtime.ReadMemStats(&after)
	if len(m.Attachments) != 1 || m.Attachments[0].Size != 57*count {
		t.Fatalf("got %+v", m.Attachments)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("reading %d bytes allocated %d", m.Size, used)
	}
}

// The time stays in proportion to the length however deep a mail is nested: 16 times the levels cost about 16 times as
// much and not 256 times. The bound lies between, far from both.
func TestDeepNestingCostsNoMoreThanItsLength(t *testing.T) {
	html := "Content-Type: text/html\r\n\r\n"
	bombs := []struct {
		name, head string
		level      func(i int) string
	}{
		{"multiparts", "", func(i int) string {
			return fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}},
		{"multiparts that share a boundary", "", func(int) string { return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" }},
		{"messages", "", func(int) string { return "Content-Type: message/rfc822\r\n\r\n" }},
		{"parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", func(int) string { return "--b\r\nContent-Type: image/png; name=a\r\n\r\nx\r\n" }},
		{"recipients", "To: ", func(i int) string { return fmt.Sprintf("a%d@b.example <(\"", i) }},
		{"recipients that are none", "To: ", func(int) string { return "mailto:>x:" }},
		{"recipients without commas", "To: ", func(int) string { return "<a@b><" }},
		{"encoded words", "Subject: ", func(int) string { return "=?x?q?a" }},
		{"parameters", "Content-Type: text/plain", func(int) string { return "; name*0=x name=x" }},
		{"texts in HTML", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", func(i int) string {
			return fmt.Sprintf("--b\r\nContent-Type: text/html\r\n\r\nteks nomor %d\r\n", i)
		}},
		{"quotations", html, func(int) string { return "<blockquote><b>" }},
		{"stray end tags", html, func(int) string { return "<div><i><a></b></span>" }},
		{"lists", html, func(int) string { return "<ul><li>a" }},
		{"comments and styles", html, func(int) string { return "<!--<style><script>" }},
	}
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			small, large := cost(b.head, b.level, 1000), cost(b.head, b.level, 16000)
			if large > 100*small && large > 50*time.Millisecond {
				t.Errorf("1,000 levels took %v, 16,000 took %v", small, large)
			}
		})
	}
}

// cost is the least time of three that reading takes, and asking what a caller asks.
func cost(head string, level func(int) string, levels int) time.Duration {
	var b strings.Builder
	b.WriteString(head)
	for i := range levels {
		b.WriteString(level(i))
	}
	best := time.Duration(1<<63 - 1)
	for range 3 {
		start := time.Now()
		m := Read(context.Background(), strings.NewReader(b.String()), Limits{})
		_, _, _ = m.Header.Subject(), m.Header.Addresses("To"), CleanHTML(m.HTML)
		best = min(best, time.Since(start))
	}
	return best
}

// BenchmarkTextOfHTML is the cost of reading HTML of the usual kind.
func BenchmarkTextOfHTML(b *testing.B) {
	s := strings.Repeat(`<div class="x"><p style="margin:0">Halaman <b>depan</b> situs &ndash; <a href="http://a.example">di sini</a></p><blockquote>lama<br></blockquote></div>`, 100)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		TextOfHTML(s)
	}
}
