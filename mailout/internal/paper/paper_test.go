package paper

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/goregular"
)

func photograph(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Set(i%w, i/w, color.RGBA{uint8(i % 255), 80, uint8(i / w), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func document(t *testing.T) Document {
	long := strings.Repeat("Kalimat ini cukup panjang untuk mengisi beberapa baris di atas kertas. ", 60)
	return Document{Title: "Berkas kasus", Subtitle: "Situs dinas berubah tampilan", Mark: "TLP:AMBER", MarkInk: "#ffc000", Number: "BALIPROV-CSIRT-2026-0123", Author: "Baliprov-CSIRT", Colour: "#0b5394",
		Lang: "id", Made: time.Date(2026, 11, 23, 6, 5, 0, 0, time.UTC), Page: "halaman %d dari %s", Missing: "%d huruf halaman ini tidak ada dalam fon.",
		Sections: []Section{
			{Title: "Audit", Good: "Utuh.", Bad: []string{"Pesan 3 diubah."}, Notes: []string{"Catatan kecil."}, Facts: []Fact{{"Perihal", "Situs", false}, {"Hash", strings.Repeat("ab", 32), true}}},
			{Title: "Riwayat", Entries: []Entry{{"23 November 2026, 14.05 WITA", "Laporan menjadi tiket → Dibuka", "1 " + strings.Repeat("c", 16)}, {"24 November 2026", long[:400], ""}}},
			{Title: "Pesan", Passages: []Passage{
				{Title: "Ani Wijaya <ani@dinas.example>", Tag: "publik", Open: true, Facts: []Fact{{"Kepada", "aduan@csirt.example", false}}, Text: "Selamat pagi,\n\n  menjorok: https://dinas.example/" + strings.Repeat("x", 300) + "\n" + long + "\nЗдравствуйте, καλημέρα, Dziękuję, Tiếng Việt.",
					Files: []File{{"layar.png", "image/png, 48,2 KB", strings.Repeat("a", 64), photograph(t, 640, 400), 640, 400}, {"tinggi.png", "image/png", strings.Repeat("b", 64), photograph(t, 300, 900), 300, 900}}},
				{Title: "Budi", Tag: "internal", Text: "中文 ᬩᬮᬶ 😀 عربي: tidak ada dalam fon."},
			}},
		}}
}

func written(t *testing.T, d Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("ADUAN_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, t.Name()+".pdf"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// text is what a program of others reads on the pages; "" where there is none here.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		return ""
	}
	path := filepath.Join(t.TempDir(), "d.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestADocumentHasPagesFontsAndPictures(t *testing.T) {
	pdf := written(t, document(t))
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf[len(pdf)-10:], []byte("%%EOF")) {
		t.Fatal("this is no PDF")
	}
	if n := len(regexp.MustCompile(`/Type /Page\b[^s]`).FindAll(pdf, -1)); n < 3 {
		t.Errorf("%d pages", n)
	}
	if n := bytes.Count(pdf, []byte("/FontFile2")); n != 3 {
		t.Errorf("%d fonts are embedded, want 3", n)
	}
	if n := bytes.Count(pdf, []byte("/DCTDecode")); n != 2 {
		t.Errorf("%d pictures, want 2", n)
	}
	for _, active := range []string{"/JavaScript", "/JS", "/URI", "/Launch", "/AA", "/OpenAction << /S"} {
		if bytes.Contains(pdf, []byte(active)) {
			t.Errorf("the document holds %s", active)
		}
	}
	if read := text(t, pdf); read != "" {
		for _, want := range []string{"BALIPROV-CSIRT-2026-0123", "TLP:AMBER", "halaman 1 dari", "Здравствуйте, καλημέρα"} {
			if !strings.Contains(read, want) {
				t.Errorf("the pages do not say %q:\n%s", want, read)
			}
		}
	}
}

func TestLettersWithoutAFontAreSeenToBeMissing(t *testing.T) {
	g, err := readGlyphs(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{fonts: map[string]glyphs{"": g}}
	for in, want := range map[string]string{"中文": "□□", "Bali ᬩ!": "Bali □!", "😀": "□", "a\u200bb\ufe0fc": "abc", "Dziękuję – “ya” …": "Dziękuję – “ya” …", "a\tb": "a    b", "gpj.\u202eexe": "gpj.exe", "tidak\u00a0putus": "tidak putus"} {
		if got := w.clean(in); got != want {
			t.Errorf("%q is printed as %q, want %q", in, got, want)
		}
	}
	if read := text(t, written(t, document(t))); read != "" && !regexp.MustCompile(`□ \d+ huruf halaman ini`).MatchString(read) {
		t.Errorf("no page says how many letters are missing:\n%s", read)
	}
}

func TestTheSameDocumentIsTheSameBytes(t *testing.T) {
	if d := document(t); !bytes.Equal(written(t, d), written(t, d)) {
		t.Error("two printings differ")
	}
}

func TestOddTextIsPrinted(t *testing.T) {
	d := document(t)
	for _, s := range []string{"", "\n\n\n", strings.Repeat("W", 5000), strings.Repeat("\n", 300), strings.Repeat("😀", 2000), "{nb}", "(\\)%PDF", "\x00\xff\xfe", strings.Repeat("中", 500) + " " + strings.Repeat("i ", 5000)} {
		d.Sections = []Section{{Title: s, Bad: []string{s}, Facts: []Fact{{s, s, true}}, Entries: []Entry{{s, s, s}}, Passages: []Passage{{Title: s, Tag: s, Text: s, Files: []File{{Name: s, Detail: s, SHA256: s, JPEG: []byte("no picture"), Width: 0}}}}}}
		written(t, d)
	}
}

func FuzzDocuments(f *testing.F) {
	f.Add("Selamat pagi", "中文\n\tx")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := Document{Title: a, Subtitle: b, Mark: "TLP:RED", MarkInk: "#ff2b2b", Number: "N-1", Author: b, Colour: "#0b5394", Lang: "id", Page: "%d %s", Missing: "%d",
			Sections: []Section{{Title: a, Facts: []Fact{{a, b, false}}, Entries: []Entry{{a, b, a}}, Passages: []Passage{{Title: b, Tag: a, Text: a + b}}}}}
		if err := Write(&bytes.Buffer{}, d); err != nil {
			t.Fatal(err)
		}
	})
}
