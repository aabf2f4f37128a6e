package mailout

import (
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"aduan/tickets"
)

// visitLength is how long a visit stands in a calendar: nobody says how long it will take.
const visitLength = time.Hour

// invitation is a visit as calendar programs read it: an iTIP request (RFC 5546 section 3.2.2) with one event (RFC 5545).
// The team's address is the organizer, never the person who goes. The UID is the same for all who are invited, and for every
// rendering of the same visit.
func invitation(s Settings, n tickets.Notice, it tickets.Item, summary, description, place string) string {
	cal := ics.NewCalendarFor("aduan")
	cal.SetMethod(ics.MethodRequest)
	event := cal.AddEvent(fmt.Sprintf("%s-%d@%s", strings.ToLower(string(n.Ticket.Number)), it.At, tickets.Domain(s.Address)))
	event.SetDtStampTime(time.UnixMicro(it.At))
	event.SetSequence(0)
	event.SetStatus(ics.ObjectStatusConfirmed)
	start := time.UnixMicro(it.When).In(s.Location)
	if it.AllDay {
		event.SetAllDayStartAt(start)
		event.SetAllDayEndAt(start.AddDate(0, 0, 1))
	} else {
		event.SetStartAt(start)
		event.SetEndAt(start.Add(visitLength))
	}
	event.SetSummary(summary)
	event.SetDescription(description)
	if place != "" {
		event.SetLocation(place)
	}
	event.SetOrganizer("mailto:"+s.Address, ics.WithCN(parameterText(s.TeamName)))
	attendee := []ics.PropertyParameter{
		ics.ParticipationRoleReqParticipant, ics.ParticipationStatusNeedsAction, ics.WithRSVP(false),
	}
	if name := parameterText(n.To.Name); name != "" && n.Proven {
		attendee = append(attendee, ics.WithCN(name))
	}
	event.AddAttendee("mailto:"+n.To.Address, attendee...)
	return cal.Serialize(ics.WithNewLineWindows)
}

// parameterText makes a name fit for a parameter that is not quoted (RFC 5545 section 3.2: SAFE-CHAR). The library escapes
// with backslashes, which the standard does not know there.
func parameterText(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`",;:\'`, r) {
			return ' '
		}
		return r
	}, s)
	return oneLine(s, maxName)
}
