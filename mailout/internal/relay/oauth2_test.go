package relay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"aduan/mailout/smtptest"
)

func TestRefusedTokenIsTriedOnceMoreWithAFreshOne(t *testing.T) {
	var good atomic.Value
	good.Store("fresh")
	s, err := smtptest.Start("127.0.0.1:0", nil, smtptest.Options{RequireAuth: true, Token: func(user, token string) bool { return user == "aduan" && token == good.Load() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var asked []string
	r := New(Config{Addr: s.Addr(), Username: "aduan", Token: func(_ context.Context, refused string) (string, error) {
		if asked = append(asked, refused); refused == "" {
			return "old", nil
		}
		return "fresh", nil
	}})
	defer r.Close()
	if words, err := r.Send(t.Context(), "aduan@csirt.example", "ani@dinas.example", strings.NewReader("Subject: x\r\n\r\nx\r\n")); err != nil {
		t.Fatalf("%s %v", words, err)
	}
	if !slices.Equal(asked, []string{"", "old"}) || s.Mails()[0].User != "aduan" {
		t.Errorf("tokens were asked for in place of %q", asked)
	}
}

func TestRelayThatTakesNoTokenIsNotAskedTwiceWithTheSameOne(t *testing.T) {
	s, err := smtptest.Start("127.0.0.1:0", nil, smtptest.Options{Token: func(string, string) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	logIns := 0
	r := New(Config{Addr: s.Addr(), Username: "aduan", Token: func(context.Context, string) (string, error) { logIns++; return "same-token", nil }})
	defer r.Close()
	err = r.Check(t.Context())
	var away *Unreachable
	if !errors.As(err, &away) || away.Step != "log-in" || !strings.Contains(err.Error(), "did not take the access token") || strings.Contains(err.Error(), "same-token") {
		t.Errorf("a relay that takes no token: %v", err)
	}
	if logIns != 2 {
		t.Errorf("asked for %d tokens, want 2: one, and one in its place", logIns)
	}
}
