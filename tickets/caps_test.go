package tickets_test

import (
	"fmt"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// count says how many notices of a kind were sent to an address.
func count(sent []tickets.Notice, kind tickets.Kind, address string) int {
	n := 0
	for _, s := range sent {
		if s.Kind == kind && s.To.Address == address {
			n++
		}
	}
	return n
}

func TestFloodsWithoutProofAreShownFiveTimesAnHourAndToldOnce(t *testing.T) {
	for _, c := range []struct {
		about, from string
		kind        tickets.Kind
		change      func(*tickets.Arrival)
	}{
		{"words in the reporter's name", ani, tickets.KindUnproven, nil},
		{"words of somebody who is not on the ticket", luar, tickets.KindUnverified, nil},
		{"words in an agent's name", budi, tickets.KindUnproven, nil},
		{"alerts of a machine", luar, tickets.KindUnverified, func(a *tickets.Arrival) { a.Automatic = tickets.AutoNotification }},
	} {
		t.Run(c.about, func(t *testing.T) {
			ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
				n, _ := opened(t, d)
				before := len(d.Show(n).Messages)
				flood := func(mails int) []tickets.Notice {
					for i := range mails {
						a := forged(d, c.from, n, fmt.Sprintf("Surel %d", i))
						if c.change != nil {
							c.change(&a)
						}
						d.File(a)
					}
					return d.Deliver()
				}
				sent := flood(9)
				if shown, told := count(sent, c.kind, fd), count(sent, tickets.KindWarning, fd); shown != 5 || told != 1 || len(sent) != 6 {
					t.Errorf("%d shown, %d warnings of %s", shown, told, kinds(sent))
				}
				if got := len(d.Show(n).Messages); got != before+9+6 {
					t.Errorf("%d messages are on record, want all", got-before)
				}
				d.File(forged(d, "lain@jauh.example", n, "Surel orang lain"))
				if sent := d.Deliver(); len(sent) != 1 {
					t.Errorf("another sender is silenced too: %s", kinds(sent))
				}
				d.Pass(time.Hour + time.Second)
				if sent := flood(2); count(sent, c.kind, fd) != 2 {
					t.Errorf("an hour later: %s", kinds(sent))
				}
				d.WantClean()
			})
		})
	}
}

func TestWhatAProvenPersonWritesNeverCounts(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		for i := range 12 {
			if _, sent := p.says(ani, fmt.Sprintf("Kabar %d", i)); count(sent, tickets.KindMessage, fd) != 1 {
				t.Fatalf("answer %d: %s", i, kinds(sent))
			}
			if _, sent := p.says(fd, "", command("status")); count(sent, tickets.KindStatus, fd) != 1 {
				t.Fatalf("status %d: %s", i, kinds(sent))
			}
		}
	})
}

func TestARobotInAStaffMembersNameGetsFiveAnswersAnHour(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for i := range 20 {
			d.File(d.Mail(budi, "Terima kasih", fmt.Sprintf("Kami sudah menerima surel Anda (%d).", i)))
		}
		sent := d.Deliver()
		if count(sent, tickets.KindHelp, budi) != 5 || count(sent, tickets.KindWarning, fd) != 1 || len(sent) != 6 {
			t.Errorf("it caused %s", kinds(sent))
		}
	})
}

func TestBouncesOfNoMailOfOursOpenTicketsAndAreToldFiveTimesAnHour(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for i := range 8 {
			out := d.File(d.Mail("mailer-daemon@jauh.example", "Undelivered", fmt.Sprint(i), func(a *tickets.Arrival) { a.Automatic = tickets.AutoBounce }))
			if !out.Opened {
				t.Fatalf("bounce %d opened nothing", i)
			}
		}
		sent := d.Deliver()
		if count(sent, tickets.KindNewReport, fd) != 5 || count(sent, tickets.KindWarning, fd) != 1 || len(sent) != 6 {
			t.Errorf("it caused %s", kinds(sent))
		}
	})
}

func TestABombInOnesNameOpensTicketsAndIsAcknowledgedWithinTheCaps(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for hour := range 6 {
			for i := range 30 {
				if out := d.File(d.Mail("korban@jauh.example", fmt.Sprintf("Bom %d.%d", hour, i), "x")); !out.Opened {
					t.Fatalf("mail %d.%d opened nothing", hour, i)
				}
			}
			want := 5
			if hour >= 4 {
				want = 0 // twenty a day are out
			}
			if got := count(d.Deliver(), tickets.KindAcknowledged, "korban@jauh.example"); got != want {
				t.Errorf("hour %d: %d acknowledgements, want %d", hour, got, want)
			}
			d.Pass(time.Hour + time.Second)
		}
	})
}
