package faultnet

import "testing"

func TestTheFaultComesAtTheChosenByte(t *testing.T) {
	rows := []struct {
		about  string
		rule   Rule
		pieces []string
		passed string
		fault  bool
	}{
		{"no fault passes all", Rule{Bytes: 1}, []string{"abc"}, "abc", false},
		{"cut at a byte", Rule{Cut: true, Bytes: 2}, []string{"abc"}, "ab", true},
		{"cut counted over pieces", Rule{Cut: true, Bytes: 4}, []string{"abc", "def"}, "abcd", true},
		{"cut behind a text", Rule{Cut: true, After: []byte("bc"), Bytes: 1}, []string{"abcdef"}, "abcd", true},
		{"the text is split", Rule{Cut: true, After: []byte("bcd"), Bytes: 1}, []string{"ab", "c", "def"}, "abcde", true},
		{"the text never comes", Rule{Cut: true, After: []byte("xyz")}, []string{"ab", "xy", "ab"}, "abxyab", false},
		{"cut at once", Rule{Cut: true}, []string{"abc"}, "", true},
	}
	for _, row := range rows {
		t.Run(row.about, func(t *testing.T) {
			c := counter{rule: row.rule}
			var passed string
			var fault bool
			for _, piece := range row.pieces {
				var n int
				if n, fault = c.pass([]byte(piece)); n >= 0 {
					passed += piece[:n]
				}
				if fault {
					break
				}
			}
			if passed != row.passed || fault != row.fault {
				t.Errorf("got %q, fault %v, want %q, fault %v", passed, fault, row.passed, row.fault)
			}
		})
	}
}
