package authentic

import (
	"context"
	"strings"
	"testing"
)

// FuzzReadStatement checks what holds for any field: reading ends, says the same twice, and nothing that is put into a
// comment or into a quoted reason is believed.
func FuzzReadStatement(f *testing.F) {
	for _, row := range believed {
		f.Add(strings.TrimPrefix(row.header, ar))
	}
	for _, row := range hostile {
		f.Add(strings.TrimPrefix(row.header, ar))
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, arc := range []bool{false, true} {
			st := readStatement(value, arc)
			for _, o := range st.results {
				if o.method == "" || o.method != strings.ToLower(o.method) {
					t.Fatalf("method %q in %q", o.method, value)
				}
			}
		}
		comment := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(value)
		reason := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
		for _, field := range []string{
			"mx.csirt.example; dkim=none (" + comment + "); spf=none",
			`mx.csirt.example; dkim=none reason="` + reason + `"; spf=none`,
		} {
			st := readStatement(field, false)
			if st.damaged || st.id != reporting || len(st.results) != 2 || st.results[1].method != "spf" {
				t.Fatalf("%q is read as %+v", field, st)
			}
		}
	})
}

// FuzzCheck checks that no bytes make a proof for an organisation that has no key and no believed report.
func FuzzCheck(f *testing.F) {
	s := newSigner(f, "baliprov.example")
	f.Add(s.sign(f, note, "baliprov.example"))
	f.Add(note)
	f.Add("From: a\n\nDKIM-Signature: v=1; d=baliprov.example; s=x; h=from; b=; bh=; a=rsa-sha256\n")
	f.Fuzz(func(t *testing.T, mail string) {
		fields := append(fieldsOf("From: "+staff+"\nDKIM-Signature: x"), Field{"Authentication-Results", mail})
		got := (&Verifier{LookupTXT: zone{}.lookup}).Check(context.Background(), fields, staff, opening(strings.NewReader(mail)))
		if got.DKIM != "" || got.DMARCFail || strings.ContainsAny(got.Detail, "\r\n") {
			t.Fatalf("got %+v", got)
		}
	})
}

func BenchmarkReadStatement(b *testing.B) {
	const field = `mx.csirt.example; dkim=pass (2048-bit key; unprotected) header.d=baliprov.example header.i=@baliprov.example header.b="abc/+12="; spf=pass smtp.mailfrom=made@baliprov.example; dmarc=pass (p=reject dis=none) header.from=baliprov.example`
	b.ReportAllocs()
	for b.Loop() {
		readStatement(field, false)
	}
}

// BenchmarkCheck measures a mail of 1 MB: verified here, and reported by a host.
func BenchmarkCheck(b *testing.B) {
	s := newSigner(b, "baliprov.example")
	mail := s.sign(b, note+strings.Repeat("satu baris isi laporan yang biasa saja\r\n", 1<<20/40), "baliprov.example")
	run := func(name string, v *Verifier, mail string) {
		fields := fieldsOf(mail[:strings.Index(mail, "\r\n\r\n")+2])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(mail)))
			for b.Loop() {
				if got := v.Check(context.Background(), fields, staff, opening(strings.NewReader(mail))); got.DKIM == "" {
					b.Fatal(got.Detail)
				}
			}
		})
	}
	run("verified", s.verifier(), mail)
	run("reported", trusting(), ar+"mx.csirt.example; "+pass+"\r\n"+mail)
}
