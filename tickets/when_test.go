package tickets

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// mondayAfternoon is the clock of these tests: Monday, 23 November 2026, 14.00 in Denpasar.
func mondayAfternoon(t testing.TB) (time.Time, *time.Location) {
	t.Helper()
	wita := zoneOf(t, "Asia/Makassar")
	return time.Date(2026, 11, 23, 14, 0, 0, 0, wita), wita
}

type whenCase struct {
	about, args string
	want        string // 2006-01-02 15:04 in Denpasar; a date alone for a whole day
	rest        string // what is left for the caller
}

func checkWhen(t *testing.T, cases []whenCase, read func([]string, time.Time, *time.Location) (time.Time, bool, int, error)) {
	t.Helper()
	now, wita := mondayAfternoon(t)
	for _, c := range cases {
		args := strings.Fields(c.args)
		at, allDay, used, err := read(args, now, wita)
		if err != nil {
			t.Errorf("%s: %q: %v", c.about, c.args, err)
			continue
		}
		got := at.Format("2006-01-02 15:04")
		if allDay {
			got = strings.TrimSuffix(got, " 00:00")
		}
		if got != c.want || strings.Join(args[used:], " ") != c.rest || at.Location() != wita {
			t.Errorf("%s: %q gives %q and leaves %q, want %q and %q", c.about, c.args, got, args[used:], c.want, c.rest)
		}
	}
}

func TestDatesAreReadAsPeopleWriteThem(t *testing.T) {
	checkWhen(t, []whenCase{
		{"ISO date and time", "2026-11-25 10:00", "2026-11-25 10:00", ""},
		{"ISO with T", "2026-11-25T10:00", "2026-11-25 10:00", ""},
		{"ISO with T, seconds and Z", "2026-11-25T02:00:30Z", "2026-11-25 10:00", ""},
		{"ISO with an offset", "2026-11-25T09:00+07:00", "2026-11-25 10:00", ""},
		{"ISO date with slashes", "2026/11/25 10.00", "2026-11-25 10:00", ""},
		{"day first, slashes, a full stop in the time", "25/11/2026 10.00", "2026-11-25 10:00", ""},
		{"day first, hyphens, a date alone", "25-11-2026", "2026-11-25", ""},
		{"day first, full stops", "25.11.2026 10:00", "2026-11-25 10:00", ""},
		{"long dashes of a telephone", "25–11–2026 10.00", "2026-11-25 10:00", ""},
		{"a year of two digits", "25/11/26 10.00", "2026-11-25 10:00", ""},
		{"no year, still to come", "25/11 10.00", "2026-11-25 10:00", ""},
		{"no year, past: the next one", "3/2", "2027-02-03", ""},
		{"no year, today: today, even where the hour is past", "23/11 08.00", "2026-11-23 08:00", ""},
		{"29 February is looked for in leap years", "29 Feb", "2028-02-29", ""},
		{"Indonesian month, pukul", "25 November 2026 pukul 10.00", "2026-11-25 10:00", ""},
		{"short month without a year", "25 Nov 10:00", "2026-11-25 10:00", ""},
		{"the month's Indonesian short form", "3 Agt 2027", "2027-08-03", ""},
		{"month in the same word", "25-Nop-2026", "2026-11-25", ""},
		{"month first, as in English", "November 25th, 2026 at 10am", "2026-11-25 10:00", ""},
		{"month first without a year", "Dec 1 9:30", "2026-12-01 09:30", ""},
		{"an official letter's way", "Rabu, 25 November 2026, pukul 10.00 WITA di Denpasar", "2026-11-25 10:00", "di Denpasar"},
		{"tanggal leads to a date", "tanggal 25 November jam 10", "2026-11-25 10:00", ""},
		{"the weekday in brackets behind", "25/11/2026 (Rabu) 10.00", "2026-11-25 10:00", ""},
		{"a hyphen between date and time", "25/11/2026 - 10.00", "2026-11-25 10:00", ""},
		{"a full stop at the end", "25/11/2026 10.00.", "2026-11-25 10:00", ""},
		{"a comma behind the date", "25/11/2026, 10.00", "2026-11-25 10:00", ""},
		{"the time first", "10.00 25/11/2026", "2026-11-25 10:00", ""},
	}, ParseWhen)
}

