package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"aduan/tickets"
)

// absence is a database that is away before the gateway can begin: one line in the log when it is noticed and one when it is
// over, however many tries lie between, and /readyz says it meanwhile.
type absence struct {
	log    *slog.Logger
	listen string

	mu     sync.Mutex
	err    error // nil while nothing is wrong
	since  time.Time
	server *http.Server
	wait   time.Duration
}

// the waits between two tries to open the database.
const (
	firstAbsence   = time.Second
	longestAbsence = 30 * time.Second
)

// waitingHelps says whether the database may come back by itself.
func waitingHelps(err error) bool {
	var exit *exitError
	return err != nil && !errors.As(err, &exit) && !errors.Is(err, tickets.ErrNewerDatabase) && tickets.Away(err)
}

// outwait waits before the next try, longer each time, or until ctx ends.
func (a *absence) outwait(ctx context.Context, err error) {
	a.mu.Lock()
	if a.err == nil {
		a.since, a.wait = time.Now(), firstAbsence
		a.log.Error("the database is away, trying again until it is back", "error", err)
		a.answer()
	}
	a.err = err
	wait := a.wait
	a.wait = min(2*a.wait, longestAbsence)
	a.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// end is called when the database is there. Somebody else listens from then on.
func (a *absence) end() {
	a.stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		a.log.Info("the database is back", "after", time.Since(a.since).Round(time.Millisecond))
		a.err = nil
	}
}

// stop frees the address.
func (a *absence) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		a.server.Close()
		a.server = nil
	}
}

// answer serves /healthz and /readyz. Where the address cannot be had, the gateway says so when it begins.
func (a *absence) answer() {
	if a.listen == "" {
		return
	}
	l, err := net.Listen("tcp", a.listen)
	if err != nil {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		a.mu.Lock()
		wrong := map[string]string{}
		if a.err != nil {
			wrong["database"] = a.err.Error()
		}
		a.mu.Unlock()
		answerReady(w, wrong)
	})
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go a.server.Serve(l)
}

func alive(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

// answerReady tells what is wrong, by part: 200 where nothing is, else 503.
func answerReady(w http.ResponseWriter, wrong map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	if len(wrong) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(map[string]any{"ready": len(wrong) == 0, "wrong": wrong, "parts": slices.Sorted(maps.Keys(wrong))})
}
