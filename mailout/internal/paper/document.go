// Package paper writes printable documents as PDF: A4 pages with a header, page numbers and embedded fonts.
//
// It promises that every letter that the fonts lack is seen to be missing: it is printed as a box, and the page says so at
// its foot. Nothing in the text can add pages, links or scripts; pictures are JPEG only. An error means that nothing useful
// was written.
package paper

import "time"

// Document is what is printed.
type Document struct {
	Title    string
	Subtitle string
	Mark     string // a protocol label, TLP:AMBER, in MarkInk on black on every page
	MarkInk  string // "#ffc000"
	Number   string // stands in the header of every page
	Author   string
	Colour   string // "#0b5394"
	Lang     string // RFC 5646
	Made     time.Time
	Page     string // "halaman %d dari %s": page and pages
	Missing  string // "%d huruf …": how many letters of the page the fonts lack
	Sections []Section
}

// Section is a part with a title. What is empty is left out; the order is that of the fields.
type Section struct {
	Title    string
	Good     string // a verdict, in green
	Bad      []string
	Notes    []string
	Facts    []Fact
	Entries  []Entry
	Passages []Passage
}

// Fact is a label and what it says. Code is set in a font of fixed width.
type Fact struct {
	Label, Value string
	Code         bool
}

// Entry is one line of a list in order of time: when, what, and in small print what belongs to it.
type Entry struct{ When, What, Small string }

// Passage is what a person wrote, or a mail said.
type Passage struct {
	Title string
	Tag   string // who may see it
	Open  bool   // the tag is for what people outside have seen
	Facts []Fact
	Text  string
	Files []File
}

// File is an attachment with a picture of it where there is one.
type File struct {
	Name, Detail, SHA256 string
	JPEG                 []byte
	Width, Height        int // of the picture, pixels
}
