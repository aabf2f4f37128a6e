package authentic

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

const note = "From: Made <made@dinkes.baliprov.example>\r\nTo: aduan@csirt.example\r\nSubject: Re: tiket\r\n" +
	"Message-ID: <1@baliprov.example>\r\nContent-Type: text/plain\r\n\r\n/ambil\r\n"

// zone answers for the DNS: a name that it lacks does not exist.
type zone map[string][]string

func (z zone) lookup(_ context.Context, name string) ([]string, error) {
	if r, ok := z[name]; ok {
		return r, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// signer holds a key, and the zone that publishes it as k1 of the domains.
type signer struct {
	key  crypto.Signer
	zone zone
}

func newSigner(t testing.TB, domains ...string) signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	s := signer{key, zone{}}
	for _, d := range domains {
		s.zone["k1._domainkey."+d] = []string{record}
	}
	return s
}

func (s signer) sign(t testing.TB, mail, domain string, change ...func(*dkim.SignOptions)) string {
	t.Helper()
	o := &dkim.SignOptions{Domain: domain, Selector: "k1", Signer: s.key, HeaderCanonicalization: "relaxed", BodyCanonicalization: "relaxed"}
	for _, c := range change {
		c(o)
	}
	var out bytes.Buffer
	if err := dkim.Sign(&out, strings.NewReader(mail), o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func (s signer) verifier() *Verifier {
	return &Verifier{LookupTXT: s.zone.lookup}
}

// opening gives the mail as the evidence store would.
func opening(r io.Reader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
}

// check reads the mail as the caller would.
func check(v *Verifier, mail string) Result {
	return v.Check(context.Background(), fieldsOf(mail), addressIn(fieldsOf(mail)), opening(strings.NewReader(mail)))
}

func addressIn(fields []Field) (address string) {
	for _, value := range valuesOf(fields, "From") {
		_, address, _ = strings.Cut(strings.TrimSuffix(value, ">"), "<")
	}
	return address
}

func TestAnAlignedSignatureProvesFrom(t *testing.T) {
	s := newSigner(t, "baliprov.example", "dinkes.baliprov.example", "list.example", "xn--bcher-kva.example")
	other := func(o *dkim.SignOptions) { o.Selector = "missing" }
	rows := []struct{ about, mail, want string }{
		{"the domain itself", s.sign(t, note, "dinkes.baliprov.example"), "dinkes.baliprov.example"},
		{"its organisation", s.sign(t, note, "baliprov.example"), "baliprov.example"},
		{"capitals", s.sign(t, strings.Replace(note, "dinkes.b", "DINKES.B", 1), "baliprov.example"), "baliprov.example"},
		{"below a list's signature", s.sign(t, s.sign(t, note, "baliprov.example"), "list.example"), "baliprov.example"},
		{"below a signature without key", s.sign(t, s.sign(t, note, "baliprov.example"), "baliprov.example", other), "baliprov.example"},
		{"above a broken signature", s.sign(t, strings.Replace(s.sign(t, note, "dinkes.baliprov.example"), "bh=", "bh=AA", 1), "baliprov.example"), "baliprov.example"},
		{"line ends of Unix", strings.ReplaceAll(s.sign(t, note, "baliprov.example"), "\r\n", "\n"), "baliprov.example"},
		{"fields added on top in transit", "Received: from a by b\r\nX-Spam: no\r\n" + s.sign(t, note, "baliprov.example"), "baliprov.example"},
		{"the line of an mbox on top", "From made@baliprov.example Wed Nov 25 10:00:00 2026\r\n" + s.sign(t, note, "baliprov.example"), "baliprov.example"},
		{"an internationalised domain", s.sign(t, strings.Replace(note, "dinkes.baliprov", "bücher", 1), "bücher.example"), "xn--bcher-kva.example"},
		{"an expiry to come", s.sign(t, note, "baliprov.example", func(o *dkim.SignOptions) { o.Expiration = time.Now().Add(time.Hour) }), "baliprov.example"},
		{"a name that is not ASCII", s.sign(t, strings.Replace(note, "Made", "Madé \xe9", 1), "baliprov.example"), "baliprov.example"},
	}
	for _, row := range rows {
		if got := check(s.verifier(), row.mail); got.DKIM != row.want || got.Host != "" || got.DMARCFail {
			t.Errorf("%s: got %+v", row.about, got)
		}
	}
}

func TestRSASignaturesAreVerified(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	s := signer{key, zone{"k1._domainkey.baliprov.example": {"v=DKIM1; k=rsa; t=s; p=" + base64.StdEncoding.EncodeToString(der)}}}
	mail := s.sign(t, note, "baliprov.example")
	if got := check(s.verifier(), mail); got.DKIM != "baliprov.example" || got.Detail != "DKIM of baliprov.example, verified here" {
		t.Errorf("got %+v", got)
	}
	got := check(s.verifier(), strings.Replace(mail, "a=rsa-sha256", "a=rsa-sha1", 1))
	if got.DKIM != "" || !strings.Contains(got.Detail, "too weak") {
		t.Errorf("SHA-1: got %+v", got)
	}
	short, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 767), big.NewInt(1)), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	s.zone["k1._domainkey.baliprov.example"] = []string{"k=rsa; p=" + base64.StdEncoding.EncodeToString(short)}
	if got := check(s.verifier(), mail); got.DKIM != "" || !strings.Contains(got.Detail, "too short") {
		t.Errorf("768 bits: got %+v", got)
	}
}

func TestOtherSignaturesProveNothing(t *testing.T) {
	s := newSigner(t, "baliprov.example", "evil.example", "example", "list.example")
	signed := s.sign(t, note, "baliprov.example")
	_, head, _ := strings.Cut(signed, "DKIM-Signature:")
	tag := func(tag string) string { return "DKIM-Signature: " + tag + ";" + head }
	filler := strings.Repeat("x", 40<<10)
	rows := []struct{ about, mail, why string }{
		{"none", note, "no DKIM signature"},
		{"a stranger's", s.sign(t, note, "evil.example"), "signed by evil.example"},
		{"the suffix's", s.sign(t, note, "example"), "signed by example"},
		{"a stranger's in the organisation's name", s.sign(t, note, "evil.example", func(o *dkim.SignOptions) { o.Identifier = "@baliprov.example" }), "signed by evil.example"},
		{"a changed body", strings.Replace(signed, "/ambil", "/tutup", 1), "body hash"},
		{"more text below", signed + "/tutup\r\n", "body hash"},
		{"a changed From", strings.Replace(signed, "Made <made@", "Made <wayan@", 1), "did not verify"},
		{"a changed subject", strings.Replace(signed, "Re: tiket", "Re: lain", 1), "did not verify"},
		{"a second From on top", "From: Wayan <wayan@dinkes.baliprov.example>\r\n" + signed, "From is malformed"},
		{"a second From below", strings.Replace(signed, "\r\n\r\n", "\r\nFrom: Wayan <wayan@dinkes.baliprov.example>\r\n\r\n", 1), "From is malformed"},
		{"a second subject on top", "Subject: [BALI-2026-0002]\r\n" + signed, "more than one Subject"},
		{"a second content type on top", "Content-Type: multipart/mixed; boundary=x\r\n" + signed, "more than one Content-Type"},
		{"a body length", tag("l=0"), "body length"},
		{"expired", s.sign(t, note, "baliprov.example", func(o *dkim.SignOptions) { o.Expiration = time.Now().Add(-time.Hour) }), "expired"},
		{"no From at all", strings.Replace(signed, "\r\nFrom:", "\r\nX-From:", 1), "does not name one address"},
		{"h= without from", strings.Replace(signed, "h=From:", "h=", 1), "From field not signed"},
		{"a tag twice", tag("d=baliprov.example"), "duplicate"},
		{"another version", strings.Replace(signed, "v=1", "v=2", 1), "version"},
		{"no such key", s.sign(t, note, "baliprov.example", func(o *dkim.SignOptions) { o.Selector = "k2" }), "no such key"},
		{"a selector that is no name", s.sign(t, note, "baliprov.example", func(o *dkim.SignOptions) { o.Selector = "k/1" }), "names no key"},
		{"a signature in the body", "From: Made <made@baliprov.example>\r\n\r\n" + signed, "no DKIM signature"},
		{"a thousand names to look for", strings.Replace(signed, "h=From:", "h=From:"+strings.Repeat("x:", 1000), 1), "covers too many fields"},
		{"a header without end", strings.TrimSuffix(signed, "\r\n\r\n/ambil\r\n"), "could not be read"},
		{"a huge header", "X: " + strings.Repeat("x", 2<<20) + "\r\n" + signed, "header is too large"},
		{"a field of endless lines", "X: x\r\n" + strings.Repeat(" \n", 21000) + signed, "header is too large"},
		{"a huge field", "X: x\r\n" + strings.Repeat(" "+filler+"\n", 4) + signed, "header is too large"},
		{"too many fields", strings.Repeat("X: x\r\n", 3000) + signed, "header is too large"},
	}
	for _, row := range rows {
		got := check(s.verifier(), row.mail)
		if row.why == "From is malformed" { // whoever takes From apart sees two
			got = s.verifier().Check(context.Background(), fieldsOf(row.mail), "wayan@dinkes.baliprov.example", opening(strings.NewReader(row.mail)))
		}
		if got.DKIM != "" || !strings.Contains(got.Detail, row.why) {
			t.Errorf("%s: got %+v, want %q", row.about, got, row.why)
		}
	}
}

// The verifier and the reader may be shown different fields; then neither a signature nor a report counts.
func TestAFromThatIsReadInTwoWaysIsNotProven(t *testing.T) {
	s := newSigner(t, "baliprov.example")
	signed := s.sign(t, note, "baliprov.example")
	const wayan = "wayan@dinkes.baliprov.example"
	reported := Field{"Authentication-Results", "mx.csirt.example; " + pass}
	asWayan := []Field{reported, {"From", "Wayan <" + wayan + ">"}, {"DKIM-Signature", "x"}}
	asMade := []Field{reported, {"From", "Made <made@dinkes.baliprov.example>"}, {"Subject", "lain"}, {"DKIM-Signature", "x"}}
	rows := []struct {
		about, mail string
		fields      []Field
	}{
		{"line ends of an old Macintosh", "From: Wayan <" + wayan + ">\rX: " + strings.Repeat("x", 40<<10) + "\n" + signed, asWayan},
		{"a From behind a lone CR", "X: x\rFrom: Wayan <" + wayan + ">\r\n" + signed, asWayan},
		{"a subject that only one of them sees", "Subject: lain\r\n" + signed, asMade},
		{"an empty line with one CR too many", "From: Wayan <" + wayan + ">\r\n\r\r\n" + signed, asWayan},
		{"an empty line with a blank", "From: Wayan <" + wayan + ">\r\n \r\n" + signed, asWayan},
		{"an empty line with NUL", "From: Wayan <" + wayan + ">\r\n\x00\r\n" + signed, asWayan},
		{"a blank before the colon", "From : Wayan <" + wayan + ">\r\n" + signed, asWayan},
		{"a line without a colon", "From: Wayan <" + wayan + ">\r\nhello\r\n" + signed, asWayan},
		{"a blank before the first field", " From: Wayan <" + wayan + ">\r\n" + signed, asWayan},
		{"a mail without From", "X: x\r\n\r\n" + signed, asWayan},
	}
	v := &Verifier{LookupTXT: s.zone.lookup, Hosts: []string{reporting}}
	for _, row := range rows {
		got := v.Check(context.Background(), row.fields, addressIn(row.fields), opening(strings.NewReader(row.mail)))
		if got.DKIM != "" {
			t.Errorf("%s: got %+v", row.about, got)
		}
	}
}

func TestWhatAKeySaysOfItselfIsHeeded(t *testing.T) {
	s := newSigner(t, "baliprov.example")
	const name = "k1._domainkey.baliprov.example"
	mail, record := s.sign(t, note, "baliprov.example"), s.zone[name][0]
	rows := []struct {
		about, want, why string
		records          []string
	}{
		{"a key for mail", "baliprov.example", "", []string{record + "; s=email; t=s"}},
		{"a key for anything", "baliprov.example", "", []string{record + "; s=*"}},
		{"a key for something else", "", "not for mail", []string{record + "; s=tlsrpt"}},
		{"a key in test", "", "being tested", []string{record + "; t=s:Y"}},
		{"a revoked key", "", "revoked", []string{"v=DKIM1; k=ed25519; p="}},
		{"two records", "", "multiple", []string{record, record}},
		{"no record", "", "no valid key", nil},
		{"another kind of key", "", "key", []string{strings.Replace(record, "ed25519", "rsa", 1)}},
		{"no key at all", "", "key", []string{"v=spf1 -all"}},
		{"a key of absurd size", "", "too large", []string{record + "; n=" + strings.Repeat("x", 5000)}},
		{"a key for other hashes", "", "hash", []string{record + "; h=sha1"}},
	}
	for _, row := range rows {
		s.zone[name] = row.records
		if got := check(s.verifier(), mail); got.DKIM != row.want || !strings.Contains(got.Detail, row.why) {
			t.Errorf("%s: got %+v, want %q", row.about, got, row.why)
		}
	}
}

func TestAFaultOfTheDNSIsNotProven(t *testing.T) {
	s := newSigner(t, "baliprov.example")
	mail := s.sign(t, s.sign(t, note, "baliprov.example"), "baliprov.example")
	never := make(chan struct{})
	defer close(never)
	rows := []struct {
		about  string
		lookup func(context.Context, string) ([]string, error)
	}{
		{"a server that fails", func(context.Context, string) ([]string, error) {
			return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
		}},
		{"any other error", func(context.Context, string) ([]string, error) { return nil, errors.New("no network\r\nX: y") }},
		{"an answer that waits for its time to end", func(ctx context.Context, _ string) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		{"an answer that never comes", func(context.Context, string) ([]string, error) { <-never; return nil, nil }},
	}
	for _, row := range rows {
		v := &Verifier{LookupTXT: row.lookup, Timeout: 20 * time.Millisecond}
		if got := check(v, mail); got.DKIM != "" || got.Detail != "not proven: the DNS did not answer for the key of baliprov.example" {
			t.Errorf("%s: got %+v", row.about, got)
		}
	}
}

func TestTheDNSIsAskedOnlyForKeysThatCount(t *testing.T) {
	s := newSigner(t, "baliprov.example", "list.example", "evil.example")
	var asked atomic.Int32
	v := &Verifier{MaxSignatures: 3, LookupTXT: func(ctx context.Context, name string) ([]string, error) {
		asked.Add(1)
		return s.zone.lookup(ctx, name)
	}}
	rows := []struct {
		about, mail string
		want        int32
	}{
		{"no signature", note, 0},
		{"a stranger's signature", s.sign(t, note, "evil.example"), 0},
		{"the sender's below a list's", s.sign(t, s.sign(t, note, "baliprov.example"), "list.example"), 1},
	}
	many := note
	for range 30 {
		many = s.sign(t, many, "baliprov.example", func(o *dkim.SignOptions) { o.HeaderKeys = []string{"From"} })
	}
	many = strings.ReplaceAll(many, "s=k1;", "s=k9;")
	for i := range 30 {
		many = strings.Replace(many, "s=k9;", "s=m"+string(rune('a'+i%26))+";", 1)
	}
	rows = append(rows, struct {
		about, mail string
		want        int32
	}{"thirty of the sender's", many, 3})
	for _, row := range rows {
		asked.Store(0)
		check(v, row.mail)
		if got := asked.Load(); got != row.want {
			t.Errorf("%s: asked %d times, want %d", row.about, got, row.want)
		}
	}
}

func TestWhatIsNotTheWholeMailIsNotProven(t *testing.T) {
	s := newSigner(t, "baliprov.example")
	mail := s.sign(t, note+strings.Repeat("isi\r\n", 1000), "baliprov.example")
	two := s.sign(t, mail, "baliprov.example")
	for _, m := range []string{mail, two} {
		v := s.verifier()
		v.MaxBytes = int64(len(m))
		if got := check(v, m); got.DKIM == "" {
			t.Errorf("at the limit: got %+v", got)
		}
		v.MaxBytes--
		if got := check(v, m); got.DKIM != "" || !strings.Contains(got.Detail, "too large") {
			t.Errorf("over the limit: got %+v", got)
		}
		broken := io.MultiReader(strings.NewReader(m), faulty{})
		got := s.verifier().Check(context.Background(), fieldsOf(m), staff, opening(broken))
		if got.DKIM != "" || !strings.Contains(got.Detail, "could not be read") {
			t.Errorf("a fault of the disk: got %+v", got)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if got := s.verifier().Check(ctx, fieldsOf(m), staff, opening(strings.NewReader(m))); got.DKIM != "" {
			t.Errorf("no time left: got %+v", got)
		}
	}
	got := s.verifier().Check(context.Background(), fieldsOf(mail), staff, opening(faulty{}))
	if got.DKIM != "" || !strings.Contains(got.Detail, "could not be read") {
		t.Errorf("a fault in the header: got %+v", got)
	}
	missing := func() (io.ReadCloser, error) { return nil, errors.New("gone") }
	if got := s.verifier().Check(context.Background(), fieldsOf(mail), staff, missing); got.DKIM != "" || !strings.Contains(got.Detail, "could not be read") {
		t.Errorf("a mail that is gone: got %+v", got)
	}
}

type faulty struct{}

func (faulty) Read([]byte) (int, error) { return 0, errors.New("disk fault") }

func TestAReportIsPreferredToTheDNS(t *testing.T) {
	s := newSigner(t, "baliprov.example")
	mail := ar + "mx.csirt.example; " + pass + "\r\n" + s.sign(t, note, "baliprov.example")
	if got := check(trusting(), mail); got.Detail != "DKIM of baliprov.example, reported by mx.csirt.example" {
		t.Errorf("got %+v", got)
	}
	v := s.verifier()
	v.Hosts = []string{reporting}
	broken := strings.Replace(mail, "dkim=pass", "dkim=fail", 1)
	if got := check(v, broken); got.DKIM != "baliprov.example" || got.Host != "" {
		t.Errorf("what a host could not verify is verified here: got %+v", got)
	}
	refused := strings.Replace(mail, "dkim=pass", "dmarc=fail; dkim=pass", 1)
	if got := check(v, refused); !got.DMARCFail || got.DKIM != "" {
		t.Errorf("a DMARC fail beside a passing signature: got %+v", got)
	}
}
