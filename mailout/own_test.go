package mailout

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aduan/tickets"
)

func writeOwn(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOwnTemplatesReplaceTheBuiltInOnes(t *testing.T) {
	s := witaSettings()
	s.TemplateDir = writeOwn(t, map[string]string{
		"id/reporter.txt": `{{define "acknowledged"}}Matur suksma, {{.Number}}.{{end}}`,
		"id/labels.toml":  "[label]\nticket = \"No. tiket\"\n",
		"layout/mail.txt": "{{.TLP}}\nSURAT: {{.Headline}}\n{{.L.ticket}}\n",
	})
	r := newTestRenderer(t, s)
	m := renderWith(t, r, sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindAcknowledged))
	wantContains(t, "the text", m.text(), "SURAT: Matur suksma, BALIPROV-CSIRT-2026-0123.\nNo. tiket")
	wantContains(t, "the HTML", m.html(), "Matur suksma, BALIPROV-CSIRT-2026-0123.")
	// What the own file does not define stays.
	m = renderWith(t, r, sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindClosed))
	wantContains(t, "the text", m.text(), "Tiket ini sudah Ditutup.")
}

func TestAnOwnTemplateThatDoesNotParseIsNamedByFileAndLine(t *testing.T) {
	for _, c := range []struct{ file, text, where string }{
		{"id/staff.txt", "{{define \"note\"}}\n{{.Number}\n{{end}}", "id/staff.txt:2"},
		{"layout/mail.html", "<p>\n\n{{nosuch .}}", "layout/mail.html:3"},
		{"en/labels.toml", "[label]\n\nticket = Ticket", "en/labels.toml:3"},
	} {
		s := witaSettings()
		s.TemplateDir = writeOwn(t, map[string]string{c.file: c.text})
		_, err := NewRenderer(s, nil)
		if err == nil || !strings.Contains(err.Error(), filepath.FromSlash(c.where)) {
			t.Errorf("got %v, want it to name %s", err, c.where)
		}
	}
}

func TestAnOwnTemplateThatAsksForWhatIsNotThereIsFoundByTheCheck(t *testing.T) {
	s := witaSettings()
	s.TemplateDir = writeOwn(t, map[string]string{"id/reporter.txt": "{{define \"closed\"}}\n{{.Agent}}\n{{end}}"})
	r := newTestRenderer(t, s)
	err := r.Check(context.Background())
	if err == nil || !strings.Contains(err.Error(), filepath.FromSlash("id/reporter.txt")+":2") {
		t.Errorf("got %v", err)
	}
}

func TestAnOwnTemplateCannotNameStaffToAReporter(t *testing.T) {
	s := witaSettings()
	s.TemplateDir = writeOwn(t, map[string]string{"id/reporter.txt": `{{define "responding"}}Ditangani oleh {{.Owner}}{{.Who}}{{.Name}}{{.Detail}}.{{end}}`})
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindResponding)
	n.Items[0].Who, n.Items[0].Text = tickets.Address{Name: "Budi Hartawan", Address: "budi@csirt.example"}, ""
	wantContains(t, "the text", renderWith(t, newTestRenderer(t, s), n).text(), "Ditangani oleh .")
}

func TestTheBuiltInTemplatesPassTheCheck(t *testing.T) {
	if err := newTestRenderer(t, witaSettings()).Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, spoil := range []func(*Settings){
		func(s *Settings) { s.Colour = "red;background:url(x)" },
		func(s *Settings) { s.TemplateDir = "/no/such/folder" },
	} {
		s := witaSettings()
		spoil(&s)
		if _, err := NewRenderer(s, nil); err == nil {
			t.Error("accepted", s.Colour, s.TemplateDir)
		}
	}
}
