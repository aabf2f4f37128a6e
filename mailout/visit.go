package mailout

import (
	"strings"

	"aduan/tickets"
)

// visit is the notice's item that tells of a visit: its recipient is invited.
func (c *composition) visit() (tickets.Item, bool) {
	for _, it := range c.n.Items {
		if it.Kind == tickets.KindOnsite && it.When != 0 {
			return it, true
		}
	}
	return tickets.Item{}, false
}

// invitation words the visit for a calendar: whose it is, on which ticket, and how to answer.
func (c *composition) invitation(it tickets.Item, text string) string {
	summary := c.label("visit") + " " + oneLine(c.r.settings.TeamName, maxName) + " [" + string(c.n.Ticket.Number) + "]"
	return invitation(c.r.settings, c.n, it, summary, strings.TrimSpace(c.block(text)), c.line(it.Place))
}
