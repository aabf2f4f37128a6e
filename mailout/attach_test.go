package mailout

import (
	"context"
	"io"
	"strings"
	"testing"

	"aduan/tickets"
)

func TestDangerousFilesAreKnownByNameAndByType(t *testing.T) {
	for _, c := range []struct {
		about, name, kind string
		want              bool
	}{
		{"a program", "setup.EXE", "application/octet-stream", true},
		{"a program behind a harmless ending", "foto.jpg.exe", "image/jpeg", true},
		{"a program with dots that Windows drops", "setup.exe. .", "", true},
		{"a program whose name is written backwards", "foto\u202egpj.exe", "image/jpeg", true},
		{"a program without a name", "", "application/x-msdownload; charset=binary", true},
		{"a script", "backup.ps1", "text/plain", true},
		{"a document with macros", "daftar.docm", "application/msword", true},
		{"an archive", "bukti.zip", "application/octet-stream", true},
		{"a page with scripts", "login.html", "text/html", true},
		{"a picture with scripts", "logo.svg", "image/svg+xml", true},
		{"a screenshot", "tangkapan layar.png", "image/png", false},
		{"a log", "akses.log", "text/plain", false},
		{"a document", "surat.pdf", "application/pdf", false},
		{"a mail", "asli.eml", "message/rfc822", false},
		{"a name that only holds the letters", "laporan exe", "text/plain", false},
	} {
		if got := Dangerous(c.name, c.kind); got != c.want {
			t.Errorf("%s: %q %q is dangerous: %v", c.about, c.name, c.kind, got)
		}
	}
}

func TestFilesGoAlongUpToTheLimitAndTheOthersAreNamed(t *testing.T) {
	s := witaSettings()
	s.MailSize = 100
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	m := n.Texts[1]
	m.Attachments = []tickets.Attachment{
		{Filename: "kecil.txt", ContentType: "text/plain", Size: 60, SHA256: sampleHash('1')},
		{Filename: "besar.txt", ContentType: "text/plain", Size: 60, SHA256: sampleHash('2')},
		{Filename: "muat.txt", ContentType: "text/plain", Size: 40, SHA256: sampleHash('3')},
		{Filename: "sama.txt", ContentType: "text/plain", Size: 40, SHA256: sampleHash('3')},
		{Filename: "virus.exe", ContentType: "application/octet-stream", Size: 1, SHA256: sampleHash('4')},
	}
	n.Texts = map[int64]tickets.Message{1: m}
	got := renderWith(t, newTestRenderer(t, s), n)
	var names []string
	for _, p := range got.attached() {
		names = append(names, p.filename)
	}
	if strings.Join(names, " ") != "kecil.txt muat.txt" {
		t.Errorf("attached %q", names)
	}
	for _, want := range []string{
		"- besar.txt, 60 byte, tidak dilampirkan karena ukurannya\n  SHA-256 " + sampleHash('2'),
		"- virus.exe, 1 byte, tidak dilampirkan karena dapat berbahaya\n  SHA-256 " + sampleHash('4'),
		"Berkas yang tidak dilampirkan tersimpan utuh sebagai bukti",
	} {
		wantContains(t, "the text", got.text(), want)
	}
	wantContains(t, "the HTML", got.html(), sampleHash('2'))
}

func TestAWholeCaseGoesAlongWithItsEvidence(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindForwarded)
	var opened []string
	r, err := NewRenderer(witaSettings(), func(_ context.Context, raw, place string) (io.ReadCloser, error) {
		opened = append(opened, raw[:1]+place)
		return io.NopCloser(strings.NewReader("isi")), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m := renderWith(t, r, n)
	if a := m.attached(); len(a) != 1 || a[0].filename != "tangkapan layar.png" || a[0].body != "isi" {
		t.Errorf("attached %v", a)
	}
	if len(opened) == 0 || opened[len(opened)-1] != "c2" {
		t.Errorf("opened %q, want part 2 of the report", opened)
	}
	for _, want := range []string{"Halaman depan situs dinas", "Mohon kirim log akses", "Sudah dua kali terjadi", "Diverifikasi (Dibuka → Terverifikasi)", "Diteruskan: budi@csirt.example"} {
		wantContains(t, "the text", m.text(), want)
		wantContains(t, "the HTML", m.html(), want)
	}
}

func TestNothingIsAttachedThatTheNoticeDoesNotCarry(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	n.Items[0].Files = false
	if a := render(t, n).attached(); len(a) != 0 {
		t.Errorf("attached %v", a)
	}
}

func TestAForwardedMailIsAttachedAsBytes(t *testing.T) {
	for declared, want := range map[string]string{
		"message/rfc822": "application/octet-stream", "multipart/mixed; boundary=x": "application/octet-stream",
		"IMAGE/PNG; name=x": "image/png", "nonsense": "application/octet-stream", "text/plain\r\nX: y": "application/octet-stream",
	} {
		if got := attachedType(declared); got != want {
			t.Errorf("%q: got %q, want %q", declared, got, want)
		}
	}
}

func TestScreenshotsAreShownSmallToStaffAlone(t *testing.T) {
	m := render(t, sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport))
	shown := 0
	for _, p := range m.parts {
		if p.id != "" {
			shown++
			wantContains(t, "the HTML", m.html(), `src="cid:`+p.id+`"`)
			if p.kind != "image/jpeg" || p.disposition != "inline" {
				t.Errorf("a preview of type %s, %s", p.kind, p.disposition)
			}
		}
	}
	if shown != 1 {
		t.Errorf("%d previews", shown)
	}
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindMessage)
	withFile := n.Texts[2]
	withFile.Attachments = sampleMessages()[1].Attachments[:1]
	n.Texts = map[int64]tickets.Message{2: withFile}
	wantNotContains(t, "a mail to the reporter", render(t, n).html(), "cid:")
}

func TestAPictureThatDeclaresTooManyPixelsIsNotDecoded(t *testing.T) {
	// The header of a GIF of 65,535 by 65,535 pixels; nothing follows.
	bomb := "GIF89a\xff\xff\xff\xff\x00\x00\x00"
	r, err := NewRenderer(witaSettings(), func(context.Context, string, string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(bomb)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m := renderWith(t, r, sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport))
	wantNotContains(t, "the HTML", m.html(), "cid:")
	if len(m.attached()) != 1 {
		t.Error("the file itself is lost")
	}
}

func TestSizesAreToldAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct {
		n      int64
		id, en string
	}{{0, "0 byte", "0 bytes"}, {999, "999 byte", "999 bytes"}, {48_213, "48,2 KB", "48.2 KB"}, {10_000_000, "10,0 MB", "10.0 MB"}, {5_200_000_000, "5,2 GB", "5.2 GB"}} {
		if got := size(c.n, tickets.Indonesian); got != c.id {
			t.Errorf("%d: got %q, want %q", c.n, got, c.id)
		}
		if got := size(c.n, tickets.English); got != c.en {
			t.Errorf("%d: got %q, want %q", c.n, got, c.en)
		}
	}
}
