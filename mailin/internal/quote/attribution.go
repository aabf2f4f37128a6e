package quote

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An attribution is one to four lines that say who wrote what follows, and when. Mail programs write it in their user's
// language, so it is recognised by what each of them has: a date, a time, an address, a word for writing, a colon at the end.

// maxAttributionLines is how far programs wrap an attribution: date, name, address and verb on a line each.
const maxAttributionLines = 4

// certainty says how much it takes to believe an attribution.
type certainty uint8

const (
	none   certainty = iota
	weak             // believed above lines with quotation marks
	strong           // believed alone
)

var (
	// A day as figures, as a figure beside a word for the month, or in East Asian writing.
	figureDate = regexp.MustCompile(`\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}-\p{L}{3,9}-\d{2,4}`)
	dayMonth   = regexp.MustCompile(`\d{1,2}(?:st|nd|rd|th|er|º|\.)? ?(?:(?:de|of|thg|tháng|בְּ|ב) ?)?[\p{L}\p{M}]{1,14}[.,׳']{0,2} ?(?:de |del )?\d{2,4}`)
	monthDay   = regexp.MustCompile(`[\p{L}\p{M}]{3,14}[.,]? \d{1,2}(?:st|nd|rd|th)?(?:, ?| )(?:\d{4}|\p{L}|at|\d{1,2}:)`)
	eastDate   = regexp.MustCompile(`\d{4} ?[年년]|\d{1,2} ?[月월]`)
	clock      = regexp.MustCompile(`\d{1,2}[:.h]\d{2}|\d{1,2} ?(?:am|pm|uhr)\b|\d{1,2} ?[時点时시]`)
	mailAddr   = regexp.MustCompile(`[^\s<>@"'(),:;\[\]]+@[^\s<>@"'(),:;\[\]]+`)
	inBrackets = regexp.MustCompile(`[<(\[](?:mailto:)? ?[^\s<>@"(),:;\[\]]+@[^\s<>@"(),:;\[\]]+`)
	endsAddr   = regexp.MustCompile(`@[^\s<>@"()]+ ?[>)\]»›]+ ?$`)
	asideDash  = regexp.MustCompile(`^[-‐–—]{2,} ?.*[^-‐–—]\s?[-‐–—]{2,}$`)
	ownWords   = regexp.MustCompile(`\b(?:i|we|saya|kami|aku|ich|wir|je|nous|yo|ik|jag|eu) (?:\p{L}+ )?(?:wrote|sent|menulis|mengirim|schrieb|ai écrit|escribí|schreef|skrev|escrevi)\b`)
)

// traits are what was found in the joined, lower-cased lines of a possible attribution.
type traits struct {
	ends, dashed       bool // in a colon; between dashes
	date, time         bool
	address, bracketed bool
	addressLast        bool // nothing between the bracketed address and the colon
	verb, verbLast     bool
	strangers          int // lower-case words that no attribution needs
}

func traitsOf(text string) traits {
	lower := strings.ToLower(text)
	t := traits{dashed: asideDash.MatchString(lower)}
	body := strings.TrimRight(lower, " -‐–—")
	bare := strings.TrimRight(body, " :：")
	t.ends = len(bare) < len(body)
	rest := mailAddr.ReplaceAllString(lower, " ")
	for _, re := range [...]*regexp.Regexp{figureDate, dayMonth, monthDay, eastDate} {
		if at := re.FindStringIndex(rest); at != nil {
			t.date = true
			if re == figureDate {
				rest = rest[:at[0]] + " " + rest[at[1]:] // 23.11.2026 has no time in it
			}
		}
	}
	t.time = clock.MatchString(rest)
	t.address, t.bracketed = mailAddr.MatchString(lower), inBrackets.MatchString(lower)
	t.addressLast = endsAddr.MatchString(bare)
	t.verb, t.verbLast = findVerb(bare)
	t.strangers = countStrangers(mailAddr.ReplaceAllString(text, " "))
	return t
}

