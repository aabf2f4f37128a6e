package entity

import (
	"bytes"
	"strconv"
	"strings"
)

// word is an encoded word, its content not yet decoded (RFC 2047 section 2).
type word struct {
	charset string
	base64  bool
	text    string
}

// wordMax is how far the end of a word is looked for: far more than the 75 bytes allowed, for programs that write a
// whole subject as one word.
const wordMax = 4096

// decodeWords decodes the encoded words in s, also where programs broke them: with blanks inside, without the closing
// "?=", side by side without a blank, inside quotes, with a character or a base64 group cut in two between words.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return clean(s)
	}
	var out strings.Builder
	var run []word // words that follow each other: the blanks between them are none
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, rest, ok := cutWord(s[i:])
		if !ok {
			out.WriteString(decodeRun(run))
			run = nil
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		if strings.TrimSpace(s[:i]) != "" {
			out.WriteString(decodeRun(run))
			run = nil
		}
		if len(run) == 0 {
			out.WriteString(s[:i])
		}
		run, s = append(run, w), rest
	}
	out.WriteString(decodeRun(run))
	out.WriteString(s)
	return clean(out.String())
}

// cutWord reads the encoded word that s begins with.
func cutWord(s string) (w word, rest string, ok bool) {
	p := strings.SplitN(s[2:], "?", 3)
	if len(p) < 3 || p[0] == "" || len(p[0]) > 60 || strings.ContainsAny(p[0], "<>@\"") {
		return w, s, false
	}
	kind := strings.TrimSpace(p[1])
	if kind != "B" && kind != "b" && kind != "Q" && kind != "q" {
		return w, s, false
	}
	w.charset, _, _ = strings.Cut(strings.TrimSpace(p[0]), "*") // a language may follow (RFC 2231 section 5)
	w.base64 = kind == "B" || kind == "b"
	near := p[2][:min(len(p[2]), wordMax)]
	text, _, closed := strings.Cut(near, "?=")
	after := p[2][min(len(text)+2, len(p[2])):]
	if !closed {
		// Cut off, or the next word begins before this one ends.
		text, after = near, p[2][len(near):]
		if next := strings.Index(text, "=?"); next >= 0 {
			text, after = text[:next], p[2][next:]
		} else if end := strings.IndexAny(text, "\"<"); end >= 0 {
			text, after = text[:end], p[2][end:]
		}
		text = strings.TrimRight(text, "?= ")
	}
	w.text = text
	return w, after, true
}

// decodeRun decodes words that follow each other. Those of one charset are decoded as one stretch of bytes.
func decodeRun(run []word) string {
	var out strings.Builder
	for i := 0; i < len(run); {
		var raw []byte
		j := i
		for ; j < len(run) && strings.EqualFold(run[j].charset, run[i].charset) && run[j].base64 == run[i].base64; j++ {
			if !run[j].base64 {
				raw = append(raw, decodeQ(run[j].text)...)
			}
		}
		if run[i].base64 {
			raw = decodeB(run[i:j])
		}
		out.WriteString(decodeCharset(raw, run[i].charset))
		i = j
	}
	return out.String()
}

// decodeB decodes base64 words; one that ends inside a group of four goes on in the next.
func decodeB(run []word) []byte {
	var raw []byte
	var text strings.Builder
	flush := func() {
		var d base64Decoder
		var buf bytes.Buffer
		d.write([]byte(text.String()), &buf)
		d.close(&buf)
		raw = append(raw, buf.Bytes()...)
		text.Reset()
	}
	for i, w := range run {
		t := strings.Join(strings.Fields(w.text), "")
		text.WriteString(t)
		goesOn := !strings.HasSuffix(t, "=") && i+1 < len(run) && (text.Len()+len(run[i+1].text))%4 == 0
		if !goesOn || text.Len()%4 == 0 {
			flush()
		}
	}
	return raw
}

// decodeQ decodes the Q encoding; what is no code stays as it is.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s):
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
			out = append(out, '=')
		default:
			out = append(out, s[i])
		}
	}
	return out
}
