package mailout

import (
	"bytes"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"aduan/tickets"
)

func figuresNotice() tickets.Notice {
	return sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindFigures)
}

func TestChartsOfAMailArePicturesThatItsHTMLShows(t *testing.T) {
	m := render(t, figuresNotice())
	shown := regexp.MustCompile(`src="cid:([^"]+)"`).FindAllStringSubmatch(m.html(), -1)
	if len(shown) != 4 {
		t.Fatalf("%d charts in the HTML, want 4", len(shown))
	}
	for _, s := range shown {
		found := false
		for _, p := range m.parts {
			if p.id != s[1] {
				continue
			}
			found = true
			if _, err := png.Decode(strings.NewReader(p.body)); err != nil || p.disposition != "inline" || p.kind != "image/png" {
				t.Errorf("chart %s is %s %s: %v", p.id, p.disposition, p.kind, err)
			}
		}
		if !found {
			t.Errorf("the HTML shows %s, which the mail does not hold", s[1])
		}
	}
	if len(m.raw) > 1_000_000 {
		t.Errorf("the mail has %d bytes", len(m.raw))
	}
}

func TestFiguresReadTheSameInTextAndHTML(t *testing.T) {
	m := render(t, figuresNotice())
	for _, want := range []string{"Angka bulan November 2026", "Oktober 2026", "Penyisipan konten judi (SEO spam)", "Fraud / Phishing", "belum diketahui", "Sangat Berbahaya", "dinas.example", "TLP:RED", "20 detik", "7 jam 30 mnt", "2–8", "39 / 27", "1 November 2026 – 30 November 2026"} {
		if !strings.Contains(m.text(), want) || !strings.Contains(m.html(), want) {
			t.Errorf("%q: in the text %t, in the HTML %t", want, strings.Contains(m.text(), want), strings.Contains(m.html(), want))
		}
	}
	for _, line := range strings.Split(m.text(), "\n") {
		if len([]rune(strings.TrimRight(line, "\r"))) > 78 {
			t.Errorf("a line of %d characters: %q", len([]rune(line)), line)
		}
	}
}

func TestPageOfFiguresLoadsNothing(t *testing.T) {
	r := newTestRenderer(t, witaSettings())
	var page, text bytes.Buffer
	if err := r.WriteFiguresHTML(&page, *sampleFigures(), sampleTime); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFiguresText(&text, *sampleFigures(), sampleTime); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), `src="data:image/png;base64,`); n != 4 || strings.Count(page.String(), "src=") != n {
		t.Errorf("%d charts within the page", n)
	}
	for _, remote := range []string{"http:", "https:", "<script", "<link", "@import", "url(", "cid:"} {
		if strings.Contains(page.String(), remote) {
			t.Errorf("the page holds %q", remote)
		}
	}
	if !strings.Contains(text.String(), "Dibuat 23 November 2026, 14.05 WITA") || !strings.Contains(page.String(), "Dibuat 23 November 2026, 14.05 WITA") {
		t.Error("the page does not say when it was made")
	}
}

func TestARunningMonthSaysThatItIsNotOver(t *testing.T) {
	n := figuresNotice()
	n.Figures.Until = n.Figures.From.AddDate(0, 0, 3)
	if m := render(t, n); !strings.Contains(m.text(), "masih berjalan: sampai 4 November 2026, 00.00 WITA") {
		t.Error(m.text())
	}
}

func TestAMonthWithoutTicketsIsAReportToo(t *testing.T) {
	n := figuresNotice()
	empty := tickets.MonthlyFigures{Month: n.Figures.Month, From: n.Figures.From, To: n.Figures.To, Until: n.Figures.To, ByWeek: n.Figures.ByWeek[:1]}
	n.Figures = &empty
	n.Figures.Before = nil
	if m := render(t, n); !strings.Contains(m.text(), "RINGKASAN") {
		t.Error(m.text())
	}
}

func TestDurationsAreSaidInAtMostTwoUnits(t *testing.T) {
	labels := newTestRenderer(t, witaSettings()).set.Words["en"].Labels
	for seconds, want := range map[int64]string{0: "0 s", 119: "119 s", 120: "2 min", 7170: "120 min", 7200: "2 h", 172_770: "48 h", 9000: "2 h 30 min", 172_800: "2 d", 180_000: "2 d 2 h", 1_000_000: "11 d 14 h"} {
		if got := duration(seconds, labels); got != want {
			t.Errorf("%d: %q, want %q", seconds, got, want)
		}
	}
}
