package tickets

import "fmt"

// State is where a ticket stands in the reporting guide's procedure.
type State string

// The states of a ticket. A final state is one from which only /reopen or the reporter leads back.
const (
	Open       State = "open"
	Verified   State = "verified"
	Responding State = "responding"
	Monitoring State = "monitoring"
	Closed     State = "closed"
	Rejected   State = "rejected"
	Duplicate  State = "duplicate"
)

// stateFacts is the one place for what a state is called and what it means.
var stateFacts = []struct {
	state  State
	labels Words
	final  bool
}{
	{Open, Words{"Dibuka", "Open"}, false},
	{Verified, Words{"Terverifikasi", "Verified"}, false},
	{Responding, Words{"Ditangani", "Being handled"}, false},
	{Monitoring, Words{"Dipantau", "Monitored"}, false},
	{Closed, Words{"Ditutup", "Closed"}, true},
	{Rejected, Words{"Ditolak", "Rejected"}, true},
	{Duplicate, Words{"Duplikat", "Duplicate"}, true},
}

// States lists all states in the order of the procedure.
func States() []State {
	all := make([]State, len(stateFacts))
	for i, f := range stateFacts {
		all[i] = f.state
	}
	return all
}

// ParseState reads a state's id. The error names the ids.
func ParseState(s string) (State, error) {
	for _, f := range stateFacts {
		if string(f.state) == s {
			return f.state, nil
		}
	}
	return "", fmt.Errorf("no state %q: the states are %v", s, States())
}

// Label is the state's name for people.
func (s State) Label(l Language) string {
	for _, f := range stateFacts {
		if f.state == s {
			return f.labels.In(l)
		}
	}
	return string(s)
}

// Final says whether the ticket rests: closed, rejected or a duplicate.
func (s State) Final() bool {
	for _, f := range stateFacts {
		if f.state == s {
			return f.final
		}
	}
	return false
}

// Language is that of a mail or a ticket: "id" or "en".
type Language string

// The languages in which the gateway speaks.
const (
	Indonesian Language = "id"
	English    Language = "en"
)

// Words is one thing said in both languages.
type Words struct{ ID, EN string }

// In returns the words in a language; Indonesian is what everybody here reads, so it is the fallback.
func (w Words) In(l Language) string {
	if l == English {
		return w.EN
	}
	return w.ID
}
