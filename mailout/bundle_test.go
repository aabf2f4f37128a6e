package mailout

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aduan/tickets"
)

var zipMailbox = tickets.Mailbox{Address: "aduan@csirt.example", Pattern: "aduan+{token}@csirt.example"}

// theToken is one as it stands in a mail.
var theToken = strings.Repeat("abcd2345", 4)

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// zipped is a case whose raw mails and evidence are these texts, by SHA-256; two evidence files of one name, one of a name
// that leads elsewhere, one missing.
func zipped() (tickets.CaseFile, map[string]string) {
	texts := map[string]string{}
	put := func(s string) string {
		texts[hashOf(s)] = s
		return hashOf(s)
	}
	c := sampleCase(samplePrefix)
	c.Messages = c.Messages[:5]
	for i := range c.Messages {
		c.Messages[i].SHA256 = put("Subject: " + c.Messages[i].Subject + "\nMessage-ID: <" + string(rune('a'+i)) + "@x.example>\n\n" + c.Messages[i].Text)
	}
	c.Messages[3].SHA256 = put("Reply-To: aduan+" + theToken + "@csirt.example\r\n\r\nhalo\r\n")
	c.Messages[4].SHA256 = put("Subject: sandi\n\nh7kq2mzx9wpt4rcd")
	file := func(n int, name, kind, text string) tickets.Attachment {
		return tickets.Attachment{Number: n, Filename: name, ContentType: kind, SHA256: put(text), Size: int64(len(text)), Place: hashOf(text)}
	}
	c.Messages[0].Attachments = []tickets.Attachment{
		file(1, "tangkapan layar.png", "image/png", "not really a picture"), file(2, "../../etc/passwd", "application/octet-stream", "root"), file(3, "daftar akun.xlsm", "application/vnd.ms-excel", "macro"),
		file(4, "-rf *.html", "text/html", "<script>"), file(5, "surat.eml", "message/rfc822", "To: aduan+"+theToken+"@csirt.example\n\nteruskan"), file(6, "文件", "image/jpeg", "x"), file(7, "", "application/x-msdownload", "MZ"),
		file(8, "foto.png", "image/png", "token aduan+"+theToken+"@csirt.example in the bytes of a picture"),
	}
	c.Messages[2].Attachments = []tickets.Attachment{{Number: 9, Filename: "hilang.pdf", ContentType: "application/pdf", SHA256: hashOf("gone"), Place: "gone"}}
	return c, texts
}

func writeZip(t *testing.T) (string, map[string]string) {
	t.Helper()
	c, texts := zipped()
	open := func(sum string) (io.ReadCloser, error) {
		if s, known := texts[sum]; known {
			return io.NopCloser(strings.NewReader(s)), nil
		}
		return nil, tickets.ErrNotFound
	}
	r, err := NewRenderer(witaSettings(), func(_ context.Context, _, place string) (io.ReadCloser, error) { return open(place) })
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "case.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := r.WriteCaseZip(context.Background(), f, Bundle{Case: c, Mailbox: zipMailbox, Raw: func(_ context.Context, sum string) (io.ReadCloser, error) { return open(sum) }}); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := files[strings.ToLower(f.Name)]; twice {
			t.Errorf("%s is there twice", f.Name)
		}
		files[f.Name] = string(b)
	}
	return path, files
}

const zipFolder = "BALIPROV-CSIRT-2026-0123/"

func TestZipOfACaseHoldsEverythingUnderSafeNames(t *testing.T) {
	_, files := writeZip(t)
	for name := range files {
		if !regexp.MustCompile(`^BALIPROV-CSIRT-2026-0123/((mails|evidence)/)?[A-Za-z0-9_][A-Za-z0-9._-]*$`).MatchString(name) || strings.Contains(name, "..") {
			t.Errorf("an unsafe name: %q", name)
		}
	}
	for _, name := range []string{"BALIPROV-CSIRT-2026-0123.html", "BALIPROV-CSIRT-2026-0123.pdf", "BALIPROV-CSIRT-2026-0123.json", "manifest.csv", "SHA256SUMS", "evidence/001-tangkapan_layar.png", "evidence/002-passwd",
		"evidence/003-daftar_akun.xlsm.danger", "evidence/004-rf__.html.danger", "evidence/006-__", "evidence/007-unnamed.danger", "mails/0001-in-20261123T060500Z.eml"} {
		if _, there := files[zipFolder+name]; !there {
			t.Errorf("%s is missing; there are %q", name, slices.Sorted(keysOf(files)))
		}
	}
	mails := 0
	for name, body := range files {
		if strings.HasSuffix(name, ".eml") {
			mails++
		}
		if strings.Contains(body, "h7kq2mzx9wpt4rcd") {
			t.Errorf("%s tells the password", name)
		}
		if strings.Contains(body, theToken) && !strings.HasSuffix(name, "foto.png") {
			t.Errorf("%s holds a token", name)
		}
	}
	if mails != 4+1 { // of five mails one told a password; one piece of evidence is a mail
		t.Errorf("%d mails", mails)
	}
	if got := files[zipFolder+"mails/0001-in-20261123T060500Z.eml"]; !strings.Contains(got, "<a@x.example>\n") {
		t.Errorf("the mail is not as it came: %q", got)
	}
}

func keysOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestManifestTellsHowEachFileStandsToTheRecord(t *testing.T) {
	_, files := writeZip(t)
	rows, err := csv.NewReader(strings.NewReader(files[zipFolder+"manifest.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	notes := map[string]string{}
	for _, r := range rows[1:] {
		notes[r[5]] = r[3]
		if r[0] == "" {
			continue
		}
		if body, there := files[zipFolder+r[0]]; !there || hashOf(body) != r[1] {
			t.Errorf("%s: the hash is not that of the file", r[0])
		}
		if (r[3] == "as on record") != (r[1] == r[2]) {
			t.Errorf("%s: %s", r[0], r[3])
		}
	}
	for name, want := range map[string]string{"tangkapan layar.png": "as on record", "../../etc/passwd": "as on record", "surat.eml": "tokens blanked", "foto.png": "as on record", "hilang.pdf": "MISSING from the evidence"} {
		if notes[name] != want {
			t.Errorf("%s: %q, want %q", name, notes[name], want)
		}
	}
}

func TestOtherProgramsAcceptTheZip(t *testing.T) {
	path, files := writeZip(t)
	folder := filepath.Join(filepath.Dir(path), "out")
	if n := bytes.Count([]byte(files[zipFolder+"SHA256SUMS"]), []byte("\n")); n != len(files)-1 {
		t.Errorf("%d lines for %d files", n, len(files))
	}
	tried := 0
	run := func(dir, name string, args ...string) {
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("%s is not here", name)
			return
		}
		tried++
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run("", "unzip", "-t", path)
	run("", "7z", "t", path)
	for name, body := range files {
		name = filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(filepath.Join(folder, zipFolder), "sha256sum", "--strict", "-c", "SHA256SUMS")
	if tried == 0 {
		t.Skip("none of unzip, 7z and sha256sum is here")
	}
}
