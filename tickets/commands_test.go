package tickets_test

import (
	"slices"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const (
	o = tickets.Open
	v = tickets.Verified
	r = tickets.Responding
	m = tickets.Monitoring
	c = tickets.Closed
	j = tickets.Rejected
	u = tickets.Duplicate
)

var anyState = []tickets.State{o, v, r, m, c, j, u}

// table is what the contract says of staff's commands: who may give them, in which states, and what state follows.
var table = []struct {
	line tickets.CommandLine
	text string
	who  []string // beside the supervisor; "owner" is budi, "agent" also wayan
	from []tickets.State
	to   tickets.State // "" where it stays
}{
	{command("verify", "type=defacement"), "", []string{"fd"}, []tickets.State{o}, v},
	{command("forward", wayan), "", []string{"fd", "owner"}, []tickets.State{v, r, m}, r},
	{command("take"), "", []string{"owner", "agent"}, []tickets.State{v}, r},
	{command("forward", "front-desk"), "", []string{"fd", "owner"}, []tickets.State{r, m}, v},
	{command("ask"), "Sejak kapan?", []string{"fd", "owner"}, []tickets.State{o, v, r, m}, ""},
	{command("reply"), "Baik.", []string{"fd", "owner", "agent"}, []tickets.State{o, v, r, m}, ""},
	{command("note"), "Catatan.", []string{"fd", "owner", "agent"}, anyState, ""},
	{command("onsite", "besok", "10.00", "Ruang", "server"), "", []string{"owner"}, []tickets.State{r}, ""},
	{command("recommend"), "Perbarui.", []string{"owner"}, []tickets.State{r, m}, ""},
	{command("monitor", "2026-11-30"), "", []string{"owner"}, []tickets.State{r}, m},
	{command("reject", "bukan", "insiden"), "", []string{"fd", "owner"}, []tickets.State{o, v, r}, j},
	{command("duplicate", "BALIPROV-CSIRT-2026-0001"), "", []string{"fd", "owner"}, []tickets.State{o, v, r}, u},
	{command("reporter", made), "", []string{"fd", "owner"}, []tickets.State{o, v, r, m}, ""},
	{command("away", "2026-12-01"), "", []string{"fd", "owner", "agent"}, anyState, ""},
	{command("set", "severity=high"), "", []string{"fd", "owner"}, []tickets.State{o, v, r, m}, ""},
	{command("escalate"), "Dampak: besar.", []string{"owner"}, []tickets.State{r, m}, ""},
	{command("cc", made), "", []string{"fd", "owner"}, []tickets.State{o, v, r, m}, ""},
	{command("status"), "", []string{"fd", "owner", "agent"}, anyState, ""},
	{command("list", "all"), "", []string{"fd", "owner", "agent"}, anyState, ""},
	{command("help"), "", []string{"fd", "owner", "agent"}, anyState, ""},
}

// owned are the states in which budi is the owner.
var owned = []tickets.State{r, m, c}

func mayGive(who string, list []string, s tickets.State) bool {
	switch who {
	case fd:
		return slices.Contains(list, "fd")
	case budi: // an agent, and the owner where there is one
		return slices.Contains(list, "agent") || slices.Contains(list, "owner") && oneOf(s, owned)
	case wayan:
		return slices.Contains(list, "agent")
	}
	return true // supervisors may give every command
}

func TestCommandIsCarriedOutForTheRightGiverInTheRightStateOnly(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(made, "Kasus induk", "Induk."))
		for _, s := range anyState {
			refusing := lazily(t, d, s)
			for _, row := range table {
				for _, who := range []string{fd, budi, wayan, kepala} {
					name := string(s) + " " + who + " " + row.line.Line
					if !mayGive(who, row.who, s) || !oneOf(s, row.from) {
						wantRefusal(t, refusing, name, who, row.text, row.line)
						continue
					}
					p := lazily(t, d, s)
					if out, _ := p.writes(who, row.text, row.line); out.Refused != "" {
						t.Errorf("%s: refused: %s", name, out.Refused)
					}
					want := row.to
					if want == "" {
						want = s
					}
					if n, _ := d.Count(`SELECT COUNT(*) FROM ticket WHERE number = ? AND state = ?`, string(p.n), string(want)); n != 1 {
						t.Errorf("%s: the state is %s, want %s", name, p.file().State, want)
					}
				}
			}
		}
		d.WantClean()
	})
}

