package tickets_test

import (
	"testing"
	"time"

	"aduan/tickets/ticketstest"
)

// jumping is a time of day that is set back or forth beside a clock that goes on evenly.
type jumping struct{ even, by time.Duration }

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func (j *jumping) day() time.Time    { return noon.Add(j.even + j.by) }
func (j *jumping) steady() time.Time { return noon.Add(j.even) }

func TestAClockThatJumpsAnHourNeitherHoldsNorRepeatsMail(t *testing.T) {
	for about, by := range map[string]time.Duration{"forth": time.Hour, "back": -time.Hour} {
		t.Run(about, func(t *testing.T) {
			ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
				j := &jumping{}
				d.Store.Clock, d.Store.Steady = j.day, j.steady
				fileAt(t, d, j, ani)
				first := claim(t, d, 50)
				fileAt(t, d, j, made)
				j.by = by
				if again := claim(t, d, 50); len(again) != 2 {
					t.Errorf("claimed are %d notices of the second report, want both of it and none that is being sent", len(again))
				}
				n := to(t, first, ani)
				if err := d.Later(t.Context(), n, "451 later"); err != nil {
					t.Fatal(err)
				}
				j.by = 0
				j.even += 17 * time.Second
				again := claim(t, d, 50)
				if to(t, again, ani).Attempt != 2 {
					t.Errorf("after 15 seconds of waiting are claimed %d", len(again))
				}
			})
		})
	}
}

func fileAt(t *testing.T, d *ticketstest.Desk, j *jumping, from string) {
	t.Helper()
	filed, err := d.Store.File(t.Context(), j.day(), d.Mail(from, "Laporan", "Isi."))
	if err != nil || filed[0].Err != nil {
		t.Fatal(err, filed)
	}
}
