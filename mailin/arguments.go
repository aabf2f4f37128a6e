package mailin

import (
	"regexp"
	"strings"

	"aduan/tickets"
)

// argument is one word of a command line, or several that quotes keep together.
type argument struct {
	text   string
	quoted bool // the whole of it stood in quotes: it is never a field and never mended
}

// splitArguments cuts what follows a command's word. A quote counts where it opens a word or the value of a field and is closed
// again; any other is a character like the rest.
func splitArguments(s string) []argument {
	var args []argument
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		if text, rest, ok := cutQuoted(s); ok {
			args = append(args, argument{text, true})
			s = rest
			if after := strings.TrimLeft(s, ".,;:!"); after == "" || after[0] == ' ' {
				s = after
			}
			continue
		}
		end := strings.IndexByte(s, ' ')
		if end < 0 {
			end = len(s)
		}
		if eq := strings.Index(s[:end], `="`); eq >= 0 {
			if text, rest, ok := cutQuoted(s[eq+1:]); ok {
				args = append(args, argument{s[:eq+1] + text, false})
				s = rest
				continue
			}
		}
		args = append(args, argument{s[:end], false})
		s = s[end:]
	}
	return args
}

func cutQuoted(s string) (text, rest string, ok bool) {
	if s[0] != '"' {
		return "", s, false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return "", s, false
	}
	return s[1 : 1+end], s[end+2:], true
}

// argumentReader reads one line's arguments for a command of the table.
type argumentReader struct {
	command tickets.Command
	keys    map[string]string // both languages' names of its fields, to the English one
	todo    []argument
	args    []argument
	set     map[string]string
}

// readArguments sorts what follows a command's word into arguments and fields.
func readArguments(command tickets.Command, rest string) ([]string, map[string]string) {
	r := &argumentReader{command: command, keys: fieldNames(command), set: map[string]string{}}
	if takesAddress(command) {
		rest = spreadLinks(rest)
	}
	for _, a := range splitArguments(rest) {
		r.todo = append(r.todo, r.splitAtFields(a)...)
	}
	for len(r.todo) > 0 {
		key, value, used := r.field()
		if used == 0 {
			r.args, r.todo = append(r.args, r.todo[0]), r.todo[1:]
			continue
		}
		written := r.todo[0].text
		r.todo = r.todo[used:]
		value = r.wholeValue(key, value)
		if have, twice := r.set[key]; twice && have != value {
			r.args = append(r.args, argument{text: written}) // nobody knows which of two was meant: a later rule refuses it
			continue
		}
		r.set[key] = value
	}
	return r.finished(), r.set
}

// fieldNames are the names under which a command's fields may be set.
func fieldNames(command tickets.Command) map[string]string {
	names := map[string]string{}
	for _, key := range command.Keys {
		names[key] = key
		for _, f := range tickets.FieldKeys {
			if f.Name == key {
				names[f.Alias] = key
			}
		}
	}
	return names
}

// startsWithField says whether a line begins with a field that the command knows.
func startsWithField(command tickets.Command, line string) bool {
	r := &argumentReader{command: command, keys: fieldNames(command), todo: splitArguments(line)}
	_, _, used := r.field()
	return used > 0
}

// longestKey bounds how far behind a comma a field's name and sign are looked for, in bytes.
const longestKey = 24

// splitAtFields cuts jenis=defacement,tingkat=berbahaya at the comma: people separate fields by it.
func (r *argumentReader) splitAtFields(a argument) []argument {
	if a.quoted {
		return []argument{a}
	}
	var parts []argument
	for from := 0; ; {
		i := strings.IndexAny(a.text[from:], ",;")
		if i < 0 {
			return append(parts, a)
		}
		i += from
		ahead := a.text[i+1 : min(len(a.text), i+1+longestKey)]
		if key, _, ok := strings.Cut(ahead, "="); ok && r.keys[strings.ToLower(key)] != "" {
			parts = append(parts, argument{text: a.text[:i]})
			a.text, from = a.text[i+1:], 0
			continue
		}
		from = i + 1
	}
}

