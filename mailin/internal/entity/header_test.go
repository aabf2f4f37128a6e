package entity

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// header reads fields as they stand in a mail.
func header(fields string) Header {
	return read(fields + "\n\n").Header
}

func TestSubjectsAreDecodedHoweverTheyAreBroken(t *testing.T) {
	rows := []struct{ about, raw, want string }{
		{"plain", "Situs diretas", "Situs diretas"},
		{"UTF-8 without encoding", "Situs dirétas", "Situs dirétas"},
		{"8 bits of Windows", "caf\xe9", "café"},
		{"Q", "=?utf-8?Q?caf=C3=A9_kita?=", "café kita"},
		{"B", "=?utf-8?B?Y2Fmw6k=?=", "café"},
		{"lower case and a language", "=?utf-8*id?q?caf=c3=a9?=", "café"},
		{"among words", "Re: =?utf-8?Q?caf=C3=A9?= kita", "Re: café kita"},
		{"side by side: the blank between is none", "=?utf-8?Q?ca?= =?utf-8?Q?f=C3=A9?=", "café"},
		{"folded", "=?utf-8?Q?ca?=\n =?utf-8?Q?f=C3=A9?=\n\tkita", "café kita"},
		{"a character cut in two", "=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"},
		{"a character cut in two, base64", "=?utf-8?B?Y2Fmww==?= =?utf-8?B?qQ==?=", "café"},
		{"a base64 group cut in two", "=?utf-8?B?Y2Fmw?= =?utf-8?B?6k=?=", "café"},
		{"base64 without padding", "=?utf-8?B?Y2Fmw6k?=", "café"},
		{"base64 with a blank inside", "=?utf-8?B?Y2Fm w6k=?=", "café"},
		{"Q with blanks inside", "=?utf-8?Q?caf=C3=A9 kita?=", "café kita"},
		{"no end", "=?utf-8?Q?caf=C3=A9", "café"},
		{"half an end", "=?utf-8?Q?caf=C3=A9?", "café"},
		{"no blank between", "=?utf-8?Q?ca?==?utf-8?Q?f=C3=A9?=", "café"},
		{"text right after", "=?utf-8?Q?caf=C3=A9?=kita", "cafékita"},
		{"inside quotes", "\"=?utf-8?Q?caf=C3=A9?=\"", "\"café\""},
		{"a charset that lies", "=?iso-8859-1?Q?caf=C3=A9?=", "café"},
		{"an unknown charset", "=?x-klingon?Q?caf=C3=A9?=", "café"},
		{"Japanese", "=?ISO-2022-JP?B?GyRCJDMbKEI=?=", "こ"},
		{"junk in Q", "=?utf-8?Q?50=% =ZZ?=", "50=% =ZZ"},
		{"what only looks like it", "a =? b ?= c", "a =? b ?= c"},
		{"another kind of encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := header("Subject: " + r.raw).Subject(); got != r.want {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
}

func TestAddressesAreReadAsPeopleAndProgramsWriteThem(t *testing.T) {
	rows := []struct {
		about, raw string
		want       []Address
	}{
		{"bare", "a@b.example", []Address{{"", "a@b.example"}}},
		{"with a name", "Made W <a@b>", []Address{{"Made W", "a@b"}}},
		{"with a quoted name", `"W, Made \"M\"" <a@b>`, []Address{{`W, Made "M"`, "a@b"}}},
		{"an encoded name", "=?utf-8?Q?Caf=C3=A9?= <a@b>", []Address{{"Café", "a@b"}}},
		{"an encoded name inside quotes", `"=?utf-8?Q?Caf=C3=A9?=" <a@b>`, []Address{{"Café", "a@b"}}},
		{"a name with a comma and without quotes", "Wayan, Made <a@b>", []Address{{"Wayan, Made", "a@b"}}},
		{"a name of 8 bits", "Caf\xe9 <a@b>", []Address{{"Café", "a@b"}}},
		{"the name in a comment", "a@b (Made W)", []Address{{"Made W", "a@b"}}},
		{"several", "a@b, C <c@d>; e@f", []Address{{"", "a@b"}, {"C", "c@d"}, {"", "e@f"}}},
		{"a comma is missing", "A <a@b> C <c@d>", []Address{{"A", "a@b"}, {"C", "c@d"}}},
		{"a group", "Tim: a@b, C <c@d>;", []Address{{"", "a@b"}, {"C", "c@d"}}},
		{"a group of nobody", "undisclosed-recipients:;", nil},
		{"no brackets around the address", `"Made" a@b`, []Address{{"Made", "a@b"}}},
		{"square brackets", "Made [mailto:a@b]", []Address{{"Made", "a@b"}}},
		{"no closing bracket", "Made <a@b", []Address{{"Made", "a@b"}}},
		{"two brackets", "Made <<a@b>>", []Address{{"Made", "a@b"}}},
		{"a source route", "<@x,@y:a@b>", []Address{{"", "a@b"}}},
		{"blanks inside", "Made < a@ b >", []Address{{"Made", "a@b"}}},
		{"a quoted local part", `"a b"@c`, []Address{{"", `"a b"@c`}}},
		{"an address as the name of another", `"bos@csirt.example" <x@evil.example>`, []Address{{"bos@csirt.example", "x@evil.example"}}},
		{"all of it encoded", "=?utf-8?Q?Made_<a@b>?=", []Address{{"Made", "a@b"}}},
		{"an address beyond ASCII", "<mädé@bücher.example>", []Address{{"", "mädé@bücher.example"}}},
		{"none", "Mail Delivery Subsystem", nil},
		{"the null sender", "<>", nil},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := header("To: " + r.raw).Addresses("To"); !slices.Equal(got, r.want) {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
}

func TestTheSenderIsFoundWithoutAUsableFrom(t *testing.T) {
	rows := []struct {
		about, raw string
		want       []Address
	}{
		{"Sender", "From: nobody\nSender: s@x\nReply-To: r@x", []Address{{"nobody", "s@x"}}},
		{"Reply-To", "Reply-To: R <r@x>\nReturn-Path: <p@x>", []Address{{"R", "r@x"}}},
		{"Return-Path", "Return-Path: <p@x>", []Address{{"", "p@x"}}},
		{"nothing", "Subject: x", nil},
		{"two fields are both told", "From: a@b\nSubject: x\nFrom: c@d", []Address{{"", "a@b"}, {"", "c@d"}}},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := header(r.raw).From(); !slices.Equal(got, r.want) {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
}

func TestMessageIDsAreFoundInBrokenLists(t *testing.T) {
	rows := []struct {
		about, raw string
		want       []string
	}{
		{"usual", "<a@x> <b@y>", []string{"a@x", "b@y"}},
		{"folded and with commas", "<a@x>,\n\t<b@y>", []string{"a@x", "b@y"}},
		{"without blanks", "<a@x><b@y>", []string{"a@x", "b@y"}},
		{"cut off", "<a@x> <b@y", []string{"a@x", "b@y"}},
		{"a bracket is missing", "<a@x <b@y>", []string{"a@x", "b@y"}},
		{"no brackets", "a@x b@y", []string{"a@x", "b@y"}},
		{"folded inside", "<a\n @x>", []string{"a@x"}},
		{"words around", "Your message of today <a@x> (comment)", []string{"a@x"}},
		{"nothing", "<>", nil},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := header("References: " + r.raw).IDs("References"); !slices.Equal(got, r.want) {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
	if got := header("Message-Id:  <a.b@x> ").MessageID(); got != "a.b@x" {
		t.Errorf("message ID %q", got)
	}
	if got := header("Message-ID: <without-at>").MessageID(); got != "without-at" {
		t.Errorf("message ID %q", got)
	}
}

func TestDatesAreReadLeniently(t *testing.T) {
	want := time.Date(2026, 11, 23, 8, 5, 0, 0, time.FixedZone("", 8*3600))
	for _, s := range []string{
		"Mon, 23 Nov 2026 08:05:00 +0800", "23 Nov 2026 08:05 +0800", "Mon, 23 Nov 2026 08:05:00 WITA", "Mon Nov 23 08:05:00 2026 +0800",
		"Monday, November 23, 2026 08:05:00 +0800", "2026-11-23 08:05:00 +0800", "2026-11-23T08:05:00+08:00", "Mon, 23-Nov-2026 08:05:00 +0800",
		"Mon, 23 Nov 26 08:05:00 +0800 (Central Indonesia Time)", "Mon,23 Nov 2026 08:05:00 +0800", "Mon, 23 Nov 2026 08:05:00.123 +0800",
	} {
		if got := header("Date: " + s).Date(); !got.Truncate(time.Second).Equal(want) {
			t.Errorf("%q gives %v", s, got)
		}
	}
	for _, s := range []string{"", "yesterday", "99 Foo 2026", "2026"} {
		if got := header("Date: " + s).Date(); !got.IsZero() {
			t.Errorf("%q gives %v", s, got)
		}
	}
}

func TestFileNamesAreFoundInEveryForm(t *testing.T) {
	rows := []struct{ about, raw, want string }{
		{"quoted", `attachment; filename="laporan akhir.pdf"`, "laporan akhir.pdf"},
		{"not quoted, with a blank", `attachment; filename=laporan akhir.pdf`, "laporan akhir.pdf"},
		{"charset and percent", `attachment; filename*=utf-8''caf%C3%A9.pdf`, "café.pdf"},
		{"in pieces", "attachment; filename*0=\"lap\";\n filename*1=\"oran.pdf\"", "laporan.pdf"},
		{"in encoded pieces, out of order", "attachment; filename*1*=%A9.pdf; filename*0*=utf-8'id'caf%C3", "café.pdf"},
		{"the better of two", `attachment; filename="caf.pdf"; filename*=utf-8''caf%C3%A9.pdf`, "café.pdf"},
		{"an encoded word", `attachment; filename="=?utf-8?Q?caf=C3=A9.pdf?="`, "café.pdf"},
		{"an encoded word without quotes", `attachment; filename==?utf-8?B?Y2Fmw6k=?=`, "café"},
		{"encoded words in pieces", `attachment; filename*0="=?utf-8?Q?caf"; filename*1="=C3=A9.pdf?="`, "café.pdf"},
		{"8 bits", "attachment; filename=\"caf\xe9.pdf\"", "café.pdf"},
		{"a quote inside", `attachment; filename="a\"b.pdf"`, `a"b.pdf`},
		{"no closing quote", `attachment; filename="a.pdf; size=3`, "a.pdf"},
		{"no semicolon", `attachment filename="a.pdf"`, "a.pdf"},
		{"a comment", `attachment (see below); filename=a.pdf`, "a.pdf"},
		{"a line end inside", "attachment; filename=\"a\tb\x07.pdf\"", "ab.pdf"},
		{"capitals", `ATTACHMENT; FILENAME=a.pdf`, "a.pdf"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			m := read("Content-Type: application/pdf\nContent-Disposition: " + r.raw + "\n\nx")
			if len(m.Attachments) != 1 || m.Attachments[0].Filename != r.want || m.Attachments[0].Disposition != "attachment" {
				t.Errorf("got %+v, want %q", m.Attachments, r.want)
			}
		})
	}
	m := read("Content-Type: application/pdf; name=\"=?utf-8?Q?caf=C3=A9.pdf?=\"\n\nx")
	if len(m.Attachments) != 1 || m.Attachments[0].Filename != "café.pdf" {
		t.Errorf("the name in Content-Type: got %+v", m.Attachments)
	}
	if m := read("Content-Type: application/pdf; name=" + strings.Repeat("é", 5000) + "\n\nx"); len([]rune(m.Attachments[0].Filename)) != 255 {
		t.Errorf("a name without end has %d characters", len([]rune(m.Attachments[0].Filename)))
	}
}

func TestEachFieldStaysReachable(t *testing.T) {
	h := header("Received: a\nreceived: b\n c\nX-Empty:\nSubject: =?utf-8?Q?x?=")
	if got := h.Values("Received"); !slices.Equal(got, []string{"a", "b c"}) {
		t.Errorf("got %q", got)
	}
	if len(h.Fields) != 4 || h.Get("subject") != "=?utf-8?Q?x?=" || h.Text("Subject") != "x" || h.Get("X-None") != "" {
		t.Errorf("got %+v", h)
	}
}
