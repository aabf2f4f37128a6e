// Package doctor judges what was found about mailbox, relay, DNS and machine, and says what to do about each fault.
//
// It promises that every warning and every fault comes with a remedy: a sentence that an operator can follow. It changes
// nothing and knows no settings file; who calls it brings what was found.
package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// State is how bad a finding is.
type State string

// The states. A fault keeps mail from coming in or going out, or will; a warning is worth knowing.
const (
	OK      State = "ok"
	Warning State = "warning"
	Fault   State = "fault"
)

// Finding is one line of the examination.
type Finding struct {
	Check string `json:"check"` // what was looked at
	State State  `json:"state"`
	Says  string `json:"says"`         // what was found
	Do    string `json:"do,omitempty"` // what to do about it
}

func ok(check, says string, args ...any) Finding {
	return Finding{check, OK, fmt.Sprintf(says, args...), ""}
}

func warning(check, do, says string, args ...any) Finding {
	return Finding{check, Warning, fmt.Sprintf(says, args...), do}
}

func fault(check, do, says string, args ...any) Finding {
	return Finding{check, Fault, fmt.Sprintf(says, args...), do}
}

// Well, Beware and Broken make findings of what only the caller knows.
func Well(check, says string, args ...any) Finding       { return ok(check, says, args...) }
func Beware(check, do, says string, args ...any) Finding { return warning(check, do, says, args...) }
func Broken(check, do, says string, args ...any) Finding { return fault(check, do, says, args...) }

// Count returns how many findings are of a state.
func Count(all []Finding, s State) int {
	n := 0
	for _, f := range all {
		if f.State == s {
			n++
		}
	}
	return n
}

// Write shows findings to people, one a line, each remedy below its line.
func Write(w io.Writer, all []Finding) {
	for _, f := range all {
		state := string(f.State)
		if f.State == Fault {
			state = "FAULT"
		}
		fmt.Fprintf(w, "%-8s %-16s %s\n", state, f.Check, strings.ReplaceAll(f.Says, "\n", " "))
		if f.Do != "" {
			fmt.Fprintf(w, "%-25s → %s\n", "", f.Do)
		}
	}
}

// WriteJSON shows findings to programs, as an array.
func WriteJSON(w io.Writer, all []Finding) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if all == nil {
		all = []Finding{}
	}
	return e.Encode(all)
}