func TestDaysAreCountedFromToday(t *testing.T) {
	checkWhen(t, []whenCase{
		{"tomorrow with a place behind", "besok 10.00 Ruang rapat", "2026-11-24 10:00", "Ruang rapat"},
		{"tomorrow as a whole day with a place", "besok Ruang rapat", "2026-11-24", "Ruang rapat"},
		{"a capital from the telephone", "Besok 10.00", "2026-11-24 10:00", ""},
		{"the day after tomorrow", "lusa", "2026-11-25", ""},
		{"the day after tomorrow in English", "the day after tomorrow 9:00", "2026-11-25 09:00", ""},
		{"today", "hari ini 15.00", "2026-11-23 15:00", ""},
		{"today in English, whole day", "today", "2026-11-23", ""},
		{"today, past: given as it is", "hari ini 09.00", "2026-11-23 09:00", ""},
		{"tomorrow in English", "tomorrow 10:00", "2026-11-24 10:00", ""},
		{"a bare hour at the end", "besok 10", "2026-11-24 10:00", ""},
		{"a bare number before a place is the place's", "besok 10 Downing Street", "2026-11-24", "10 Downing Street"},
		{"yesterday", "kemarin 20.00", "2026-11-22 20:00", ""},
		{"days ahead", "7 hari lagi", "2026-11-30", ""},
		{"days ahead in English", "in 3 days 08:00", "2026-11-26 08:00", ""},
		{"a week ahead", "seminggu lagi", "2026-11-30", ""},
		{"weeks ahead", "2 minggu", "2026-12-07", ""},
		{"days ago", "2 hari lalu", "2026-11-21", ""},
		{"now", "sekarang", "2026-11-23 14:00", ""},
		{"tomorrow and its weekday agree", "besok Selasa 10.00", "2026-11-24 10:00", ""},
	}, ParseWhen)
}

func TestWeekdaysAreTheNextOnes(t *testing.T) {
	checkWhen(t, []whenCase{
		{"today's weekday, its time ahead: today", "senin 16.00", "2026-11-23 16:00", ""},
		{"today's weekday, its time past: in a week", "senin 10.00", "2026-11-30 10:00", ""},
		{"today's weekday alone: in a week", "senin", "2026-11-30", ""},
		{"the coming weekday", "jumat 09.00 Ruang server", "2026-11-27 09:00", "Ruang server"},
		{"with an apostrophe", "Jum'at", "2026-11-27", ""},
		{"Sunday", "minggu 10.00", "2026-11-29 10:00", ""},
		{"Sunday said as a day of next week", "hari minggu depan", "2026-12-06", ""},
		{"next week's Monday", "Senin depan", "2026-11-30", ""},
		{"next week's Friday", "jumat depan 10.00", "2026-12-04 10:00", ""},
		{"the same, with the week named", "jumat minggu depan", "2026-12-04", ""},
		{"this week's Friday", "jumat ini", "2026-11-27", ""},
		{"English with am", "monday 9am", "2026-11-30 09:00", ""},
		{"English with a blank before pm", "tuesday 9 pm", "2026-11-24 21:00", ""},
		{"next in English", "next friday 10:00", "2026-12-04 10:00", ""},
		{"a short form", "Fri 10:00", "2026-11-27 10:00", ""},
		{"hari before the day", "hari rabu jam 10", "2026-11-25 10:00", ""},
		{"the last one", "jumat lalu", "2026-11-20", ""},
	}, ParseWhen)
}

func TestTimesOfDayAndZones(t *testing.T) {
	checkWhen(t, []whenCase{
		{"an hour", "jam 15", "2026-11-23 15:00", ""},
		{"an hour that is past stays today's: the caller decides", "jam 10", "2026-11-23 10:00", ""},
		{"the team's own zone", "10.00 WITA", "2026-11-23 10:00", ""},
		{"a zone in the same word", "besok 10.00WITA", "2026-11-24 10:00", ""},
		{"western time is an hour behind", "besok 10.00 WIB", "2026-11-24 11:00", ""},
		{"eastern time is an hour ahead", "besok 10.00 (WIT) Zoom", "2026-11-24 09:00", "Zoom"},
		{"universal time", "2026-11-25 02:00 UTC", "2026-11-25 10:00", ""},
		{"an offset from it", "2026-11-25 10:00 UTC+7", "2026-11-25 11:00", ""},
		{"morning", "besok jam 9 pagi", "2026-11-24 09:00", ""},
		{"afternoon adds twelve", "besok jam 3 sore Aula", "2026-11-24 15:00", "Aula"},
		{"noon", "besok jam 12 siang", "2026-11-24 12:00", ""},
		{"early afternoon", "besok 1 siang", "2026-11-24 13:00", ""},
		{"evening", "besok 7.30 malam", "2026-11-24 19:30", ""},
		{"24 hours with the part of the day said too", "besok pukul 15.00 sore", "2026-11-24 15:00", ""},
		{"the part of the day first", "besok pagi jam 10", "2026-11-24 10:00", ""},
		{"tonight", "malam ini jam 8", "2026-11-23 20:00", ""},
		{"twelve am is midnight", "tomorrow 12am", "2026-11-24 00:00", ""},
		{"twelve pm is noon", "tomorrow 12 p.m.", "2026-11-24 12:00", ""},
		{"seconds are read", "besok 10:00:59", "2026-11-24 10:00", ""},
		{"a span in three words keeps its end in the rest", "besok 10.00 - 12.00 Aula", "2026-11-24 10:00", "- 12.00 Aula"},
		{"a second date behind the time is the place's", "besok 10.00 Senin", "2026-11-24 10:00", "Senin"},
	}, ParseWhen)
}

