package paper

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// Millimetres of an A4 page (ISO 216).
const (
	pageWidth, pageHeight = 210.0, 297.0
	side, top, foot       = 18.0, 26.0, 20.0
	inner                 = pageWidth - 2*side
)

// The inks.
const (
	ink, dim, rule, soft = "#1c2732", "#5b6876", "#dde2e8", "#f5f7f9"
	green, red           = "#14502f", "#b3261e"
)

// writer is one document on its way onto pages.
type writer struct {
	pdf     *fpdf.Fpdf
	d       Document
	fonts   map[string]glyphs
	style   string // "", "B" or "mono"
	size    float64
	missing int // letters of this page that the fonts lack
	images  int
}

// Write prints a document as PDF.
func Write(out io.Writer, d Document) error {
	p := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight}})
	w := &writer{pdf: p, d: d, fonts: map[string]glyphs{}}
	if err := w.begin(); err != nil {
		return fmt.Errorf("print %s: %w", d.Number, err)
	}
	w.head()
	for _, s := range d.Sections {
		w.section(s)
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return fmt.Errorf("print %s: %w", d.Number, err)
	}
	_, err := b.WriteTo(out)
	return err
}

// begin sets up fonts, margins, header and footer.
func (w *writer) begin() error {
	p := w.pdf
	for style, ttf := range map[string][]byte{"": goregular.TTF, "B": gobold.TTF, "mono": gomono.TTF} {
		g, err := readGlyphs(ttf)
		if err != nil {
			return err
		}
		w.fonts[style] = g
	}
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.AddUTF8FontFromBytes("gomono", "", gomono.TTF)
	p.SetMargins(side, top, side)
	p.SetAutoPageBreak(false, foot)
	p.SetCellMargin(0)
	p.AliasNbPages("{nb}")
	p.SetCreationDate(w.d.Made)
	p.SetModificationDate(w.d.Made)
	p.SetCatalogSort(true)
	p.SetTitle(w.clean(w.d.Number+" "+w.d.Title), true)
	p.SetAuthor(w.clean(w.d.Author), true)
	p.SetLang(w.d.Lang)
	p.SetHeaderFunc(w.header)
	p.SetFooterFunc(w.footer)
	p.AddPage()
	return p.Error()
}

func (w *writer) font(style string, size float64, colour string) {
	family, s := "go", style
	if style == "mono" {
		family, s = "gomono", ""
	}
	w.style, w.size = style, size
	w.pdf.SetFont(family, s, size)
	r, g, b := rgb(colour)
	w.pdf.SetTextColor(r, g, b)
}

func (w *writer) fill(colour string) {
	r, g, b := rgb(colour)
	w.pdf.SetFillColor(r, g, b)
}

func rgb(colour string) (r, g, b int) {
	fmt.Sscanf(colour, "#%02x%02x%02x", &r, &g, &b)
	return r, g, b
}

// header names the case and its label on every page, as TLP 2.0 wants of documents: in capitals, in the label's colour on
// black, on the right.
func (w *writer) header() {
	p := w.pdf
	style, size := w.style, w.size
	defer w.font(style, size, ink)
	w.fill(w.d.Colour)
	p.Rect(0, 0, pageWidth, 3, "F")
	w.font("B", 9, ink)
	p.SetXY(side, 10)
	p.CellFormat(inner/2, 6, w.clean(w.d.Number), "", 0, "L", false, 0, "")
	w.mark()
	w.line(18)
}

// mark is the protocol label in the corner of the header and of the footer.
func (w *writer) mark() {
	p := w.pdf
	w.font("B", 9, w.d.MarkInk)
	width := p.GetStringWidth(w.d.Mark) + 5
	w.fill("#000000")
	p.SetX(pageWidth - side - width)
	p.CellFormat(width, 6, w.d.Mark, "", 0, "C", true, 0, "")
}

func (w *writer) line(y float64) {
	r, g, b := rgb(rule)
	w.pdf.SetDrawColor(r, g, b)
	w.pdf.SetLineWidth(0.2)
	w.pdf.Line(side, y, pageWidth-side, y)
}

// footer counts the pages, and says how many letters of this one could not be printed.
func (w *writer) footer() {
	p := w.pdf
	style, size := w.style, w.size
	defer w.font(style, size, ink)
	w.line(pageHeight - 15)
	p.SetXY(side, pageHeight-13)
	w.font("", 8, dim)
	p.CellFormat(40, 6, fmt.Sprintf(w.d.Page, p.PageNo(), "{nb}"), "", 0, "L", false, 0, "")
	if w.missing > 0 {
		w.font("B", 7.5, red)
		p.CellFormat(inner-70, 6, string(box)+" "+fmt.Sprintf(w.d.Missing, w.missing), "", 0, "L", false, 0, "")
	}
	w.missing = 0
	w.mark()
}

// head is the top of the first page.
func (w *writer) head() {
	w.pdf.SetY(top)
	w.font("B", 17, ink)
	w.lines(0, 8, w.d.Title)
	if w.d.Subtitle != "" {
		w.font("", 12, ink)
		w.pdf.Ln(1)
		w.lines(0, 6, w.d.Subtitle)
	}
	w.font("", 9, dim)
	w.pdf.Ln(1)
	w.lines(0, 5, w.d.Author)
}

// room begins a new page where less than height is left on this one.
func (w *writer) room(height float64) {
	if w.pdf.GetY()+height > pageHeight-foot {
		w.pdf.AddPage()
		w.pdf.SetY(top)
	}
}

// lines sets text at an indentation, line by line, in the font that is set.
func (w *writer) lines(indent, height float64, text string) { w.barred(indent, height, text, "") }

// barred does the same on a soft ground with a bar of a colour on its left; bar "" is none.
func (w *writer) barred(indent, height float64, text, bar string) {
	for _, paragraph := range strings.Split(text, "\n") {
		lines := w.pdf.SplitText(w.clean(paragraph), inner-indent-1)
		if len(lines) == 0 {
			lines = []string{""}
		}
		for _, l := range lines {
			w.room(height)
			w.missing += strings.Count(l, string(box))
			if bar != "" {
				w.fill(soft)
				w.pdf.Rect(side+indent-4, w.pdf.GetY(), inner-indent+4, height, "F")
				w.fill(bar)
				w.pdf.Rect(side+indent-4, w.pdf.GetY(), 1, height, "F")
			}
			w.pdf.SetX(side + indent)
			w.pdf.CellFormat(inner-indent, height, l, "", 1, "L", false, 0, "")
		}
	}
}