// field reads key=value from the front, with the blanks that telephones put around the sign. used is how many arguments that
// took; 0 where no field of the command stands there.
func (r *argumentReader) field() (key, value string, used int) {
	if len(r.todo) == 0 || r.todo[0].quoted {
		return "", "", 0
	}
	word := r.todo[0].text
	name, value, sign := strings.Cut(word, "=")
	used = 1
	if !sign && len(r.todo) > 1 && !r.todo[1].quoted && strings.HasPrefix(r.todo[1].text, "=") {
		value, sign, used = r.todo[1].text[1:], true, 2
	}
	key = r.keys[strings.ToLower(strings.TrimLeft(name, "*_"))]
	if key == "" || !sign {
		return "", "", 0
	}
	if value == "" && len(r.todo) > used && !r.fieldAt(used) {
		value, used = r.todo[used].text, used+1
	}
	return key, value, used
}

func (r *argumentReader) fieldAt(n int) bool {
	ahead := argumentReader{keys: r.keys, todo: r.todo[n:]}
	if len(ahead.todo) == 0 || ahead.todo[0].quoted {
		return false
	}
	name, _, sign := strings.Cut(ahead.todo[0].text, "=")
	sign = sign || len(ahead.todo) > 1 && !ahead.todo[1].quoted && strings.HasPrefix(ahead.todo[1].text, "=")
	return sign && r.keys[strings.ToLower(name)] != ""
}

// mostLabelWords bounds how far a label of several words is followed ("Kebocoran Data (bukan data pribadi)").
const mostLabelWords = 6

// wholeValue takes the words that belong to a field's value although no quotes hold them: a label of several words, as long as
// it can be; and in a command that has nothing but fields, everything up to the next one.
func (r *argumentReader) wholeValue(key, value string) string {
	if key == "for" {
		return r.addressValue(value)
	}
	best, words, extra := "", 0, 0
	spoken := []string{value}
	if id, ok := fieldID(key, value); ok {
		best = id
	}
	for extra < len(r.todo) && !r.fieldAt(extra) {
		spoken = append(spoken, r.todo[extra].text)
		extra++
		if extra >= mostLabelWords {
			continue
		}
		if id, ok := fieldID(key, strings.Join(spoken, " ")); ok {
			best, words = id, extra
		}
	}
	switch {
	case best != "":
		r.todo = r.todo[words:]
		return best
	case onlyFields(r.command):
		r.todo = r.todo[extra:]
		return strings.Join(spoken, " ")
	}
	return value
}

// fieldID is the id that a value stands for, in the fields that have ids.
func fieldID(key, value string) (string, bool) {
	for _, v := range []string{value, strings.Trim(value, ".,;:!*_<>[]()\"'` ")} {
		switch key {
		case "type":
			if id, ok := tickets.ParseType(v); ok {
				return string(id), true
			}
		case "severity":
			if id, ok := tickets.ParseSeverity(v); ok {
				return string(id), true
			}
		case "tlp":
			if id, ok := parseTLP(v); ok {
				return id, true
			}
		case "iiv", "lang":
			if id, ok := spokenValues[key][strings.ToLower(v)]; ok {
				return id, true
			}
		}
	}
	return "", false
}

// parseTLP reads a label with whatever stands between its words: TLP: Amber + Strict. A part of it must never be read alone:
// amber is wider than amber+strict.
func parseTLP(value string) (string, bool) {
	words := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return strings.ContainsRune(" +-_:", r) })
	if len(words) > 0 && words[0] == "tlp" {
		words = words[1:]
	}
	id, ok := tickets.ParseTLP(strings.Join(words, "+"))
	return string(id), ok
}