func TestWhatHasHappenedIsLookedForInThePast(t *testing.T) {
	checkWhen(t, []whenCase{
		{"today's weekday, its time past: today", "senin 10.00", "2026-11-23 10:00", ""},
		{"today's weekday, its time ahead: a week ago", "senin 16.00", "2026-11-16 16:00", ""},
		{"another weekday", "jumat 09.00", "2026-11-20 09:00", ""},
		{"a date without a year, ahead this year: last year's", "25 Nov", "2025-11-25", ""},
		{"a date without a year, past", "20/11 09.00", "2026-11-20 09:00", ""},
		{"a whole date is what it is", "2026-11-25 10:00", "2026-11-25 10:00", ""},
		{"yesterday", "kemarin", "2026-11-22", ""},
		{"days ago", "3 days ago", "2026-11-20", ""},
	}, ParsePast)
}

func TestWhatIsNoTimeIsSaidWithTwoExamples(t *testing.T) {
	now, wita := mondayAfternoon(t)
	for _, c := range []struct{ about, args, says string }{
		{"nothing", "", "waktunya belum ditulis"},
		{"a place alone", "Ruang rapat", "bukan waktu"},
		{"a number alone", "10 Ruang", "bukan waktu"},
		{"a word that leads to a time, and none", "jam Ruang", "bukan waktu"},
		{"the month before the day, as in America", "11/25/2026 10:00", "tanggal yang tidak ada"},
		{"a day that the month has not", "31 November 2026", "tanggal yang tidak ada"},
		{"no leap year", "29/02/2026", "tanggal yang tidak ada"},
		{"an hour that no clock shows", "besok 25.00", "jam yang tidak ada"},
		{"a minute that no clock shows", "besok 10.75", "jam yang tidak ada"},
		{"an hour that its part of the day has not", "besok jam 10 sore", "jam yang tidak ada"},
		{"twelve at night is two nights", "besok jam 12 malam", "jam yang tidak ada"},
		{"a span", "besok 10.00-12.00 Aula", "rentang"},
		{"a weekday that is not the date's", "Kamis, 25 November 2026 10.00", "tidak cocok"},
		{"tomorrow is no Sunday", "besok minggu 10.00", "tidak cocok"},
		{"Sunday or a week", "minggu depan", "hari Minggu atau minggu depan"},
		{"a year out of all bounds", "25/11/0026", "tanggal yang tidak ada"},
	} {
		at, allDay, used, err := ParseWhen(strings.Fields(c.args), now, wita)
		var why *WhenError
		if !errors.As(err, &why) {
			t.Errorf("%s: %q gives %v, want an error", c.about, c.args, at)
			continue
		}
		if !strings.Contains(why.In(Indonesian), c.says) || used != 0 || allDay || !at.IsZero() {
			t.Errorf("%s: %q says %q (%d used), want %q", c.about, c.args, why.In(Indonesian), used, c.says)
		}
		if !strings.Contains(why.In(Indonesian), "2026-11-25 10:00 atau besok 10.00") || !strings.Contains(err.Error(), "2026-11-25 10:00 or tomorrow 10:00") {
			t.Errorf("%s: the examples are missing: %q", c.about, err)
		}
	}
}

func TestAQuotedTimeIsOneArgument(t *testing.T) {
	now, wita := mondayAfternoon(t)
	at, _, used, err := ParseWhen([]string{"25 November 2026", "10.00", "Ruang rapat"}, now, wita)
	if err != nil || used != 2 || at.Format("2006-01-02 15:04") != "2026-11-25 10:00" {
		t.Errorf("a quoted date and a time: %v, %d used, %v", at, used, err)
	}
	at, _, used, err = ParseWhen([]string{"besok 10.00"}, now, wita)
	if err != nil || used != 1 || at.Day() != 24 {
		t.Errorf("date and time in one argument: %v, %d used, %v", at, used, err)
	}
	if _, _, used, err = ParseWhen([]string{"besok 10.00 Ruang"}, now, wita); err == nil {
		t.Errorf("an argument that only begins with a time is not taken in part, %d used", used)
	}
}

