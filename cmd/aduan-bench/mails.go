package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
)

// The people of the mails.
const (
	reportAddress = "aduan@csirt.example"
	frontDesk     = "frontdesk@csirt.example"
	agent         = "budi@csirt.example"
)

// maker makes mails that are all different.
type maker struct {
	picture []byte // a PNG of 100 KB without its last chunk
	n       int
}

// lastChunk is the length of a PNG's IEND.
const lastChunk = 12

func newMaker() (*maker, error) {
	src := rand.New(rand.NewPCG(137, 2026))
	noise := image.NewNRGBA(image.Rect(0, 0, 185, 185))
	for i := range noise.Pix {
		noise.Pix[i] = byte(src.Uint32()) | 255*byte((i&3)/3) // opaque
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, noise); err != nil {
		return nil, fmt.Errorf("make a picture: %w", err)
	}
	return &maker{picture: b.Bytes()[:b.Len()-lastChunk]}, nil
}

// numbered is the picture with a comment of its own (a tEXt chunk: PNG, section 11.3.3.3).
func (m *maker) numbered(n int) []byte {
	text := fmt.Appendf([]byte("tEXtComment\x00"), "picture %d", n)
	b := bytes.Clone(m.picture)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)-4))
	b = append(b, text...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(text))
	return append(b, "\x00\x00\x00\x00IEND\xaeB`\x82"...)
}

// reporter is the n-th sender: the caps on acknowledgements are for one address.
func reporter(n int) string { return fmt.Sprintf("pelapor%d@dinas%d.baliprov.example", n, n%40) }

// report is the mail of 137 KB: 2 KB of text and a picture of 100 KB.
func (m *maker) report() []byte {
	m.n++
	var b bytes.Buffer
	head(&b, m.n, reporter(m.n), reportAddress, "Laporan situs diretas nomor "+fmt.Sprint(m.n), "multipart/mixed; boundary=batas")
	b.WriteString("--batas\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
	fmt.Fprintf(&b, "Om Swastiastu, ini laporan nomor %d.\r\n", m.n)
	for i := range 26 {
		fmt.Fprintf(&b, "Halaman %d dari situs kami diganti orang sejak pagi, mohon segera dibantu.\r\n", m.n*31+i)
	}
	b.WriteString("--batas\r\nContent-Type: image/png; name=\"layar.png\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"layar.png\"\r\n\r\n")
	writeBase64(&b, bytes.NewReader(m.numbered(m.n)))
	b.WriteString("--batas--\r\n")
	return b.Bytes()
}

// small is a mail of a few lines.
func (m *maker) small(from string) []byte {
	m.n++
	var b bytes.Buffer
	head(&b, m.n, from, reportAddress, "Laporan singkat nomor "+fmt.Sprint(m.n), "text/plain; charset=utf-8")
	fmt.Fprintf(&b, "Ini laporan singkat nomor %d: halaman depan situs kami diganti.\r\n", m.n)
	return b.Bytes()
}

// answer is a mail to a reply address.
func (m *maker) answer(from, to, text string) []byte {
	m.n++
	var b bytes.Buffer
	head(&b, m.n, from, to, "Re: laporan", "text/plain; charset=utf-8")
	b.WriteString(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
	return b.Bytes()
}

// with is a mail with one file that is written while it is read.
func (m *maker) with(w io.Writer, name, contentType string, content io.Reader) error {
	m.n++
	var b bytes.Buffer
	head(&b, m.n, reporter(m.n), reportAddress, "Laporan dengan berkas "+name, "multipart/mixed; boundary=batas")
	fmt.Fprintf(&b, "--batas\r\nContent-Type: text/plain\r\n\r\nBerkas nomor %d terlampir.\r\n--batas\r\nContent-Type: %s; name=%q\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=%q\r\n\r\n", m.n, contentType, name, name)
	if _, err := b.WriteTo(w); err != nil {
		return err
	}
	writeBase64(w, content)
	_, err := io.WriteString(w, "--batas--\r\n")
	return err
}

func head(b *bytes.Buffer, n int, from, to, subject, contentType string) {
	fmt.Fprintf(b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, to)
	for i := range 4 {
		fmt.Fprintf(b, "Received: from mx%d.baliprov.example (mx%d.baliprov.example [192.0.2.%d])\r\n\tby csirt.example with ESMTPS id %06d;\r\n\tMon, 23 Nov 2026 08:00:0%d +0800\r\n", i, i, i+1, n, i)
	}
	fmt.Fprintf(b, "From: =?utf-8?q?Pelapor_%d?= <%s>\r\nTo: Aduan <%s>\r\nSubject: %s\r\nMessage-ID: <bench-%d@baliprov.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n",
		n, from, to, subject, n, contentType)
}

// writeBase64 writes lines of 76 characters. Faults of the writer show at its next use.
func writeBase64(w io.Writer, r io.Reader) {
	raw, line := make([]byte, 57*200), make([]byte, 0, 78*200)
	for {
		n, err := io.ReadFull(r, raw)
		line = line[:0]
		for at := 0; at < n; at += 57 {
			line = base64.StdEncoding.AppendEncode(line, raw[at:min(at+57, n)])
			line = append(line, "\r\n"...)
		}
		w.Write(line)
		if err != nil {
			return
		}
	}
}
