package entity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// crlf writes a mail as it travels.
func crlf(s string) string {
	return strings.ReplaceAll(s, "\n", "\r\n")
}

func read(raw string) *Mail {
	return Read(context.Background(), strings.NewReader(raw), Limits{})
}

// files is a short form of the attachments: "name type size", and "inline" where that is so.
func files(m *Mail) []string {
	var all []string
	for _, a := range m.Attachments {
		s := fmt.Sprintf("%s %s %d", a.Filename, a.ContentType, a.Size)
		if a.Inline {
			s += " inline"
		}
		all = append(all, s)
	}
	return all
}

// TestTheReadableTextIsFoundAndTheRestIsListed has one row for each way in which mail is built.
func TestTheReadableTextIsFoundAndTheRestIsListed(t *testing.T) {
	rows := []struct {
		about, raw, text string
		files            []string
	}{
		{"text alone", "Subject: x\n\nHalo,\nsitus kami diretas.\n", "Halo,\nsitus kami diretas.", nil},
		{"no header at all", "Halo,\nsitus kami diretas.\n", "Halo,\nsitus kami diretas.", nil},
		{"nothing", "", "", nil},
		{"a header alone", "Subject: x\n", "", nil},
		{"HTML alone", "Content-Type: text/html\n\n<p>Halo <b>tim</b></p>\n", "Halo tim", nil},
		{"text in both forms", alternative("Halo", "<p>Halo</p>"), "Halo", nil},
		{"a plain form that is empty", alternative(" ", "<p>Halo</p>"), "Halo", nil},
		{"a plain form that only excuses itself", alternative("Your program shows no HTML.", "<p>"+strings.Repeat("Situs kami diretas. ", 40)+"</p>"),
			strings.TrimSpace(strings.Repeat("Situs kami diretas. ", 40)), nil},
		{"a picture pasted into HTML", "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>Lihat <img src=\"cid:p1\"></p>\n--r\n" +
			"Content-Type: image/png; name=\"image001.png\"\nContent-ID: <p1>\nContent-Transfer-Encoding: base64\n\niVBORw==\n--r--\n",
			"Lihat", []string{"image001.png image/png 4 inline"}},
		{"a picture that the HTML shows although it is attached", "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>Lihat <img src=\"cid:p1\"></p>\n--r\n" +
			"Content-Type: image/png\nContent-Disposition: attachment; filename=a.png\nContent-ID: <p1>\n\nx\n--r--\n", "Lihat", []string{"a.png image/png 1 inline"}},
		{"several texts around a file", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nsebelum\n--m\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--m\nContent-Type: text/plain\n\nsesudah\n--m--\n",
			"sebelum\n\nsesudah", []string{"a.pdf application/pdf 4"}},
		{"both forms in a mixed that ought to be an alternative", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nHalo tim\n--m\nContent-Type: text/html\n\n<p>Halo  tim</p>\n--m--\n", "Halo tim", nil},
		{"a text that is attached", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nlihat log\n--m\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"access.log\"\n\nGET /\n--m--\n",
			"lihat log", []string{"access.log text/plain 5"}},
		{"an attachment that is all", "Content-Type: text/plain; name=lapor.txt\nContent-Disposition: attachment\n\nsitus diretas\n", "situs diretas", []string{"lapor.txt text/plain 13"}},
		{"a forwarded mail as attachment and what is in it", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nteruskan\n--m\nContent-Type: message/rfc822\n\nSubject: asli\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nisi\n--i\nContent-Type: image/gif; name=p.gif\nContent-Transfer-Encoding: base64\n\nR0lG\n--i--\n--m--\n",
			"teruskan", []string{" message/rfc822 137", "p.gif image/gif 3"}},
		{"a forwarded mail in base64", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogYQpDb250ZW50LVR5cGU6IGltYWdlL2dpZjsgbmFtZT1wLmdpZgoKR0lG\n", "", []string{" message/rfc822 51", "p.gif image/gif 3"}},
		{"a file uuencoded in the text", "Subject: x\n\nlihat:\n\nbegin 644 hi.txt\n#2&D*\n`\nend\nsalam\n", "lihat:\n\nsalam", []string{"hi.txt application/octet-stream 3"}},
		{"a sentence that begins as a uuencoded file does", "Subject: x\n\nbegin 644 times\nand then stop\n", "begin 644 times\nand then stop", nil},
		{"an invitation", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nrapat\n--m\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--m--\n", "rapat", []string{" text/calendar 15"}},
		{"PGP signed", "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\n\n--s\nContent-Type: text/plain\n\nrahasia\n--s\nContent-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----\n--s--\n",
			"rahasia", []string{"signature.asc application/pgp-signature 29"}},
		{"PGP encrypted", "Content-Type: multipart/encrypted; boundary=s\n\n--s\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--s\nContent-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n--s--\n",
			"", []string{" application/pgp-encrypted 10", "encrypted.asc application/octet-stream 27"}},
		{"flowed", "Content-Type: text/plain; format=flowed\n\nSitus kami \ndiretas.\n\n>> kutipan \n>> lagi\n> lain\n From sini\n-- \nMade\n", "Situs kami diretas.\n\n>> kutipan lagi\n> lain\nFrom sini\n-- \nMade", nil},
		{"flowed with blanks that are none", "Content-Type: text/plain; format=flowed; delsp=yes\n\nSitus ka \nmi\n", "Situs kami", nil},
		{"a text of a kind that nobody knows", "Content-Type: text/x-report\n\nisi\n", "isi", []string{" text/x-report 3"}},
	}
	for _, r := range rows {
		for name, raw := range map[string]string{"LF": r.raw, "CRLF": crlf(r.raw)} {
			t.Run(r.about+"/"+name, func(t *testing.T) {
				m := read(raw)
				if m.Text != r.text {
					t.Errorf("text %q, want %q", m.Text, r.text)
				}
				got := files(m)
				if name == "CRLF" && strings.Contains(r.about, "what is in it") {
					r.files = []string{strings.Replace(r.files[0], "137", "145", 1), r.files[1]} // its line ends are part of it
				}
				if strings.Join(got, "|") != strings.Join(r.files, "|") {
					t.Errorf("files %q, want %q", got, r.files)
				}
				opensAsListed(t, raw, m)
			})
		}
	}
}

func alternative(plain, rich string) string {
	return "Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\n" + plain + "\n--a\nContent-Type: text/html\n\n" + rich + "\n--a--\n"
}

// opensAsListed opens every attachment and compares it with what the list says.
func opensAsListed(t *testing.T, raw string, m *Mail) {
	t.Helper()
	for _, a := range m.Attachments {
		r, err := Open(strings.NewReader(raw), a.Place, Limits{})
		if err != nil {
			t.Errorf("open %q: %v", a.Place, err)
			continue
		}
		h := sha256.New()
		n, err := io.Copy(h, r)
		if err != nil || n != a.Size || hex.EncodeToString(h.Sum(nil)) != a.SHA256 {
			t.Errorf("place %q: %d bytes, error %v, listed %+v", a.Place, n, err, a)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDamagedMailIsReadAsFarAsItGoes has one row for each fault, with the problem that is noted.
func TestDamagedMailIsReadAsFarAsItGoes(t *testing.T) {
	rows := []struct {
		about, raw, subject, text string
		files                     int
		problem                   string
	}{
		{"a header line without a colon", "Subject: satu\nthis is no field\nTo: x\n\nisi", "satu", "isi", 0, "no field"},
		{"folded lines that lost their blanks", "Received: a\nby b\nfor c\nSubject: satu\n\nisi", "satu", "isi", 0, "no field"},
		{"a mail program's mbox line", "From made@x Mon Nov 23\nSubject: satu\n\nisi", "satu", "isi", 0, ""},
		{"blank lines first", "\n\r\n\nSubject: satu\n\nisi", "satu", "isi", 0, ""},
		{"blanks before the colon", "Subject : satu\n\nisi", "satu", "isi", 0, ""},
		{"no blank line before the text", "Subject: satu\nini isi surat\nini pula\n", "satu", "ini isi surat\nini pula", 0, ""},
		{"CR for line ends", "Subject: satu\rTo: x\r\risi\rlagi", "satu", "isi\nlagi", 0, ""},
		{"mixed line ends", "Subject: satu\r\nTo: x\n\r\nisi\nlagi\r\n", "satu", "isi\nlagi", 0, ""},
		{"no closing boundary", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nisi\n", "", "isi", 0, "closing boundary"},
		{"a boundary that never comes", "Content-Type: multipart/mixed; boundary=m\n\nisi\n", "", "isi", 0, "no boundary"},
		{"another boundary than declared", "Content-Type: multipart/mixed; boundary=m\n\n--n_1\nContent-Type: text/plain\n\nisi\n--n_1\nContent-Type: image/png; name=a\n\nx\n--n_1--\n", "", "isi", 1, "another boundary"},
		{"no boundary declared", "Content-Type: multipart/mixed\n\n--n_1\nContent-Type: text/plain\n\nisi\n--n_1--\n", "", "isi", 0, "another boundary"},
		{"one boundary for two levels", "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=m\n\n--m\n\nisi\n--m--\n--m\nContent-Type: image/png; name=a\n\nx\n--m--\n", "", "isi", 1, ""},
		{"a part after the end", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nisi\n--m--\n--m\nContent-Type: image/png; name=a\n\nx\n", "", "isi", 1, "follows"},
		{"blanks after a boundary", "Content-Type: multipart/mixed; boundary=m\n\n--m \t\n\nisi\n--m-- \n", "", "isi", 0, ""},
		{"a part without its blank line", "Content-Type: multipart/mixed; boundary=m\n\n--m\nisi surat\n--m--\n", "", "isi surat", 0, ""},
		{"a header that a boundary ends", "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: image/png; name=a\n--m\n\nisi\n--m--\n", "", "isi", 1, ""},
		{"an attached message that has nothing but a boundary after it", "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nisi\n--m\nContent-Type: message/rfc822\n--m--\nSubject: penutup\n\nlagi", "", "isi", 1, ""},
		{"text that is not the base64 it says", "Content-Transfer-Encoding: base64\n\nIni surat biasa saja.\n", "", "Ini surat biasa saja.", 0, "base64"},
		{"quoted-printable with junk", "Content-Transfer-Encoding: quoted-printable\n\na=ZZ b=3 =\nc=e2=82=ac=  \nd=", "", "a=ZZ b=3 c€d", 0, ""},
		{"base64 with junk and without padding", "Content-Transfer-Encoding: base64\n\nSG!Fs\nby*B0\naW0", "", "Halo tim", 0, ""},
		{"base64 in pieces that are padded each", "Content-Transfer-Encoding: base64\n\nSGE=bG8=\n", "", "Halo", 0, ""},
		{"a NUL and a broken character", "\nha\x00lo \xe2\x82 dunia\n", "", "halo â‚ dunia", 0, ""},
		{"a type without a slash", "Content-Type: text\n\nisi\n", "", "isi", 0, ""},
		{"a disposition that nobody knows", "Content-Disposition: banner\n\nisi\n", "", "isi", 1, ""},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			m := read(r.raw)
			if got := m.Header.Subject(); got != r.subject {
				t.Errorf("subject %q, want %q", got, r.subject)
			}
			if m.Text != r.text || len(m.Attachments) != r.files {
				t.Errorf("text %q and files %q, want %q and %d", m.Text, files(m), r.text, r.files)
			}
			if got := strings.Join(m.Problems, "|"); !strings.Contains(got, r.problem) || r.problem == "" && got != "" {
				t.Errorf("problems %q, want %q", got, r.problem)
			}
		})
	}
}

// Whatever a mail declares, its text is read in the charset it is written in.
func TestEveryCharsetBecomesUTF8(t *testing.T) {
	rows := []struct{ about, charset, raw, text string }{
		{"Western", "windows-1252", "caf\xe9 \x80", "café €"},
		{"Latin 1 that uses what only Windows has", "iso-8859-1", "\x93ya\x94", "“ya”"},
		{"Central European", "ISO-8859-2", "\xb1", "ą"},
		{"Cyrillic", "koi8-r", "\xf0\xd2\xc9", "При"},
		{"Cyrillic by a short name", "win1251", "\xcf\xf0\xe8", "При"},
		{"Cyrillic of DOS", "cp866", "\x80", "А"},
		{"Western of DOS", "cp850", "\x82", "é"},
		{"Japanese with escapes", "iso-2022-jp", "\x1b$B$3\x1b(B", "こ"},
		{"Japanese of Windows", "cp932", "\x82\xb1", "こ"},
		{"Japanese EUC", "euc-jp", "\xa4\xb3", "こ"},
		{"Chinese that is more than it says", "gb2312", "\x81\x40\xc4\xe3", "丂你"},
		{"Chinese, four bytes", "GB18030", "\x95\x32\x82\x36", "𠀀"},
		{"Chinese with tildes", "hz-gb-2312", "~{Dc~}", "你"},
		{"Chinese of Taiwan", "big5", "\xa7\x41", "你"},
		{"Korean", "ks_c_5601-1987", "\xc7\xd1", "한"},
		{"Korean with shifts", "iso-2022-kr", "\x1b$)C\x0eGQ\x0f", "한"},
		{"Thai", "tis-620", "\xa1", "ก"},
		{"UTF-7", "utf-7", "1 +- 1 +AOk-t+IKw", "1 + 1 ét€"},
		{"UTF-16 with a mark", "utf-16", "\xff\xfeh\x00i\x00", "hi"},
		{"UTF-16 without a mark", "utf-16", "h\x00i\x00", "hi"},
		{"none declared, UTF-8", "", "caf\xc3\xa9", "café"},
		{"none declared, Western", "", "caf\xe9", "café"},
		{"ASCII that is not", "us-ascii", "caf\xe9", "café"},
		{"an unknown name", "x-klingon", "caf\xc3\xa9", "café"},
		{"nobody knows, and it says so", "unknown-8bit", "caf\xe9", "café"},
		{"a lie: it is UTF-8", "iso-8859-1", "selamat \xe2\x80\x93 pagi", "selamat – pagi"},
		{"a lie: it is no UTF-8", "utf-8", "caf\xe9", "café"},
		{"UTF-8 with one fault", "utf-8", "caf\xc3\xa9 \xe2\x82 caf\xc3\xa9", "café \uFFFD café"},
		{"a mark before UTF-8", "utf-8", "\xef\xbb\xbfhalo", "halo"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			m := read("Content-Type: text/plain; charset=\"" + r.charset + "\"\n\n" + r.raw)
			if m.Text != r.text {
				t.Errorf("got %q, want %q", m.Text, r.text)
			}
		})
	}
}

// What programs wrote for programs is kept for whoever reads bounces.
func TestMachineReadablePartsAreKept(t *testing.T) {
	m := read("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\ngagal\n--b\nContent-Type: message/delivery-status\n\n" +
		"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nStatus: 5.1.1\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <asli@x>\nSubject: asli\n\nisi surat\n--b--\n")
	if len(m.Machine) != 2 {
		t.Fatalf("got %+v", m.Machine)
	}
	if s := m.Machine[0]; s.ContentType != "message/delivery-status" || !strings.Contains(s.Content, "Status: 5.1.1") {
		t.Errorf("report %+v", s)
	}
	if s := m.Machine[1]; s.ContentType != "message/rfc822" || !strings.Contains(s.Content, "<asli@x>") || !strings.Contains(s.Content, "isi surat") {
		t.Errorf("returned mail %+v", s)
	}
	if m.Text != "gagal" {
		t.Errorf("text %q", m.Text)
	}
}

// The hash of the body does not change where transports change line ends and trailing blank lines.
func TestTheBodyHashSurvivesTransport(t *testing.T) {
	a := read("Subject: a\n\nsatu\n\ndua\n")
	for about, raw := range map[string]string{
		"CRLF": "Subject: a\r\n\r\nsatu\r\n\r\ndua\r\n", "blank lines at the end": "Subject: a\n\nsatu\n\ndua\n\n\n",
		"no line end at the end": "Subject: a\n\nsatu\n\ndua", "another header": "Subject: b\nX-Seen: 1\n\nsatu\n\ndua\n",
	} {
		if b := read(raw); b.BodySHA256 != a.BodySHA256 {
			t.Errorf("%s: the hash is another", about)
		}
	}
	if b := read("Subject: a\n\nsatu\ndua\n"); b.BodySHA256 == a.BodySHA256 {
		t.Error("a blank line less inside has the same hash")
	}
}

// The size and the hash are those of the raw mail, whatever was read in it.
func TestTheRawMailIsHashedWhole(t *testing.T) {
	raw := crlf(alternative("satu", "<p>dua</p>")) + "trailing\x00bytes"
	sum := sha256.Sum256([]byte(raw))
	if m := read(raw); m.Size != int64(len(raw)) || m.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("got %d %s", m.Size, m.SHA256)
	}
}

// Over each limit the mail is still read to there, and says so.
func TestLimitsStopABombAndKeepTheMail(t *testing.T) {
	part := "--m\nContent-Type: image/png; name=a.png\n\nx\n"
	rows := []struct {
		about, raw string
		lim        Limits
		files      int
		problem    string
	}{
		{"parts", "Content-Type: multipart/mixed; boundary=m\n\n" + strings.Repeat(part, 50), Limits{Parts: 10}, 9, "too many parts"},
		{"depth", strings.Repeat("Content-Type: message/rfc822\n\n", 50), Limits{Depth: 5}, 6, "nested too deeply"},
		{"header", "Subject: x\nX-Long: " + strings.Repeat("y", 5000) + "\nContent-Type: image/png; name=a\n\n", Limits{Header: 1000}, 0, "header is too large"},
		{"text", "\n" + strings.Repeat("panjang ", 1000), Limits{Text: 100}, 0, "text is too long"},
		{"the whole mail", "Subject: x\n\n" + strings.Repeat("panjang\n", 1000), Limits{Message: 100}, 0, "larger than the limit"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			m := Read(context.Background(), strings.NewReader(r.raw), r.lim)
			if len(m.Attachments) != r.files || !strings.Contains(strings.Join(m.Problems, "|"), r.problem) {
				t.Errorf("files %q, problems %q", files(m), m.Problems)
			}
			if m.Truncated != (r.about == "the whole mail") || len(m.Text) > 5000 {
				t.Errorf("truncated %v, text of %d", m.Truncated, len(m.Text))
			}
		})
	}
}

var errBroken = errors.New("the line is broken")

// A fault of the reader ends the mail; what came before is known.
func TestABrokenReaderEndsTheMail(t *testing.T) {
	m := Read(context.Background(), io.MultiReader(strings.NewReader("Subject: x\n\nsampai sini"), brokenReader{}), Limits{})
	if m.Text != "sampai sini" || len(m.Problems) != 1 {
		t.Errorf("text %q, problems %q", m.Text, m.Problems)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if m := Read(ctx, strings.NewReader("Subject: x\n\n"), Limits{}); m.Size != 0 || len(m.Problems) != 1 {
		t.Errorf("after the end of its context: %+v", m)
	}
	raw := "Content-Type: image/png\n\n" + strings.Repeat("x", 100<<10)
	r, err := Open(io.MultiReader(strings.NewReader(raw), brokenReader{}), "1", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, errBroken) {
		t.Errorf("an attachment that breaks off gives error %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestOpenKnowsWhatIsNotThere(t *testing.T) {
	if _, err := Open(strings.NewReader("Subject: x\n\nisi"), "7.1", Limits{}); !errors.Is(err, ErrNoPart) {
		t.Errorf("got %v", err)
	}
}

// FuzzRead looks for mail that crashes or comes out as anything but valid UTF-8.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		alternative("satu", "<p>dua <a href='http://x'>tiga</a></p>"), string(screenshotMail(100)),
		"From: =?utf-8?B?4oKs?= <a@b>\nContent-Type: message/rfc822\n\nSubject: =?x\n\nbegin 644 a\n#2&D*\nend\n",
		"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\neJ8+IgEA\n",
		"Content-Type: application/pkcs7-mime\n\n0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0\x80",
		"{\\rtf1\\ansicpg932 {\\*\\x y}\\'82\\'b1\\par\\u-10179?\\bin3 abc}", winmail("x", outlook()), signedMail(true, alternative("satu", "dua")),
		"Content-Type: text/plain; charset=utf-7; format=flowed; delsp=yes; name*0*=x'y'z; name*1=a\n\n+AOk- \n> a \n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Read(context.Background(), bytes.NewReader(raw), Limits{Text: 1 << 16})
		all := []string{m.Text, m.HTML, m.Header.Subject(), m.Header.MessageID(), TextOfHTML(string(raw)), CleanHTML(m.HTML), m.Header.Date().String(),
			textOfRTF(raw), textOfRTF(unpackRTF(raw, 1<<16))}
		for _, a := range append(m.Header.From(), m.Header.Addresses("To")...) {
			all = append(all, a.Name, a.Address)
		}
		for _, a := range m.Attachments {
			all = append(all, a.Filename, a.ContentType, a.ContentID, a.Disposition, a.Charset)
		}
		for _, p := range m.Machine {
			all = append(all, p.Content)
		}
		all = append(append(all, m.Problems...), m.Header.IDs("References")...)
		for _, s := range all {
			if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
				t.Fatalf("%q", s)
			}
		}
		if m.Size != int64(len(raw)) {
			t.Fatalf("read %d of %d bytes", m.Size, len(raw))
		}
		if len(m.Attachments) > 0 && len(m.Attachments) < 20 {
			opensAsListed(t, string(raw), m)
		}
	})
}

// FuzzCleanHTML looks for HTML that leaves anything behind that runs, is fetched or is sent.
func FuzzCleanHTML(f *testing.F) {
	f.Add("<p onclick=x>a<script>b</script><a href='javascript:c'>d</a><img src=x onerror=y><form action=z><style>e</style>")
	f.Add("<svg/onload=x><math><mi//xlink:href=\"data:x,<script>y</script>\"><![CDATA[<script>z</script>]]><noscript><p title=\"</noscript><img src=x onerror=y>\">")
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanHTML(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q", got)
		}
		for z := html.NewTokenizer(strings.NewReader(got)); z.Next() != html.ErrorToken; {
			tok := z.Token()
			if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
				continue
			}
			for _, a := range tok.Attr {
				switch a.Key {
				case "colspan", "rowspan", "start", "rel":
				case "href":
					if !strings.HasPrefix(a.Val, "http://") && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "mailto:") {
						t.Fatalf("a link to %q", a.Val)
					}
				default:
					t.Fatalf("attribute %q", a.Key)
				}
			}
			switch tok.Data {
			case "script", "style", "form", "input", "img", "iframe", "object", "embed", "link", "meta", "base", "svg", "math", "video", "audio", "button":
				t.Fatalf("element %q", tok.Data)
			}
		}
	})
}