// wantRefusal gives a command that must be refused, and says no more than that of the ticket's chain.
func wantRefusal(t *testing.T, p *play, name, who, text string, line tickets.CommandLine) {
	t.Helper()
	const chain = `SELECT last_seq FROM ticket WHERE number = ?`
	before, _ := p.Count(chain, string(p.n))
	out, _ := p.writes(who, text, line)
	if after, _ := p.Count(chain, string(p.n)); out.Refused == "" || after != before+2 {
		t.Errorf("%s: outcome %+v with %d events, want refused with two", name, out, after-before)
	}
}

// wantUnchanged gives commands that must be refused, and looks for anything that they left behind.
func wantUnchanged(t *testing.T, p *play, name, who, text string, lines ...tickets.CommandLine) {
	t.Helper()
	before := p.file()
	people, _ := p.Count(`SELECT COUNT(*) FROM participant`)
	counter, _ := p.Count(`SELECT SUM(last) FROM counter`)
	out, sent := p.writes(who, text, lines...)
	if out.Refused == "" {
		t.Errorf("%s: carried out, want refused", name)
		return
	}
	local, _, _ := strings.Cut(who, "@")
	wantKinds(t, sent, local+":refused")
	after := p.file()
	if extra := eventKinds(after)[len(eventKinds(before)):]; !slices.Equal(extra, []string{"received", "refused"}) {
		t.Errorf("%s: left the events %v", name, extra)
	}
	if after.State != before.State || after.Owner != before.Owner || after.Subject != before.Subject || after.Severity != before.Severity || after.Reporter != before.Reporter {
		t.Errorf("%s: changed the ticket from %+v to %+v", name, before.Ticket, after.Ticket)
	}
	if n, _ := p.Count(`SELECT COUNT(*) FROM participant`); n != people {
		t.Errorf("%s: left %d participants, want %d", name, n, people)
	}
	if n, _ := p.Count(`SELECT SUM(last) FROM counter`); n != counter {
		t.Errorf("%s: the counter went from %d to %d", name, counter, n)
	}
	if m := after.Messages[len(after.Messages)-2]; m.Visibility != tickets.VisibleInternal {
		t.Errorf("%s: the mail is %s, want internal", name, m.Visibility)
	}
	if sent[0].Items[0].Back != text {
		t.Errorf("%s: gave back %q, want %q", name, sent[0].Items[0].Back, text)
	}
}

func TestReopeningLeadsBackToTheOwnerElseToFrontDesk(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for s, want := range map[tickets.State]tickets.State{o: "", v: "", r: "", m: r, c: r, j: o, u: o} {
			p := in(t, d, s)
			if want == "" {
				wantUnchanged(t, p, "reopening "+string(s), wayan, "", command("reopen"))
				continue
			}
			p.must(wayan, "", command("reopen"))
			wantState(t, d, p.n, want)
			if f := p.file(); f.DuplicateOf != "" || f.MonitorUntil != nil {
				t.Errorf("%s left %+v", s, f.Ticket)
			}
		}
		p := in(t, d, c)
		if err := d.RemoveStaff(t.Context(), budi, d.Now()); err != nil {
			t.Fatal(err)
		}
		p.must(fd, "", command("reopen"))
		wantState(t, d, p.n, o)
		d.WantClean()
	})
}

func TestCloseNeedsARecommendationEarlierOrInTheSameMail(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		wantUnchanged(t, p, "no recommendation", budi, "Selesai.", command("close"))
		wantUnchanged(t, p, "the wrong order", budi, "Perbarui.", command("close"), command("recommend"))
		wantUnchanged(t, p, "not the owner's", fd, "", command("close"))
		p.must(budi, "Perbarui.", command("recommend"))
		sent := p.must(kepala, "Sudah aman.", command("close"))
		wantKinds(t, sent, "ani:closed", "kepala:done", "budi:closed")
		if got := texts(to(t, sent, ani)); got != "Sudah aman." {
			t.Errorf("the closing summary is %q", got)
		}
		if got := to(t, sent, ani).Ticket.Recommendations; len(got) != 1 || got[0] != "Perbarui." {
			t.Errorf("recommendations %q", got)
		}
	})
}

