package mailin

import "testing"

func TestABareThankYouIsKnown(t *testing.T) {
	for _, text := range []string{
		"Terima kasih", "terima kasih.", "Terimakasih banyak!", "makasih ya", "Suksma", "Matur suksma, Pak", "matur suwun", "Thanks", "Thank you so much!", "thx",
		"ok terima kasih banyak pak 🙏", "siap, terima kasih", "Noted with thanks", "Baik, terima kasih atas bantuannya.", "Terima kasih Pak Budi", "terima  kasih\n\nSalam,\nAni Dewi",
		"Kami ucapkan terima kasih atas respon yang cepat.", "Thanks a lot for your quick help.\n\nBest regards,\nWayan Sudarma", "🙏", "Terima\u00a0kasih \U0001F64F\U0001F3FB",
		"Om Swastiastu, terima kasih, Om Santih Santih Santih Om", "TERIMA KASIH", "tq", "Terima kasih kembali",
	} {
		if !isThanks(text) {
			t.Errorf("%q is a bare thank-you", text)
		}
	}
}

func TestWhateverElseIsSaidIsNoBareThankYou(t *testing.T) {
	for _, c := range []struct{ about, text string }{
		{"nothing", ""},
		{"an agreement", "ok siap"},
		{"a picture of another kind", "👍"},
		{"a trouble behind it", "terima kasih, tapi masih rusak"},
		{"a trouble behind a title", "Terima kasih pak Tapi rusak"},
		{"a trouble behind a title, in capitals", "Terima kasih Pak BELUM"},
		{"a trouble below it", "Terima kasih.\nSitus Masih Mati"},
		{"a question", "Terima kasih, sudah selesai?"},
		{"a number", "Terima kasih, 2 server lagi"},
		{"an address", "thanks to ani@dinas.example"},
		{"half of it", "kasih tahu pak"},
		{"a thank-you in advance of a request", "Mohon dicek kembali, terima kasih"},
		{"too long", "terima kasih terima kasih terima kasih terima kasih terima kasih terima kasih terima kasih"},
		{"still broken", "Thanks, still not working"},
		{"a report", "Situs kami diretas"},
	} {
		if isThanks(c.text) {
			t.Errorf("%s: %q is no bare thank-you", c.about, c.text)
		}
	}
}
