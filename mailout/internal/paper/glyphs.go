package paper

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font/sfnt"
)

// box stands for a letter that the fonts lack.
const box = '□'

// glyphs says which letters a font has.
type glyphs struct {
	font  *sfnt.Font
	known map[rune]bool
}

func readGlyphs(ttf []byte) (glyphs, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return glyphs{}, fmt.Errorf("read font: %w", err)
	}
	return glyphs{f, map[rune]bool{}}, nil
}

// has says whether the font has a letter. The PDF's fonts know the first plane of Unicode alone.
func (g glyphs) has(r rune) bool {
	if r > 0xffff {
		return false
	}
	known, asked := g.known[r]
	if !asked {
		var b sfnt.Buffer
		i, err := g.font.GlyphIndex(&b, r)
		known = err == nil && i != 0
		g.known[r] = known
	}
	return known
}

// clean is one line of text in letters that the font that is set has. Others become boxes; what has no looks
// of its own (controls, joiners, variation selectors) is left out.
func (w *writer) clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == '\u00a0' || r == '\u202f' || r == '\u2009':
			b.WriteByte(' ')
		case unicode.IsControl(r), r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u2069', r >= '\ufe00' && r <= '\ufe0f', r == '\ufeff', r == '\u00ad':
		case w.fonts[w.style].has(r):
			b.WriteRune(r)
		default:
			b.WriteRune(box)
		}
	}
	return b.String()
}
