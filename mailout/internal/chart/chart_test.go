package chart

import (
	"bytes"
	"image/png"
	"os"
	"testing"
)

func weeks() Bars {
	return Bars{Labels: []string{"1–6", "7–13", "14–20", "21–27", "28–31"}, Series: []Series{
		{"Dibuka", "#0b5394", []float64{60, 71, 0, 66, 34}}, {"Ditutup", "#9fb3c8", []float64{20, 51, 44, 60, 30}}}}
}

func types() Bars {
	return Bars{Horizontal: true, Labels: []string{"Web Defacement", "Penyisipan konten judi (SEO spam)", "Kebocoran Data (bukan data pribadi)", "Peringatan Keamanan (kerentanan)", "belum diketahui"},
		Series: []Series{{"Desember 2026", "#0b5394", []float64{31, 20, 12, 2, 0}}, {"November 2026", "#9fb3c8", []float64{10, 2, 4, 3, 1}}}}
}

func TestPicturesAreAsLargeAsTheySay(t *testing.T) {
	for name, b := range map[string]Bars{"weeks": weeks(), "types": types(), "nothing": {Labels: []string{"a"}, Series: []Series{{"x", "#0b5394", []float64{0}}}}} {
		picture, height, err := PNG(b)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Bounds(); got.Dx() != Width || got.Dy() != height {
			t.Errorf("%s: %v, want %d by %d", name, got, Width, height)
		}
		if d := os.Getenv("ADUAN_PICTURES"); d != "" {
			os.WriteFile(d+"/chart-"+name+".png", picture, 0o600)
		}
	}
}
