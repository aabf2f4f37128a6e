package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aduan/tickets"
)

func TestIngestShowsABarOnlyToAPersonWhoWaits(t *testing.T) {
	for _, row := range []struct {
		about   string
		size    int64
		watched bool
		want    bool
	}{
		{"a big file before a person", 8 << 20, true, true},
		{"a big file in a script", 8 << 20, false, false},
		{"a small file", 1000, true, false},
		{"a pipe, whose size nobody knows", 0, true, false},
	} {
		var out, errOut bytes.Buffer
		r := newIngestReport(&out, &errOut, "tahun-2024.mbox", row.size, row.watched)
		if _, err := io.Copy(io.Discard, r.reading(bytes.NewReader(make([]byte, row.size)))); err != nil {
			t.Fatal(err)
		}
		r.filed(tickets.Filed{Outcome: tickets.Outcome{Opened: true, Ticket: "CSIRT-2026-0001"}})
		r.end()
		if got := strings.Contains(errOut.String(), "tahun-2024.mbox"); got != row.want {
			t.Errorf("%s: bar %v, want %v: %q", row.about, got, row.want, errOut.String())
		}
		if out.String() != "opened\tCSIRT-2026-0001\n" {
			t.Errorf("%s: programs read %q", row.about, out.String())
		}
	}
}

func TestManualPagesTellEveryCall(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "man1")
	in := installation{}
	in.call(t, exitDone, "man", folder)
	for _, name := range []string{"aduan.1", "aduan-serve.1", "aduan-ticket-export.1", "aduan-staff-add.1"} {
		page, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.Contains(string(page), ".SH NAME") || !strings.Contains(string(page), "config") {
			t.Errorf("%s: %v\n%s", name, err, page)
		}
	}
}