// certainty weighs the traits. Prose has verbs, dates and addresses too ("On 23 November the attacker sent a mail and wrote:"),
// so without an address in brackets hardly a word may stand there that programs do not put into an attribution.
func (t traits) certainty(text string) certainty {
	when := t.date || t.time
	terse := t.strangers <= 2
	switch {
	case !t.ends && !t.dashed && !(t.verbLast && t.date && (t.address || t.time)):
		if t.date && t.time && t.address && terse {
			return weak // "On May 10, 2026 6:35 AM, from budi@dinas.example"
		}
		return none
	case ownWords.MatchString(strings.ToLower(text)):
		return weak
	case t.verb && t.bracketed && t.date && t.strangers <= 5:
		return strong
	case t.verb && when && terse && (t.address || namesSomebody(text)):
		return strong
	case t.verb && t.dashed && terse:
		return strong
	case t.verb && t.bracketed && terse && startsWithName(text):
		return strong
	case t.addressLast && t.date && terse:
		return strong
	case t.verb || t.addressLast && when || t.bracketed && when && terse:
		return weak
	}
	return none
}

// findVerb looks for a word for writing, and whether the text ends in it.
func findVerb(bare string) (found, last bool) {
	for _, v := range verbsWithin {
		if strings.Contains(bare, v) {
			return true, strings.HasSuffix(bare, v)
		}
	}
	ws := words(bare)
	for i, w := range ws {
		if verbs[w] {
			found, last = true, i >= len(ws)-2
		}
	}
	return found, last
}

// countStrangers counts words in lower case that neither date, greet nor attribute: the mark of prose.
func countStrangers(text string) int {
	n := 0
	for _, w := range words(text) {
		r, _ := utf8.DecodeRuneInString(w)
		if unicode.IsLower(r) && utf8.RuneCountInString(w) > 1 && !attributionWords[w] && !verbs[w] {
			n++
		}
	}
	return n
}

// namesSomebody asks whether a name, or a word for the reader ("On Nov 26, 2013 you wrote:"), stands beside the verb. Words that
// attributions are built of do not part the two ("Budi Santoso a écrit").
func namesSomebody(text string) bool {
	var beside []string // the words that count, the verb as ""
	for _, w := range words(text) {
		lower := strings.ToLower(w)
		switch {
		case verbs[lower]:
			beside = append(beside, "")
		case you[lower] || !attributionWords[lower] && utf8.RuneCountInString(w) > 1:
			beside = append(beside, w)
		}
	}
	for i, w := range beside {
		if w == "" && (i > 0 && isName(beside[i-1]) || i+1 < len(beside) && isName(beside[i+1])) {
			return true
		}
	}
	return slices.ContainsFunc(verbsWithin, func(v string) bool { return strings.Contains(text, v) })
}

func isName(w string) bool {
	r, size := utf8.DecodeRuneInString(w)
	return size > 0 && (!unicode.IsLower(r) || you[w])
}

// startsWithName asks whether nothing but a name, five words at most, stands before the address ("Budi <budi@…> menulis:", not
// "Surel dari <budi@…> menulis:").
func startsWithName(text string) bool {
	at := inBrackets.FindStringIndex(text)
	if at == nil {
		return false
	}
	ws := words(text[:at[0]])
	return len(ws) <= 5 && !slices.ContainsFunc(ws, func(w string) bool { return attributionWords[w] && w != "via" && utf8.RuneCountInString(w) > 2 })
}

// opensAttribution reports whether a line can be the first of an attribution: a word like "On" or "Pada", a day of the week or a
// figure, with a figure near.
func opensAttribution(lower string) bool {
	s := strings.TrimLeft(lower, "-–—> (\"")
	if !strings.ContainsFunc(s, unicode.IsDigit) {
		return false
	}
	first, rest, _ := strings.Cut(s, " ")
	r, _ := utf8.DecodeRuneInString(first)
	if unicode.IsDigit(r) {
		return true
	}
	first = strings.Trim(first, ".,:;")
	if openers[first] || strings.HasPrefix(first, "在") {
		return true
	}
	r, _ = utf8.DecodeRuneInString(rest)
	return weekdays[first] && (unicode.IsDigit(r) || strings.ContainsFunc(rest, unicode.IsDigit))
}

