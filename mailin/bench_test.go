package mailin

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// usualReport is a report of 137 KB: 2 KB of text and a picture of 100 KB.
func usualReport() []byte {
	picture := make([]byte, 100<<10)
	src := rand.New(rand.NewPCG(1, 2))
	for i := range picture {
		picture[i] = byte(src.Uint32())
	}
	var b bytes.Buffer
	for i := range 4 {
		fmt.Fprintf(&b, "Received: from mx%d.baliprov.example by csirt.example with ESMTPS id %d;\r\n\tMon, 23 Nov 2026 08:00:00 +0800\r\n", i, i)
	}
	b.WriteString("From: Ani <ani@dinkes.baliprov.example>\r\nTo: aduan@csirt.example\r\nSubject: Situs diretas\r\nMessage-ID: <r1@baliprov.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0800\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=batas\r\n\r\n--batas\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		strings.Repeat("Halaman depan situs kami diganti orang sejak pagi, mohon segera dibantu.\r\n", 27) +
		"--batas\r\nContent-Type: image/png; name=layar.png\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := base64.StdEncoding.EncodeToString(picture)
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	b.WriteString("--batas--\r\n")
	return b.Bytes()
}

// BenchmarkParse is the cost of reading a mail: everything but its way into the evidence and the record.
func BenchmarkParse(b *testing.B) {
	raw := usualReport()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if m := Parse(context.Background(), bytes.NewReader(raw), Limits{}); len(m.Attachments) != 1 {
			b.Fatal(m.Attachments)
		}
	}
}

// BenchmarkCommands is the cost of finding the commands of a staff mail.
func BenchmarkCommands(b *testing.B) {
	text := "/verifikasi jenis=defacement tingkat=berbahaya\n/teruskan budi@csirt.example\n" + strings.Repeat("Sudah diperiksa, lihat catatan di bawah ini.\n", 20)
	b.ReportAllocs()
	for b.Loop() {
		readCommands(text)
	}
}