func TestTheTeamsZoneDecides(t *testing.T) {
	now, _ := mondayAfternoon(t)
	late := now.Add(9*time.Hour + 30*time.Minute) // 23.30 in Denpasar, 00.30 of the next day in Jayapura
	at, _, _, err := ParseWhen([]string{"besok", "10.00"}, late, zoneOf(t, "Asia/Jayapura"))
	if err != nil || at.Format("2006-01-02 15:04 MST") != "2026-11-25 10:00 WIT" {
		t.Errorf("tomorrow in Jayapura: %v, %v", at, err)
	}
	if at, _, _, err = ParseWhen([]string{"2026-11-25", "10:00"}, now, nil); err != nil || at.Location() != time.UTC {
		t.Errorf("without a zone it is UTC: %v, %v", at, err)
	}
}

func TestTimesAreWrittenForPeople(t *testing.T) {
	at := time.Date(2026, 8, 3, 6, 5, 0, 0, time.UTC)
	for _, c := range []struct {
		about, zone string
		language    Language
		want        string
	}{
		{"Indonesian in Denpasar", "Asia/Makassar", Indonesian, "3 Agustus 2026, 14.05 WITA"},
		{"English in Denpasar", "Asia/Makassar", English, "3 August 2026, 14:05 WITA"},
		{"western time", "Asia/Jakarta", Indonesian, "3 Agustus 2026, 13.05 WIB"},
		{"eastern time", "Asia/Jayapura", Indonesian, "3 Agustus 2026, 15.05 WIT"},
		{"no language is Indonesian", "UTC", "", "3 Agustus 2026, 06.05 UTC"},
		{"a zone that has no letters", "Asia/Singapore", English, "3 August 2026, 14:05 UTC+08"},
	} {
		if got := FormatTime(at, zoneOf(t, c.zone), c.language); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
	if got := FormatDate(at.Add(20*time.Hour), zoneOf(t, "Asia/Makassar"), Indonesian); got != "4 Agustus 2026" {
		t.Errorf("the day is that of the zone: %q", got)
	}
}

func TestAWrittenTimeCanBeReadAgain(t *testing.T) {
	now, wita := mondayAfternoon(t)
	for _, l := range []Language{Indonesian, English} {
		for month := time.January; month <= time.December; month++ {
			want := time.Date(2027, month, 3, 14, 5, 0, 0, wita)
			got, _, used, err := ParseWhen(strings.Fields(FormatTime(want, wita, l)), now, wita)
			if err != nil || !got.Equal(want) || used != 5 {
				t.Errorf("%s: read again as %v (%d used), %v", FormatTime(want, wita, l), got, used, err)
			}
		}
	}
}

func FuzzParseWhen(f *testing.F) {
	for _, s := range []string{"2026-11-25 10:00", "25/11/2026 10.00 Ruang", "Rabu, 25 November 2026 pukul 10.00 WITA", "besok 9 pagi", "senin minggu depan jam 3 sore",
		"7 hari lagi", "10.00-12.00", "Nov 25th, 2026 at 10 p.m.", "hari ini", "jam", "minggu depan", "2026-11-25T10:00:00.5+07:00", "99 99 99", "29 feb", "- , - pukul"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, split bool) {
		now, wita := mondayAfternoon(t)
		args := []string{s}
		if split {
			args = strings.Fields(s)
		}
		for _, read := range []func([]string, time.Time, *time.Location) (time.Time, bool, int, error){ParseWhen, ParsePast} {
			at, allDay, used, err := read(args, now, wita)
			if err != nil {
				if used != 0 || !at.IsZero() {
					t.Fatalf("%q: an error with %d used and %v", args, used, at)
				}
				continue
			}
			if used < 1 || used > len(args) || at.Year() < 1980 || at.Year() > 2210 {
				t.Fatalf("%q: %v, %d of %d used", args, at, used, len(args))
			}
			if allDay && at.Format("15:04:05") != "00:00:00" {
				t.Fatalf("%q: a whole day begins at %v", args, at)
			}
			again, _, n, err := read(args[:used], now, wita)
			if err != nil || n != used && split || !split && !again.Equal(at) {
				t.Fatalf("%q: its own beginning is read as %v (%d), %v", args, again, n, err)
			}
		}
	})
}
