package tickets

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// confirmationItem says what is asked, from where it came and what it would do. Its sender is not proven, so it holds no free
// word of the mail: commands and arguments of our own vocabulary, addresses, numbers and times; of everything else how much.
func (f *filing) confirmationItem(lines []CommandLine) Item {
	item := Item{Kind: KindConfirm, Who: Address{Address: f.a.From.Address}, Proof: Shorten(CleanLine(f.sender.detail), 200), When: micros(f.a.At), Lines: f.askedLines(lines)}
	if f.ticket != nil {
		item.State = f.ticket.State
	}
	item.Place = messageHost(f.a.MessageID)
	if n := utf8.RuneCountInString(f.a.Body); n > 0 || len(f.a.Attachments) > 0 {
		item.Lines = append(item.Lines, confirmText.say(f.s.Language, n, len(f.a.Attachments)))
	}
	return item
}

var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}\.?)+$`)

// messageHost is the host that a Message-ID names, where it is a plain host name; else "".
func messageHost(id string) string {
	if h := Domain(id); len(h) <= 100 && hostPattern.MatchString(h) {
		return h
	}
	return ""
}

// cameFrom tells in a line where a mail came from.
func cameFrom(m Mail, l Language) string {
	host := messageHost(m.MessageID)
	if host == "" {
		host = "?"
	}
	return confirmCame.say(l, m.From.Address, host)
}

// askedLines shows commands with what each would do.
func (f *filing) askedLines(lines []CommandLine) []string {
	var out []string
	for _, line := range lines {
		c, ok := FindCommand(line.Name)
		if !ok {
			out = append(out, confirmUnknown.say(f.s.Language))
			continue
		}
		out = append(out, f.askedLine(c, line)+": "+c.Says.In(f.s.Language))
	}
	return out
}

func (f *filing) askedLine(c Command, line CommandLine) string {
	parts, hidden := []string{"/" + f.askedWord(c, line)}, 0
	for _, a := range line.Args {
		if f.plainArgument(a) {
			parts = append(parts, a)
		} else {
			hidden += utf8.RuneCountInString(a)
		}
	}
	for _, key := range FieldKeys {
		value, given := line.Set[key.Name]
		name := Words{key.Alias, key.Name}.In(f.s.Language)
		switch {
		case !given:
		case f.plainField(key.Name, value):
			parts = append(parts, name+"="+value)
		default:
			parts = append(parts, name+"=…")
			hidden += utf8.RuneCountInString(value)
		}
	}
	if hidden > 0 {
		parts = append(parts, confirmHidden.say(f.s.Language, hidden))
	}
	return strings.Join(parts, " ")
}

// askedWord is the command's name as its sender wrote it, where that is one of its two names.
func (f *filing) askedWord(c Command, line CommandLine) string {
	if words := strings.Fields(strings.TrimLeft(CleanLine(line.Line), `/／\ `)); len(words) > 0 {
		if w := Key(words[0]); w == c.Name || w == c.Alias {
			return w
		}
	}
	return Words{c.Alias, c.Name}.In(f.s.Language)
}

var (
	digitsPattern  = regexp.MustCompile(`^[0-9][0-9.:/-]{0,19}$`)
	addressPattern = regexp.MustCompile(`^[a-z0-9._+-]{1,64}@[a-z0-9.-]+$`)
)

// plainArgument says whether an argument is of a vocabulary that cannot carry a message.
func (f *filing) plainArgument(a string) bool {
	w := plainWord(a)
	switch {
	case len(a) > 100:
		return false
	case digitsPattern.MatchString(a), addressPattern.MatchString(Key(a)) && ValidAddress(a):
		return true
	case slices.Contains([]string{"front-desk", "frontdesk", "meja-depan", "open", "mine", "overdue", "all"}, w), slices.Contains(f.staff.teams(), w):
		return true
	}
	n := f.s.numbers.Find(a)
	return n != "" && strings.EqualFold(a, string(n))
}

func (f *filing) plainField(key, value string) bool {
	ok := false
	switch key {
	case "type":
		_, ok = ParseType(value)
	case "severity":
		_, ok = ParseSeverity(value)
	case "tlp":
		_, ok = ParseTLP(value)
	case "iiv":
		_, ok = parseYes(value)
	case "lang":
		ok = Key(value) == string(Indonesian) || Key(value) == string(English)
	case "due", "found":
		ok = !slices.ContainsFunc(strings.Fields(value), func(w string) bool { return !digitsPattern.MatchString(w) })
	case "for":
		ok = f.plainArgument(value)
	}
	return ok && len(value) <= 100
}

// absoluteLines writes the times of this mail's commands as dates and hours: "besok" of a mail that is confirmed tomorrow
// is not the day after.
func (f *filing) absoluteLines() []CommandLine {
	lines := slices.Clone(f.a.Commands)
	for i, line := range lines {
		switch line.Name {
		case "onsite", "monitor", "away":
			if at, allDay, used, err := ParseWhen(line.Args, fromMicros(f.at), f.s.Location); err == nil {
				lines[i].Args = append(f.absolute(at, allDay), line.Args[used:]...)
			}
		}
		lines[i].Set = maps.Clone(line.Set)
		for key, parse := range map[string]func([]string, time.Time, *time.Location) (time.Time, bool, int, error){"due": ParseWhen, "found": ParsePast} {
			value, given := line.Set[key]
			if !given {
				continue
			}
			if words := strings.Fields(value); len(words) > 0 {
				if at, allDay, used, err := parse(words, fromMicros(f.at), f.s.Location); err == nil && used == len(words) {
					lines[i].Set[key] = strings.Join(f.absolute(at, allDay), " ")
				}
			}
		}
	}
	return lines
}

func (f *filing) absolute(at time.Time, allDay bool) []string {
	at = at.In(f.s.Location)
	if allDay {
		return []string{at.Format("2006-01-02")}
	}
	return []string{at.Format("2006-01-02"), at.Format("15:04")}
}
