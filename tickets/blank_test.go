package tickets

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

func blanked(t *testing.T, m Mailbox, mail string) string {
	t.Helper()
	var out []string
	if err := m.blankMail(strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")), func(line string) error { out = append(out, line); return nil }); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

func TestTokensLeaveNoExportHoweverTheyWereWritten(t *testing.T) {
	m := Mailbox{Address: "aduan@csirt.example", Pattern: "aduan+{token}@csirt.example"}
	token := "iebcdefghijklmnopqrstuvwxyz23456"
	for about, mail := range map[string]string{
		"in a header":                "Reply-To: <aduan+" + token + "@csirt.example>\n\nhalo\n",
		"in a Message-ID":            "In-Reply-To: <" + token + "@csirt.example>\n\nhalo\n",
		"in capitals":                "To: aduan+" + strings.ToUpper(token) + "@CSIRT.example\n\nhalo\n",
		"in a link":                  "Content-Type: text/html\n\n<a href=\"mailto:aduan%2B" + token + "%40csirt.example\">\n",
		"broken in the token":        "Content-Transfer-Encoding: quoted-printable\n\n<a href=3D\"mailto:aduan+" + token[:10] + "=\n" + token[10:] + "@csirt.example\">\n",
		"broken in the domain":       "Content-Transfer-Encoding: quoted-printable\n\nmailto:aduan+" + token + "@csi=\nrt.example\n",
		"behind an encoded plus":     "Content-Transfer-Encoding: quoted-printable\n\nmailto:aduan=2B" + token + "=40csirt.example\n",
		"below a quoted mail's line": "Content-Transfer-Encoding: quoted-printable\n\n-----Pesan Asli-----\nDari: aduan+" + token[:5] + "=\n" + token[5:] + "@csirt.example\n",
		"in a part of a multipart":   "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n> aduan+" + token + "@csirt.example\n--b--\n",
		"in a mail inside the mail":  "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nReply-To: aduan+" + token + "@csirt.example\n\nhalo\n--b--\n",
	} {
		got := strings.ToLower(strings.ReplaceAll(blanked(t, m, mail), "=\n", ""))
		if strings.Contains(got, token) || !strings.Contains(got, strings.Repeat("x", tokenLength)) {
			t.Errorf("%s: %q", about, got)
		}
	}
	packed := base64.StdEncoding.EncodeToString([]byte("jawab ke aduan+" + token + "@csirt.example ya"))
	got := blanked(t, m, "Content-Type: multipart/mixed;\n boundary=\"b\"\n\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"+packed+"\n--b--")
	body := strings.TrimSuffix(got[strings.LastIndex(got, "\n\n")+2:], "\n--b--")
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", ""))
	if err != nil || string(raw) != "jawab ke aduan+"+strings.Repeat("x", tokenLength)+"@csirt.example ya" {
		t.Errorf("in base64: %q, %v", raw, err)
	}
}

func TestExportLeavesEvidenceAsItWas(t *testing.T) {
	m := Mailbox{Address: "aduan@csirt.example", Pattern: "aduan+{token}@csirt.example"}
	var file []byte
	for sum := sha256.Sum256(nil); len(file) < 300_000; sum = sha256.Sum256(sum[:]) { // looks random: runs of every length
		file = append(file, sum[:]...)
	}
	var lines []string
	for text := base64.StdEncoding.EncodeToString(file); len(text) > 0; {
		n := min(76, len(text))
		lines, text = append(lines, text[:n]), text[n:]
	}
	mail := "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhalo\n-- \nAni\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + strings.Join(lines, "\n") + "\n--b--"
	if got := blanked(t, m, mail); got != mail {
		t.Error("the exported mail is another")
	}
}
