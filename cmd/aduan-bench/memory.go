package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// heavy is mail that costs memory where somebody is careless.
type heavy struct {
	name  string
	mails int
	bar   float64 // MiB that the gateway may have resident at most
	raw   func(m *maker, i int) ([]byte, error)
}

// noise gives bytes that no compression makes smaller.
func noise(seed, size int) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}), int64(size))
}

// file makes a mail with one file of a size.
func file(name, contentType string, size int) func(*maker, int) ([]byte, error) {
	return func(m *maker, i int) ([]byte, error) {
		var b bytes.Buffer
		err := m.with(&b, name, contentType, noise(i, size))
		return b.Bytes(), err
	}
}

// picture makes a mail with a picture of one colour, whose file is small whatever its size.
func picture(side int) func(*maker, int) ([]byte, error) {
	return func(m *maker, i int) ([]byte, error) {
		var file, b bytes.Buffer
		p := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.Black, color.White})
		p.SetColorIndex(i, i, 1)
		if err := png.Encode(&file, p); err != nil {
			return nil, err
		}
		err := m.with(&b, "layar.png", "image/png", &file)
		return b.Bytes(), err
	}
}

// screenshot makes a mail with a picture of true colours.
func screenshot(side int) func(*maker, int) ([]byte, error) {
	return func(m *maker, i int) ([]byte, error) {
		var file, b bytes.Buffer
		p := image.NewNRGBA(image.Rect(0, 0, side, side))
		for at := range p.Pix {
			p.Pix[at] = byte(at/4/side) | 255*byte((at&3)/3)
		}
		p.Pix[4*i] = 7
		if err := png.Encode(&file, p); err != nil {
			return nil, err
		}
		err := m.with(&b, "layar.png", "image/png", &file)
		return b.Bytes(), err
	}
}

// nested is a multipart in a multipart in a multipart.
func nested(levels int) func(*maker, int) ([]byte, error) {
	return func(m *maker, _ int) ([]byte, error) {
		m.n++
		var b bytes.Buffer
		head(&b, m.n, reporter(m.n), reportAddress, "Bom MIME", "multipart/mixed; boundary=b0")
		for i := range levels {
			fmt.Fprintf(&b, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
		}
		return b.Bytes(), nil
	}
}

// crowded has very many parts, each with a long name.
func crowded(parts int) func(*maker, int) ([]byte, error) {
	return func(m *maker, _ int) ([]byte, error) {
		m.n++
		var b bytes.Buffer
		head(&b, m.n, reporter(m.n), reportAddress, "Bom MIME", "multipart/mixed; boundary=b")
		name := strings.Repeat("a", 150)
		for i := range parts {
			fmt.Fprintf(&b, "--b\r\nContent-Type: image/png; name=\"%s%d.png\"\r\n\r\nx\r\n", name, i)
		}
		b.WriteString("--b--\r\n")
		return b.Bytes(), nil
	}
}

// page is HTML without end.
func page(size int) func(*maker, int) ([]byte, error) {
	return func(m *maker, _ int) ([]byte, error) {
		m.n++
		var b bytes.Buffer
		head(&b, m.n, reporter(m.n), reportAddress, "Bom HTML", "text/html; charset=utf-8")
		for b.Len() < size {
			b.WriteString("<div><table><tr><td><b>a<blockquote><ul><li>b\r\n")
		}
		return b.Bytes(), nil
	}
}

func (b *bench) heavies() []heavy {
	return []heavy{
		{fmt.Sprintf("%d mails of 137 KB", b.count), b.count, 64, func(m *maker, _ int) ([]byte, error) { return m.report(), nil }},
		{"a mail of 100 MB", 1, 96, file("arsip.zip", "application/zip", 73_000_000)},
		{"20 mails of 40 MB", 20, 96, file("arsip.zip", "application/zip", 29_200_000)},
		{"20 files of 9.5 MB that go along", 20, 96, file("catatan.pdf", "application/pdf", 9_500_000)},
		{"a picture of 12,000 x 12,000", 1, 96, picture(12000)},
		{"10 pictures of 3,000 x 3,000", 10, 96, screenshot(3000)},
		{"10,000 multiparts in each other", 1, 96, nested(10000)},
		{"100,000 parts", 1, 96, crowded(100000)},
		{"a page of 20 MB", 1, 96, page(20_000_000)},
	}
}

// memory takes in what is heavy, lets Front Desk forward each case whole, and reads the gateway's peak from the system.
func (b *bench) memory(ctx context.Context) error {
	for _, h := range b.heavies() {
		for _, database := range b.installed()[:1] {
			if err := b.weigh(ctx, h, database); err != nil {
				return fmt.Errorf("%s: %w", h.name, err)
			}
		}
	}
	return nil
}

// forwarded is how many of the cases are forwarded at once.
const forwarded = 20

func (b *bench) weigh(ctx context.Context, h heavy, database string) error {
	if err := b.clear(reportAddress); err != nil {
		return err
	}
	s, err := b.newScene(ctx, database, installOptions{maxMessage: "200MB"})
	if err != nil {
		return err
	}
	defer s.close()
	for i := range h.mails {
		raw, err := h.raw(b.mails, i)
		if err == nil {
			err = b.dovecot.Put(reportAddress, raw, time.Now())
		}
		if err != nil {
			return err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, 10*patience)
	defer cancel()
	news, err := s.post.await(waiting, frontDesk, h.mails, 0)
	if err != nil {
		return fmt.Errorf("%w: %s", err, s.gateway.log())
	}
	cases := news[:min(len(news), forwarded)]
	for _, l := range cases {
		raw := b.mails.answer(frontDesk, l.replyTo, "/verifikasi jenis=malware tingkat=berbahaya\n/teruskan "+agent+"\nSudah diperiksa.")
		if err := b.dovecot.Put(reportAddress, raw, time.Now()); err != nil {
			return err
		}
	}
	if _, err := s.post.await(waiting, agent, len(cases), 0); err != nil {
		return fmt.Errorf("%w: %s", err, s.gateway.log())
	}
	use, err := s.gateway.stop()
	if err != nil {
		return err
	}
	r := row{Rung: h.name, Database: database, Mails: h.mails, PeakMiB: use.peak, Note: fmt.Sprintf("at most %.0f", h.bar)}
	if use.peak > h.bar {
		r.Note += ": exceeded"
	}
	b.add(r)
	return b.tidy()
}