func TestRecommendAndCloseTogetherMakeTheTextTheRecommendation(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, m)
		sent := p.must(budi, "Perbarui CMS.", command("recommend"), command("close"))
		wantKinds(t, sent, "ani:closed", "budi:done")
		if got := to(t, sent, ani).Ticket.Recommendations; len(got) != 1 || got[0] != "Perbarui CMS." {
			t.Errorf("recommendations %q", got)
		}
		if got := texts(to(t, sent, ani)); got != "Perbarui CMS." {
			t.Errorf("the text goes out as %q, want once", got)
		}
	})
}

// wrongLines are commands that must be refused.
var wrongLines = []struct {
	about string
	state tickets.State
	who   string
	text  string
	lines []tickets.CommandLine
	words string
}{
	{"an unknown word names the nearest one", v, fd, "", []tickets.CommandLine{command("forwrad", budi)}, "/forward"},
	{"an unknown word without a near one", v, fd, "", []tickets.CommandLine{command("xyzzy")}, "/bantuan"},
	{"the reporter's own commands", m, budi, "", []tickets.CommandLine{command("solved")}, "pelapor"},
	{"forward to nobody", v, fd, "", []tickets.CommandLine{command("forward")}, "/teruskan"},
	{"forward to two", v, fd, "", []tickets.CommandLine{command("forward", budi, wayan)}, wayan},
	{"forward to two in one word", v, fd, "", []tickets.CommandLine{command("forward", budi+","+wayan)}, "satu alamat"},
	{"forward to an unknown address", v, fd, "", []tickets.CommandLine{command("forward", "x@csirt.example")}, budi},
	{"forward to somebody who is no agent", v, kepala, "", []tickets.CommandLine{command("forward", fd)}, "bukan agen"},
	{"forward to who has it", r, fd, "", []tickets.CommandLine{command("forward", budi)}, "sudah menangani"},
	{"a field that the command does not know", v, fd, "", []tickets.CommandLine{command("forward", budi, "severity=high")}, "tingkat=high"},
	{"verify sets no due time", o, fd, "", []tickets.CommandLine{command("verify", "due=besok")}, "tenggat=besok"},
	{"a field said twice leaves an argument", o, fd, "", []tickets.CommandLine{{Name: "verify", Args: []string{"type=phishing"}, Set: map[string]string{"type": "defacement"}, Line: "/verify"}}, "type=phishing"},
	{"an unknown type", o, fd, "", []tickets.CommandLine{command("verify", "type=dragons")}, "defacement, gambling-injection"},
	{"an unknown severity", r, fd, "", []tickets.CommandLine{command("set", "severity=huge")}, "tingkat=huge"},
	{"an unknown TLP", r, fd, "", []tickets.CommandLine{command("set", "tlp=pink")}, "amber+strict"},
	{"an unknown language", r, fd, "", []tickets.CommandLine{command("set", "lang=de")}, "bahasa=de"},
	{"iiv is yes or no", r, fd, "", []tickets.CommandLine{command("set", "iiv=maybe")}, "ya"},
	{"an incident of the future", o, fd, "", []tickets.CommandLine{command("verify", "found=2026-12-31")}, "belum terjadi"},
	{"a time that is none, in the team's language", o, fd, "", []tickets.CommandLine{command("verify", "found=kapan-kapan")}, "bukan waktu"},
	{"due in the past", r, fd, "", []tickets.CommandLine{command("set", "due=2026-11-01")}, "sudah lewat"},
	{"set without a field", r, fd, "", []tickets.CommandLine{command("set")}, "isian"},
	{"ask without a question", r, fd, "", []tickets.CommandLine{command("ask")}, "teks"},
	{"reply without a text", r, fd, "", []tickets.CommandLine{command("reply")}, "teks"},
	{"note without a text", r, fd, "", []tickets.CommandLine{command("note")}, "teks"},
	{"recommend without a text", r, budi, "", []tickets.CommandLine{command("recommend")}, "teks"},
	{"reject without a reason", o, fd, "", []tickets.CommandLine{command("reject")}, "alasan"},
	{"an argument for none", v, wayan, "", []tickets.CommandLine{command("take", "saja")}, "saja"},
	{"a visit without a time", r, budi, "", []tickets.CommandLine{command("onsite")}, "waktu"},
	{"a visit in the past", r, budi, "", []tickets.CommandLine{command("onsite", "2026-11-01", "10:00")}, "sudah lewat"},
	{"a visit at no time", r, budi, "", []tickets.CommandLine{command("onsite", "ruang", "server")}, "bukan waktu"},
	{"monitoring until a place", r, budi, "", []tickets.CommandLine{command("monitor", "2026-11-30", "Denpasar")}, "Denpasar"},
	{"a duplicate of nothing", o, fd, "", []tickets.CommandLine{command("duplicate")}, "nomor"},
	{"a duplicate of no number", o, fd, "", []tickets.CommandLine{command("duplicate", "entah")}, "entah"},
	{"a duplicate of a number that was not given", o, fd, "", []tickets.CommandLine{command("duplicate", "BALIPROV-CSIRT-2026-9999")}, "9999"},
	{"a participant who is no address", r, fd, "", []tickets.CommandLine{command("cc", "made")}, "bukan alamat"},
	{"two participants", r, fd, "", []tickets.CommandLine{command("cc", made, luar)}, "satu alamat"},
	{"the reporter as a participant", r, fd, "", []tickets.CommandLine{command("cc", ani)}, "pelapor"},
	{"staff as a participant", r, fd, "", []tickets.CommandLine{command("cc", wayan)}, "/teruskan"},
	{"the report address as a participant", r, fd, "", []tickets.CommandLine{command("cc", ticketstest.Address)}, "alamat tim"},
	{"the report address as the reporter", r, fd, "", []tickets.CommandLine{command("reporter", ticketstest.Address)}, "alamat tim"},
	{"somebody who is no participant", r, fd, "", []tickets.CommandLine{command("uncc", made)}, "bukan peserta"},
	{"the reporter moved to the reporter", r, fd, "", []tickets.CommandLine{command("reporter", ani)}, "sudah"},
	{"a list that there is not", r, fd, "", []tickets.CommandLine{command("list", "everything")}, "overdue"},
	{"a new ticket without a subject", o, fd, "Telepon.", []tickets.CommandLine{command("new")}, "perihal"},
	{"a new ticket without a report", o, fd, "", []tickets.CommandLine{command("new", "Situs")}, "teks"},
	{"a new ticket for staff", o, fd, "Telepon.", []tickets.CommandLine{command("new", "for="+wayan, "Situs")}, "anggota tim"},
	{"a new ticket below another command", o, fd, "Telepon.", []tickets.CommandLine{command("verify"), command("new", "Situs")}, "pertama"},
	{"a new ticket's text is its report", o, fd, "Telepon.", []tickets.CommandLine{command("new", "Situs"), command("ask")}, "laporan"},
	{"an internal and an outgoing text", o, fd, "Teks.", []tickets.CommandLine{command("verify"), command("reply")}, "mencampur"},
	{"an outgoing and an internal text", r, budi, "Teks.", []tickets.CommandLine{command("ask"), command("note")}, "mencampur"},
	{"the last of many is wrong", o, fd, "", []tickets.CommandLine{command("set", "severity=low"), command("cc", made), command("verify"), command("forward", "nobody")}, "nobody"},
	{"a new ticket is not opened for a wrong line below", o, fd, "Telepon.", []tickets.CommandLine{command("new", "for="+made, "Situs"), command("verify", "type=dragons")}, "dragons"},
}

func TestLineThatIsWrongIsNamedAndNothingHappens(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		cases := map[tickets.State]*play{}
		for _, row := range wrongLines {
			if cases[row.state] == nil {
				cases[row.state] = in(t, d, row.state)
			}
			p := cases[row.state]
			wantUnchanged(t, p, row.about, row.who, row.text, row.lines...)
			if !strings.Contains(p.last[row.who].Items[0].Lines[0], row.words) {
				t.Errorf("%s: answered %q, want %q in it", row.about, p.last[row.who].Items[0].Lines[0], row.words)
			}
		}
		d.WantClean()
	})
}
