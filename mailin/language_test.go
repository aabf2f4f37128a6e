package mailin

import (
	"strings"
	"testing"

	"aduan/tickets"
)

func TestTheLanguageOfAReport(t *testing.T) {
	for _, c := range []struct {
		about, text string
		want        tickets.Language
	}{
		{"a short Indonesian report", "Situs dinas kami diretas, mohon bantuannya.", tickets.Indonesian},
		{"a short English report", "Our website was hacked, please help.", tickets.English},
		{"few words", "website kena judi online", tickets.Indonesian},
		{"few words in English", "Website is down", tickets.English},
		{"words known by their affixes alone", "Pengaduan pemblokiran alamat", tickets.Indonesian},
		{"chat spelling", "web dinas sdh tdk bs dibuka", tickets.Indonesian},
		{"the Balinese greeting before English", "Om Swastiastu,\n\nWe found a phishing page on your server.", tickets.English},
		{"Indonesian with English log lines", "Mohon dicek, situs kami menampilkan pesan berikut sejak tadi pagi:\nError: the file was not found", tickets.Indonesian},
		{"English with Indonesian names", "Dear Dinas Kominfo Kota Denpasar, your server is attacking our network.", tickets.English},
		{"curly apostrophes", "I’m sure it’s hacked, don’t open", tickets.English},
		{"nothing", "", ""},
		{"no words of a language", "SQL injection 10.0.0.1 server database", ""},
		{"another language", "Bonjour, notre serveur a été piraté", ""},
		{"a great text ends the count, not the answer", strings.Repeat("situs yang diretas ", 50000), tickets.Indonesian},
	} {
		if got := languageOf(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
}
