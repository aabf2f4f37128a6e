package mailout

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"aduan/mailout/internal/chart"
	"aduan/templates"
	"aduan/tickets"
)

// figuresView is a month's figures as the layouts show them, in a mail and as a page of its own.
type figuresView struct {
	Lang, Team  string
	Colour, Ink template.CSS
	TLP         string
	TLPInk      template.CSS
	Title       string // Angka bulan Desember 2026
	Period      string // from when to when, and of which time zone
	Now, Before string // names of the months, above the columns
	Tables      []figureTable
	Notes       []string // what is counted when
	Made        string   // when, by whom
}

// figureTable is one table of figures, with a chart of the same where a picture tells more.
type figureTable struct {
	Title string
	Head  string // what the columns hold where it is not a number of tickets
	Chart *figureChart
	Rows  []figureRow
	// Compared says whether the rows have figures of the month before.
	Compared bool
}

// figureChart is a picture; in a mail URL is a content id.
type figureChart struct {
	URL           template.URL
	Alt           string
	Width, Height int // as it is shown
	name          string
	png           []byte
}

// figureRow is one line: what is counted, and the figures of both months.
type figureRow struct {
	Label, Sub  string
	Now, Before string
}

// officesAtMost bounds the offices in a mail and a page; JSON and CSV have all of them.
const officesAtMost = 15

// beforeColour is that of the month before in charts.
const beforeColour = "#9fb3c8"

// monthWriter words one month's figures.
type monthWriter struct {
	f      tickets.MonthlyFigures
	before tickets.MonthlyFigures
	lang   tickets.Language
	labels templates.Labels
	colour string
	err    error // the first chart that could not be drawn
}

func (w *monthWriter) label(key string) string { return w.labels.Get("figures", key) }

// figuresView words the figures of a month and draws the charts.
func (r *Renderer) figuresView(f tickets.MonthlyFigures, l tickets.Language) (*figuresView, error) {
	set, known := r.set.Words[string(l)]
	if !known {
		l = r.settings.Language
		set = r.set.Words[string(l)]
	}
	w := &monthWriter{f: f, lang: l, labels: set.Labels, colour: r.settings.Colour}
	if f.Before != nil {
		w.before = *f.Before
	}
	v := &figuresView{Lang: string(l), Team: oneLine(r.settings.TeamName, maxName), Colour: r.colour, Ink: r.ink, TLP: tickets.TLPAmber.Label(), TLPInk: tlpInk(tickets.TLPAmber),
		Title: fmt.Sprintf(w.label("title"), f.Month.Label(l)), Now: f.Month.Label(l), Before: f.Month.Before().Label(l), Notes: w.notes()}
	last := f.Until.Add(-time.Microsecond)
	v.Period = tickets.FormatDate(f.From, r.settings.Location, l) + " – " + tickets.FormatDate(last, r.settings.Location, l)
	if f.Until.Before(f.To) {
		v.Period = fmt.Sprintf(w.label("running"), tickets.FormatTime(f.Until, r.settings.Location, l))
	}
	v.Tables = []figureTable{w.summary(), w.times(), w.weeks(), w.types(), w.severities(), w.states(), w.offices()}
	return v, w.err
}

func (w *monthWriter) row(label string, now, before int) figureRow {
	return figureRow{Label: label, Now: strconv.Itoa(now), Before: strconv.Itoa(before)}
}

// summary is what happened in the month, whenever the tickets were opened.
func (w *monthWriter) summary() figureTable {
	t := figureTable{Compared: true, Title: w.label("summary")}
	for _, x := range []struct {
		key         string
		now, before int
	}{
		{"opened", w.f.Opened, w.before.Opened}, {"verified", w.f.Verified, w.before.Verified}, {"closed", w.f.Closed, w.before.Closed},
		{"rejected", w.f.Rejected, w.before.Rejected}, {"duplicates", w.f.Duplicates, w.before.Duplicates}, {"reopened", w.f.Reopened, w.before.Reopened},
		{"open", w.f.Open, w.before.Open}, {"overdue", w.f.Overdue, w.before.Overdue},
	} {
		t.Rows = append(t.Rows, w.row(w.label(x.key), x.now, x.before))
	}
	return t
}

