package quote

import (
	"strings"
	"testing"
)

// Whole answers as programs send them; want is what their writer wrote.
var answers = []struct{ about, text, want string }{
	{"an answer above", "Sudah pulih.\n\nPada Sen, 23 Nov 2026 pukul 10.05 CSIRT <aduan@csirt.example> menulis:\n\n> Bagaimana keadaannya?\n>\n", "Sudah pulih."},
	{"no blank line above the attribution", "Sudah pulih.\nPada Sen, 23 Nov 2026 pukul 10.05 CSIRT <aduan@csirt.example> menulis:\n> Bagaimana?", "Sudah pulih."},
	{"an answer that begins like an attribution", "On it, done by 10:30\nOn Mon, Nov 23, 2026 at 10:05 AM CSIRT <aduan@csirt.example> wrote:\n> How is it?", "On it, done by 10:30"},
	{"an answer below", "Pada Sen, 23 Nov 2026 pukul 10.05 CSIRT <aduan@csirt.example> menulis:\n> Bagaimana keadaannya?\n\nSudah pulih.\nTerima kasih.", "Sudah pulih.\nTerima kasih."},
	{"an answer on both sides", "Selamat pagi,\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> How is it?\n\nIt works again.", "Selamat pagi,\n\nIt works again."},
	{"answers between the quoted lines", "On 23/11/2026 10:05, CSIRT wrote:\n> Versi berapa?\n\n6.4\n\n> Sudah dicadangkan?\n\nBelum\n\n> Salam\n", "6.4\n\nBelum"},
	{"answers between the quoted lines without blank lines", "On 23/11/2026 10:05, CSIRT wrote:\n> Versi berapa?\n6.4\n> Sudah dicadangkan?\nBelum", "6.4\n\nBelum"},
	{"a quotation without an attribution above", "> Versi berapa?\n\n6.4", "6.4"},
	{"a quotation without an attribution below", "6.4\n\n> Versi berapa?\n> Salam", "6.4"},
	{"nested quotations", "Ya.\n\n> On 23/11/2026 10:05, CSIRT wrote:\n>> On 22/11/2026 09:00, Budi wrote:\n>>> Tolong\n>> Apa?\n> Begitu\n", "Ya."},
	{"marks that stand apart", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n > > Tolong\n > Apa?\n", "Ya."},
	{"bars as marks", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n| Tolong\n| Apa?\n\nSekian.", "Ya.\n\nSekian."},
	{"initials as marks", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\nCS> Tolong\nCS> Apa?\n\nSekian.", "Ya.\n\nSekian."},
	{"full-width marks", "はい。\n\n2026年11月23日(月) 10:05 CSIRT <aduan@csirt.example>:\n＞ どうですか\n", "はい。"},
	{"escaped marks", "Ya.\n\nOn 23/11/2026 10:05, CSIRT &lt;aduan@csirt.example&gt; wrote:\n&gt; Apa?", "Ya."},
	{"an indented quotation", "Ya.\n\nOn 23/11/2026 10:05, CSIRT <aduan@csirt.example> wrote:\n\n    Bagaimana?\n    Salam", "Ya."},
	{"a link that a program tore off its marked line", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Lihat\nhttps://csirt.example/panjang\n> Salam", "Ya."},
	{"an attribution wrapped at its last bracket", "Ya.\n\nOn Mon, Nov 23, 2026 at 10:05 AM CSIRT <aduan@csirt.example\n> wrote:\n\n> Apa?\n", "Ya."},
	{"an attribution whose bracket and colon came below", "Ya.\n\nman. 23. nov. 2026 kl. 10:05 skrev CSIRT <aduan@csirt.example\n>:\n> Apa?\n", "Ya."},
	{"an attribution that begins on the answer's line", "Sudah pulih. On Mon, Nov 23, 2026 at 10:05 AM CSIRT <aduan@csirt.example> wrote:\n> Apa?\n", "Sudah pulih."},
	{"dashes between the answer and the attribution on its line", "Sudah pulih--- On Mon, Nov 23, 2026 at 10:05 AM, aduan@csirt.example wrote:\n> Apa?\n", "Sudah pulih"},
	{"Yahoo on Android: the quoted text begins on the attribution's line", "Sudah pulih.\n\n  Pada Sen, 23 Nov 2026 pada 10:05, CSIRT<aduan@csirt.example> menulis:   Bagaimana keadaannya?\nSalam", "Sudah pulih."},
	{"Yahoo on Android with its advert", "Sudah pulih.\n\nDikirim dari Yahoo Mail di Android \n \n  Pada Sen, 23 Nov 2026 pada 10:05, CSIRT<aduan@csirt.example> menulis:   Bagaimana?", "Sudah pulih."},
	{"an iPhone", "Sudah pulih.\n\nDikirim dari iPhone saya\n\n> Pada 23 Nov 2026, pukul 10.05, CSIRT <aduan@csirt.example> menulis:\n> \n> \uFEFFBagaimana?\n", "Sudah pulih."},
	{"Outlook on a telephone", "Sudah pulih.\n\nDapatkan Outlook untuk Android<https://aka.ms/x>\n________________________________\nFrom: CSIRT <aduan@csirt.example>\nSent: Monday, November 23, 2026 10:05:00 AM\nTo: Budi <budi@dinas.example>\nSubject: Re: Situs\n\nBagaimana?", "Sudah pulih."},
	{"a command under a telephone's line", "Sent from my iPhone\n\n/close\nSelesai.", "/close\nSelesai."},
	{"a command under a server's warning", "[You don't often get email from budi@dinas.example. Learn why this is important at https://aka.ms/x ]\n\n/close\nSelesai.", "/close\nSelesai."},
	{"a command under a server's warning of two lines", "CAUTION: This email originated from outside of the organization.\nDo not click links.\n\n/close", "/close"},
	{"a command under a server's warning in Indonesian", "PERHATIAN: Email ini berasal dari luar organisasi.\n\n/tutup", "/tutup"},
	{"a command above a signature and a quotation", "/forward budi@dinas.example\nMohon dibantu.\n\n-- \nAyu\nFront Desk\n\nPada Sen, 23 Nov 2026 pukul 10.05 CSIRT <aduan@csirt.example> menulis:\n> /close\n", "/forward budi@dinas.example\nMohon dibantu."},
	{"a signature below the quotation", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Apa?\n\n-- \nBudi", "Ya."},
	{"a quoted forward is quoted", "Ya.\n\n-----Original Message-----\nFrom: CSIRT <aduan@csirt.example>\nSent: Monday\n\n---------- Forwarded message ---------\nFrom: x@desa.example\n\nTolong", "Ya."},
	{"Outlook with marks: the separator is marked too", "Ya.\n\n> -----Original Message-----\n> From: CSIRT <aduan@csirt.example>\n> Sent: 23 November 2026 10:05\n>\n> Apa?", "Ya."},
	{"Outlook with marks: the separator is not", "-----Original Message-----\nFrom: CSIRT <aduan@csirt.example>\nSent: 23 November 2026 10:05\nTo: Budi\nSubject: Situs\n\n> Apa?\n\nSudah.", "Sudah."},
	{"GroupWise", "Ya.\n\n>>> CSIRT Provinsi <aduan@csirt.example> 23/11/2026 10:05 >>>\nApa?\n\nSalam", "Ya."},
	{"signed in its place", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n/close\nSelesai.\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiEE\n-----END PGP SIGNATURE-----\n", "/close\nSelesai."},
	{"Notes", "Ya.\n\nCSIRT/Provinsi wrote on 23/11/2026 10:05:12:\n\n> Apa?", "Ya."},
	{"a disclaimer below the quotation", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Apa?\n\nDISCLAIMER: rahasia.", "Ya."},
	{"a list's footer below the quotation", "Ya.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Apa?\n_______________________________________________\nwarga mailing list\nhttps://milis.example/listinfo/warga", "Ya."},
	{"a rule above the attribution", "Ya.\n\n____________________\nOn 23/11/2026 10:05, CSIRT <aduan@csirt.example> wrote:\n> Apa?", "Ya."},
	{"Windows' line ends", "Ya.\r\nTerima kasih.\r\n\r\nOn 23/11/2026 10:05, CSIRT wrote:\r\n\r\n> Apa?\r\n", "Ya.\nTerima kasih."},
	{"an old Macintosh's line ends", "Ya.\r\rOn 23/11/2026 10:05, CSIRT wrote:\r\r> Apa?\r", "Ya."},
	{"no-break spaces and direction marks within", "Ya.\n\n\u200eOn\u00a023/11/2026\u00a010:05,\u00a0CSIRT\u00a0wrote:\u200e\n> Apa?", "Ya."},
	{"fields with only a date and an addressee", "Ya.\n\nDate: Mon, 23 Nov 2026 10:05:00 +0800\nTo: budi@dinas.example\n\nApa?", "Ya."},
	{"nothing new above a surely quoted text", "Pada Sen, 23 Nov 2026 pukul 10.05 CSIRT <aduan@csirt.example> menulis:\n> Bagaimana?\n> Salam\n", ""},
	{"a telephone's line alone above a surely quoted text", "Sent from my iPhone\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Apa?", ""},
	{"an attribution without a colon", "Ya.\n\nOn Nov 23, 2026 10:05 AM, from aduan@csirt.example\n> Apa?", "Ya."},
	{"a date that says no more", "Ya.\n\nOn Wed, 4 Nov 2026, CSIRT wrote:\n\n> Apa?\n", "Ya."},
	{"an empty mail", "", ""},
	{"only blank lines", "\n \n\t\n", ""},
	{"invalid UTF-8 becomes valid", "Ya \xff.\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Apa?", "Ya \uFFFD."},
	{"blank lines around the text", "\n\n\n  Ya.\n\n\n", "  Ya."},
}

func TestOnlyTheWritersWordsAreNew(t *testing.T) {
	for _, c := range answers {
		if got := New(c.text); got != c.want {
			t.Errorf("%s:\n%s\n\tgot  %q\n\twant %q", c.about, c.text, got, c.want)
		}
	}
}

func TestACommandInAQuotationNeverComesFirst(t *testing.T) {
	for _, c := range attributions {
		mail := c.text + "\n\n/close\n"
		if got := New(mail); strings.HasPrefix(strings.TrimSpace(got), "/close") {
			t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
		}
	}
	for _, c := range headerBlocks {
		mail := c.text + "\n\n/close\n"
		if got := New(mail); strings.HasPrefix(strings.TrimSpace(got), "/close") {
			t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
		}
	}
}

func TestSplitLeavesNothingOut(t *testing.T) {
	mail := "Sudah.\n\nSent from my iPhone\n\nOn 23/11/2026 10:05, CSIRT wrote:\n> Apa?\n\nSekian\n-- \nBudi"
	var texts []string
	var kinds []Kind
	for _, p := range Split(mail) {
		texts, kinds = append(texts, p.Text), append(kinds, p.Kind)
	}
	if got := strings.Join(texts, "\n"); got != mail {
		t.Errorf("the parts make %q", got)
	}
	want := []Kind{Fresh, Signature, Attribution, Quoted, Fresh, Signature}
	if len(kinds) != len(want) {
		t.Fatalf("kinds %v, want %v", kinds, want)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("part %d (%q) is %v, want %v", i, texts[i], kinds[i], want[i])
		}
	}
}

func TestHasNewKnowsAnAnswerWithoutAWord(t *testing.T) {
	const fields = "From: Warga <warga@desa.example>\nSent: Monday, November 23, 2026 10:05 AM\nTo: Budi <budi@dinas.example>\nSubject: Situs desa\n\nSitus desa kami diretas."
	for _, c := range []struct {
		about, text string
		has         bool
		whole       bool // New returns all of it
	}{
		{"words", "Sudah.", true, true},
		{"header fields alone: an answer without a word, or a report forwarded without one", fields, false, true},
		{"the same under a separator, which some programs put over a forward", "-------- Original Message --------\n" + fields, false, true},
		{"an attribution alone above a text without marks", "On 23/11/2026 10:05, CSIRT wrote:\n\nBagaimana?", false, true},
		{"an attribution above marks", "On 23/11/2026 10:05, CSIRT wrote:\n> Bagaimana?", false, false},
		{"a signature alone", "-- \nBudi", true, true},
		{"a forward", "Begin forwarded message:\n\n" + fields, true, true},
	} {
		if got := HasNew(c.text); got != c.has {
			t.Errorf("%s: HasNew is %v", c.about, got)
		}
		if got := New(c.text); (got == c.text) != c.whole {
			t.Errorf("%s: New is %q", c.about, got)
		}
	}
}