var spokenValues = map[string]map[string]string{
	"iiv": {"ya": "yes", "y": "yes", "yes": "yes", "iya": "yes", "benar": "yes", "true": "yes", "1": "yes",
		"tidak": "no", "tdk": "no", "bukan": "no", "no": "no", "n": "no", "false": "no", "0": "no"},
	"lang": {"id": "id", "ind": "id", "indonesia": "id", "indonesian": "id", "bahasa": "id", "bahasa indonesia": "id",
		"en": "en", "eng": "en", "english": "en", "inggris": "en", "bahasa inggris": "en"},
}

// onlyFields says whether a command takes nothing but key=value, by its usage.
func onlyFields(command tickets.Command) bool {
	for _, w := range strings.Fields(command.Args) {
		if !strings.Contains(w, "=") && w != "…" {
			return false
		}
	}
	return command.Args != ""
}

// takesText says whether a command's arguments end in words for people, which stay as they are written.
func takesText(command tickets.Command) bool {
	return strings.Contains(command.Args, "REASON") || strings.Contains(command.Args, "PLACE") || strings.Contains(command.Args, "SUBJECT")
}

func takesAddress(command tickets.Command) bool { return strings.Contains(command.Args, "ADDRESS") }

// closing is the punctuation that a sentence leaves behind a word, and the brackets that people put around one.
const closing = ".,;:!<>[](){}*`'\""

// finished gives the arguments as the command wants them.
func (r *argumentReader) finished() []string {
	switch {
	case takesText(r.command), r.command.Args == "":
		return texts(r.args)
	case takesAddress(r.command):
		return argumentIDs(r.command, plainAddresses(r.args))
	}
	plain := make([]string, 0, len(r.args))
	for _, a := range r.args {
		if !a.quoted {
			a.text = strings.Trim(a.text, closing)
		}
		if a.text != "" {
			plain = append(plain, a.text)
		}
	}
	return argumentIDs(r.command, plain)
}

// argumentWords are the words in both languages for arguments that have ids, by the id's place in a command's usage.
var argumentWords = map[string]string{
	"front-desk": "front-desk", "frontdesk": "front-desk", "front desk": "front-desk",
	"open": "open", "terbuka": "open", "dibuka": "open", "mine": "mine", "saya": "mine", "milik saya": "mine", "milikku": "mine",
	"overdue": "overdue", "terlambat": "overdue", "lewat tenggat": "overdue", "all": "all", "semua": "all",
}

// argumentIDs gives a command's only argument by its id, where the usage names one ([open|mine|overdue|all]).
func argumentIDs(command tickets.Command, args []string) []string {
	id := argumentWords[strings.ToLower(strings.Join(args, " "))]
	for _, choice := range strings.FieldsFunc(command.Args, func(r rune) bool { return strings.ContainsRune("[]| ", r) }) {
		if choice == id {
			return []string{id}
		}
	}
	return args
}

// unknownArguments are those of a word that is no command: only addresses are mended, for the answer.
func unknownArguments(rest string) []string {
	plain := []string{}
	for _, a := range splitArguments(spreadLinks(rest)) {
		if address, ok := plainAddress(a.text); ok {
			a.text = address
		}
		if strings.Trim(a.text, closing) != "" {
			plain = append(plain, a.text)
		}
	}
	return plain
}

func texts(args []argument) []string {
	all := make([]string, len(args))
	for i, a := range args {
		all[i] = a.text
	}
	return all
}

var (
	angleAddress = regexp.MustCompile(`<\s*[^<>\s]+@[^<>\s]+\s*>`)
	linkedTo     = regexp.MustCompile(`[\[(]\s*mailto:[^\s\])]+\s*[\])]`)
)

// spreadLinks puts a blank before every address in brackets, so that the link that a mail program glued to a word is an
// argument of its own.
func spreadLinks(s string) string {
	for _, link := range []*regexp.Regexp{angleAddress, linkedTo} {
		s = link.ReplaceAllStringFunc(s, func(l string) string { return " " + strings.ReplaceAll(l, " ", "") + " " })
	}
	return s
}
