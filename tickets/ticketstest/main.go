package ticketstest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
)

// Main runs a package's tests, then, where all of them ran and passed, the checks of everything that they had the Stores do,
// and stops the database server that they started. Call it from TestMain. Statements are those of each dialect.
func Main(m *testing.M, checks ...func(statements map[string][]string) error) {
	code := m.Run()
	for _, check := range checks {
		if code != 0 || !all() {
			break
		}
		if err := check(used.statements()); err != nil {
			fmt.Fprintf(os.Stderr, "FAIL: %v\n", err)
			code = 1
		}
	}
	if shared.cluster != nil {
		shared.cluster.Stop()
	}
	os.Exit(code)
}

// all says whether no flag chose among the tests.
func all() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

// record gathers the statements of all Stores of a test binary, by dialect.
type record struct {
	mu    sync.Mutex
	texts map[string]map[string]bool
}

var used record

func (r *record) add(dialect string, statements []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.texts == nil {
		r.texts = map[string]map[string]bool{}
	}
	if r.texts[dialect] == nil {
		r.texts[dialect] = map[string]bool{}
	}
	for _, text := range statements {
		r.texts[dialect][text] = true
	}
}

func (r *record) statements() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]string{}
	for dialect, texts := range r.texts {
		out[dialect] = slices.Sorted(maps.Keys(texts))
	}
	return out
}
