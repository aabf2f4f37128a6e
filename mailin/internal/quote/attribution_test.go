package quote

import (
	"strings"
	"testing"
)

// Each attribution stands alone below an answer, with a text below it that bears no marks: the hardest case. The language and
// program that write it so stand in front.
var attributions = []struct{ about, text string }{
	{"Indonesian Gmail", "Pada Sen, 23 Nov 2026 pukul 10.05 Budi Santoso <budi@dinas.example> menulis:"},
	{"Indonesian Gmail, wrapped in the address", "Pada Sen, 23 Nov 2026 pukul 10.05 CSIRT Provinsi <\naduan+k3j4h5k3j4h5@csirt.example> menulis:"},
	{"Indonesian Gmail, wrapped before the verb", "Pada Sel, 24 Nov 2026 pukul 08.00 Ni Luh Putu Ayu <ayu@desa.example>\nmenulis:"},
	{"Indonesian Gmail, older form", "Pada tanggal 23 November 2026 10.05, Budi <budi@dinas.example> menulis:"},
	{"Indonesian Apple Mail", "Pada 23 Nov 2026, pukul 10.05, Budi <budi@dinas.example> menulis:"},
	{"Indonesian Apple Mail, three lines", "Pada 23 Nov 2026, pukul 10.05, Budi\n<budi@dinas.example>\nmenulis:"},
	{"Indonesian Thunderbird", "Pada 23/11/2026 10.05, Budi Santoso menulis:"},
	{"Indonesian Yahoo", "Pada Senin, 23 November 2026 10.05.12 WITA, Budi <budi@dinas.example> menulis:"},
	{"Indonesian Yahoo with the day named", "Pada hari Senin, 23 November 2026 10.05.12 GMT+8, Budi Santoso\n<budi@dinas.example> menulis:"},
	{"Indonesian K-9", "Budi <budi@dinas.example> menulis:"},
	{"Indonesian, name in quotes", "Pada tgl 23 Nov 2026 10:05, \"Budi\" <budi@dinas.example> menulis:"},
	{"Indonesian Roundcube", "Pada 2026-11-23 10:05, Budi Santoso menulis:"},
	{"Malay Gmail", "Pada Isn, 23 Nov 2026 pada 10:05 PG Budi <budi@dinas.example> menulis:"},
	{"English Gmail", "On Mon, Nov 23, 2026 at 10:05 AM Budi Santoso <budi@dinas.example> wrote:"},
	{"English Gmail, narrow no-break space before AM", "On Mon, Nov 23, 2026 at 10:05\u202fAM Budi Santoso <budi@dinas.example> wrote:"},
	{"English Gmail, British", "On Mon, 23 Nov 2026 at 10:05, Budi Santoso <budi@dinas.example> wrote:"},
	{"English Gmail without a blank before wrote", "On Tue, Nov 24, 2026 at 8:59 AM, Budi Santoso\n<budi@dinas.example>wrote:"},
	{"English Apple Mail", "On 23 Nov 2026, at 10:05, Budi Santoso <budi@dinas.example> wrote:"},
	{"English Apple Mail, every piece on its line", "On Nov 23, 2026,\nat 10:05,\nBudi Santoso <budi@dinas.example>\nwrote:"},
	{"English Thunderbird", "On 23/11/2026 10:05, Budi Santoso wrote:"},
	{"English Thunderbird, American", "On 11/23/26 10:05 AM, Budi Santoso wrote:"},
	{"English Evolution", "On Mon, 2026-11-23 at 10:05 +0800, Budi Santoso wrote:"},
	{"English mutt", "On Mon, Nov 23, 2026 at 10:05:11AM +0800, Budi Santoso wrote:"},
	{"English Roundcube", "On 2026-11-23 10:05, budi@dinas.example wrote:"},
	{"English Yahoo", "On Monday, 23 November 2026 at 10:05:12 am GMT+8, Budi <budi@dinas.example> wrote:"},
	{"English Yahoo of old", "--- On Mon, 23/11/26, Budi <budi@dinas.example> wrote:"},
	{"English Proton", "On Monday, November 23rd, 2026 at 10:05 AM, Budi <budi@dinas.example> wrote:"},
	{"English Proton of old", "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Monday, November 23, 2026 10:05 AM, Budi <budi@dinas.example> wrote:"},
	{"English Zoho", "---- On Mon, 23 Nov 2026 10:05:43 +0800 Budi <budi@dinas.example> wrote ----"},
	{"English Zoho of late", "---- On Mon, 23 Nov 2026 10:05:43 +0800 Budi <budi@dinas.example> wrote ---"},
	{"English Samsung of old", "---- Budi Santoso wrote ----"},
	{"English Eudora", "At 10:05 AM 11/23/2026, you wrote:"},
	{"English, no verb, of Gmail once", "2026-11-23 10:05 GMT+08:00 Budi Santoso <budi@dinas.example>:"},
	{"English Yandex", "23.11.2026, 10:05, \"Budi Santoso\" <budi@dinas.example>:"},
	{"English, Outlook for Mac and telephones", "On 11/23/26, 10:05 AM, \"Budi Santoso\" <budi@dinas.example> wrote:"},
	{"English with a mailto link", "On Nov 23, 2026, at 10:05, Budi <budi@dinas.example<mailto:budi@dinas.example>> wrote:"},
	{"English with escaped brackets", "On Nov 23, 2026 at 10:05, Budi &lt;budi@dinas.example&gt; wrote:"},
	{"German Gmail", "Am Mo., 23. Nov. 2026 um 10:05 Uhr schrieb Budi Santoso <budi@dinas.example>:"},
	{"German Thunderbird", "Am 23.11.26 um 10:05 schrieb Budi Santoso:"},
	{"German Apple Mail", "Am 23.11.2026 um 10:05 schrieb Budi Santoso <budi@dinas.example>:"},
	{"German K-9", "Am 23. November 2026 10:05:12 MEZ schrieb Budi <budi@dinas.example>:"},
	{"French Gmail", "Le lun. 23 nov. 2026 à 10:05, Budi Santoso <budi@dinas.example> a écrit :"},
	{"French Thunderbird", "Le 23/11/2026 à 10:05, Budi Santoso a écrit :"},
	{"French Apple Mail, long day", "Le 23 novembre 2026 à 10:05, Budi <budi@dinas.example> a écrit :"},
	{"Spanish Gmail", "El lun, 23 nov 2026 a las 10:05, Budi Santoso (<budi@dinas.example>) escribió:"},
	{"Spanish Thunderbird", "El 23/11/2026 a las 10:05, Budi Santoso escribió:"},
	{"Spanish Apple Mail", "El 23 nov 2026, a las 10:05, Budi <budi@dinas.example> escribió:"},
	{"Portuguese Gmail, Brazil", "Em seg., 23 de nov. de 2026 às 10:05, Budi Santoso <budi@dinas.example>\nescreveu:"},
	{"Portuguese Gmail, Portugal", "Budi Santoso <budi@dinas.example> escreveu (segunda, 23/11/2026 à(s) 10:05):"},
	{"Italian Gmail", "Il giorno lun 23 nov 2026 alle ore 10:05 Budi Santoso <budi@dinas.example> ha scritto:"},
	{"Italian Thunderbird", "Il 23/11/2026 10:05, Budi Santoso ha scritto:"},
	{"Dutch Gmail", "Op ma 23 nov 2026 om 10:05 schreef Budi Santoso <budi@dinas.example>:"},
	{"Dutch Apple Mail", "Op 23 nov 2026, om 10:05 heeft Budi <budi@dinas.example> het volgende geschreven:"},
	{"Dutch Thunderbird", "Op 23-11-2026 om 10:05 schreef Budi Santoso:"},
	{"Swedish Gmail", "Den mån 23 nov. 2026 kl 10:05 skrev Budi Santoso <budi@dinas.example>:"},
	{"Swedish Apple Mail", "23 nov. 2026 kl. 10:05 skrev Budi <budi@dinas.example>:"},
	{"Danish Gmail", "Den man. 23. nov. 2026 kl. 10.05 skrev Budi Santoso <budi@dinas.example>:"},
	{"Norwegian Gmail", "man. 23. nov. 2026 kl. 10:05 skrev Budi Santoso <budi@dinas.example>:"},
	{"Finnish Gmail", "ma 23. marrask. 2026 klo 10.05 Budi Santoso (budi@dinas.example) kirjoitti:"},
	{"Finnish Apple Mail", "Budi <budi@dinas.example> kirjoitti 23.11.2026 kello 10.05:"},
	{"Polish Gmail", "pon., 23 lis 2026 o 10:05 Budi Santoso <budi@dinas.example> napisał(a):"},
	{"Polish Thunderbird", "W dniu 23.11.2026 o 10:05, Budi Santoso pisze:"},
	{"Polish Apple Mail", "Wiadomość napisana przez Budi <budi@dinas.example> w dniu 23 lis 2026, o godz. 10:05:"},
	{"Czech Gmail", "po 23. 11. 2026 v 10:05 odesílatel Budi Santoso <budi@dinas.example> napsal:"},
	{"Slovak Gmail", "po 23. 11. 2026 o 10:05 Budi Santoso <budi@dinas.example> napísal(a):"},
	{"Hungarian Gmail", "Budi Santoso <budi@dinas.example> ezt írta (időpont: 2026. nov. 23., H, 10:05):"},
	{"Romanian Gmail", "În lun., 23 nov. 2026 la 10:05, Budi Santoso <budi@dinas.example> a scris:"},
	{"Russian Gmail", "пн, 23 нояб. 2026 г. в 10:05, Budi Santoso <budi@dinas.example>:"},
	{"Russian Thunderbird", "23.11.2026 10:05, Budi Santoso пишет:"},
	{"Russian Apple Mail", "23 нояб. 2026 г., в 10:05, Budi <budi@dinas.example> написал(а):"},
	{"Russian Mail.ru", "Понедельник, 23 ноября 2026, 10:05 +08:00 от Budi <budi@dinas.example>:"},
	{"Ukrainian Gmail", "пн, 23 лист. 2026 р. о 10:05 Budi Santoso <budi@dinas.example> пише:"},
	{"Bulgarian Gmail", "На пн, 23.11.2026 г. в 10:05 Budi Santoso <budi@dinas.example> написа:"},
	{"Greek Gmail", "Στις Δευ 23 Νοε 2026 στις 10:05 π.μ., ο χρήστης Budi <budi@dinas.example> έγραψε:"},
	{"Turkish Gmail", "Budi Santoso <budi@dinas.example>, 23 Kas 2026 Pzt, 10:05 tarihinde şunu yazdı:"},
	{"Turkish Apple Mail", "Budi <budi@dinas.example> şunları yazdı (23 Kas 2026 10:05):"},
	{"Hebrew Gmail", "\u202bבתאריך יום ב׳, 23 בנוב׳ 2026 ב-10:05 מאת \u202aBudi\u202c\u200f <\u202abudi@dinas.example\u202c\u200f>:\u202c"},
	{"Arabic Gmail", "\u202bفي الاثنين، 23 نوفمبر 2026 في 10:05 ص تمت كتابة ما يلي بواسطة \u202aBudi\u202c\u200f <\u202abudi@dinas.example\u202c\u200f>:\u202c"},
	{"Thai Gmail", "เมื่อ จ. 23 พ.ย. 2026 เวลา 10:05 Budi <budi@dinas.example> เขียนว่า:"},
	{"Vietnamese Gmail", "Vào Th 2, 23 thg 11, 2026 vào lúc 10:05 Budi <budi@dinas.example> đã viết:"},
	{"Japanese Gmail", "2026年11月23日(月) 10:05 Budi Santoso <budi@dinas.example>:"},
	{"Japanese Apple Mail", "2026/11/23 10:05、Budi <budi@dinas.example>のメール:"},
	{"Chinese Gmail", "Budi Santoso <budi@dinas.example> 于2026年11月23日周一 10:05写道："},
	{"Chinese Gmail, traditional", "Budi Santoso <budi@dinas.example> 於 2026年11月23日 週一 上午10:05寫道："},
	{"Chinese Apple Mail", "在 2026年11月23日，10:05，Budi <budi@dinas.example> 写道："},
	{"Chinese NetEase", "在 2026-11-23 10:05:12，\"Budi\" <budi@dinas.example> 写道："},
	{"Korean Gmail", "2026년 11월 23일 (월) 오전 10:05, Budi Santoso <budi@dinas.example>님이 작성:"},
	{"Catalan Gmail", "El dl., 23 de nov. 2026, 10:05, Budi <budi@dinas.example> va escriure:"},
	{"Croatian Gmail", "pon, 23. stu 2026. u 10:05 Budi <budi@dinas.example> napisao je:"},
	{"Slovenian Gmail", "V pon., 23. nov. 2026 ob 10:05 je oseba Budi <budi@dinas.example> napisala:"},
	{"Vietnamese Gmail of old, time first", "Vào 14:24 8 tháng 6, 2026, Budi <budi@dinas.example> đã viết:"},
	{"Dutch Apple Mail with dashes in the date", "Op 17-feb.-2026, om 13:18 heeft Budi <budi@dinas.example> het volgende geschreven:"},
	{"Dutch Gmail, short year", "Op do 12 jan 2026 om 10:19 schreef Budi <budi@dinas.example>:"},
	{"German Yahoo", "--- Budi Santoso <budi@dinas.example> schrieb am Mo, 23.11.2026:"},
	{"German, name first", "Budi schrieb am 23.11.2026 um 10:05:"},
	{"German Yahoo of late", "Am Montag, 23. November 2026, 10:05:12 MEZ hat Budi <budi@dinas.example> Folgendes geschrieben:"},
	{"German with the weekday's article", "Am Montag, den 23. November 2026 um 10:05:12 schrieb Budi Santoso:"},
	{"German web mail, name first", "Budi Santoso <budi@dinas.example> hat am 23. November 2026 um 10:05 geschrieben:"},
	{"French, name in guillemets", "Le 23/11/2026 10:05, « Budi Santoso » <budi@dinas.example> a écrit :"},
	{"Spanish, terse", "El 23/11/2026 10:05, Budi escribió:"},
	{"Android of old", "On Nov 23, 2026 10:05, \"Budi\" <budi@dinas.example> wrote:"},
	{"K-9", "On 23 November 2026 10:05:12 GMT+08:00, Budi <budi@dinas.example> wrote:"},
	{"Mailspring", "On Nov 23 2026, at 10:05 am, Budi <budi@dinas.example> wrote:"},
	{"Spark", "On Nov 23, 2026, 10:05 +0800, Budi <budi@dinas.example>, wrote:"},
	{"Superhuman, blanks in the brackets", "On Mon, Nov 23, 2026 at 10:05 AM, Budi < budi@dinas.example > wrote:"},
	{"Fastmail", "On Mon, Nov 23, 2026, at 10:05 AM, Budi Santoso wrote:"},
	{"Front", "On November 23, 2026 at 10:05 AM GMT+8 budi@dinas.example wrote:"},
	{"NetEase in English", "At 2026-11-23 10:05:12, \"Budi\" <budi@dinas.example> wrote:"},
	{"Indonesian Gmail with the word for date", "Pada tanggal Sen, 23 Nov 2026 10.05, Budi Santoso <budi@dinas.example> menulis:"},
	{"Indonesian, through a mailing list", "Pada Sen, 23 Nov 2026 10.05 'Budi' via Milis Warga <milis@dinas.example> menulis:"},
	{"Indonesian K-9 with a zone", "Pada 23 November 2026 10.05.12 GMT+07.00, Budi <budi@dinas.example> menulis:"},
	{"Indonesian Gmail without a blank before the verb", "Pada 23 November 2026 10:05, Budi <budi@dinas.example>menulis:"},
	{"English, date last in brackets", "Budi wrote (2026/11/23 10:05):"},
	{"English Opera", "On 11/23/2026 at 10:05 AM Budi Santoso wrote:"},
	{"English Sylpheed, two lines", "On Mon, 23 Nov 2026 10:05:12 +0800\nBudi Santoso <budi@dinas.example> wrote:"},
	{"English, date in square brackets first", "[Mon, 23 Nov 2026 10:05:12 +0800] Budi Santoso <budi@dinas.example>:"},
	{"Spanish Gmail, Latin America", "El lun., 23 de noviembre de 2026 10:05 a. m., Budi Santoso <budi@dinas.example> escribió:"},
	{"Spanish Yahoo", "El lunes, 23 de noviembre de 2026 10:05:12 GMT+1, Budi <budi@dinas.example> escribió:"},
	{"Portuguese Yahoo", "Em segunda-feira, 23 de novembro de 2026 10:05:12 BRT, Budi <budi@dinas.example> escreveu:"},
	{"Italian Yahoo", "Il lunedì 23 novembre 2026 10:05:12 CET, Budi <budi@dinas.example> ha scritto:"},
	{"French Yahoo", "Le lundi 23 novembre 2026 à 10:05:12 UTC+1, Budi <budi@dinas.example> a écrit :"},
	{"Dutch K-9", "Op maandag 23 november 2026 10:05:12 CET schreef Budi <budi@dinas.example>:"},
	{"Swedish Gmail on iPad", "måndag 23 november 2026 skrev Budi <budi@dinas.example>:"},
	{"Danish Gmail on iPad", "mandag den 23. november 2026 skrev Budi <budi@dinas.example>:"},
	{"Finnish Gmail on iPad", "maanantai 23. marraskuuta 2026 Budi <budi@dinas.example> kirjoitti:"},
	{"Polish Gmail on iPad", "W dniu poniedziałek, 23 listopada 2026 Budi <budi@dinas.example> napisał(a):"},
	{"Turkish Gmail on iPad", "23 Kasım 2026 Pazartesi tarihinde Budi <budi@dinas.example> yazdı:"},
	{"Russian Gmail on iPad", "понедельник, 23 ноября 2026 г. пользователь Budi <budi@dinas.example> написал:"},
	{"Czech Gmail on Android", "Dne po 23. 11. 2026 10:05 uživatel Budi <budi@dinas.example> napsal:"},
	{"Hungarian Gmail on iPad", "2026. november 23., hétfő dátummal Budi <budi@dinas.example> ezt írta:"},
	{"Vietnamese Gmail, lower case", "vào Th 2, 23 thg 11, 2026 lúc 10:05 Budi <budi@dinas.example> đã viết:"},
	{"English Proton under a separator", "------- Original Message -------\nOn Monday, November 23rd, 2026 at 10:05 AM, Budi <b@dinas.example> wrote:"},
}

func TestAnAttributionInAnyLanguageEndsTheNewText(t *testing.T) {
	for _, c := range attributions {
		for _, gap := range []string{"\n", "\n\n"} {
			mail := "Sudah kami perbaiki, Pak.\nMohon dicek." + gap + c.text + "\n\nMohon kabar tentang situs desa.\n\nSalam"
			if got := New(mail); got != "Sudah kami perbaiki, Pak.\nMohon dicek." {
				t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
			}
		}
	}
}

func TestAnAttributionAboveMarkedLinesIsQuotedWithThem(t *testing.T) {
	for _, c := range attributions {
		mail := c.text + "\n> Mohon kabar tentang situs desa.\n>\n> Salam\n\nSudah kami perbaiki."
		if got := New(mail); got != "Sudah kami perbaiki." {
			t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
		}
		mail = "Sudah kami perbaiki.\n\n> " + strings.ReplaceAll(c.text, "\n", "\n> ") + "\n> \n> Mohon kabar.\n"
		if got := New(mail); got != "Sudah kami perbaiki." {
			t.Errorf("%s, itself marked: %q\n\tgot %q", c.about, c.text, got)
		}
	}
}
