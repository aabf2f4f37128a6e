package mailin

import (
	"regexp"
	"strings"

	"aduan/tickets"
)

// Nobody writes so many commands, or a line of so many bytes. What goes beyond is text, so that a hostile mail costs no more
// than its own size.
const (
	mostCommands       = 100
	longestCommandLine = 32 << 10
)

// readCommands takes the mail commands from the top of a mail's new text: its first lines that are not empty, one command a
// line. The first line that is no command begins the text; body is what is left, as it was written, without blank lines around.
// No word is lost: what is not in body stands in the Line of a command.
//
// A command line is a slash, a word of letters and hyphens, and arguments, after undo has mended what telephones and mail
// programs do to it. An unknown word is a command line too (the answer names the word that was meant); a word that goes on with
// a slash or anything but a blank is a path or a number, and text.
//
// slip is the first line that may be a command which was meant but would go out as text; "" where there is none.
func readCommands(newText string) (cmds []tickets.CommandLine, body string, slip string) {
	lines := splitLines(newText)
	i := 0
	for i < len(lines) {
		if isBlank(lines[i]) {
			i++
			continue
		}
		word, rest, ok := splitCommand(lines[i])
		if !ok || len(cmds) == mostCommands || len(lines[i]) > longestCommandLine {
			break
		}
		line := readCommandLine(word, rest, strings.TrimSpace(lines[i]))
		for i++; i < len(lines); i++ {
			joined, ok := joinWrapped(word, line, &rest, lines[i])
			if !ok {
				break
			}
			line = joined
		}
		cmds = append(cmds, line)
	}
	lines = trimBlankLines(lines[i:])
	return cmds, strings.Join(lines, "\n"), slipOf(lines, len(cmds) == 0)
}

// joinWrapped reads a line as the wrapped end of the command before it. That is safe only for a line which is nothing but
// fields that this command knows and has not set; anything else is the text.
func joinWrapped(word string, before tickets.CommandLine, rest *string, next string) (tickets.CommandLine, bool) {
	command, known := tickets.FindCommand(word)
	if !known || len(command.Keys) == 0 || isBlank(next) || len(next) > longestCommandLine {
		return before, false
	}
	plain := undo(next)
	if alone := readCommandLine(word, plain, ""); len(alone.Args) > 0 || len(alone.Set) == 0 || !startsWithField(command, plain) {
		return before, false
	}
	whole := *rest + " " + plain
	joined := readCommandLine(word, whole, before.Line+"\n"+strings.TrimSpace(next))
	if len(joined.Args) != len(before.Args) || len(joined.Set) <= len(before.Set) {
		return before, false
	}
	*rest = whole
	return joined, true
}

// readCommandLine reads the arguments of one command. line is how it was written.
func readCommandLine(word, rest, line string) tickets.CommandLine {
	command, known := tickets.FindCommand(word)
	if !known {
		return tickets.CommandLine{Name: strings.ToLower(word), Args: unknownArguments(rest), Set: map[string]string{}, Line: line}
	}
	args, set := readArguments(command, rest)
	return tickets.CommandLine{Name: command.Name, Args: args, Set: set, Line: line}
}

// listMark is what mail programs put before the items of a list.
var listMark = regexp.MustCompile(`^(?:[-•·*‣▪●○]|\d{1,2}[.)])\s*`)

// slipOf finds the line by which a command would go out as text: one that begins with a slash and a word which is, or is one
// letter from, a command; or a first line that is a command word alone, without its slash. first tells that no command stood
// before these lines.
func slipOf(lines []string, first bool) string {
	if len(lines) == 0 {
		return ""
	}
	top := strings.TrimSpace(lines[0])
	if _, known := tickets.FindCommand(strings.Trim(undo(top), ".,:;!?*_~` ")); known && first {
		return top
	}
	// A mail program may make a list item of a command. It is not carried out, because somebody may list commands in a text,
	// but at the very top it was hardly meant for the reader.
	if mark := listMark.FindString(undo(top)); mark != "" {
		if word, _, ok := splitCommand(undo(top)[len(mark):]); ok {
			if _, known := tickets.FindCommand(word); known {
				return top
			}
		}
	}
	harmless := map[string]bool{}
	for _, l := range lines {
		word, _, ok := splitCommand(l)
		if !ok || harmless[word] {
			continue
		}
		if tickets.NearCommand(word) {
			return strings.TrimSpace(l)
		}
		harmless[word] = true
	}
	return ""
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

func splitLines(text string) []string { return strings.Split(lineEnds.Replace(text), "\n") }

func isBlank(line string) bool { return undo(line) == "" }

func trimBlankLines(lines []string) []string {
	for len(lines) > 0 && isBlank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && isBlank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}
