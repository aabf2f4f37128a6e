package tickets_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestMonthsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{"2026-11": "2026-11", "11/2026": "2026-11", " 2026-1 ": "2026-01", "2026.12": "2026-12"} {
		if m, err := tickets.ParseMonth(text); err != nil || m.String() != want {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-00", "november", "2026-11-01", "0000-01"} {
		if m, err := tickets.ParseMonth(text); err == nil {
			t.Errorf("%q was read as %s", text, m)
		}
	}
}

func TestMonthsBeginInTheTeamsTimeZone(t *testing.T) {
	zone := ticketstest.Settings().Location
	at := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
	if m := tickets.MonthOf(at, zone); m.String() != "2026-12" {
		t.Errorf("%s is in %s", at, m)
	}
	from, to := tickets.Month{Year: 2026, Month: time.December}.Bounds(zone)
	if from.UTC() != time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC) || to.UTC() != time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) {
		t.Errorf("from %s to %s", from.UTC(), to.UTC())
	}
	if b := (tickets.Month{Year: 2027, Month: time.January}).Before(); b.String() != "2026-12" {
		t.Errorf("before January is %s", b)
	}
}

func TestStaffGetAMonthsFiguresByMail(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		in(t, d, tickets.Responding)
		d.Pass(time.Minute)
		out := d.File(d.Mail(budi, "angka", "", func(a *tickets.Arrival) {
			a.Commands, a.Authentication.DKIM = []tickets.CommandLine{command("report", "2026-11")}, "csirt.example"
		}))
		if out.Refused != "" || out.Ticket != "" {
			t.Fatalf("%+v", out)
		}
		n := to(t, d.Deliver(), budi)
		if n.Kind != tickets.KindFigures || n.Room != tickets.Internal || n.Figures == nil || n.Figures.Opened != 1 || n.Figures.Month.String() != "2026-11" || n.Subject != "Angka bulan November 2026" {
			t.Fatalf("%s %s %q %+v", n.Kind, n.Room, n.Subject, n.Figures)
		}
		for arg, want := range map[string]string{"2027-01": "belum terjadi", "kemarin": "bukan bulan"} {
			out := d.File(d.Mail(fd, "angka", "", func(a *tickets.Arrival) {
				a.Commands, a.Authentication.DKIM = []tickets.CommandLine{command("report", arg)}, "csirt.example"
			}))
			if !strings.Contains(out.Refused, want) {
				t.Errorf("%s: %q", arg, out.Refused)
			}
		}
	})
}

func TestFiguresOfAReporterAreNobodysBusiness(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "angka", "/report", func(a *tickets.Arrival) {
			a.Commands, a.Authentication.DKIM = []tickets.CommandLine{command("report")}, "dinkes.baliprov.example"
		}))
		for _, n := range d.Deliver() {
			if n.Kind == tickets.KindFigures || n.Figures != nil {
				t.Errorf("%s got the figures", n.To.Address)
			}
		}
	})
}

func TestCSVHasOneFigureALine(t *testing.T) {
	f := tickets.MonthlyFigures{Month: tickets.Month{Year: 2026, Month: time.November}, Opened: 3,
		ByType:   []tickets.TypeFigure{{Type: "phishing", Class: "Fraud", RSIT: "Phishing", Tickets: 2}, {Tickets: 1}},
		ByOffice: []tickets.OfficeFigure{{Office: "=cmd|x", Tickets: 3}}, ByWeek: []tickets.WeekFigure{{Week: "2026-W45", First: "2026-11-02", Last: "2026-11-08", Opened: 3}},
		Times:  []tickets.TimeFigure{{What: tickets.TimeVerify, Tickets: 2, Median: 60, P90: 90}},
		Before: &tickets.MonthlyFigures{Opened: 7, ByType: []tickets.TypeFigure{{Type: "ddos", Tickets: 7}}, ByWeek: []tickets.WeekFigure{{Week: "2026-W44", Opened: 7}}}}
	var b strings.Builder
	if err := f.WriteCSV(&b, tickets.Indonesian); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rows {
		got[r[1]+" "+r[2]] = strings.Join([]string{r[3], r[4], r[5], r[6]}, ",")
	}
	for key, want := range map[string]string{
		"section key": "label,unit,value,before", "summary opened": "Dibuka,tickets,3,7", "by_type phishing": "Phishing (Fraud / Phishing),tickets,2,0", "by_type ": ",tickets,1,0",
		"by_type ddos": "Serangan DDoS ( / ),tickets,0,7", "by_office '=cmd|x": "'=cmd|x,tickets,3,0", "by_week_opened 2026-W45": "2026-11-02 – 2026-11-08,tickets,3,",
		"times verify_median": ",seconds,60,0", "times verify_p90": ",seconds,90,0", "by_week_opened 2026-W44": "",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
}
