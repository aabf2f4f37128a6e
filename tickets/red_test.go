package tickets_test

import (
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestRedIsShownToNobodyWhoIsNotNamedWhateverTheyAsk(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "", command("set", "tlp=red"))
		for _, name := range []string{"status", "history", "note"} {
			d.File(signed(d, wayan, string(p.n), "Boleh lihat?", command(name)))
			for _, n := range p.deliver() {
				if n.To.Address != wayan {
					continue
				}
				if strings.Contains(n.Subject, "Situs diretas") || n.Kind == tickets.KindStatus || n.Kind == tickets.KindHistory {
					t.Errorf("/%s tells wayan %s, %q", name, n.Kind, n.Subject)
				}
			}
		}
		for _, who := range []string{budi, fd} {
			if n := to(t, p.must(who, "", command("status")), who); n.Kind != tickets.KindStatus || !strings.Contains(n.Subject, "Situs diretas") {
				t.Errorf("%s, who is named, gets %s, %q", who, n.Kind, n.Subject)
			}
		}
	})
}
