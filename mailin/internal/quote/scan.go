package quote

import (
	"regexp"
	"strings"
)

// announcement is an attribution as it was found: the line after its last, and how sure it is.
type announcement struct {
	end       int
	certainty certainty
}

// maxEffort is how many lines of a mail are weighed as an attribution or a header block. People's mails need a dozen, long threads
// some hundreds; a text made to cost time gets no more than this.
const maxEffort = 20_000

// scan goes once over the lines and gives each its kind.
type scan struct {
	lines       []line
	next        []int          // the first line with something on it, if only a mark, from here on
	attribution []announcement // by the line on which it begins

	lastMarked int // the last line with a quotation mark in front

	effort int // what was spent of maxEffort

	words  bool // something new was seen
	quoted bool // something quoted was seen
	sure   bool // what is not new is surely not new
}

func read(text string) *scan {
	s := &scan{lines: readLines(text), sure: true}
	s.next = make([]int, len(s.lines)+1)
	s.next[len(s.lines)] = len(s.lines)
	for i := len(s.lines) - 1; i >= 0; i-- {
		s.next[i] = i
		if s.lines[i].blank && s.lines[i].depth == 0 {
			s.next[i] = s.next[i+1]
		}
		if s.lines[i].depth > 0 {
			s.lastMarked = max(s.lastMarked, i)
		}
	}
	s.findAttributions()
	for i := 0; i < len(s.lines); {
		i = s.step(i)
	}
	s.cutArmour()
	s.cutSignatures()
	s.sure = s.sure && s.quoted
	return s
}

// spend reports whether one more line may be weighed.
func (s *scan) spend() bool {
	s.effort++
	return s.effort <= maxEffort
}

func (s *scan) join(a, b int) string {
	var sb strings.Builder
	for i := a; i < b; i++ {
		if i > a {
			sb.WriteByte('\n')
		}
		sb.WriteString(s.lines[i].raw)
	}
	return sb.String()
}

// mark gives lines a kind and returns the line after them.
func (s *scan) mark(a, b int, k Kind) int {
	for i := a; i < b; i++ {
		s.lines[i].kind = k
	}
	s.quoted = s.quoted || k == Quoted
	return b
}

// step decides about the line i and returns the next undecided one.
func (s *scan) step(i int) int {
	l := &s.lines[i]
	switch {
	case l.blank && l.depth == 0:
		return i + 1
	case l.depth > 0 && (l.depth != 3 || separatorOf(l) == noSeparator):
		return s.markedLines(i)
	}
	if end := s.mailWithin(i); end > 0 {
		return end
	}
	if a := s.attribution[i]; a.certainty != none {
		if end := s.attributed(i, a); end > 0 {
			return end
		}
	}
	s.words = true
	return i + 1
}

// mailWithin deals with separators and header blocks.
func (s *scan) mailWithin(i int) (end int) {
	sep := separatorOf(&s.lines[i])
	if sep == overForwarded {
		s.words = true
		return s.mark(i, len(s.lines), Forwarded)
	}
	below := s.next[i+1]
	blockEnd := 0
	switch {
	case sep == overQuoted || s.isDivider(i):
		above := ruled
		if sep == overQuoted {
			above = named
		}
		if below < len(s.lines) && s.lines[below].depth == 0 {
			blockEnd = s.headerBlock(below, above)
		}
		if sep == noSeparator && blockEnd == 0 {
			return 0
		}
	default:
		if blockEnd = s.headerBlock(i, unannounced); blockEnd == 0 {
			return 0
		}
		if s.isEvidence(i) || s.isRawHeader(i) {
			s.words = true
			return blockEnd
		}
	}
	return s.unmarked(i, max(blockEnd, i+1))
}

// isDivider asks for a rule, or for dashes around a title in a language that is not known here.
func (s *scan) isDivider(i int) bool {
	if isRule(&s.lines[i]) {
		return true
	}
	_, ok := betweenDashes(s.lines[i].lower)
	return ok
}

// isEvidence asks whether the writer announced what follows in words of their own that end in a colon: "Berikut emailnya:".
func (s *scan) isEvidence(i int) bool {
	for j := i - 1; j >= 0; j-- {
		l := &s.lines[j]
		if l.blank && l.depth == 0 {
			continue
		}
		return l.kind == Fresh && l.depth == 0 && (strings.HasSuffix(l.lower, ":") || strings.HasSuffix(l.lower, "："))
	}
	return false
}

// unmarked deals with what begins at line i and announces a quotation without marks: all the rest is quoted, unless marks follow
// after all. With nothing new above, it may as well be a report that was forwarded: then nothing is sure.
func (s *scan) unmarked(i, end int) int {
	below := s.next[end]
	if below < len(s.lines) {
		switch {
		case s.lines[below].depth > 0:
			s.mark(i, end, Attribution)
			return s.quotedRun(below)
		case s.attribution[below].certainty != none:
			return s.mark(i, below, Attribution) // which says more
		}
	}
	s.sure = s.sure && s.words
	s.mark(i, end, Attribution)
	return s.mark(end, len(s.lines), Quoted)
}

