package tickets

import "testing"

func TestEditDistanceCountsLetters(t *testing.T) {
	for _, c := range []struct {
		about, a, b string
		want        int
	}{
		{"the same word", "tutup", "tutup", 0},
		{"one letter for another", "tutuo", "tutup", 1},
		{"one letter left out", "tutp", "tutup", 1},
		{"one letter too many", "tutuup", "tutup", 1},
		{"two neighbours swapped count once", "forwrad", "forward", 1},
		{"nothing against a word", "", "cc", 2},
		{"letters are runes, not bytes", "é", "e", 1},
		{"unlike words", "status", "buka", 6},
	} {
		if got := EditDistance(c.a, c.b); got != c.want {
			t.Errorf("%s: %q to %q is %d, want %d", c.about, c.a, c.b, got, c.want)
		}
		if got := EditDistance(c.b, c.a); got != c.want {
			t.Errorf("%s, the other way: %d, want %d", c.about, got, c.want)
		}
	}
}

func TestNearestIsWhatWasProbablyMeant(t *testing.T) {
	teams := []string{"network", "web", "Forensik"}
	for _, c := range []struct{ about, word, want string }{
		{"one letter off", "netwrk", "network"},
		{"case does not count", "NETWORK", "network"},
		{"the word comes back as it was listed", "forensic", "Forensik"},
		{"half of a short word is not near", "we", ""},
		{"two letters of four are half", "weab", "web"},
		{"three letters off are not near", "natwrok1", ""},
		{"nothing given, nothing meant", "", ""},
	} {
		if got := Nearest(c.word, teams); got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.about, c.word, got, c.want)
		}
	}
}

func TestNearestCommandKeepsTheLanguage(t *testing.T) {
	for _, c := range []struct{ about, word, want string }{
		{"English, letters swapped", "forwrad", "forward"},
		{"Indonesian, a letter left out", "teruska", "teruskan"},
		{"Indonesian, two letters off", "veryfikasi", "verifikasi"},
		{"English, between both languages", "verfy", "verify"},
		{"a word that is far from all", "selamat-pagi", ""},
		{"a path's first word", "etc", ""},
		{"a word of any length", string(make([]byte, 1<<16)), ""},
	} {
		if got := NearestCommand(c.word); got != c.want {
			t.Errorf("%s: %.20q gives %q, want %q", c.about, c.word, got, c.want)
		}
	}
}

func TestNearCommandIsOneLetterFromACommand(t *testing.T) {
	for _, c := range []struct {
		about, word string
		want        bool
	}{
		{"the command itself", "tutup", true},
		{"any case", "TUTUP", true},
		{"one letter off", "tutp", true},
		{"swapped letters", "colse", true},
		{"one letter from a short command", "c", true},
		{"two letters off", "ttp", false},
		{"a usual folder", "var", false},
	} {
		if got := NearCommand(c.word); got != c.want {
			t.Errorf("%s: %q gives %v, want %v", c.about, c.word, got, c.want)
		}
	}
}