func (w *monthWriter) times() figureTable {
	t := figureTable{Compared: true, Title: w.label("times")}
	took := func(x tickets.TimeFigure, seconds int64) string {
		if x.Tickets == 0 {
			return "–"
		}
		return duration(seconds, w.labels)
	}
	for _, x := range w.f.Times {
		before := w.before.Time(x.What)
		t.Rows = append(t.Rows,
			figureRow{Label: w.label(x.What) + w.label("median"), Now: took(x, x.Median), Before: took(before, before.Median)},
			figureRow{Label: w.label(x.What) + w.label("p90"), Sub: fmt.Sprintf(w.label("of_tickets"), x.Tickets, before.Tickets), Now: took(x, x.P90), Before: took(before, before.P90)})
	}
	return t
}

// duration tells seconds as people say them, in at most two units.
func duration(seconds int64, labels templates.Labels) string {
	say := func(key string, n int64) string { return fmt.Sprintf(labels.Get("duration", key), n) }
	two := func(big string, size int64, small string, per int64) string {
		n := (seconds + per/2) / per
		s := say(big, n/(size/per))
		if rest := n % (size / per); rest > 0 {
			s += " " + say(small, rest)
		}
		return s
	}
	switch {
	case seconds < 120:
		return say("second", seconds)
	case seconds < 2*3600:
		return say("minute", (seconds+30)/60)
	case seconds < 48*3600:
		return two("hour", 3600, "minute", 60)
	}
	return two("day", 24*3600, "hour", 3600)
}

func (w *monthWriter) weeks() figureTable {
	t := figureTable{Title: w.label("weeks"), Head: w.label("opened_closed")}
	var opened, closed []float64
	var labels []string
	for _, x := range w.f.ByWeek {
		label := day(x.First) + "–" + day(x.Last)
		if x.First == x.Last {
			label = day(x.First)
		}
		labels, opened, closed = append(labels, label), append(opened, float64(x.Opened)), append(closed, float64(x.Closed))
		t.Rows = append(t.Rows, figureRow{Label: label, Sub: x.Week, Now: fmt.Sprintf("%d / %d", x.Opened, x.Closed)})
	}
	t.Chart = w.draw("weeks", t.Title, chart.Bars{Labels: labels, Series: []chart.Series{{Name: w.label("opened"), Colour: w.colour, Values: opened}, {Name: w.label("closed"), Colour: beforeColour, Values: closed}}})
	return t
}

// day is the day of the month of a date.
func day(date string) string { return strings.TrimPrefix(date[len(date)-2:], "0") }

func (w *monthWriter) types() figureTable {
	t := figureTable{Compared: true, Title: w.label("types")}
	before := map[tickets.Type]int{}
	for _, x := range w.before.ByType {
		before[x.Type] = x.Tickets
	}
	add := func(x tickets.TypeFigure, now int) {
		row := w.row(x.Type.Incident().Label, now, before[x.Type])
		if x.Type == "" {
			row.Label = w.label("unknown")
		} else {
			row.Sub = x.Class + " / " + x.RSIT
		}
		t.Rows = append(t.Rows, row)
		delete(before, x.Type)
	}
	for _, x := range w.f.ByType {
		add(x, x.Tickets)
	}
	for _, x := range w.before.ByType { // what came up the month before alone
		if _, left := before[x.Type]; left {
			add(x, 0)
		}
	}
	t.Chart = w.compare("types", t)
	return t
}

func (w *monthWriter) severities() figureTable {
	t := figureTable{Compared: true, Title: w.label("severities")}
	for i, x := range w.f.BySeverity {
		label, before := x.Severity.Label(w.lang), 0
		if x.Severity == "" {
			label = w.label("unknown")
		}
		if i < len(w.before.BySeverity) {
			before = w.before.BySeverity[i].Tickets
		}
		t.Rows = append(t.Rows, w.row(label, x.Tickets, before))
	}
	t.Chart = w.compare("severities", t)
	return t
}

