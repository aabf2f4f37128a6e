package mailout

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzTextFromOutsideIsMadeFit(f *testing.F) {
	for _, seed := range []string{"Situs dinas", "a\r\nBcc: b", "=?utf-8?q?=0D=0A?=", "\u202egpj.exe", strings.Repeat("字", 400) + ".png", "\xff\x00", "..\\..\\x", "a\u2028b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line := headerText(s, maxSubject)
		if strings.ContainsFunc(line, unseen) || strings.Contains(line, "=?") || !utf8.ValidString(line) || utf8.RuneCountInString(line) > 2*maxSubject {
			t.Errorf("not fit for a header: %q", line)
		}
		name := fileName(s, "tanpa nama")
		if name == "" || len(name) > maxFilename || strings.ContainsAny(name, `/\"`) || strings.ContainsFunc(name, unseen) || !utf8.ValidString(name) {
			t.Errorf("not fit for a file name: %q", name)
		}
		body := manyLines(s)
		if strings.ContainsAny(body, "\r\x00") || !utf8.ValidString(body) {
			t.Errorf("not fit for a body: %q", body)
		}
	})
}

func FuzzNoRegisteredAddressIsLeft(f *testing.F) {
	for _, seed := range []string{"budi@csirt.example", "Budi@CSIRT.example.", "%3Cbudi@csirt.example", "İbudi@csirt.example", "budi@csirt.examplebudi@csirt.example", "budi%40csirt.example@"} {
		f.Add(seed)
	}
	r := newRedactor(sampleStaff(), "aduan@csirt.example", "ani@dinas.example")
	f.Fuzz(func(t *testing.T, s string) {
		if a, found := r.finds(r.hide(s)); found {
			t.Errorf("%s is left in %q", a, r.hide(s))
		}
	})
}
