package mailout

import (
	"strings"

	"aduan/tickets"
)

// usages are the commands that the recipient may give, from the one table.
func (c *composition) usages() []usage {
	var all []usage
	for _, cmd := range tickets.Commands {
		if !c.may(cmd) {
			continue
		}
		u := "/" + tickets.Words{ID: cmd.Alias, EN: cmd.Name}.In(c.lang)
		if cmd.Args != "" {
			u += " " + c.arguments(cmd)
		}
		if cmd.Alias != cmd.Name {
			u += "  (/" + tickets.Words{ID: cmd.Name, EN: cmd.Alias}.In(c.lang) + ")"
		}
		all = append(all, usage{Usage: u, Says: sentence(cmd.Says.In(c.lang)), Example: cmd.Shows.In(c.lang)})
	}
	return all
}

// may says whether the recipient's roles entitle them to a command. Staff who are not in the list see all that is staff's.
func (c *composition) may(cmd tickets.Command) bool {
	if c.staff && (c.me.Has(tickets.Supervisor) || c.me.Address == "") {
		return !only(cmd.Who, tickets.ByReporter)
	}
	for _, who := range cmd.Who {
		switch who {
		case tickets.ByAnyone:
			return true
		case tickets.ByReporter:
			if c.n.Audience == tickets.ToReporter {
				return true
			}
		case tickets.ByStaff:
			if c.staff {
				return true
			}
		case tickets.ByFrontDesk:
			if c.staff && c.me.Has(tickets.FrontDesk) {
				return true
			}
		case tickets.ByOwner, tickets.ByAgent:
			if c.staff && c.me.Has(tickets.Agent) {
				return true
			}
		}
	}
	return false
}

func only(who []tickets.Giver, g tickets.Giver) bool { return len(who) == 1 && who[0] == g }

// arguments puts the keys and placeholders of a command's usage into the recipient's language.
func (c *composition) arguments(cmd tickets.Command) string {
	args := cmd.Args
	for _, k := range cmd.Keys {
		args = strings.ReplaceAll(args, k+"=", c.key(k)+"=")
	}
	for placeholder, word := range c.labels["argument"] {
		args = strings.ReplaceAll(args, placeholder, word)
	}
	return args
}

// sentence gives a line of the table its capital and its full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimRight(s[1:], ".") + "."
}
