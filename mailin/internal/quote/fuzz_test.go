package quote

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzNew checks what holds for any text: the result is valid, each line of it is a piece of a line of the mail, in the mail's
// order, and the parts of Split are the whole mail.
func FuzzNew(f *testing.F) {
	for _, c := range answers {
		f.Add(c.text)
	}
	for _, c := range kept {
		f.Add(c.text)
	}
	for _, c := range attributions {
		f.Add("Ya.\n\n" + c.text + "\n> Apa?\n")
	}
	for _, c := range headerBlocks {
		f.Add("Ya.\n\n" + c.text + "\n\nApa?\n")
	}
	for _, c := range footers {
		f.Add("Ya.\n\n" + c.text)
	}
	for _, unit := range hostile {
		f.Add(strings.Repeat(unit, 50))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := New(text)
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8 in %q", got)
		}
		rest := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
		var parts []string
		for _, p := range Split(text) {
			parts = append(parts, p.Text)
		}
		if whole := strings.Join(parts, "\n"); strings.ReplaceAll(whole, "\n", "") != strings.ReplaceAll(rest, "\n", "") {
			t.Fatalf("the parts of %q make %q", text, whole)
		}
		for l := range strings.SplitSeq(got, "\n") {
			at := strings.Index(rest, l)
			if at < 0 {
				t.Fatalf("%q is no line of what is left of %q", l, text)
			}
			rest = rest[at+len(l):]
		}
	})
}
