package mailbox

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/mailin/dovecottest"
)

// introspection answers a mail server's questions about access tokens.
func introspection(t *testing.T, good *sync.Map) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, active := good.Load(r.FormValue("token"))
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"active": active, "username": testUser})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestRefusedTokenIsTriedAgainWithAFreshOneAndForEver(t *testing.T) {
	for _, mechanism := range []string{"", "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE AUTH=OAUTHBEARER UIDPLUS MOVE ESEARCH NAMESPACE"} {
		t.Run("capability "+mechanism, func(t *testing.T) {
			good := &sync.Map{}
			p, s := dovecot(t, dovecottest.Config{Introspect: introspection(t, good), Capability: mechanism})
			p.deliver(numbered(1))
			var mu sync.Mutex
			var asked []string // in the place of which refused token each was asked for
			start(t, p.addr, &ledger{}, func(c *Config) {
				c.Password = ""
				c.Token = func(_ context.Context, refused string) (string, error) {
					mu.Lock()
					defer mu.Unlock()
					if asked = append(asked, refused); len(asked) == 1 {
						return "old", nil
					}
					if len(asked) == 4 { // until then even the fresh one is refused
						good.Store("fresh", true)
					}
					return "fresh", nil
				}
			})
			eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
			mu.Lock()
			defer mu.Unlock()
			if len(asked) < 4 || asked[0] != "" || asked[1] != "old" || asked[2] != "fresh" {
				t.Errorf("tokens were asked for in place of %q\n%s", asked, s.Log())
			}
		})
	}
}

func TestLogInThatIsTriedSaysWhatTheServerSaid(t *testing.T) {
	good := &sync.Map{}
	p, _ := dovecot(t, dovecottest.Config{Introspect: introspection(t, good)})
	cfg := Config{Name: "report", Addr: p.addr, TLS: Plain, Username: testUser, Token: func(context.Context, string) (string, error) { return "old", nil }}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := TryLogIn(ctx, cfg)
	if err == nil || !strings.Contains(err.Error(), "refused the access token of "+testUser) || strings.Contains(err.Error(), "old") {
		t.Errorf("a refused token: %v", err)
	}
	good.Store("old", true)
	if err := TryLogIn(ctx, cfg); err != nil {
		t.Errorf("a good token: %v", err)
	}
}
