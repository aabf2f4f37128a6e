package mailout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"aduan/tickets"
)

func casePage(t *testing.T, r *Renderer, c tickets.CaseFile) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteCaseHTML(context.Background(), &b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCaseFileTellsWhoDidWhatWhenAndWhoSawIt(t *testing.T) {
	page := casePage(t, newTestRenderer(t, witaSettings()), sampleCase(samplePrefix))
	for _, want := range []string{"BALIPROV-CSIRT-2026-0123", "TLP:AMBER", "23 November 2026, 14.25 WITA", "Diverifikasi (Dibuka → Terverifikasi) · frontdesk@csirt.example", "publik: terlihat oleh pelapor",
		"Sudah dua kali terjadi pada dinas ini.", "Halaman depan situs dinas kami berubah", "SHA-256 " + sampleHash('a'), "SHA-256 " + sampleHash('c'), sampleHash('f'), "Utuh: 4 peristiwa", "Web Defacement (Information Content Security / Unauthorised Modification of Information)",
		"mungkin berbahaya", "Laporan Anda tercatat sebagai tiket", "Perbarui CMS", "acknowledged · terkirim", "2 kali dicoba", "surel berisi sandi; tidak disertakan", `src="data:image/jpeg;base64,`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "(secret)") {
		t.Error("the mail with the password is shown")
	}
	broken := sampleCase(samplePrefix)
	broken.Audit.Faults = []string{"BALIPROV-CSIRT-2026-0123: event 2 was changed"}
	if page := casePage(t, newTestRenderer(t, witaSettings()), broken); !strings.Contains(page, "TIDAK UTUH: 1 kesalahan") || !strings.Contains(page, "event 2 was changed") || strings.Contains(page, "Utuh: 4") {
		t.Error("the page does not say that the record was changed")
	}
}

// attack is what a reporter may write.
const attack = `"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)><style>@import "http://evil.example/";</style>{{.Title}}</div>`

func TestNothingInACaseFileRunsOrIsLoaded(t *testing.T) {
	c := sampleCase(samplePrefix)
	c.Subject, c.Reporter.Name, c.Recommendations = attack, attack, []string{attack}
	for i := range c.Messages {
		m := &c.Messages[i]
		m.Text, m.NewText, m.Subject, m.FromName, m.To = attack, attack, attack, attack, []string{attack}
		for n := range m.Attachments {
			m.Attachments[n].Filename, m.Attachments[n].ContentType = attack, "image/png"+attack
		}
	}
	c.Events[1].Actor, c.Events[1].Kind, c.Deliveries[0].LastError = attack, attack, attack
	page := casePage(t, newTestRenderer(t, witaSettings()), c)
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(page, -1) {
		if strings.Contains(tag, "evil") || strings.HasPrefix(tag, "<script") || regexp.MustCompile(`\son[a-z]+=`).MatchString(tag) || strings.Contains(tag, "http:") {
			t.Errorf("a tag of the reporter's: %s", tag)
		}
	}
	if n, shown := strings.Count(page, "<img"), strings.Count(page, `<img src="data:image/jpeg;base64,`); n != shown {
		t.Errorf("%d pictures, of which %d are within the page", n, shown)
	}
	if !strings.Contains(page, "default-src 'none'") {
		t.Error("the page forbids nothing")
	}
	var pdf bytes.Buffer
	if err := newTestRenderer(t, witaSettings()).WriteCasePDF(context.Background(), &pdf, c); err != nil || bytes.Contains(pdf.Bytes(), []byte("/URI")) || bytes.Contains(pdf.Bytes(), []byte("/JavaScript")) {
		t.Errorf("PDF: %v", err)
	}
}

func historyNotice() tickets.Notice {
	return sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindHistory)
}

func withCase(s Settings, c tickets.CaseFile) Settings {
	s.CaseFile = func(context.Context, tickets.Number) (tickets.CaseFile, error) { return c, nil }
	return s
}

func TestHistoryBringsTheCaseFileAsFarAsAMailHasRoom(t *testing.T) {
	c := sampleCase(samplePrefix)
	m := renderWith(t, newTestRenderer(t, withCase(witaSettings(), c)), historyNotice())
	var names []string
	for _, p := range m.attached() {
		names = append(names, p.kind+" "+p.filename)
		if p.kind == "application/pdf" && !strings.HasPrefix(p.body, "%PDF-") {
			t.Errorf("%s is no PDF", p.filename)
		}
	}
	if got := strings.Join(names, ", "); got != "application/pdf BALIPROV-CSIRT-2026-0123.pdf, text/html BALIPROV-CSIRT-2026-0123.html" {
		t.Errorf("attached: %s", got)
	}
	words := strings.Join(strings.Fields(m.text()), " ")
	for _, want := range []string{"Balasan Anda tetap INTERNAL", "Seluruh kasus tiket", "RIWAYAT", "SEMUA PESAN", "Sudah dua kali terjadi", "[internal]", "/bukti 2", "dapat dicetak terlampir"} {
		if !strings.Contains(words, want) {
			t.Errorf("the text does not say %q", want)
		}
	}
	small := withCase(witaSettings(), c)
	small.MailSize = 1000
	m = renderWith(t, newTestRenderer(t, small), historyNotice())
	if len(m.attached()) != 0 || !strings.Contains(strings.Join(strings.Fields(m.text()), " "), "aduan ticket export --format pdf BALIPROV-CSIRT-2026-0123") {
		t.Errorf("%d attached: %s", len(m.attached()), m.text())
	}
}

func TestPicturesLeaveRoomForBothFormsOfACaseFile(t *testing.T) {
	c := sampleCase(samplePrefix)
	for i := range 49 {
		m := c.Messages[0]
		m.Attachments = []tickets.Attachment{m.Attachments[0]}
		m.Attachments[0].SHA256 = hashOf(fmt.Sprint(i))
		c.Messages = append(c.Messages, m)
	}
	s := withCase(witaSettings(), c)
	s.MailSize = 400_000
	m := renderWith(t, newTestRenderer(t, s), historyNotice())
	if len(m.attached()) != 2 {
		t.Fatalf("%d forms of the case file", len(m.attached()))
	}
	page := m.attached()[1].body
	if shown := strings.Count(page, "<img"); shown == 0 || shown == 50 || strings.Count(page, "gambarnya tidak ditampilkan") != 50-shown {
		t.Errorf("%d pictures shown, %d said not to be", shown, strings.Count(page, "gambarnya tidak ditampilkan"))
	}
}

func TestACaseWithoutItsEvidenceIsPrintedAllTheSame(t *testing.T) {
	r, err := NewRenderer(witaSettings(), func(context.Context, string, string) (io.ReadCloser, error) { return nil, tickets.ErrNotFound })
	if err != nil {
		t.Fatal(err)
	}
	if page := casePage(t, r, sampleCase(samplePrefix)); !strings.Contains(page, "tangkapan layar.png") || strings.Contains(page, "<img") {
		t.Error("the page does not name the file that is missing")
	}
}
