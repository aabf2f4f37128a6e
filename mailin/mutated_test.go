package mailin_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"aduan/mailin"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// seeds are small mails of the kinds that arrive; what becomes of their mutations is the question.
var seeds = []string{
	"From: Ani <ani@dinkes.baliprov.example>\r\nTo: aduan@csirt.example\r\nSubject: =?utf-8?B?U2l0dXMgZGlyZXRhcw==?=\r\nMessage-ID: <1@dinkes.baliprov.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0800\r\n\r\nHalaman depan berubah.\r\n",
	"From: ani@dinkes.baliprov.example\r\nTo: aduan@csirt.example\r\nSubject: bukti\r\nMessage-ID: <2@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTerlampir.\r\n--b\r\nContent-Type: image/png; name*=utf-8''layar%20satu.png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\r\n--b--\r\n",
	"From: ani@dinkes.baliprov.example\r\nTo: aduan@csirt.example\r\nSubject: html\r\nMessage-ID: <3@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\nTeks\r\n--c\r\nContent-Type: text/html; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Teks=20<b>tebal</b><blockquote>lama</blockquote></p>\r\n--c--\r\n",
	"From: MAILER-DAEMON@mail.example\r\nTo: aduan@csirt.example\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=d\r\n\r\n--d\r\n\r\nI'm sorry.\r\n--d\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; ani@dinkes.baliprov.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--d\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nMessage-ID: <9@csirt.example>\r\n\r\nhalo\r\n--d--\r\n",
	"From: budi@csirt.example\r\nTo: aduan@csirt.example\r\nSubject: Re: [BALIPROV-CSIRT-2026-0001] x\r\nIn-Reply-To: <4@csirt.example>\r\nReferences: <4@csirt.example>\r\n\r\n/tutup\r\n\r\nSelesai.\r\n\r\nPada Sen, 23 Nov 2026 CSIRT menulis:\r\n> kutipan\r\n-- \r\nBudi\r\n",
	"Received: from a by b; Mon, 23 Nov 2026 08:00:00 +0800\r\nFrom: =?iso-2022-jp?B?GyRCJDMbKEI=?= <k@jp.example>\r\nSubject: begin\r\nContent-Type: text/plain; charset=gb18030\r\n\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n",
}

// mutate damages a mail: bits, truncations, doubled and swapped pieces, pieces of other mails.
func mutate(r *rand.Rand, mail []byte) []byte {
	out := bytes.Clone(mail)
	for range 1 + r.IntN(4) {
		at, end := r.IntN(len(out)), 0
		end = at + r.IntN(len(out)-at)
		switch r.IntN(6) {
		case 0:
			out[at] ^= 1 << r.IntN(8)
		case 1:
			out = out[:max(1, at)]
		case 2:
			out = append(out[:end:end], out[at:]...)
		case 3:
			out = append(append(bytes.Clone(out[end:]), out[at:end]...), out[:at]...)
		case 4:
			other := seeds[r.IntN(len(seeds))]
			out = append(append(out[:at:at], other[r.IntN(len(other)):]...), out[at:]...)
		case 5:
			out[at] = byte(r.IntN(256))
		}
		if len(out) == 0 {
			return []byte{0}
		}
	}
	return out
}

func TestEveryDamagedMailIsOnRecord(t *testing.T) {
	const count = 2000
	d := ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), nil)
	in := &mailin.Intake{Record: d.Store, Evidence: d.Evidence, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: d.Now}
	r := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	onRecord, known := 0, 0
	for n := range count {
		raw := mutate(r, []byte(seeds[n%len(seeds)]))
		err := in.Ingest(context.Background(), bytes.NewReader(raw), false, func(f tickets.Filed) {
			if onRecord++; f.Known {
				known++
			}
			if f.MessageID == 0 {
				t.Errorf("mail %d: no message on record: %+v", n, f)
			}
		})
		if err != nil {
			t.Fatalf("mail %d was refused: %v\n%q", n, err, raw)
		}
		if n == count/10 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if onRecord < count {
		t.Errorf("%d of %d mails are on record", onRecord, count)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes over %d mails", grown, count*9/10)
	}
	t.Logf("%d on record, %d of them the same as another", onRecord, known)
	d.WantClean()
}
