package tickets

import (
	"fmt"
	"strings"
)

// Address is a mail address with the name it came with. Compare addresses by Key.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Key folds an address for comparison: lower case, no blanks around it. (RFC 5321 lets the local part be case-sensitive; no
// mail system that people use makes it so.)
func Key(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// Domain is the part after the last @, in lower case; "" where there is none.
func Domain(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return Key(address[i+1:])
	}
	return ""
}

// Role is what a staff member may do.
type Role string

// The roles. A supervisor may give every command.
const (
	FrontDesk  Role = "front-desk"
	Agent      Role = "agent"
	Supervisor Role = "supervisor"
)

// ParseRole reads a role's id. The error names the ids.
func ParseRole(s string) (Role, error) {
	switch r := Role(plainWord(s)); r {
	case FrontDesk, Agent, Supervisor:
		return r, nil
	}
	return "", fmt.Errorf("no role %q: the roles are front-desk, agent and supervisor", s)
}

// Staff is a member of the team, or a mailbox that members share.
type Staff struct {
	ID      int64    `json:"-"`
	Address string   `json:"address"`
	Name    string   `json:"name"`
	Roles   []Role   `json:"roles"`
	Team    string   `json:"team,omitempty"`
	Aliases []string `json:"aliases,omitempty"` // further addresses of the same person
	Shared  bool     `json:"shared,omitempty"`  // a mailbox that several people read
	Members []string `json:"members,omitempty"` // of a shared mailbox: the addresses of its people
	// AwayUntil is when teams count on this person again; microseconds of UTC, 0 for not away.
	AwayUntil int64 `json:"-"`
}

// Has says whether the member has the role itself; supervisors are asked for by their own role.
func (s Staff) Has(r Role) bool {
	for _, have := range s.Roles {
		if have == r {
			return true
		}
	}
	return false
}

// Audience is the class of a recipient: it decides which words and facts a mail may hold.
type Audience string

// The classes. What is internal goes to AudienceStaff only.
const (
	ToReporter    Audience = "reporter"
	ToParticipant Audience = "participant"
	ToStaff       Audience = "staff"
	ToNational    Audience = "national" // a response team that a case is reported to
)

// Room is where a plain answer to a notice goes.
type Room string

// The rooms of a ticket. Public reaches the reporter, Internal never leaves staff.
const (
	Public   Room = "public"
	Internal Room = "internal"
)
