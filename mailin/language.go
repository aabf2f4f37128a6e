package mailin

import (
	"strings"
	"unicode"

	"aduan/tickets"
)

// The words by which a language is known: those that carry a sentence and few others, and none that the other language writes
// too (as "data", "server", "website", "program"). Words that settle it by themselves count twice.
var (
	idWords = wordWeights(`yang dan di ke dari untuk dengan pada ini itu tidak adalah dalam akan oleh juga sudah telah belum bisa dapat ada saya kami kita anda mereka
		karena atau agar supaya jika bila kalau saat ketika setelah sebelum sejak sampai hingga bahwa sebagai seperti tetapi namun tapi lagi masih sangat lebih banyak
		semua setiap para tersebut berikut terjadi menjadi harus mohon silakan silahkan tolong apakah apa bagaimana mengapa kenapa dimana mana siapa kapan berapa
		terima kasih selamat pagi siang sore malam hormat bapak ibu pak bu salam kepada bagi antara melalui terhadap tentang mengenai terkait terlampir segera hari
		jangan bukan hanya saja sedang sekarang kemarin besok tadi nanti baru lama kembali ingin perlu dinas kabupaten kota provinsi kantor situs laman halaman surel
		laporan melaporkan dilaporkan kejadian insiden serangan peretasan diretas kebocoran judi tampilan diubah dibuka muncul ditemukan kena nih dong gak nggak ga tdk yg
		dgn utk krn sdh blm jg bs dr pd kpd sy suksma nggih bantu bantuannya bantuan adanya`, `yang dan dengan tidak untuk adalah mohon kami sudah belum telah karena yg tdk`)
	enWords = wordWeights(`the of and to in on is are was were be been being this that these those with for from by an it its they them their we our us you your he she his her
		have has had do does did not no can could will would should may might must but or if when while after before since until because as at into about over under
		there here what which who whom whose where why how please thank thanks dear hello regards sincerely kind best any all some more most other than then so
		very just only also now today yesterday tomorrow again still yet my me am i'm it's don't can't won't we're you're isn't doesn't didn't i've we've someone something
		seems looks help need want found noticed received attached below following hacked defaced attacked website's urgent been`,
		`the of and this that with is are was were have has not please your our we`)
)

// mostLanguageWords bounds what is counted: a language shows at once.
const mostLanguageWords = 3000

// languageOf tells Indonesian from English by the words that carry sentences; "" where too little speaks for either. Greetings
// that both use (Om Swastiastu) count for none.
func languageOf(text string) tickets.Language {
	indonesian, english, count := 0, 0, 0
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		w = strings.ReplaceAll(w, "’", "'")
		indonesian += idWords[w]
		english += enWords[w]
		if idWords[w] == 0 && enWords[w] == 0 && looksIndonesian(w) {
			indonesian++
		}
		if count++; count == mostLanguageWords {
			break
		}
	}
	switch {
	case indonesian > english:
		return tickets.Indonesian
	case english > indonesian:
		return tickets.English
	}
	return ""
}

// looksIndonesian knows a word by its affixes, so that a line of few words tells its language: mengirimkan, diubahnya,
// pengaduannya, keamanan.
func looksIndonesian(w string) bool {
	if len(w) < 7 {
		return false
	}
	for _, prefix := range []string{"meng", "meny", "memb", "memp", "mend", "ment", "menc", "menj", "peng", "peny", "pemb", "pend", "di", "ke", "ber", "ter", "per"} {
		if strings.HasPrefix(w, prefix) && (strings.HasSuffix(w, "kan") || strings.HasSuffix(w, "nya") || strings.HasSuffix(w, "an") && prefix != "di" && prefix != "ter" && prefix != "per") {
			return true
		}
	}
	return false
}

// wordWeights gives each word the weight 1, and 2 to those that settle it.
func wordWeights(words, settling string) map[string]int {
	weights := map[string]int{}
	for _, w := range strings.Fields(words) {
		weights[w] = 1
	}
	for _, w := range strings.Fields(settling) {
		weights[w] = 2
	}
	return weights
}
