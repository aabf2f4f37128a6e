package quote

import (
	"strings"
	"testing"
)

var forwardLines = []struct{ about, text string }{
	{"Gmail", "---------- Forwarded message ---------"},
	{"Gmail of old", "---------- Forwarded message ----------"},
	{"Indonesian Gmail", "---------- Pesan yang diteruskan ---------"},
	{"Indonesian Gmail of old", "---------- Pesan terusan ----------"},
	{"Malay Gmail", "---------- Mesej yang dimajukan ---------"},
	{"Thunderbird", "-------- Forwarded Message --------"},
	{"Indonesian Thunderbird", "-------- Pesan Terusan --------"},
	{"Zimbra", "----- Forwarded Message -----"},
	{"Indonesian Zimbra", "----- Pesan yang Diteruskan -----"},
	{"Zoho", "============ Forwarded message ============"},
	{"Apple Mail", "Begin forwarded message:"},
	{"Indonesian Apple Mail", "Mulai pesan yang diteruskan:"},
	{"German Gmail", "---------- Forwarded message ---------"},
	{"German Thunderbird", "-------- Weitergeleitete Nachricht --------"},
	{"German Apple Mail", "Anfang der weitergeleiteten Nachricht:"},
	{"French Thunderbird", "-------- Message transféré --------"},
	{"French Apple Mail", "Début du message réexpédié :"},
	{"Spanish", "-------- Mensaje reenviado --------"},
	{"Spanish Apple Mail", "Inicio del mensaje reenviado:"},
	{"Portuguese", "-------- Mensagem encaminhada --------"},
	{"Italian", "-------- Messaggio inoltrato --------"},
	{"Italian Apple Mail", "Inizio messaggio inoltrato:"},
	{"Dutch", "-------- Doorgestuurd bericht --------"},
	{"Swedish", "-------- Vidarebefordrat meddelande --------"},
	{"Polish", "-------- Przekazana wiadomość --------"},
	{"Russian", "-------- Пересылаемое сообщение --------"},
	{"Turkish", "-------- İletilen Mesaj --------"},
	{"Japanese", "-------- 転送メッセージ --------"},
	{"Chinese", "---------- 转发的邮件 ---------"},
	{"Korean", "---------- 전달된 메시지 ----------"},
	{"Vietnamese", "---------- Thư được chuyển tiếp ---------"},
	{"emphasised", "*---------- Forwarded message ----------*"},
}

func TestAForwardedMailIsNew(t *testing.T) {
	for _, c := range forwardLines {
		for _, above := range []string{"", "Mohon ditindaklanjuti.\n\n", "Mohon ditindaklanjuti.\n-- \nAyu\n\n"} {
			tail := c.text + "\nDari: Warga <warga@desa.example>\nDate: Mon, 23 Nov 2026 at 10:05\nSubject: Situs desa\nTo: <ayu@dinas.example>\n\nSitus desa kami diretas.\n\nOn 22/11/2026 09:00, Ayu wrote:\n> Ada apa?\n\n-- \nWarga"
			got := New(above + tail)
			if !strings.HasSuffix(got, tail) {
				t.Errorf("%s: %q\n\tgot %q", c.about, c.text, got)
			}
			if strings.HasPrefix(above, "Mohon") && !strings.HasPrefix(got, "Mohon ditindaklanjuti.\n") {
				t.Errorf("%s loses the words above: %q", c.about, got)
			}
		}
	}
}

func TestAForwardedMailWithMarksIsNew(t *testing.T) {
	mail := "Begin forwarded message:\n\n> From: Warga <warga@desa.example>\n> Subject: Situs desa\n> Date: 23 November 2026 at 10:05\n> To: ayu@dinas.example\n> \n> Situs desa kami diretas.\n"
	if got := New(mail); got != strings.TrimSpace(mail) {
		t.Errorf("got %q", got)
	}
}
