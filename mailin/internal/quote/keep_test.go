package quote

import "testing"

// Texts of which nothing is to be cut, though something in them looks like a quotation or a signature.
var kept = []struct{ about, text string }{
	{"a thank-you", "terima kasih"},
	{"a thank-you with a name", "Terima kasih,\nBudi"},
	{"a thank-you in Balinese", "Suksma"},
	{"an English thank-you", "Thanks!"},
	{"a command alone", "/close"},
	{"a command behind a no-break space", "\u00a0/verify type=defacement"},
	{"a sign-off stays with the words it ends", "Situs sudah pulih.\n\nHormat kami,\nBudi Santoso\nKepala Seksi Aplikasi"},
	{"prose about writing", "On Monday I wrote: please reset the password.\nOn the other hand, it may wait."},
	{"prose about writing, colon at the end", "On Monday 23 November 2026 I wrote:\n\nplease reset the password"},
	{"a narrative that ends in a colon", "Pada tanggal 23 November 2026 pelaku mengirim email ke kami dan menulis:\n\nBayar 1 BTC atau data disebar."},
	{"a narrative with a time", "On 23 Nov 2026 at 10.05 the attacker logged in and wrote:\n\nYour data is mine"},
	{"a narrative with an address", "Pada 23 Nov 2026 pukul 10.05 pelaku dengan alamat penipu@jahat.example mengirim pesan lalu menulis:\n\nTransfer sekarang"},
	{"a narrative with an address in brackets", "Pada 23 Nov 2026 pukul 10.05 pelaku dengan alamat <penipu@jahat.example> mengirim pesan lalu menulis:\n\nTransfer sekarang"},
	{"a sentence that ends in sent from", "Surel palsu beredar.\n\nDikirim dari alamat yang mirip dengan alamat dinas kami di kota."},
	{"a time and a colon", "Kronologi 23/11/2026 10:05:\n\nSitus tidak bisa dibuka."},
	{"a chronology", "Kronologi:\n23/11/2026 10:05: situs berubah\n23/11/2026 10:20: admin diberi tahu\n\nMohon bantuan."},
	{"a field of a form", "From: field is empty\nThe form does not say why."},
	{"sources in prose", "The data comes From: our database, To: nobody."},
	{"an office letter", "SURAT LAPORAN\n\nDari: Kepala Dinas\nKepada: Kepala CSIRT\nPerihal: Situs diretas\nTanggal: 23 November 2026\n\nDengan hormat, kami laporkan situs diretas."},
	{"a warning that is the report", "Peringatan: email ini berasal dari luar dan mengaku bank.\nMohon diblokir."},
	{"a report about external mail", "External email from our bank looks odd.\n\nPlease check."},
	{"an office memo under a line", "NOTA DINAS\n==========\n\nYth.    : Kepala CSIRT\nDari    : Kepala Dinas\nHal     : Situs diretas\nTanggal : 23 November 2026\n\nBersama ini kami laporkan."},
	{"an invitation", "UNDANGAN\n\nDari: Kepala Dinas\nKepada: Kepala CSIRT\nTanggal: 23 November\nWaktu: 10.00 WITA\n\nMohon hadir."},
	{"a chronology with what somebody wrote", "Kronologi\n\n- Pada 23/11/2026 10.05, admin menulis:\n  situs lambat\n- Setelah itu situs berubah"},
	{"a mail as evidence, with its attribution", "Email yang kami terima:\n\nOn Mon, Nov 23, 2026 at 10:05 AM Bank <info@jahat.example> wrote:\n\nKlik tautan ini."},
	{"a sentence about a sender", "Kemarin ada email masuk.\n\nSurel dari Bank <info@jahat.example> menulis:\n\nKlik tautan ini."},
	{"what diff prints", "Perbedaannya\n\n12c12\n< define('DEBUG', false);\n---\n> define('DEBUG', true);\n\nItu saja."},
	{"a mail server's log", "Log kami\n\nNov 23 10:05:12 mail postfix/smtpd[12]: NOQUEUE: reject: RCPT from unknown[203.0.113.5]: 554 <a@dinas.example>:\nRelay access denied"},
	{"a letter's references", "Nomor: 005/123\nLampiran: 1 berkas\nPerihal: Laporan insiden\n\nKepada Yth. Kepala CSIRT"},
	{"traffic", "Lalu lintas mencurigakan\n\nFrom: 10.0.0.5\nTo: 10.0.0.9\nDate: 2026-11-23 10:05\nSubject: scan"},
	{"a phishing mail's fields as evidence", "Saya menerima email berikut:\n\nFrom: Bank <info@jahat.example>\nDate: Mon, 23 Nov 2026 10:05:00 +0800\nTo: budi@dinas.example\nSubject: Akun Anda diblokir\n\nKlik tautan ini."},
	{"a pasted raw header", "Header lengkapnya saya salin\n\nReturn-Path: <x@jahat.example>\nReceived: from mail.jahat.example\nFrom: Bank <info@jahat.example>\nTo: budi@dinas.example\nDate: Mon, 23 Nov 2026 10:05:00 +0800\nSubject: Akun"},
	{"a pasted raw header that begins with From", "Header lengkapnya saya salin\n\nFrom: Bank <info@jahat.example>\nTo: budi@dinas.example\nDate: Mon, 23 Nov 2026 10:05:00 +0800\nMessage-ID: <1@jahat.example>\nSubject: Akun"},
	{"a line of dashes", "Bagian satu\n\n----------\n\nBagian dua"},
	{"Markdown", "# Laporan\n----\n\n1. Situs\n2. Server\n\n====\n\nSelesai"},
	{"a title between dashes", "Isi di bawah ini.\n\n----- Isi Laporan -----\n\nSitus kami diretas."},
	{"a table", "| situs | keadaan |\n|-------|---------|\n| a.example | diretas |\n| b.example | aman |"},
	{"a table of dashes", "Situs      Keadaan\n---------- -------\na.example  diretas\nb.example  aman\n\nTelp. kami menyusul."},
	{"a list of double dashes", "Mohon diperiksa:\n-- server web\n-- basis data\n\nTerima kasih!"},
	{"a double dash within a line", "Sudah -- ini bukan tanda tangan.\n\nSelesai"},
	{"arrows", "Lihat ini:\n--> satu\n--> dua"},
	{"log lines that begin with a mark", "Log dari server:\n> Nov 23 10:05:01 web sshd[12]: Failed password for root\n> Nov 23 10:05:02 web sshd[12]: Failed password for root\n\nMohon diblokir."},
	{"log lines without an introduction", "Kami melihat percobaan masuk\n\n> 203.0.113.5 - - [23/Nov/2026:10:05:01] \"GET /wp-login.php\"\n> 203.0.113.5 - - [23/Nov/2026:10:05:02] \"GET /wp-login.php\"\n\nMohon diblokir."},
	{"a shell prompt", "Perintah yang saya jalankan:\n\n> whoami\n> cat /etc/passwd"},
	{"a Python prompt", "Hasilnya\n\n>>> import os\n>>> os.getcwd()\n'/var/www'"},
	{"an ornament", "Kunjungi kami...\n>>> >>>  http://desa.example <<<\nKlik tautan di atas"},
	{"a quoted line within a paragraph", "Di menu pengaturan\n> Keamanan\npilih sandi."},
	{"only marked lines", "> Situs kami diretas.\n> Mohon bantuan."},
	{"indented code", "Isi berkasnya\n\n    > bukan kutipan\n    if (a > b) {}\n\nBegitu."},
	{"sent from in a sentence", "Berkasnya saya lampirkan.\n\nSent from my desk, is much easier then my mobile phone."},
	{"sent from in the midst", "Email itu\ndikirim dari Yahoo Mail milik pelaku kepada semua pegawai dinas kami pada hari Senin pagi sekitar pukul tujuh lebih.\nMohon diblokir."},
	{"a sentence like a disclaimer's beginning", "Situs diretas.\n\nPesan ini dan lampirannya adalah bukti phishing."},
	{"code in a fence", "Kodenya:\n\n```\na\n--\nb\n```\n\nBegitu."},
	{"a separator for the evidence", "Situs diretas.\n\n=====\nURL: http://situs.example/hack.html\nWaktu: 10:05"},
	{"a weekday and an address", "Besok pukul 10.00 rapat, hubungi ayu@dinas.example untuk tautannya:\n\nhttps://rapat.example/1"},
	{"spaces and lists", "Format\n\n- A\n- B\n\n\n    - C"},
	{"a note of what was sent", "Yang sudah dikirim:\n1. log\n2. tangkapan layar"},
	{"a mail that begins with an attribution: what follows may be the answer", "On 8 May 2026 17:34, \"Budi\" <budi@dinas.example> wrote:\n\n    x == y\n\nIt should be:\n\n    x = y"},
	{"a forward of Outlook without a word above it", "From: Warga <warga@desa.example>\nSent: Monday, November 23, 2026 10:05 AM\nTo: Budi <budi@dinas.example>\nSubject: Situs desa\n\nSitus desa kami diretas."},
}

func TestTextThatOnlyLooksQuotedStays(t *testing.T) {
	for _, c := range kept {
		if got := New(c.text); got != c.text {
			t.Errorf("%s:\n%s\n\tgot %q", c.about, c.text, got)
		}
	}
}