func (w *monthWriter) states() figureTable {
	t := figureTable{Compared: true, Title: w.label("states")}
	for i, x := range w.f.ByState {
		before := 0
		if i < len(w.before.ByState) {
			before = w.before.ByState[i].Tickets
		}
		row := w.row(x.State.Label(w.lang), x.Tickets, before)
		if !x.State.Final() {
			row.Sub = fmt.Sprintf(w.label("of_all"), x.Open)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (w *monthWriter) offices() figureTable {
	t := figureTable{Compared: true, Title: w.label("offices")}
	before := map[string]int{}
	for _, x := range w.before.ByOffice {
		before[x.Office] = x.Tickets
	}
	others, othersBefore := 0, 0
	for i, x := range w.f.ByOffice {
		if i >= officesAtMost {
			others, othersBefore = others+x.Tickets, othersBefore+before[x.Office]
			continue
		}
		label := oneLine(x.Office, maxName)
		if label == "" {
			label = w.label("no_office")
		}
		t.Rows = append(t.Rows, w.row(label, x.Tickets, before[x.Office]))
	}
	if n := len(w.f.ByOffice) - officesAtMost; n > 0 {
		t.Rows = append(t.Rows, w.row(fmt.Sprintf(w.label("others"), n), others, othersBefore))
	}
	t.Chart = w.compare("offices", t)
	return t
}

// compare draws a table's rows for both months; nil where there is nothing to see.
func (w *monthWriter) compare(name string, t figureTable) *figureChart {
	var labels []string
	var now, before []float64
	some := false
	for _, r := range t.Rows {
		n, _ := strconv.Atoi(r.Now)
		b, _ := strconv.Atoi(r.Before)
		some = some || n+b > 0
		labels, now, before = append(labels, cutLabel(r.Label)), append(now, float64(n)), append(before, float64(b))
	}
	if !some {
		return nil
	}
	return w.draw(name, t.Title, chart.Bars{Horizontal: true, Labels: labels, Series: []chart.Series{
		{Name: w.f.Month.Label(w.lang), Colour: w.colour, Values: now}, {Name: w.f.Month.Before().Label(w.lang), Colour: beforeColour, Values: before}}})
}

// cutLabel keeps room for the bars beside a label.
func cutLabel(s string) string { return oneLine(s, 36) }

// draw returns the chart, its picture as a part of the page; a mail gives it a content id instead.
func (w *monthWriter) draw(name, title string, b chart.Bars) *figureChart {
	png, height, err := chart.PNG(b)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("chart of %s: %w", name, err)
	}
	return &figureChart{URL: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)), Alt: title, Width: chart.Width / 2, Height: height / 2, name: name, png: png}
}

// notes say what is counted when.
func (w *monthWriter) notes() []string {
	var notes []string
	for _, key := range []string{"note_opened", "note_times", "note_overdue"} {
		notes = append(notes, w.label(key))
	}
	return notes
}

// WriteFiguresHTML writes a month's figures as a page of its own: one file, nothing loaded from elsewhere.
func (r *Renderer) WriteFiguresHTML(w io.Writer, f tickets.MonthlyFigures, at time.Time) error {
	return r.writeFigures(w, f, at, func(w io.Writer, v *figuresView) error { return r.set.HTML.ExecuteTemplate(w, "report", v) })
}

// WriteFiguresText writes a month's figures as tables for a terminal.
func (r *Renderer) WriteFiguresText(w io.Writer, f tickets.MonthlyFigures, at time.Time) error {
	return r.writeFigures(w, f, at, func(w io.Writer, v *figuresView) error { return r.set.Text.ExecuteTemplate(w, "report", v) })
}

func (r *Renderer) writeFigures(w io.Writer, f tickets.MonthlyFigures, at time.Time, write func(io.Writer, *figuresView) error) error {
	v, err := r.figuresView(f, r.settings.Language)
	if err != nil {
		return fmt.Errorf("write the figures of %s: %w", f.Month, err)
	}
	v.Made = fmt.Sprintf(r.set.Words[v.Lang].Labels.Get("figures", "made"), tickets.FormatTime(at, r.settings.Location, r.settings.Language))
	var b bytes.Buffer
	if err := write(&b, v); err != nil {
		return fmt.Errorf("write the figures of %s: %w", f.Month, err)
	}
	_, err = b.WriteTo(w)
	return err
}

// addFigures puts a month's figures into a mail, with the charts as pictures of the mail.
func (c *composition) addFigures(v *view) error {
	if c.n.Figures == nil || !c.staff {
		return nil
	}
	f, err := c.r.figuresView(*c.n.Figures, c.lang)
	if err != nil {
		return err
	}
	for _, t := range f.Tables {
		if t.Chart != nil {
			id := t.Chart.name + "@" + tickets.Domain(c.r.settings.Address)
			t.Chart.URL = previewURL(id)
			c.pictures = append(c.pictures, picture{id: id, name: t.Chart.name + ".png", kind: "image/png", data: t.Chart.png})
		}
	}
	v.Figures = f
	return nil
}

// picture is one that the HTML of a mail shows by its content id.
type picture struct {
	id, name, kind string
	data           []byte
}
