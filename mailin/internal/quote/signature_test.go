package quote

import "testing"

// What stands under a mail and is not its message. Each is tried below a text, below a text with a sign-off, and above a quotation.
var footers = []struct{ about, text string }{
	{"the delimiter", "-- \nBudi Santoso\nKepala Seksi Aplikasi\nTelp. (0361) 123456"},
	{"the delimiter without its blank", "--\nBudi Santoso\nDinas Kominfo"},
	{"the delimiter with a no-break space", "--\u00a0\nBudi Santoso"},
	{"an em dash", "—\nBudi Santoso\nhttps://dinas.example"},
	{"a signature of several paragraphs", "--\nSalam hormat,\n\nBudi Santoso\n\nDinas Kominfo"},
	{"iPhone", "Sent from my iPhone"},
	{"iPhone with a point", "Sent from my iPhone."},
	{"iPhone with joy", "Sent from my iPhone!"},
	{"iPad", "Sent from my iPad"},
	{"BlackBerry of a provider", "Sent from my Verizon Wireless BlackBerry"},
	{"BlackBerry, other words", "Sent wirelessly from my BlackBerry."},
	{"BlackBerry in Spanish", "Enviado desde mi oficina móvil BlackBerry® de Telcel"},
	{"a program not known here", "Sent with Suratku"},
	{"BlackBerry in Indonesia", "Powered by Telkomsel BlackBerry®"},
	{"Galaxy", "Sent from my Samsung Galaxy smartphone."},
	{"Galaxy, other words", "Sent from Samsung tablet."},
	{"Android", "Sent from my Android phone with K-9 Mail. Please excuse my brevity."},
	{"Windows", "Sent from Mail for Windows 10"},
	{"Windows with a link", "Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows"},
	{"Yahoo", "Sent from Yahoo Mail on Android"},
	{"Yahoo with a link", "Sent from Yahoo Mail for iPhone <https://mail.onelink.example/107872968>"},
	{"Outlook", "Get Outlook for Android<https://aka.ms/AAb9ysg>"},
	{"Outlook with its link on the next line", "Get Outlook for iOS\n<https://aka.ms/o0ukef>"},
	{"Outlook, other words", "Sent from Outlook for iOS"},
	{"Proton", "Sent with Proton Mail secure email."},
	{"Proton on a telephone", "Sent from Proton Mail for iOS"},
	{"an unknown program with its link", "Sent from TypeApp<http://www.typeapp.example/r>"},
	{"Indonesian iPhone", "Dikirim dari iPhone saya"},
	{"Indonesian Yahoo", "Dikirim dari Yahoo Mail"},
	{"Indonesian Yahoo on Android", "Dikirim dari Yahoo Mail di Android"},
	{"Indonesian Outlook", "Dapatkan Outlook untuk Android"},
	{"Indonesian Outlook, other words", "Unduh Outlook untuk iOS<https://aka.ms/o0ukef>"},
	{"Indonesian Galaxy", "Dikirim dari ponsel cerdas Samsung Galaxy saya."},
	{"Indonesian Galaxy, other words", "Terkirim dari Perangkat Samsung saya"},
	{"Indonesian Windows", "Dikirim dari Surat untuk Windows"},
	{"German iPhone", "Von meinem iPhone gesendet"},
	{"German Outlook", "Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>"},
	{"German Galaxy", "Von meinem Samsung Galaxy Smartphone gesendet."},
	{"French iPhone", "Envoyé de mon iPhone"},
	{"French Outlook", "Télécharger Outlook pour Android"},
	{"Spanish iPhone", "Enviado desde mi iPhone"},
	{"Portuguese iPhone", "Enviado do meu iPhone"},
	{"Italian iPhone", "Inviato da iPhone"},
	{"Dutch iPhone", "Verstuurd vanaf mijn iPhone"},
	{"Swedish iPhone", "Skickat från min iPhone"},
	{"Norwegian iPad", "Sendt fra min iPad"},
	{"Finnish iPhone", "Lähetetty iPhonesta"},
	{"Polish iPhone", "Wysłane z iPhone'a"},
	{"Russian iPhone", "Отправлено с iPhone"},
	{"Turkish iPhone", "iPhone'umdan gönderildi"},
	{"Japanese iPhone", "iPhoneから送信"},
	{"Chinese iPhone", "发自我的 iPhone"},
	{"Chinese iPhone, traditional", "從我的 iPhone 傳送"},
	{"Korean iPhone", "나의 iPhone에서 보냄"},
	{"a virus scanner", "Virus-free. www.avast.com"},
	{"a virus scanner with a rule", "--------------------------\nThis email has been checked for viruses by Avast antivirus software.\nhttps://www.avast.com/antivirus"},
	{"an office's disclaimer", "DISCLAIMER: Email ini dan lampirannya bersifat rahasia. Jika Anda bukan penerima yang dituju, hapuslah."},
	{"an office's disclaimer in two languages", "PENYANGKALAN\n\nSurel ini dan lampirannya hanya untuk penerimanya.\n\nThis email and any attachments are for the recipient only."},
	{"a disclaimer without a title", "Email ini dan seluruh lampirannya bersifat rahasia dan hanya ditujukan\nkepada penerima yang dituju."},
	{"an English disclaimer", "This e-mail and any attachments are confidential and intended solely for the addressee."},
	{"an English disclaimer with a title", "CONFIDENTIALITY NOTICE\nThe contents are for the addressee only.\n\nPlease delete it otherwise."},
	{"care for trees", "Harap pertimbangkan lingkungan sebelum mencetak email ini."},
	{"a mailing list", "_______________________________________________\nwarga mailing list\nwarga@milis.example\nhttps://milis.example/listinfo/warga"},
	{"contacts under a long line", "____________________________\nBudi Santoso\nDinas Kominfo\nTelp. 0361 123456"},
	{"an advert above a disclaimer", "Sent from my iPhone\n\nDISCLAIMER\nThis email is for its recipient."},
	{"an advert below the delimiter", "-- \nBudi\nSent from my iPhone"},
}

func TestAFooterIsNotNew(t *testing.T) {
	for _, c := range footers {
		for _, text := range []string{"Situs sudah pulih.", "Situs sudah pulih.\n\nTerima kasih,\nBudi"} {
			if got := New(text + "\n\n" + c.text); got != text {
				t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
			}
			mail := text + "\n\n" + c.text + "\n\nPada Sen, 23 Nov 2026 pukul 10.05 CSIRT <aduan@csirt.example> menulis:\n> Apa?\n"
			if got := New(mail); got != text {
				t.Errorf("%s above a quotation: %q\n\tgot %q", c.about, c.text, got)
			}
		}
	}
}

func TestAMailIsNotEmptiedByItsSignature(t *testing.T) {
	for _, c := range footers {
		if got := New(c.text); got == "" {
			t.Errorf("%s: %q alone leaves nothing", c.about, c.text)
		}
	}
}

func TestTextBelowATelephonesLineStays(t *testing.T) {
	mail := "Situs pulih.\n\nSent from my iPhone\n\nTambahan: basis data juga."
	if got := New(mail); got != mail {
		t.Errorf("got %q", got)
	}
}
