package tickets

import (
	"errors"
	"strings"
	"time"
)

// setFields applies key=value pairs, checked and in a fixed order, and returns what the answer says of them.
func (o *order) setFields(set map[string]string) (done []string, x *fault) {
	for _, key := range FieldKeys {
		value, given := set[key.Name]
		if !given {
			continue
		}
		shown, x := o.setField(key.Name, value)
		if x != nil {
			return nil, x
		}
		done = append(done, answerSet.say(o.s.Language, o.keyName(key.Name), shown))
	}
	return done, nil
}

// keyName is what the team calls a field.
func (o *order) keyName(key string) string {
	for _, k := range FieldKeys {
		if k.Name == key && o.s.Language == Indonesian {
			return k.Alias
		}
	}
	return key
}

// badValue names the values to choose from.
func (o *order) badValue(key, value, options string) *fault {
	return &fault{"", answerBadValue.say(o.s.Language, o.keyName(key), Shorten(CleanLine(value), 60), options)}
}

// setField sets one field and returns how it reads now.
func (o *order) setField(key, value string) (shown string, x *fault) {
	t, l := o.ticket, o.s.Language
	switch key {
	case "type":
		v, ok := ParseType(value)
		if !ok {
			return "", o.badValue(key, value, typeIDs())
		}
		t.Type, shown = v, v.Incident().Label
	case "severity":
		v, ok := ParseSeverity(value)
		if !ok {
			return "", o.badValue(key, value, "critical (sangat-berbahaya), high (berbahaya), medium (cukup-berbahaya), low (perlu-diperhatikan)")
		}
		t.Severity, shown = v, v.Label(l)
	case "tlp":
		v, ok := ParseTLP(value)
		if !ok {
			return "", o.badValue(key, value, "clear, green, amber, amber+strict, red")
		}
		t.TLP, shown = v, v.Label()
	case "iiv":
		v, ok := parseYes(value)
		if !ok {
			return "", o.badValue(key, value, "yes (ya), no (tidak)")
		}
		if t.IIV, shown = v, answerNo.say(l); v {
			shown = answerYes.say(l)
		}
	case "lang":
		v := Language(Key(value))
		if v != Indonesian && v != English {
			return "", o.badValue(key, value, "id, en")
		}
		if t.Language, shown = v, answerInIndonesian.say(l); v == English {
			shown = answerInEnglish.say(l)
		}
	case "subject":
		t.Subject = o.ticketSubject(value, t.Language)
		shown = t.Subject
	default:
		return o.setTime(key, value)
	}
	return shown, nil
}

// setTime sets a field that holds a time: an incident was found in the past, and is due in the future.
func (o *order) setTime(key, value string) (shown string, x *fault) {
	read, l, now := ParseWhen, o.s.Language, fromMicros(o.now)
	if key == "found" {
		read = ParsePast
	}
	words := strings.Fields(value)
	at, allDay, used, err := read(words, now, o.s.Location)
	if err != nil {
		return "", &fault{"", o.whenWords(err)}
	}
	if used < len(words) {
		return "", &fault{"", answerOneTime.say(l, o.keyName(key), quoted(joined(words[used:])))}
	}
	if shown = FormatTime(at, o.s.Location, l); allDay {
		shown = FormatDate(at, o.s.Location, l)
	}
	switch {
	case key == "found" && at.After(now):
		return "", &fault{"", answerFuture.say(l, shown)}
	case key == "found":
		o.ticket.FoundAt = micros(at)
	case !endOf(at, allDay).After(now):
		return "", &fault{"", answerPast.say(l, shown)}
	default:
		o.ticket.setOwnDue(o.now, micros(endOf(at, allDay)))
	}
	return shown, nil
}

// whenWords says in the team's language why a time could not be read.
func (o *order) whenWords(err error) string {
	var when *WhenError
	if errors.As(err, &when) {
		return when.In(o.s.Language)
	}
	return err.Error()
}

// noArguments refuses what a command has no use for: it may be a mistake that means something.
func (o *order) noArguments(line CommandLine) *fault {
	if len(line.Args) > 0 {
		return &fault{line.Line, answerTooMuch.say(o.s.Language, line.Name, quoted(joined(line.Args)))}
	}
	return nil
}

// endOf is the moment at which a time that somebody named is over: a day alone ends with the day.
func endOf(at time.Time, allDay bool) time.Time {
	if allDay {
		return at.AddDate(0, 0, 1)
	}
	return at
}

func typeIDs() string {
	var ids []string
	for _, i := range Incidents {
		ids = append(ids, string(i.Type))
	}
	return strings.Join(ids, ", ")
}

func parseYes(s string) (yes, ok bool) {
	switch plainWord(s) {
	case "yes", "ya", "y", "true", "1":
		return true, true
	case "no", "tidak", "bukan", "n", "false", "0":
		return false, true
	}
	return false, false
}
