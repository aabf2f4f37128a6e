package tickets_test

import (
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestCounterStartsAgainWithTheYearInTheTeamsTimeZone(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.Pass(time.Date(2026, 12, 31, 15, 59, 0, 0, time.UTC).Sub(d.Now()))
		for _, want := range []tickets.Number{"BALIPROV-CSIRT-2026-0001", "BALIPROV-CSIRT-2027-0001", "BALIPROV-CSIRT-2027-0002"} {
			if got := d.File(d.Mail(ani, "Laporan", "Isi.")).Ticket; got != want {
				t.Errorf("at %s: number %s, want %s", d.Now(), got, want)
			}
			d.Pass(time.Minute)
		}
		d.WantClean()
	})
}

func TestNumberIsFoundHoweverItWasHandled(t *testing.T) {
	numbers := tickets.NewNumbers("BALIPROV-CSIRT")
	for text, want := range map[string]tickets.Number{
		"Re: [BALIPROV-CSIRT-2026-0123] Situs":    "BALIPROV-CSIRT-2026-0123",
		"baliprov-csirt-2026-0123":                "BALIPROV-CSIRT-2026-0123",
		"BALIPROV–CSIRT–2026–0123":                "BALIPROV-CSIRT-2026-0123",
		"BALIPROV - CSIRT - 2026 - 0123":          "BALIPROV-CSIRT-2026-0123",
		"(BALIPROV-CSIRT-2026-12345)":             "BALIPROV-CSIRT-2026-12345",
		"XBALIPROV-CSIRT-2026-0123":               "",
		"BALIPROV-CSIRT-2026-012":                 "",
		"BALIPROV-CSIRT-2026-0123X":               "",
		"LAIN-CSIRT-2026-0123":                    "",
		"BALIPROV-CSIRT-2026-00000000000000123":   "",
		"tiket BALIPROV-CSIRT-2026-0007, lainnya": "BALIPROV-CSIRT-2026-0007",
	} {
		if got := numbers.Find(text); got != want {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
}

func TestSubjectOfATicketHasNoPrefixesAndIsNeverEmpty(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for subject, want := range map[string]string{
			"Re: Fwd: FW: Situs diretas":      "Situs diretas",
			"[EXTERNAL] Bls: Situs diretas":   "Situs diretas",
			"":                                "(tanpa perihal)",
			"Re:":                             "(tanpa perihal)",
			"[BALIPROV-CSIRT-2020-0001] Lain": "Lain",
			"Re[2]: Balas: Mohon bantuan":     "Mohon bantuan",
			"Rekap insiden":                   "Rekap insiden",
		} {
			if got := d.Show(d.File(d.Mail(luar, subject, "Isi.")).Ticket).Subject; got != want {
				t.Errorf("%q became %q, want %q", subject, got, want)
			}
		}
	})
}
