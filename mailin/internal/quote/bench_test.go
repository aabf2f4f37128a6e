package quote

import (
	"strings"
	"testing"
	"time"
)

func BenchmarkNew(b *testing.B) {
	quoted := strings.Repeat("> Mohon kabar tentang situs desa kami yang kemarin diretas.\n", 200)
	mail := strings.Repeat("Sudah kami perbaiki, Pak. Mohon dicek: http://desa.example.\n", 20) + "\nPada Sen, 23 Nov 2026 pukul 10.05 Budi <budi@dinas.example> menulis:\n" + quoted
	b.SetBytes(int64(len(mail)))
	for b.Loop() {
		New(mail)
	}
}

// hostile are texts that cost the most for their size: each is one unit that is repeated.
var hostile = []string{
	"a:\n", "On 1:\n", "On 23 Nov 2026 10:05 a@b wrote:\n", "From: a@b\n", "From: a@b\nTo:\n", "----\n", "---- a ----\n", "> \n\n", ">\n", ">>>>>>>>", "> a:\n", "\n", " \n", "--\n", "-- \n",
	"Sent from my iPhone\n", "DISCLAIMER\n\n", "<a@", "On 2 ", "&gt;", "____\nx\n\n", "> a\nhttp://x\n", "wrote: ", "\u200b", "|\n", "a> b\n", "ini\n\n", "12.12.12 <a@b>:\n", "*", "Tel: 0361 123456\n",
}

// TestHostileTextsTakeLinearTime gives each text a bound that is far above what it takes (a fraction of a second) and far
// below what quadratic work would.
func TestHostileTextsTakeLinearTime(t *testing.T) {
	for _, unit := range hostile {
		text := strings.Repeat(unit, 150_000/len(unit))
		start := time.Now()
		New(text)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("150 kB of %q take %v", unit, took)
		}
	}
}
