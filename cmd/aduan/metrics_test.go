package main

import (
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
)

// TestAlertsAndDashboardNameWhatIsExported reads the files for Prometheus and Grafana against what /metrics says.
func TestAlertsAndDashboardNameWhatIsExported(t *testing.T) {
	in, err := install(t.TempDir(), "sqlite:aduan.db", "127.0.0.1:1", "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&program{config: in.config, out: os.Stdout, err: os.Stderr}).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	day, err := p.store.ReconciliationDue(t.Context(), time.Now())
	if err == nil {
		_, err = p.store.Reconcile(t.Context(), day, nil, p.evidence)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := newHealth()
	h.expect("report")
	h.mail("opened", time.Second)
	h.sent("sent", time.Second)
	answer := httptest.NewRecorder()
	h.handler(p).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	told := answer.Body.String()
	for _, file := range []string{"../../docs/alerts.yml", "../../docs/grafana.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\baduan_[a-z_]+`).FindAllString(string(text), -1)
		if slices.Sort(names); len(slices.Compact(names)) < 5 {
			t.Errorf("%s names only %q", file, names)
		}
		for _, name := range slices.Compact(names) {
			// Without a mailbox that was read and a notice that waits there is no line of these: their description is what is exported.
			if !strings.Contains(told, "\n"+name+"{") && !strings.Contains(told, "\n"+name+" ") && !described(name) {
				t.Errorf("%s names %s, which is not exported", file, name)
			}
		}
		for _, m := range regexp.MustCompile(`aduan_(?:tickets|notices)\{state[=~]+\\?"([a-z|]+)`).FindAllStringSubmatch(string(text), -1) {
			for _, state := range strings.Split(m[1], "|") {
				if !slices.Contains(tickets.States(), tickets.State(state)) && !slices.Contains([]string{"queued", "held", "failed", "bounced"}, state) {
					t.Errorf("%s asks for the state %q", file, state)
				}
			}
		}
	}
}

func described(name string) bool {
	for _, d := range []string{noticesDesc.String(), readDesc.String(), ticketsDesc.String()} {
		if strings.Contains(d, `"`+name+`"`) {
			return true
		}
	}
	return false
}
