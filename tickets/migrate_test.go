package tickets_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"aduan/migrations"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestBothDialectsHaveTheSameMigrations(t *testing.T) {
	names := map[string][]string{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		entries, err := fs.ReadDir(migrations.Files, dialect)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names[dialect] = append(names[dialect], e.Name())
		}
	}
	if len(names["sqlite"]) == 0 || !slices.Equal(names["sqlite"], names["postgres"]) {
		t.Errorf("sqlite %q, postgres %q", names["sqlite"], names["postgres"])
	}
}

func TestDatabaseOfANewerVersionIsRefused(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		if err := d.CheckVersion(t.Context()); err != nil {
			t.Errorf("the version of this program: %v", err)
		}
		tamper(t, d, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)`, 9999, true)
		if _, err := d.Migrate(t.Context()); !errors.Is(err, tickets.ErrNewerDatabase) {
			t.Errorf("Migrate: %v", err)
		}
		if err := d.CheckVersion(t.Context()); !errors.Is(err, tickets.ErrNewerDatabase) {
			t.Errorf("CheckVersion: %v", err)
		}
	})
}

func TestManyProcessesMayMigrateAtOnce(t *testing.T) {
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "aduan.db") },
		"postgres": func(t *testing.T) string { return ticketstest.PostgreSQL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			where := url(t)
			var wg sync.WaitGroup
			for range 6 {
				s, err := tickets.OpenStore(t.Context(), where, ticketstest.Settings())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { s.Close() })
				wg.Go(func() {
					if _, err := s.Migrate(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestDatabaseURLThatCannotBeOpenedSaysWhy(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite:/no/such/folder/aduan.db", "postgres://u:geheim@127.0.0.1:1/x?sslmode=disable"} {
		s, err := tickets.OpenStore(t.Context(), url, ticketstest.Settings())
		if err == nil {
			s.Close()
			t.Errorf("%q was opened", url)
		} else if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v tells the password", err)
		}
	}
}
