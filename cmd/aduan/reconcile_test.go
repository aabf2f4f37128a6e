package main

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aduan/mailin/imaptest"
	"aduan/tickets/ticketstest"
)

// The day's comparison as serve makes it: through the mailbox of the settings, into the log and the metrics.
func TestReconciliationStandsInTheLogAndInTheMetrics(t *testing.T) {
	server, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.AddUser(aduan, password)
	if err := server.CreateFolder(aduan, "Aduan/Processed"); err != nil {
		t.Fatal(err)
	}
	lost := "From: " + ani + "\r\nSubject: hilang\r\nMessage-ID: <hilang@dinkes.baliprov.example>\r\n\r\nIsi.\r\n"
	if err := server.Deliver(aduan, "Aduan/Processed", []byte(lost), time.Now()); err != nil {
		t.Fatal(err)
	}
	in, err := install(t.TempDir(), ticketstest.PostgreSQL(t), server.Addr(), "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := loadSettings(in.config)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	p, err := openParts(t.Context(), s, slog.New(slog.NewTextHandler(&log, nil)), true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	day, err := p.store.ReconciliationDue(t.Context(), time.Now())
	if err != nil || day == "" {
		t.Fatalf("not due: %q, %v", day, err)
	}
	if err := p.reconcileDay(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "missing=1") || !strings.Contains(got, "hilang@dinkes.baliprov.example") {
		t.Errorf("the log says %q", got)
	}
	answer := httptest.NewRecorder()
	newHealth().handler(p).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`aduan_reconciliation_differences{kind="missing"} 1`, `aduan_reconciliation_differences{kind="other"} 0`, "aduan_reconciliation_age_seconds "} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
	if day, err := p.store.ReconciliationDue(t.Context(), time.Now()); err != nil || day != "" {
		t.Errorf("due again at once: %q, %v", day, err)
	}
}
