package mailin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"aduan/tickets"
)

// short writes command lines as a test row does: name, arguments between bars, fields in braces, commands between semicolons.
func short(cmds []tickets.CommandLine) string {
	var all []string
	for _, c := range cmds {
		s := c.Name
		for _, a := range c.Args {
			s += "|" + a
		}
		for _, k := range slices.Sorted(maps.Keys(c.Set)) {
			s += " {" + k + "=" + c.Set[k] + "}"
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

func TestCommandsAreTheFirstLines(t *testing.T) {
	for _, c := range []struct{ about, text, want, body string }{
		{"one command, text below", "/tutup\n\nTerima kasih, sudah beres.", "close", "Terima kasih, sudah beres."},
		{"a command alone", "/list", "list", ""},
		{"no command", "Halo tim,\nsitus kami diretas.", "", "Halo tim,\nsitus kami diretas."},
		{"an empty mail", "", "", ""},
		{"blank lines before and between", "\n  \n/verifikasi\n\n/teruskan budi@csirt.example\n\nCatatan", "verify; forward|budi@csirt.example", "Catatan"},
		{"all leading lines, in their order", "/rekomendasi\n/tutup\nGanti sandi.", "recommend; close", "Ganti sandi."},
		{"the first line of text ends the commands", "/catatan\nsudah saya cek\n/etc dan /var aman", "note", "sudah saya cek\n/etc dan /var aman"},
		{"lines end as in mail", "/ambil\r\n\r\nSaya kerjakan.\r\n", "take", "Saya kerjakan."},
		{"the text keeps its blank lines and indents", "/balas\n\n  a\n\n  b\n\n", "reply", "  a\n\n  b"},
		{"a blank line of odd blanks is blank", "\u00a0\u200b\n/ambil\n\u2003\nteks", "take", "teks"},
		{"a report by telephone", "/baru untuk=ani@dinas.example Situs dinas diretas\n\nPelapor menelepon.", "new|Situs|dinas|diretas {for=ani@dinas.example}", "Pelapor menelepon."},
		{"a line separator of a telephone ends a line", "/tutup\u2028Sudah beres.", "close", "Sudah beres."},
	} {
		cmds, body, _ := readCommands(c.text)
		if got := short(cmds); got != c.want || body != c.body {
			t.Errorf("%s: %q with the text %q, want %q with %q", c.about, got, body, c.want, c.body)
		}
	}
}

func TestWordsAreCommandsOrText(t *testing.T) {
	for _, c := range []struct{ about, text, want string }{
		{"Indonesian", "/teruskan web", "forward|web"},
		{"English", "/forward web", "forward|web"},
		{"the telephone's capital", "/Teruskan web", "forward|web"},
		{"capitals throughout", "/TUTUP", "close"},
		{"an unknown word is a command line", "/forwrad budi@csirt.example", "forwrad|budi@csirt.example"},
		{"an unknown word in lower case", "/Tolong", "tolong"},
		{"an unknown word that is a folder", "/etc is full", "etc|is|full"},
		{"a path is text", "/var/log/syslog penuh", ""},
		{"a path of one folder is text", "/tutup/", ""},
		{"a number is text", "/24 diblokir", ""},
		{"a date is text", "/2026-11", ""},
		{"a file is text", "/index.php", ""},
		{"two slashes are text", "//tutup", ""},
		{"a slash alone is text", "/ ", ""},
		{"a folder with a comma is text", "/tmp, penuh", ""},
		{"a command with a colon", "/Catatan:", "note"},
		{"a command with the telephone's full stop", "/tutup.", "close"},
		{"a near miss with a full stop is answered", "/tutp.", "tutp"},
		{"a share of a Windows server is text", `\\server\data`, ""},
		{"a word inside of the line is text", "Silakan /tutup", ""},
		{"a quoted command is text", "> /tutup", ""},
		{"an item of a list is text", "- /tutup", ""},
		{"a hyphen is no word", "/-", ""},
	} {
		cmds, body, _ := readCommands(c.text)
		if got := short(cmds); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
		if c.want == "" && body != strings.TrimRight(c.text, " \n") && body != c.text {
			t.Errorf("%s: the text became %q", c.about, body)
		}
	}
}

func TestWhatTelephonesAndMailProgramsDoIsUndone(t *testing.T) {
	const forward = "forward|budi@csirt.example"
	for _, c := range []struct{ about, text, want string }{
		{"blanks before", "   /teruskan budi@csirt.example", forward},
		{"a no-break space before and between", "\u00a0/teruskan\u00a0budi@csirt.example", forward},
		{"a tab between", "/teruskan\tbudi@csirt.example", forward},
		{"thin and ideographic spaces", "/teruskan\u2009\u3000budi@csirt.example", forward},
		{"zero-width space, BOM and bidi marks", "\ufeff\u200e/teruskan \u200bbudi@csirt.example\u202c", forward},
		{"a soft hyphen", "/terus\u00adkan budi@csirt.example", forward},
		{"full-width slash", "／teruskan budi@csirt.example", forward},
		{"fraction slash", "⁄teruskan budi@csirt.example", forward},
		{"division slash", "∕teruskan budi@csirt.example", forward},
		{"backslash", `\teruskan budi@csirt.example`, forward},
		{"two backslashes", `\\teruskan budi@csirt.example`, forward},
		{"an escaped slash", `\/teruskan budi@csirt.example`, forward},
		{"a space after the slash", "/ teruskan budi@csirt.example", forward},
		{"full-width letters", "／ｔｅｒｕｓｋａｎ budi＠csirt.example", forward},
		{"bold by asterisks", "*/teruskan budi@csirt.example*", forward},
		{"bold in markdown", "**/teruskan budi@csirt.example**", forward},
		{"the word alone in bold", "*/teruskan* budi@csirt.example", forward},
		{"italic", "_/teruskan budi@csirt.example_", forward},
		{"code", "`/teruskan budi@csirt.example`", forward},
		{"the address alone in bold", "/teruskan *budi@csirt.example*", forward},
		{"underscores of an address stay", "_/teruskan budi_s_@csirt.example_", "forward|budi_s_@csirt.example"},
		{"curly quotes", "/lapangan besok 10.00 “Ruang rapat”", "onsite|besok|10.00|Ruang rapat"},
		{"low quotes", "/lapangan besok 10.00 „Ruang rapat“", "onsite|besok|10.00|Ruang rapat"},
		{"long dashes", "/teruskan front–desk", "forward|front-desk"},
		{"long dashes in a number", "/duplikat BALIPROV—CSIRT—2026—0123", "duplicate|BALIPROV-CSIRT-2026-0123"},
		{"a space around the sign", "/verifikasi jenis = defacement tingkat= berbahaya", "verify {severity=high} {type=defacement}"},
		{"a space before the sign", "/verifikasi jenis =defacement", "verify {type=defacement}"},
		{"full-width sign", "/verifikasi jenis＝defacement", "verify {type=defacement}"},
	} {
		cmds, body, slip := readCommands(c.text + "\n\nteks")
		if got := short(cmds); got != c.want || body != "teks" || slip != "" {
			t.Errorf("%s: %q, text %q, slip %q, want %q", c.about, got, body, slip, c.want)
		}
	}
}

func TestAddressesLoseTheirWrapping(t *testing.T) {
	const forward = "forward|budi@csirt.example"
	for _, c := range []struct{ about, text, want string }{
		{"a full stop", "/teruskan budi@csirt.example.", forward},
		{"angle brackets and a semicolon", "/teruskan <budi@csirt.example>;", forward},
		{"angle brackets with blanks", "/teruskan < budi@csirt.example >", forward},
		{"angle brackets at the word", "/teruskan<budi@csirt.example>", forward},
		{"mailto", "/teruskan mailto:budi@csirt.example", forward},
		{"mailto in brackets", "/teruskan <mailto:budi@csirt.example>", forward},
		{"mailto with a subject and an escape", "/teruskan mailto:budi%40csirt.example?subject=x", forward},
		{"a link behind its own text", "/teruskan budi@csirt.example <mailto:budi@csirt.example>", forward},
		{"a link glued to its text", "/teruskan budi@csirt.example<mailto:budi@csirt.example>", forward},
		{"a link of Outlook's older kind", "/teruskan budi@csirt.example [mailto:budi@csirt.example]", forward},
		{"a markdown link", "/teruskan [budi@csirt.example](mailto:budi@csirt.example)", forward},
		{"quotes", `/teruskan "budi@csirt.example"`, forward},
		{"a completed name", "/teruskan Budi Santoso <budi@csirt.example>", forward},
		{"a completed name in quotes", `/teruskan "Budi Santoso" <budi@csirt.example>`, forward},
		{"a mention", "/teruskan @Budi Santoso<mailto:budi@csirt.example>", forward},
		{"a team beside an address is not its name", "/teruskan web <budi@csirt.example>", "forward|web|budi@csirt.example"},
		{"a colon at the command", "/teruskan:budi@csirt.example", forward},
		{"two addresses by comma", "/cc ani@dinas.example, wayan@dinas.example", "cc|ani@dinas.example|wayan@dinas.example"},
		{"two addresses by semicolon alone", "/cc ani@dinas.example;wayan@dinas.example", "cc|ani@dinas.example|wayan@dinas.example"},
		{"a team with a full stop", "/teruskan network.", "forward|network"},
		{"an address of a field with its link", "/baru untuk=ani@dinas.example <mailto:ani@dinas.example> Situs mati", "new|Situs|mati {for=ani@dinas.example}"},
		{"a link made of the whole field", "/baru untuk=ani@dinas.example<mailto:untuk=ani@dinas.example> Situs mati", "new|Situs|mati {for=ani@dinas.example}"},
		{"a field that is a link", "/baru untuk=<mailto:ani@dinas.example> Situs mati", "new|Situs|mati {for=ani@dinas.example}"},
		{"a field with a completed name", "/baru untuk=Ani Dewi <ani@dinas.example> Situs mati", "new|Situs|mati {for=ani@dinas.example}"},
		{"an unknown word's address too", "/forwrad <mailto:budi@csirt.example>.", "forwrad|budi@csirt.example"},
		{"a plus and an equals sign are the address's", "/cc ani+a=b@dinas.example", "cc|ani+a=b@dinas.example"},
		{"what is no address stays for the answer", "/cc ani@", "cc|ani@"},
	} {
		cmds, _, _ := readCommands(c.text)
		if got := short(cmds); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
}

func TestFieldsAreSetByEitherName(t *testing.T) {
	for _, c := range []struct{ about, text, want string }{
		{"Indonesian", "/verifikasi jenis=defacement tingkat=berbahaya", "verify {severity=high} {type=defacement}"},
		{"English", "/verify type=defacement severity=high", "verify {severity=high} {type=defacement}"},
		{"mixed, with capitals", "/Verify Jenis=Defacement Severity=Berbahaya", "verify {severity=high} {type=defacement}"},
		{"a label of two words without quotes", "/verifikasi tingkat=sangat berbahaya jenis=ddos", "verify {severity=critical} {type=ddos}"},
		{"a label with a hyphen", "/atur tingkat=sangat-berbahaya", "set {severity=critical}"},
		{"a label in quotes", "/atur tingkat=“Perlu Diperhatikan”", "set {severity=low}"},
		{"the longest label wins", "/verifikasi jenis=kebocoran data pribadi tlp=red", "verify {tlp=red} {type=personal-data-breach}"},
		{"a label with brackets", "/verifikasi jenis=Kebocoran Data (bukan data pribadi)", "verify {type=data-breach}"},
		{"a comma between fields", "/verifikasi jenis=defacement, tingkat=berbahaya.", "verify {severity=high} {type=defacement}"},
		{"a comma and no blank", "/verifikasi jenis=defacement,tingkat=berbahaya", "verify {severity=high} {type=defacement}"},
		{"TLP as its label", "/atur tlp=TLP:AMBER+STRICT", "set {tlp=amber+strict}"},
		{"TLP with blanks is never read as the wider one", "/atur tlp=amber strict", "set {tlp=amber+strict}"},
		{"TLP with blanks around its sign", "/atur tlp = TLP: Amber + Strict", "set {tlp=amber+strict}"},
		{"yes", "/verifikasi iiv=ya", "verify {iiv=yes}"},
		{"no", "/atur iiv=Tidak", "set {iiv=no}"},
		{"Indonesian by name", "/atur bahasa=Indonesia", "set {lang=id}"},
		{"English by its Indonesian name", "/atur bahasa=bahasa Inggris", "set {lang=en}"},
		{"a language by id", "/set lang=en", "set {lang=en}"},
		{"an unknown value stays as it is", "/atur tingkat=gawat", "set {severity=gawat}"},
		{"an unknown value of two words stays whole", "/atur tingkat=sangat gawat tlp=red", "set {severity=sangat gawat} {tlp=red}"},
		{"words behind a known value are not lost", "/verifikasi tingkat=berbahaya segera", "verify|segera {severity=high}"},
		{"a time of two words", "/atur tenggat=besok 10.00 jenis=ddos", "set {due=besok 10.00} {type=ddos}"},
		{"a subject in quotes", `/atur perihal="Judi daring = banyak" tlp=red`, "set {subject=Judi daring = banyak} {tlp=red}"},
		{"a subject without quotes", "/atur perihal=Situs dinas diretas", "set {subject=Situs dinas diretas}"},
		{"a key of another command is an argument", "/teruskan jenis=ddos", "forward|jenis=ddos"},
		{"an unknown key is an argument", "/verifikasi warna=merah", "verify|warna=merah"},
		{"a field said twice is left for the answer", "/atur tlp=red tlp=green", "set|tlp=green {tlp=red}"},
		{"a field said twice alike is said once", "/atur tlp=red tlp=RED", "set {tlp=red}"},
		{"a field without its value", "/atur tlp= tingkat=berbahaya", "set {severity=high} {tlp=}"},
		{"a field in quotes is words", `/tolak "jenis=ddos"`, "reject|jenis=ddos"},
		{"a wrapped line of fields", "/verifikasi jenis=defacement\ntingkat=berbahaya tlp=red\nteks", "verify {severity=high} {tlp=red} {type=defacement}"},
		{"two wrapped lines", "/verifikasi\njenis=defacement\ntingkat=sangat berbahaya\nteks", "verify {severity=critical} {type=defacement}"},
		{"a line behind a blank one is text", "/verifikasi jenis=defacement\n\ntingkat=berbahaya", "verify {type=defacement}"},
		{"a line with other words is text", "/verifikasi jenis=defacement\ntingkat=berbahaya menurut saya", "verify {type=defacement}"},
		{"a line that says a field again is text", "/verifikasi jenis=defacement\njenis=ddos", "verify {type=defacement}"},
		{"a line of fields of another command is text", "/tutup\njenis=ddos", "close"},
	} {
		cmds, _, _ := readCommands(c.text)
		if got := short(cmds); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
}

func TestArgumentsAreSplitAtBlanks(t *testing.T) {
	for _, c := range []struct{ about, text, want string }{
		{"quotes keep blanks", `/lapangan 2026-11-25 10:00 "Ruang server"`, "onsite|2026-11-25|10:00|Ruang server"},
		{"a place without quotes", "/lapangan besok 10.00 Jl. Raya No. 5, Denpasar", "onsite|besok|10.00|Jl.|Raya|No.|5,|Denpasar"},
		{"a reason keeps its punctuation", "/tolak bukan insiden (lihat info@dinas.example).", "reject|bukan|insiden|(lihat|info@dinas.example)."},
		{"a quote that is not closed is a character", `/tolak layar 14" rusak`, `reject|layar|14"|rusak`},
		{"an opening quote alone", `/tolak "bukan insiden`, `reject|"bukan|insiden`},
		{"a number with a full stop", "/duplikat BALIPROV-CSIRT-2026-0123.", "duplicate|BALIPROV-CSIRT-2026-0123"},
		{"a number in the subject's brackets", "/duplikat [BALIPROV-CSIRT-2026-0123]", "duplicate|BALIPROV-CSIRT-2026-0123"},
		{"a list's filter", "/daftar Mine.", "list|mine"},
		{"a list's filter in Indonesian", "/daftar milik saya", "list|mine"},
		{"a word that is no filter", "/daftar budi", "list|budi"},
		{"front desk as the telephone writes it", "/teruskan Front Desk.", "forward|front-desk"},
		{"a filter's word is a team elsewhere", "/teruskan semua", "forward|semua"},
		{"a time", "/pantau senin 09.00", "monitor|senin|09.00"},
	} {
		cmds, _, _ := readCommands(c.text)
		if got := short(cmds); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
}

func TestACommandLineIsKeptAsItWasWritten(t *testing.T) {
	cmds, _, _ := readCommands("  ／Teruskan\u00a0“budi@csirt.example” \n/verifikasi jenis=ddos\n tingkat=berbahaya")
	if len(cmds) != 2 || cmds[0].Line != "／Teruskan\u00a0“budi@csirt.example”" || cmds[1].Line != "/verifikasi jenis=ddos\ntingkat=berbahaya" {
		t.Errorf("lines: %+v", cmds)
	}
}

func TestACommandWithoutArgumentsHasEmptyListsInJSON(t *testing.T) {
	for _, text := range []string{"/list", "/entah", "/cc", "/tolak"} {
		cmds, _, _ := readCommands(text)
		out, err := json.Marshal(cmds)
		if err != nil || !strings.Contains(string(out), `"args":[],"set":{}`) {
			t.Errorf("%s: %s, %v", text, out, err)
		}
	}
}

func TestNothingSlipsOut(t *testing.T) {
	for _, c := range []struct{ about, text, want string }{
		{"a command below the text", "Sudah saya cek.\n/tutup", "/tutup"},
		{"a command with arguments below the text", "Sudah.\n\n  /Teruskan budi@csirt.example\nx", "/Teruskan budi@csirt.example"},
		{"one letter off", "Sudah.\n/tutp", "/tutp"},
		{"letters swapped", "Sudah.\n/colse", "/colse"},
		{"English below an Indonesian command", "/balas\nHalo\n/close", "/close"},
		{"the telephone's slash and capital", "Sudah.\n\u00a0／ Tutup.", "／ Tutup."},
		{"in bold", "Sudah.\n*/tutup*", "*/tutup*"},
		{"a first line that is a command word without its slash", "tutup\n\nSudah beres.", "tutup"},
		{"the same with a capital and a full stop", "Tutup.\nSudah beres.", "Tutup."},
		{"the same in English", "Close", "Close"},
		{"a first line that is a list item of a command", "- /tutup\nSudah beres.", "- /tutup"},
		{"a bullet too", "• /teruskan budi@csirt.example", "• /teruskan budi@csirt.example"},
		{"a command word in a sentence is text", "Tutup saja tiketnya.", ""},
		{"a command word below a command is text", "/balas\nSelesai.", ""},
		{"a command word below the text is text", "Sudah kami periksa.\nSelesai.", ""},
		{"a path with a command's name", "Sudah.\n/list/2026", ""},
		{"a file with a command's name", "Sudah.\n/list.html", ""},
		{"a folder far from all commands", "Sudah.\n/etc dan /var", ""},
		{"an unknown word two letters off", "Sudah.\n/tpp", ""},
		{"a command inside of a line", "Balas dengan /selesai bila beres.", ""},
		{"a list of commands below the text", "Anda dapat membalas:\n- /selesai bila beres", ""},
		{"commands where they belong", "/verifikasi\n/teruskan web\nTolong dicek.", ""},
		{"no text", "/verifikasi", ""},
	} {
		if _, _, slip := readCommands(c.text); slip != c.want {
			t.Errorf("%s: %q, want %q", c.about, slip, c.want)
		}
	}
}

func TestAHostileTextCostsNoMoreThanItsSize(t *testing.T) {
	const size = 2 << 20
	for _, c := range []struct{ about, text string }{
		{"a command in every line", strings.Repeat("/q\n", size/3)},
		{"a slash word in every line of the text", "x\n" + strings.Repeat("/qqqq\n", size/6)},
		{"one line of arguments", "/atur tlp=" + strings.Repeat("a ", size/2)},
		{"one word of commas", "/atur tlp=" + strings.Repeat(",", size)},
		{"lines of fields", "/atur\n" + strings.Repeat("tlp=red\n", size/8)},
		{"quotes", "/tolak " + strings.Repeat("\" ", size/2)},
		{"bold marks", "*/tolak " + strings.Repeat("*", size)},
		{"one word", "/" + strings.Repeat("a", size)},
	} {
		cmds, body, _ := readCommands(c.text)
		if len(cmds) > mostCommands || len(cmds) == 0 && body == "" {
			t.Errorf("%s: %d commands, %d bytes of text", c.about, len(cmds), len(body))
		}
		isThanks(c.text)
		languageOf(c.text)
	}
}

func TestALineTooLongForACommandDoesNotSlipOut(t *testing.T) {
	line := "/tolak " + strings.Repeat("alasan ", 10000) + "x"
	if cmds, body, slip := readCommands(line); len(cmds) != 0 || body != line || slip != line {
		t.Errorf("%d commands, %d bytes of text, a slip of %d", len(cmds), len(body), len(slip))
	}
}

// allWords are the words of a text without what nobody sees.
func allWords(text string) []string {
	return strings.Fields(strings.Map(func(r rune) rune {
		if plainRune(r) < 0 {
			return -1
		}
		return r
	}, text))
}

func FuzzReadCommands(f *testing.F) {
	for _, s := range []string{"/tutup\n\nTerima kasih.", "／ Teruskan\u00a0<mailto:budi@csirt.example>.\r\nteks", "/verifikasi jenis=defacement\ntingkat=sangat berbahaya\n/x/y",
		"*/atur* perihal=\"a b\" tlp = amber + strict", "/baru untuk=Ani <ani@dinas.example> Situs", "\\\\server\\x\n- /tutup", "/cc a@x,b@x;c@x [mailto:c@x]", "\ufeff\u200b\n/\n//\n/ a", "/set =\"", "/atur tlp=,tlp=", "**/tutup** **", "/a\u2028b\u0085c\vd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("new text is always valid UTF-8")
		}
		cmds, body, slip := readCommands(text)
		var kept []string
		for _, c := range cmds {
			if c.Name == "" || strings.ContainsAny(c.Name, " /") || c.Args == nil || c.Set == nil {
				t.Fatalf("%q: %+v", text, c)
			}
			for _, a := range append(slices.Collect(maps.Values(c.Set)), c.Args...) {
				if !utf8.ValidString(a) || strings.ContainsAny(a, "\r\n") {
					t.Fatalf("%q: argument %q", text, a)
				}
			}
			kept = append(kept, allWords(c.Line)...)
		}
		if kept = append(kept, allWords(body)...); !slices.Equal(kept, allWords(text)) {
			t.Fatalf("%q: the words became %q", text, kept)
		}
		if again, same, _ := readCommands(body); len(cmds) < mostCommands && len(text) < longestCommandLine && len(again) > 0 || same != body {
			t.Fatalf("%q: the text %q is read as commands %+v and %q", text, body, again, same)
		}
		if slip != "" && !strings.Contains(body, slip) {
			t.Fatalf("%q: the slip %q is no line of the text %q", text, slip, body)
		}
	})
}
