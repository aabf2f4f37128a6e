// Package chart draws bar charts as PNG pictures for mails and documents.
//
// It promises pictures of exactly Width by the height that the bars need, on white, in fonts that are built in, so that they
// look the same on every machine; the same input gives the same bytes. They are drawn at twice the size at which they are
// shown, so that telephones show them sharp. An error means that nothing was drawn.
package chart

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-analyze/charts"
)

// Width of every picture in pixels. Show it at half of that.
const Width = 1088

// Heights in pixels.
const (
	columnsHeight = 480
	barHeight     = 58  // of one label's bars
	barsAround    = 100 // legend and margins of horizontal bars
)

// Series is one row of values with its name and colour.
type Series struct {
	Name   string
	Colour string // "#0b5394"
	Values []float64
}

// Bars is one chart: a value of each series for each label.
type Bars struct {
	Labels     []string
	Series     []Series
	Horizontal bool // for labels of many letters: they stand on the left, the first on top
}

// PNG draws the chart and returns the picture with its height in pixels.
func PNG(b Bars) (picture []byte, height int, err error) {
	if len(b.Labels) == 0 || len(b.Series) == 0 {
		return nil, 0, errors.New("draw a chart: there is nothing to draw")
	}
	values := make([][]float64, len(b.Series))
	colours, names := make([]charts.Color, len(b.Series)), make([]string, len(b.Series))
	labels := slices.Clone(b.Labels)
	for i, s := range b.Series {
		if len(s.Values) != len(b.Labels) {
			return nil, 0, fmt.Errorf("draw a chart: %d values for %d labels", len(s.Values), len(b.Labels))
		}
		values[i], colours[i], names[i] = slices.Clone(s.Values), charts.ParseColor(s.Colour), s.Name
	}
	height = columnsHeight
	if b.Horizontal { // the library begins at the bottom
		height = barsAround + barHeight*len(labels)
		slices.Reverse(labels)
		for i := range values {
			slices.Reverse(values[i])
		}
	}
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: Width, Height: height})
	if err := p.BarChart(options(b, labels, names, values, colours)); err != nil {
		return nil, 0, fmt.Errorf("draw a chart: %w", err)
	}
	if picture, err = p.Bytes(); err != nil {
		return nil, 0, fmt.Errorf("draw a chart: %w", err)
	}
	return picture, height, nil
}

const fontSize = 17 // points at the library's 92 dots an inch: 11 pixels where the picture is shown at half its size

func options(b Bars, labels, names []string, values [][]float64, colours []charts.Color) charts.BarChartOption {
	ink := charts.ParseColor("#1c2732")
	font := charts.FontStyle{FontSize: fontSize, FontColor: ink, Font: charts.GetFont(charts.FontFamilyNotoSans)}
	o := charts.NewBarChartOptionWithData(values)
	o.Theme = charts.GetTheme(charts.ThemeLight).WithSeriesColors(colours).WithBackgroundColor(charts.ColorWhite).
		WithAxisSplitLineColor(charts.ParseColor("#dde2e8")).WithXAxisColor(charts.ParseColor("#8794a1"))
	o.Horizontal = b.Horizontal
	o.Padding = charts.Box{Top: 12, Right: 60, Bottom: 12, Left: 12, IsSet: true}
	o.Legend = charts.LegendOption{SeriesNames: names, FontStyle: font, Symbol: charts.SymbolSquare}
	o.CategoryAxis = charts.CategoryAxisOption{Labels: labels, LabelFontStyle: font, LabelCount: len(labels)}
	o.ValueFormatter = whole
	zero, most := 0.0, 4.0
	for _, row := range values {
		most = max(most, slices.Max(row))
	}
	for i := range o.ValueAxis {
		o.ValueAxis[i].LabelFontStyle, o.ValueAxis[i].Min, o.ValueAxis[i].SplitLineShow = font, &zero, charts.Ptr(true)
		if most == 4 {
			o.ValueAxis[i].Max, o.ValueAxis[i].Unit = &most, 1
		}
	}
	for i := range o.SeriesList {
		o.SeriesList[i].Label = charts.SeriesLabel{Show: charts.Ptr(true), FontStyle: font, ValueFormatter: whole}
	}
	return o
}

// whole writes a number of tickets; where the axis falls between two it says nothing.
func whole(v float64) string {
	if v != float64(int(v)) {
		return ""
	}
	return strconv.Itoa(int(v))
}
