package quote

import "testing"

// Each block stands below an answer and above a text without marks.
var headerBlocks = []struct{ about, text string }{
	{"Indonesian Outlook", "Dari: CSIRT Provinsi <aduan@csirt.example>\nDikirim: Senin, 23 November 2026 10:05\nKepada: Budi Santoso <budi@dinas.example>\nPerihal: RE: Situs diretas"},
	{"Indonesian Outlook on the web, under a line", "________________________________\nDari: CSIRT Provinsi <aduan@csirt.example>\nDikirim: Senin, 23 November 2026 10.05\nKepada: Budi\nSubjek: Re: Situs diretas"},
	{"Indonesian Outlook without addresses", "Dari: CSIRT Provinsi\nDikirim: Senin, 23 November 2026 10:05\nKepada: Budi Santoso\nPerihal: RE: Situs diretas"},
	{"Indonesian Zimbra", "----- Pesan Asli -----\nDari: \"CSIRT\" <aduan@csirt.example>\nKepada: \"budi\" <budi@dinas.example>\nTerkirim: Senin, 23 November 2026 10:05:00\nJudul: Situs diretas"},
	{"Indonesian Samsung", "-------- Pesan asli --------\nDari: CSIRT <aduan@csirt.example>\nTgl: 23/11/26 10.05 (GMT+08:00)\nKe: budi@dinas.example\nSubjek: Situs diretas"},
	{"Indonesian Yahoo", "    Pada Senin, 23 November 2026 10.05.12 WITA, CSIRT <aduan@csirt.example> menulis:  \n \n Salam"},
	{"Indonesian telephone with a date", "Dari: CSIRT <aduan@csirt.example>\nTanggal: 23 November 2026 10.05\nKepada: budi@dinas.example\nCc: ayu@dinas.example\nHal: Situs diretas"},
	{"English Outlook", "From: CSIRT <aduan@csirt.example>\nSent: Monday, November 23, 2026 10:05 AM\nTo: Budi Santoso <budi@dinas.example>\nSubject: RE: Site defaced"},
	{"English Outlook with a label in bold", "*From:* CSIRT <aduan@csirt.example>\n*Sent:* Monday, November 23, 2026 10:05 AM\n*To:* Budi\n*Subject:* RE: Site"},
	{"English Outlook in Markdown", "**From:** CSIRT <aduan@csirt.example>\n**Sent:** Monday, November 23, 2026 10:05 AM\n**To:** Budi\n**Subject:** RE: Site"},
	{"English Outlook with a blank line between fields", "From: CSIRT <aduan@csirt.example>\n\nSent: Monday, November 23, 2026 10:05 AM\n\nTo: Budi\n\nSubject: RE: Site"},
	{"English Outlook for Mac", "From: CSIRT <aduan@csirt.example>\nDate: Monday, 23 November 2026 at 10:05\nTo: Budi <budi@dinas.example>\nSubject: Re: Site"},
	{"English Outlook with many addressees", "From: CSIRT\nSent: 23 November 2026 10:05\nTo: A <a@dinas.example>; B <b@dinas.example>;\n C <c@dinas.example>; D <d@dinas.example>\nCc: E <e@dinas.example>\nSubject: RE: Site\nImportance: High"},
	{"English Outlook, an importance first", "-----Original Message-----\nFrom: CSIRT [mailto:aduan@csirt.example]\nSent: 23 November 2026 10:05\nTo: Budi\nSubject: Site\nImportance: High"},
	{"English Outlook, an appointment", "-----Original Appointment-----\nFrom: CSIRT\nSent: 23 November 2026 10:05\nTo: Budi\nSubject: Site\nWhen: tomorrow"},
	{"English Hotmail, date first", "________________________________\nDate: Mon, 23 Nov 2026 10:05:00 +0800\nSubject: Site\nFrom: aduan@csirt.example\nTo: budi@dinas.example"},
	{"English Lotus, indented", "   From: CSIRT <aduan@csirt.example>\n   Date: 23/11/2026 10:05\n   To: Budi\n   Subject: Site"},
	{"English BlackBerry", "-----Original Message-----\nFrom: aduan@csirt.example\nDate: Mon, 23 Nov 2026 10:05:00 \nTo: <budi@dinas.example>\nSubject: Site"},
	{"English Samsung", "-------- Original message --------\nFrom: CSIRT <aduan@csirt.example>\nDate: 23/11/2026 10:05 (GMT+08:00)\nTo: budi@dinas.example\nSubject: Site"},
	{"English, cut in half by a wrapping program", "-------- Original message --------From: CSIRT"},
	{"German Outlook", "Von: CSIRT <aduan@csirt.example>\nGesendet: Montag, 23. November 2026 10:05\nAn: Budi\nBetreff: AW: Seite"},
	{"German Outlook of late, a date", "Von: CSIRT <aduan@csirt.example>\nDatum: Montag, 23. November 2026 um 10:05\nAn: Budi\nBetreff: AW: Seite"},
	{"French Outlook", "De : CSIRT <aduan@csirt.example>\nEnvoyé : lundi 23 novembre 2026 10:05\nÀ : Budi\nObjet : RE: Site"},
	{"French with a no-break space", "De\u00a0: CSIRT <aduan@csirt.example>\nEnvoyé\u00a0: lundi 23 novembre 2026 10:05\nÀ\u00a0: Budi\nCc\u00a0: Ayu\nObjet\u00a0: RE: Site"},
	{"Spanish Outlook", "De: CSIRT <aduan@csirt.example>\nEnviado: lunes, 23 de noviembre de 2026 10:05\nPara: Budi\nAsunto: RE: Sitio"},
	{"Spanish Outlook of old", "De: CSIRT [mailto:aduan@csirt.example] \nEnviado el: lunes, 23 de noviembre de 2026 10:05\nPara: Budi\nAsunto: RE: Sitio"},
	{"Portuguese Outlook", "De: CSIRT <aduan@csirt.example>\nEnviada em: segunda-feira, 23 de novembro de 2026 10:05\nPara: Budi\nAssunto: RES: Site"},
	{"Italian Outlook", "Da: CSIRT <aduan@csirt.example>\nInviato: lunedì 23 novembre 2026 10:05\nA: Budi\nOggetto: R: Sito"},
	{"Dutch Outlook", "Van: CSIRT <aduan@csirt.example>\nVerzonden: maandag 23 november 2026 10:05\nAan: Budi\nOnderwerp: RE: Site"},
	{"Swedish Outlook", "Från: CSIRT <aduan@csirt.example>\nSkickat: den 23 november 2026 10:05\nTill: Budi\nÄmne: SV: Sajt"},
	{"Danish Outlook", "Fra: CSIRT <aduan@csirt.example>\nSendt: 23. november 2026 10:05\nTil: Budi\nEmne: SV: Side"},
	{"Norwegian Outlook", "Fra: CSIRT <aduan@csirt.example>\nDato: mandag, 23. november 2026 kl. 10:05\nTil: Budi\nEmne: Re: Side"},
	{"Finnish Outlook", "Lähettäjä: CSIRT <aduan@csirt.example>\nLähetetty: maanantai 23. marraskuuta 2026 10.05\nVastaanottaja: Budi\nAihe: VS: Sivu"},
	{"Polish Outlook", "Od: CSIRT <aduan@csirt.example>\nWysłano: poniedziałek, 23 listopada 2026 10:05\nDo: Budi\nTemat: ODP: Strona"},
	{"Czech Outlook", "Od: CSIRT <aduan@csirt.example>\nOdesláno: pondělí 23. listopadu 2026 10:05\nKomu: Budi\nPředmět: RE: Web"},
	{"Hungarian Outlook", "Feladó: CSIRT <aduan@csirt.example>\nElküldve: 2026. november 23., hétfő 10:05\nCímzett: Budi\nTárgy: RE: Oldal"},
	{"Romanian Outlook", "De la: CSIRT <aduan@csirt.example>\nTrimis: luni, 23 noiembrie 2026 10:05\nCătre: Budi\nSubiect: RE: Site"},
	{"Russian Outlook", "От: CSIRT <aduan@csirt.example>\nОтправлено: 23 ноября 2026 г. 10:05\nКому: Budi\nТема: RE: Сайт"},
	{"Ukrainian Outlook", "Від: CSIRT <aduan@csirt.example>\nНадіслано: 23 листопада 2026 р. 10:05\nКому: Budi\nТема: RE: Сайт"},
	{"Turkish Outlook", "Gönderen: CSIRT <aduan@csirt.example>\nGönderildi: 23 Kasım 2026 Pazartesi 10:05\nKime: Budi\nKonu: YNT: Site"},
	{"Turkish Outlook of old", "Kimden: CSIRT <aduan@csirt.example>\nGönderme Tarihi: 23 Kasım 2026 Pazartesi 10:05\nKime: Budi\nKonu: YNT: Site"},
	{"Greek Outlook", "Από: CSIRT <aduan@csirt.example>\nΣτάλθηκε: Δευτέρα, 23 Νοεμβρίου 2026 10:05\nΠρος: Budi\nΘέμα: ΑΠ: Site"},
	{"Japanese Outlook", "差出人: CSIRT <aduan@csirt.example>\n送信日時: 2026年11月23日 10:05\n宛先: Budi\n件名: RE: サイト"},
	{"Chinese Outlook", "发件人: CSIRT <aduan@csirt.example>\n发送时间: 2026年11月23日 10:05\n收件人: Budi\n主题: 答复: 网站"},
	{"Chinese Outlook with full-width colons, traditional", "寄件者： CSIRT <aduan@csirt.example>\n寄件日期： 2026年11月23日 10:05\n收件者： Budi\n主旨： RE: 網站"},
	{"Chinese QQ mail", "------------------ 原始邮件 ------------------\n发件人: \"CSIRT\" <aduan@csirt.example>;\n发送时间: 2026年11月23日(星期一) 上午10:05\n收件人: \"Budi\";\n主题: 网站"},
	{"Korean Outlook", "보낸 사람: CSIRT <aduan@csirt.example>\n보낸 날짜: 2026년 11월 23일 월요일 오전 10:05\n받는 사람: Budi\n제목: RE: 사이트"},
	{"Hebrew Outlook", "מאת: CSIRT <aduan@csirt.example>\nנשלח: יום שני 23 נובמבר 2026 10:05\nאל: Budi\nנושא: RE: אתר"},
	{"Arabic Outlook", "من: CSIRT <aduan@csirt.example>\nتم الإرسال: الاثنين 23 نوفمبر 2026 10:05\nإلى: Budi\nالموضوع: RE: موقع"},
	{"Vietnamese Outlook", "Từ: CSIRT <aduan@csirt.example>\nĐã gửi: Thứ Hai, 23 Tháng Mười Một 2026 10:05\nĐến: Budi\nChủ đề: RE: Trang"},
	{"Thai Outlook", "จาก: CSIRT <aduan@csirt.example>\nส่ง: 23 พฤศจิกายน 2026 10:05\nถึง: Budi\nเรื่อง: RE: เว็บ"},
	{"a separator in a language not known here, above fields", "----- Tungatiitavaq Allagaq -----\nFrom: CSIRT <aduan@csirt.example>\nTo: Budi"},
	{"a separator alone", "-----Original Message-----"},
	{"a separator with emphasis", "*-------- Pesan Asli --------*"},
	{"a separator of underscores", "_____ Original Message _____"},
	{"a separator of em dashes", "——— Original Message ———"},
}

func TestAHeaderBlockEndsTheNewText(t *testing.T) {
	for _, c := range headerBlocks {
		for _, gap := range []string{"\n", "\n\n", "\r\n\r\n\r\n"} {
			mail := "Sudah kami perbaiki, Pak.\nMohon dicek." + gap + c.text + "\n\nMohon kabar tentang situs desa.\n\nSalam"
			if got := New(mail); got != "Sudah kami perbaiki, Pak.\nMohon dicek." {
				t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
			}
		}
	}
}