// attributed deals with an attribution; 0 where it is none after all.
func (s *scan) attributed(i int, a announcement) (end int) {
	below := s.next[a.end]
	if below < len(s.lines) && s.hasMarks(below) {
		s.mark(i, a.end, Attribution)
		return s.quotedRun(below)
	}
	if a.certainty != strong || !s.words && s.lastMarked > a.end {
		return 0 // with marks further down and nothing above, what follows may be the answer to something older
	}
	if below == len(s.lines) {
		s.quoted = true
		return s.mark(i, below, Attribution)
	}
	if s.isEvidence(i) {
		s.words = true
		return a.end
	}
	return s.unmarked(i, a.end)
}

// initials matches Supercite's marks: the quoted person's name before each line.
var initials = regexp.MustCompile(`^\p{L}[\p{L}.]{0,19}> `)

// markStyle tells what a line under an attribution is marked with: 0 for nothing.
func markStyle(l *line) byte {
	switch {
	case l.depth > 0:
		return '>'
	case strings.HasPrefix(l.plain, "|"):
		return '|'
	case initials.MatchString(l.plain):
		return 'i'
	}
	return 0
}

func (s *scan) hasMarks(i int) bool { return markStyle(&s.lines[i]) != 0 }

// quotedRun marks the quotation that begins at line i: lines with the same kind of mark and blank lines between them. A line that
// is only a link between marked lines was torn off by a program that wraps.
func (s *scan) quotedRun(i int) int {
	style, end := markStyle(&s.lines[i]), i
	for j := i; j < len(s.lines); {
		l := &s.lines[j]
		switch {
		case l.blank && l.depth == 0:
			j = s.next[j]
			continue
		case markStyle(l) == style || l.depth > 0:
		case tornLink.MatchString(l.plain) && j+1 < len(s.lines) && markStyle(&s.lines[j+1]) == style:
		default:
			return s.mark(i, end, Quoted)
		}
		j++
		end = j
	}
	return s.mark(i, end, Quoted)
}

var tornLink = regexp.MustCompile(`^[(<\[]{0,2}https?://\S+[)\]> ]*$`)

// markedLines deals with lines that begin with quotation marks under no attribution.
func (s *scan) markedLines(i int) int {
	end, blanks := i, 0
	for j := i; j < len(s.lines); j++ {
		if s.lines[j].depth > 0 {
			end, blanks = j+1, 0
		} else if blanks++; !s.lines[j].blank || blanks > 1 {
			break
		}
	}
	if !s.announcedWithin(i, end) {
		if s.isWritersOwn(i, end) {
			s.words = true
			return end
		}
		s.sure = false
	}
	return s.mark(i, end, Quoted)
}

// announcedWithin asks for an attribution or header fields among the first marked lines: Apple Mail marks them as well.
func (s *scan) announcedWithin(a, b int) bool {
	for i := s.next[a]; i < min(b, a+6); i++ {
		if s.attribution[i].certainty != none || s.headerBlock(i, unannounced) > 0 || separatorOf(&s.lines[i]) != noSeparator {
			return true
		}
	}
	return false
}

// machineLine matches what logs, shells and protocols print.
var machineLine = regexp.MustCompile(`^(?:\[?\d{4}-\d\d-\d\d[ t]\d\d|\[?\d{1,2}/\p{L}{3}/\d{4}|\p{L}{3} {1,2}\d{1,2} \d\d:\d\d:\d\d|\d{1,3}(?:\.\d{1,3}){3}\b|[$#] |[a-z]:\\|(?:get|post|put|head|http/\d.*) /|(?:sudo|cat|ls|curl|wget|nmap|select|import|print|ping|dir|cd) )`)

// isWritersOwn asks whether lines that begin with ">" are the writer's: evidence, a prompt, an arrow, an ornament.
func (s *scan) isWritersOwn(a, b int) bool {
	first := &s.lines[a]
	if strings.Contains(first.raw, "<<<") || strings.Contains(first.raw, ">>>") && !s.hasDepth(a, b, 1) {
		return true
	}
	if s.quoted {
		return false
	}
	if s.isEvidence(a) || s.mostly(a, b, machineLine) {
		return true
	}
	if a > 1 && strings.HasPrefix(s.lines[a-1].raw, "---") && strings.HasPrefix(s.lines[a-2].raw, "<") {
		return true // what diff prints
	}
	above := a > 0 && !s.lines[a-1].blank
	below := b < len(s.lines) && !s.lines[b].blank
	return above && below
}

func (s *scan) hasDepth(a, b, depth int) bool {
	for i := a; i < b; i++ {
		if s.lines[i].depth == depth {
			return true
		}
	}
	return false
}

// mostly asks whether at least half of the lines that say something match.
func (s *scan) mostly(a, b int, re *regexp.Regexp) bool {
	all, hits := 0, 0
	for i := a; i < b; i++ {
		if s.lines[i].blank {
			continue
		}
		all++
		if re.MatchString(s.lines[i].lower) {
			hits++
		}
	}
	return 2*hits >= all && all > 0
}
