package paper

import (
	"bytes"
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

const labelWidth = 42.0

func (w *writer) section(s Section) {
	w.room(26)
	w.pdf.Ln(6)
	w.pdf.Bookmark(w.clean(s.Title), 0, -1)
	w.font("B", 10, w.d.Colour)
	w.lines(0, 6, strings.ToUpper(s.Title))
	w.line(w.pdf.GetY())
	w.pdf.Ln(1.5)
	if s.Good != "" {
		w.font("B", 10, green)
		w.lines(0, 5.5, s.Good)
	}
	for _, bad := range s.Bad {
		w.font("B", 10, red)
		w.lines(0, 5.5, bad)
	}
	for _, n := range s.Notes {
		w.font("", 8.5, dim)
		w.lines(0, 4.5, n)
		w.pdf.Ln(1)
	}
	w.facts(0, s.Facts, 9.5)
	for _, e := range s.Entries {
		w.entry(e)
	}
	for _, p := range s.Passages {
		w.passage(p)
	}
}

// facts sets labels on the left and what they say beside them.
func (w *writer) facts(indent float64, facts []Fact, size float64) {
	height := size * 0.53
	for _, f := range facts {
		w.room(height * 2)
		w.font("", size, dim)
		y, page := w.pdf.GetY(), w.pdf.PageNo()
		w.pdf.SetX(side + indent)
		w.pdf.CellFormat(labelWidth, height, w.clean(f.Label), "", 0, "L", false, 0, "")
		w.pdf.SetXY(side, y)
		w.font("", size, ink)
		if f.Code {
			w.font("mono", size-2, ink)
		}
		w.lines(indent+labelWidth, height, f.Value)
		if w.pdf.PageNo() == page {
			w.pdf.SetY(max(w.pdf.GetY(), y+height))
		}
	}
}

func (w *writer) entry(e Entry) {
	w.room(11)
	y := w.pdf.GetY()
	w.font("", 8.5, dim)
	w.pdf.SetX(side)
	w.pdf.CellFormat(labelWidth, 5, w.clean(e.When), "", 0, "L", false, 0, "")
	w.pdf.SetXY(side, y)
	w.font("", 9.5, ink)
	w.lines(labelWidth+12, 5, e.What)
	if e.Small != "" {
		w.font("mono", 6.5, dim)
		w.lines(labelWidth+12, 3.2, e.Small)
	}
	w.pdf.Ln(1)
}

func (w *writer) passage(p Passage) {
	w.room(30)
	w.pdf.Ln(3)
	w.tag(p)
	if p.Title != "" {
		w.font("B", 10, ink)
		w.lines(0, 5.5, p.Title)
	}
	w.facts(0, p.Facts, 8.5)
	if p.Text != "" {
		w.pdf.Ln(1)
		w.font("", 9.5, ink)
		bar := "#c3ccd5"
		if !p.Open {
			bar = "#3c8a5f"
		}
		w.barred(6, 5, p.Text, bar)
	}
	for _, f := range p.Files {
		w.file(f)
	}
	w.pdf.Ln(2)
}

// tag says who may see a passage: amber for what people outside have seen, green for what stays inside.
func (w *writer) tag(p Passage) {
	if p.Tag == "" {
		return
	}
	w.font("B", 7.5, green)
	w.fill("#e3f3ea")
	if p.Open {
		w.font("B", 7.5, "#6b4300")
		w.fill("#fff1d6")
	}
	text := w.clean(p.Tag)
	w.pdf.SetX(side)
	w.pdf.CellFormat(w.pdf.GetStringWidth(text)+4, 4.5, text, "", 1, "C", true, 0, "")
	w.pdf.Ln(0.5)
}

// file names an attachment and shows its picture below, on the same page.
func (w *writer) file(f File) {
	width, height := f.shown()
	w.room(16 + height)
	w.pdf.Ln(1.5)
	w.font("B", 9, ink)
	w.lines(6, 5, f.Name)
	w.font("", 8.5, dim)
	w.lines(6, 4.5, f.Detail)
	w.font("mono", 6.5, dim)
	w.lines(6, 3.5, "SHA-256 "+f.SHA256)
	if height == 0 {
		return
	}
	w.pdf.Ln(1)
	w.room(height + 2)
	w.images++
	name := fmt.Sprintf("picture %d", w.images)
	options := fpdf.ImageOptions{ImageType: "JPEG"}
	w.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(f.JPEG))
	y := w.pdf.GetY()
	w.pdf.ImageOptions(name, side+6, y, width, height, false, options, 0, "")
	r, g, b := rgb(rule)
	w.pdf.SetDrawColor(r, g, b)
	w.pdf.Rect(side+6, y, width, height, "D")
	w.pdf.SetY(y + height + 1)
}

// tallest is how high a picture may be: more than half a page.
const tallest = 150.0

// shown is how large the picture is printed, in millimetres; 0 for none.
func (f File) shown() (width, height float64) {
	if len(f.JPEG) == 0 || f.Width <= 0 || f.Height <= 0 {
		return 0, 0
	}
	width = min(inner-6, float64(f.Width)*25.4/110) // 110 dots an inch
	height = width * float64(f.Height) / float64(f.Width)
	if height > tallest {
		width, height = width*tallest/height, tallest
	}
	return width, height
}
