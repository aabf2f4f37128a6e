package waypoint

import "testing"

func TestEveryPointHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if s.String() == "" || seen[s.String()] {
			t.Errorf("point %d is called %q", s, s)
		}
		seen[s.String()] = true
	}
	if len(seen) != int(end) {
		t.Errorf("%d of %d points", len(seen), end)
	}
}

func TestAPointIsToldToWhoWatchesAndPassesUnseenElse(t *testing.T) {
	var told []Point
	Pass(t.Context(), MailStaged)
	Pass(Watch(t.Context(), func(s Point) { told = append(told, s) }), MailTaken)
	if len(told) != 1 || told[0] != MailTaken {
		t.Errorf("told %v", told)
	}
}

func BenchmarkPassUnwatched(b *testing.B) {
	ctx := b.Context()
	for b.Loop() {
		Pass(ctx, MailStaged)
	}
}
