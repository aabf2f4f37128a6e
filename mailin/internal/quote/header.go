package quote

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Outlook, Zimbra, Yahoo and telephones show some header fields of the mail that they quote and mark its text with nothing, so
// all that follows such a block is quoted.

const (
	maxFieldLines  = 14 // lines a block may have, folded values included
	maxFoldedLines = 3  // lines without a label in a row
)

// field is the meaning of a label.
type field uint8

const (
	noField field = iota
	fromField
	dateField
	toField
	ccField
	subjectField
	otherField
	machineField
)

var labelSets = [...]struct {
	field  field
	labels map[string]bool
}{
	{fromField, fromLabels}, {dateField, dateLabels}, {toField, toLabels}, {ccField, ccLabels},
	{subjectField, subjectLabels}, {otherField, otherLabels}, {machineField, machineFields},
}

// fieldOf reads "Label: value". A label ends in a colon, also a full-width one, with or without a blank before it.
func fieldOf(l *line) (f field, value string) {
	if orangeDate.MatchString(l.lower) {
		return dateField, l.lower
	}
	at := strings.IndexAny(l.lower, ":：")
	if at <= 0 || at > 48 {
		return noField, ""
	}
	_, size := utf8.DecodeRuneInString(l.lower[at:])
	label := strings.Trim(l.lower[:at], " [_|")
	for _, s := range labelSets {
		if s.labels[label] {
			return s.field, strings.TrimSpace(l.lower[at+size:])
		}
	}
	return noField, ""
}

var (
	ipAddress = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}`)
	// Orange's first line has no colon behind its label.
	orangeDate = regexp.MustCompile(`^message du \d{1,2}/`)
	dated      = regexp.MustCompile(`\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}`)
)

// block is what was found of header fields in a run of lines.
type block struct {
	end     int // the line after the last field
	seen    [machineField + 1]bool
	count   int
	address bool // an address in a value
	time    bool // a time of day beside the date
	date    bool // figures in the date
}

// headerBlock reads the block that begins at line i; end is 0 where there is none. What stands above it may make less
// evidence enough.
func (s *scan) headerBlock(i int, above notice) (end int) {
	switch f, value := fieldOf(&s.lines[i]); f {
	case fromField, dateField:
		if ipAddress.MatchString(value) {
			return 0 // a note about traffic, not about a mail
		}
	case toField, subjectField:
		if above == unannounced {
			return 0
		}
	default:
		return 0
	}
	if !s.spend() {
		return 0
	}
	b := s.readBlock(i)
	if !b.isQuotation(above) {
		return 0
	}
	return b.end
}

func (s *scan) readBlock(i int) block {
	b := block{end: i}
	folds, depth, last := 0, s.lines[i].depth, noField
	for j := i; j < len(s.lines) && j < i+maxFieldLines; j++ {
		l := &s.lines[j]
		if l.depth != depth {
			break
		}
		f, value := fieldOf(l)
		if f == noField {
			if folds++; folds > maxFoldedLines || l.blank && folds > 1 {
				break
			}
			b.value(last, l.lower)
			continue
		}
		folds, last = 0, f
		b.note(f, value)
		b.end = j + 1
	}
	return b
}

func (b *block) note(f field, value string) {
	b.count++
	b.seen[f] = true
	b.value(f, value)
	// HTML without line breaks puts two fields on a line.
	if f == fromField && strings.Contains(value, "date:") || strings.Contains(value, "sent:") {
		b.seen[dateField], b.date = true, true
		b.count++
	}
}

// value looks at a field's value, or at a line on which it goes on.
func (b *block) value(f field, value string) {
	b.address = b.address || (f == fromField || f == toField || f == ccField) && strings.Contains(value, "@")
	if f == dateField {
		b.date = b.date || dated.MatchString(value) || eastDate.MatchString(value)
		b.time = b.time || clock.MatchString(figureDate.ReplaceAllString(value, " "))
	}
}

// notice is what stands above a header block.
type notice uint8

const (
	unannounced notice = iota
	ruled              // a line, or a title between dashes that is not known here
	named              // "----- Pesan Asli -----"
)

// isQuotation weighs a block. Letters in Indonesian offices begin with "Dari, Kepada, Perihal, Tanggal" as well, even under a line,
// so an address or a time of day must be there, or a known separator above.
func (b *block) isQuotation(above notice) bool {
	if b.seen[machineField] || b.count < 2 {
		return false
	}
	rest := 0
	for _, f := range [...]field{dateField, toField, subjectField} {
		if b.seen[f] {
			rest++
		}
	}
	evident := b.address || b.time && b.date
	switch {
	case above == named:
		return rest >= 1
	case !b.seen[fromField]:
		return rest >= 2 && (above == ruled && evident || b.seen[dateField] && b.time && b.date && b.address)
	case above == ruled || rest >= 2:
		return rest >= 1 && evident
	}
	return rest == 1 && b.address && b.seen[dateField] && b.date
}

// isRawHeader asks whether fields that only machines read stand right above line i: then it goes on a pasted header.
func (s *scan) isRawHeader(i int) bool {
	for j := i - 1; j >= 0 && j >= i-maxFieldLines && !s.lines[j].blank; j-- {
		if f, _ := fieldOf(&s.lines[j]); f == machineField {
			return true
		}
	}
	return false
}