// findAttributions notes for each line how many lines the attribution that begins there has, and how sure that is.
func (s *scan) findAttributions() {
	s.attribution = make([]announcement, len(s.lines))
	for end := range s.lines {
		marked := s.next[end+1] < len(s.lines) && s.lines[s.next[end+1]].depth > s.lines[end].depth
		if !mayEndAttribution(&s.lines[end], marked) || !s.spend() {
			continue
		}
		if start, c := s.attributionEndingAt(end); c != none {
			s.attribution[start] = announcement{end: end + 1, certainty: c}
		}
	}
}

// mayEndAttribution is the cheap question before the dear one.
func mayEndAttribution(l *line, marked bool) bool {
	t := strings.TrimRight(l.lower, " ")
	if t == "" {
		return false
	}
	if strings.HasSuffix(t, ":") || strings.HasSuffix(t, "：") || strings.HasSuffix(t, "--") || strings.HasSuffix(t, "—") {
		return true
	}
	_, last := findVerb(t)
	return last || marked && opensAttribution(t)
}

// mayAttribute asks for what every attribution has: a word for writing or an address.
func mayAttribute(text string) bool {
	if strings.Contains(text, "@") {
		return true
	}
	found, _ := findVerb(strings.ToLower(text))
	return found
}

// attributionEndingAt chooses among the windows of one to four lines that end here: the shortest that opens like an
// attribution, else the shortest that is one.
func (s *scan) attributionEndingAt(end int) (start int, best certainty) {
	depth, joined := s.lines[end].depth, ""
	start = -1
	for k := range maxAttributionLines {
		i := end - k
		if i < 0 || s.lines[i].plain == "" || s.lines[i].depth != depth {
			break
		}
		joined = strings.TrimSpace(s.lines[i].plain + " " + joined)
		if !mayAttribute(joined) {
			continue
		}
		t := traitsOf(joined)
		c := t.certainty(joined)
		if c != none && t.date && opensAttribution(s.lines[i].lower) && c >= best {
			return i, c
		}
		if c != none && start < 0 {
			start, best = i, c
		}
	}
	return start, best
}

// runOn matches an attribution that stands behind other text on its line, or has the quoted text behind itself on its line:
// programs that make text of HTML without a line break write both.
var (
	runOn    = regexp.MustCompile(`(?i)(?:^|[-–—]{2,} ?|[\s.!?])((?:on|pada|am|le|el|il|em|op|den|på|w dniu|dnia) [^:<>]{0,12}\d[^<>]{0,80}?(?:<[^<>@\s]{1,64}@[^<>\s]{1,128}>|[^\s@<>]{1,64}@[^\s@<>]{1,64})[^:<>]{0,30}:)`)
	lineTail = regexp.MustCompile(`^:[ \t\x{a0}]{2,}\S`)
)

// sharedAttribution returns where in the line an attribution begins or ends that shares it with other text, 0 where none does.
func sharedAttribution(l *line) int {
	if l.depth > 0 || l.plain == "" || !strings.Contains(l.raw, "@") || !strings.Contains(l.raw, ":") {
		return 0
	}
	at := runOn.FindStringSubmatchIndex(l.raw)
	if at == nil {
		return 0
	}
	text := plain(l.raw[at[2]:at[3]])
	if t := traitsOf(text); !t.verb || !t.date || !t.time || t.certainty(text) != strong {
		return 0
	}
	if before := strings.TrimFunc(l.raw[:at[2]], isBlank); before != "" && strings.Trim(before, "-–—> ") != "" {
		return startOfDashes(l.raw, at[2])
	}
	if lineTail.MatchString(l.raw[at[3]-1:]) {
		return at[3]
	}
	return 0
}

// startOfDashes steps back over the dashes that some programs put before an attribution.
func startOfDashes(raw string, at int) int {
	for at > 0 {
		r, size := utf8.DecodeLastRuneInString(raw[:at])
		if r != '-' && r != '–' && r != '—' && r != ' ' {
			break
		}
		at -= size
	}
	return at
}
