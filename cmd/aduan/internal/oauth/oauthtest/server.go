// Package oauthtest is an OAuth2 provider for tests, on loopback: device log-in (RFC 8628), authorization codes with PKCE,
// client credentials, refresh tokens that are replaced at each use, and introspection (RFC 7662) as a mail server asks for it.
//
// It is as strict as the strictest: a refresh token that is used twice ends the whole log-in, as with reuse detection.
package oauthtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Server is a running provider with one client and one user.
type Server struct {
	URL    string
	Client string // the registered client_id
	Secret string // of the client, for client credentials
	User   string // who has a mailbox

	mu       sync.Mutex
	life     time.Duration
	approved bool
	denied   bool
	down     bool
	serial   int
	refresh  string          // the one that is good now
	spent    map[string]bool // those that were used
	ended    bool            // the log-in was ended
	access   map[string]time.Time
	codes    map[string]string // authorization code → PKCE challenge
	grants   map[string]int
}

// Start starts a provider and ends it with the test.
func Start(t testing.TB, user string) *Server {
	t.Helper()
	s := &Server{Client: "aduan-client", Secret: "aduan-client-secret", User: user, life: time.Hour, spent: map[string]bool{}, access: map[string]time.Time{},
		codes: map[string]string{}, grants: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /device", s.device)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /introspect", s.introspect)
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	s.URL = web.URL
	return s
}

// Approve is the person who types the code in.
func (s *Server) Approve() { s.set(func() { s.approved = true }) }

// Deny is the person who refuses.
func (s *Server) Deny() { s.set(func() { s.denied = true }) }

// Down lets every answer be a 503, or no more.
func (s *Server) Down(down bool) { s.set(func() { s.down = down }) }

// Life is how long access tokens are good from now on.
func (s *Server) Life(d time.Duration) { s.set(func() { s.life = d }) }

// EndAccess ends all access tokens at once, before their time.
func (s *Server) EndAccess() { s.set(func() { clear(s.access) }) }

// EndLogIn ends the log-in: refresh tokens are refused.
func (s *Server) EndLogIn() { s.set(func() { s.ended = true; clear(s.access) }) }

func (s *Server) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Grants counts the tokens that were given, or refused, by grant: refresh_token, reuse, ….
func (s *Server) Grants(grant string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grants[grant]
}

// Good says whether an access token is good now, as a mail server asks.
func (s *Server) Good(user, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return user == s.User && time.Now().Before(s.access[token])
}

func (s *Server) device(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("client_id") != s.Client {
		refuse(w, "invalid_client", "there is no such client")
		return
	}
	answer(w, http.StatusOK, map[string]any{"device_code": "device-1", "user_code": "ABCD-EFGH", "verification_uri": s.URL + "/activate", "expires_in": 60, "interval": 1})
}

// authorize is a browser whose person agrees at once.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.serial++
	code := fmt.Sprintf("code-%d", s.serial)
	s.codes[code] = r.FormValue("code_challenge")
	s.mu.Unlock()
	http.Redirect(w, r, r.FormValue("redirect_uri")+"/?"+url.Values{"code": {code}, "state": {r.FormValue("state")}}.Encode(), http.StatusFound)
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grant := r.FormValue("grant_type")
	switch {
	case s.down:
		http.Error(w, "under repair", http.StatusServiceUnavailable)
	case r.FormValue("client_id") != s.Client:
		refuse(w, "invalid_client", "there is no such client")
	case grant == "client_credentials" && r.FormValue("client_secret") == s.Secret:
		s.give(w, grant, false)
	case grant == "client_credentials":
		refuse(w, "invalid_client", "the secret is wrong")
	case grant == "authorization_code" && s.proves(r.FormValue("code"), r.FormValue("code_verifier")):
		s.ended = false
		s.give(w, grant, true)
	case grant == "urn:ietf:params:oauth:grant-type:device_code" && s.denied:
		refuse(w, "access_denied", "the person refused")
	case grant == "urn:ietf:params:oauth:grant-type:device_code" && !s.approved:
		refuse(w, "authorization_pending", "")
	case grant == "urn:ietf:params:oauth:grant-type:device_code":
		s.ended = false
		s.give(w, grant, true)
	case grant == "refresh_token" && s.spent[r.FormValue("refresh_token")]:
		s.grants["reuse"]++
		s.ended = true // somebody has a stolen copy, as far as a provider can know
		refuse(w, "invalid_grant", "the refresh token was used before")
	case grant == "refresh_token" && !s.ended && r.FormValue("refresh_token") == s.refresh:
		s.spent[s.refresh] = true
		s.give(w, grant, true)
	default:
		s.grants["refused"]++
		refuse(w, "invalid_grant", "the grant has ended")
	}
}

// proves is PKCE's check (RFC 7636 section 4.6); a code is good once.
func (s *Server) proves(code, verifier string) bool {
	want, known := s.codes[code]
	delete(s.codes, code)
	sum := sha256.Sum256([]byte(verifier))
	return known && base64.RawURLEncoding.EncodeToString(sum[:]) == want
}

func (s *Server) give(w http.ResponseWriter, grant string, refreshing bool) {
	s.serial++
	s.grants[grant]++
	access := fmt.Sprintf("access-%d", s.serial)
	s.access[access] = time.Now().Add(s.life)
	out := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": int(s.life.Seconds())}
	if refreshing {
		s.refresh = fmt.Sprintf("refresh-%d", s.serial)
		out["refresh_token"] = s.refresh
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	if !s.Good(s.User, r.FormValue("token")) {
		answer(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	answer(w, http.StatusOK, map[string]any{"active": true, "username": s.User, "email": s.User})
}

func refuse(w http.ResponseWriter, code, words string) {
	answer(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": words})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
