package tickets_test

import (
	"errors"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const (
	desk  = "meja@csirt.example"
	putu  = "putu@csirt.example"
	alias = "budi.telepon@post.example"
)

func add(t *testing.T, d *ticketstest.Desk, s tickets.Staff) {
	t.Helper()
	if err := d.AddStaff(t.Context(), s, d.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestStaffEntryThatCannotWorkIsRefused(t *testing.T) {
	agent := []tickets.Role{tickets.Agent}
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		add(t, d, tickets.Staff{Address: putu, Name: "Putu", Roles: agent, Aliases: []string{alias}})
		for about, s := range map[string]tickets.Staff{
			"no address":               {Address: "putu", Name: "P", Roles: agent},
			"two addresses":            {Address: "a@x.example, b@x.example", Name: "P", Roles: agent},
			"no name":                  {Address: "a@x.example", Roles: agent},
			"no role":                  {Address: "a@x.example", Name: "P"},
			"the report address":       {Address: ticketstest.Address, Name: "P", Roles: agent},
			"an alias of ours":         {Address: "a@x.example", Name: "P", Roles: agent, Aliases: []string{ticketstest.Address}},
			"registered already":       {Address: strings.ToUpper(putu), Name: "P", Roles: agent},
			"somebody's alias":         {Address: alias, Name: "P", Roles: agent},
			"an alias that is a staff": {Address: "a@x.example", Name: "P", Roles: agent, Aliases: []string{budi}},
			"shared without members":   {Address: "a@x.example", Name: "P", Roles: agent, Shared: true},
			"members without shared":   {Address: "a@x.example", Name: "P", Roles: agent, Members: []string{budi}},
		} {
			if err := d.AddStaff(t.Context(), s, d.Now()); err == nil {
				t.Errorf("%s: added", about)
			}
		}
		if all, err := d.Staff(t.Context()); err != nil || len(all) != 5 {
			t.Errorf("%d entries, %v", len(all), err)
		}
	})
}

func TestAliasIsTheSamePerson(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		add(t, d, tickets.Staff{Address: putu, Name: "Putu", Roles: []tickets.Role{tickets.Agent}, Aliases: []string{alias}})
		p := in(t, d, v)
		p.must(fd, "", command("forward", alias))
		if got := p.file().Owner; got != putu {
			t.Fatalf("the owner is %s", got)
		}
		a := answer(d, p.last[putu], "Sejak kapan?", command("ask"))
		a.From.Address = alias
		a.Cc = []tickets.Address{{Address: putu}} // no other person has seen it
		if out := d.File(a); out.Refused != "" {
			t.Fatal(out.Refused)
		}
		wantKinds(t, p.deliver(), "ani:question", "putu:done")
		if e := eventOf(p, "asked"); e.Actor != putu {
			t.Errorf("the actor is %s", e.Actor)
		}
		if out, _ := p.says(putu, "", command("monitor")); out.Refused != "" {
			t.Errorf("the address is spent: %s", out.Refused)
		}
		wantState(t, d, p.n, m)
	})
}

func eventOf(p *play, kind string) tickets.Event {
	p.t.Helper()
	for _, e := range p.file().Events {
		if e.Kind == kind {
			return e
		}
	}
	p.t.Fatalf("no event %s in %v", kind, eventKinds(p.file()))
	return tickets.Event{}
}

func TestMembersActForTheirSharedMailboxUnderTheirOwnName(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		add(t, d, tickets.Staff{Address: desk, Name: "Meja", Roles: []tickets.Role{tickets.FrontDesk}, Shared: true, Members: []string{putu, wayan}})
		p := reported(t, d)
		a := answer(d, p.last[desk], "", command("verify"))
		a.From.Address = putu // has no entry of their own
		if out := d.File(a); out.Refused != "" {
			t.Fatal(out.Refused)
		}
		wantKinds(t, p.deliver(), "ani:verified", "putu:done")
		if e := eventOf(p, "verified"); e.Actor != putu {
			t.Errorf("the actor is %s", e.Actor)
		}
		if out, _ := p.says(putu, "", command("set", "severity=high")); out.Refused != "" { // the answer proves the member too
			t.Error(out.Refused)
		}
		if got := p.file().Severity; got != "high" {
			t.Errorf("severity %q", got)
		}
		a = answer(d, p.last[desk], "", command("take"))
		a.From.Address = wayan // an agent of their own, with the mailbox's role beside
		if out := d.File(a); out.Refused != "" {
			t.Fatal(out.Refused)
		}
		p.deliver()
		if got := p.file().Owner; got != wayan {
			t.Errorf("the owner is %s", got)
		}
		a = answer(d, p.last[desk], "", command("set", "severity=low"))
		a.From.Address = kepala // no member
		d.File(a)
		if got := p.file().Severity; got != "high" {
			t.Errorf("somebody who is no member acted: severity %q", got)
		}
	})
}

func TestRemovedStaffActAndHearNothingMore(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		add(t, d, tickets.Staff{Address: desk, Name: "Meja", Roles: []tickets.Role{tickets.FrontDesk}, Shared: true, Members: []string{putu}})
		p, q := in(t, d, r), in(t, d, m)
		member := answer(d, p.last[desk], "RAHASIA.", command("note"))
		member.From.Address = putu
		before := p.last[budi]
		d.File(signed(d, fd, string(p.n), "RAHASIA.", command("note"))) // waits for budi
		for _, who := range []string{budi, desk} {
			if err := d.RemoveStaff(t.Context(), who, d.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.RemoveStaff(t.Context(), budi, d.Now()); !errors.Is(err, tickets.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if _, err := d.RetryOutbox(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		for _, n := range p.deliver() {
			if n.To.Address == budi || n.To.Address == desk {
				t.Errorf("%s still hears %s", n.To.Address, n.Kind)
			}
		}
		wantState(t, d, p.n, v)
		wantState(t, d, q.n, v)
		if p.file().Owner != "" {
			t.Error("the case still has its owner")
		}
		d.File(answer(d, before, "", command("ask")))
		d.File(answer(d, before, "Halo?"))
		d.File(member)
		for _, n := range p.deliver() {
			if n.Audience != tickets.ToStaff || n.Kind != tickets.KindUnverified {
				t.Errorf("%s hears %s", n.To.Address, n.Kind)
			}
		}
		for _, x := range p.file().Messages {
			if (x.From == budi || x.From == putu) && x.Visibility != tickets.VisibleUnverified {
				t.Errorf("words of somebody who is gone are %s", x.Visibility)
			}
		}
		d.WantClean()
	})
}

func TestMemberCannotBeRemovedInPlaceOfTheMailbox(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		add(t, d, tickets.Staff{Address: desk, Name: "Meja", Roles: []tickets.Role{tickets.FrontDesk}, Shared: true, Members: []string{putu}})
		if err := d.RemoveStaff(t.Context(), putu, d.Now()); err == nil || !strings.Contains(err.Error(), "shared mailbox") {
			t.Errorf("removed: %v", err)
		}
	})
}

func TestStaleAnswersOfThreeCommandsAreRefusedAndSayWhoDidWhat(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, line := range []tickets.CommandLine{command("forward", wayan), command("reject", "bukan insiden"), command("duplicate", "BALIPROV-CSIRT-2026-0001")} {
			reported(t, d)
			p := in(t, d, v)
			if _, err := d.Tamper(`DELETE FROM dkim_sender`); err != nil {
				t.Fatal(err)
			}
			before := p.last[fd]
			p.must(kepala, "", command("forward", budi))
			out := d.File(answer(d, before, "", line))
			wantRefused(t, out, kepala)
			wantRefused(t, out, "Ditangani")
			wantRefused(t, d.File(answer(d, before, "", command("set", "severity=high"), line)), kepala)
			if out := d.File(answer(d, before, "Tanya.", command("ask"))); out.Refused != "" { // means the same on either side of the change
				t.Error(out.Refused)
			}
			p.deliver()
			if out, _ := p.says(fd, "", line); out.Refused != "" {
				t.Errorf("%s in answer to the newest mail: %s", line.Name, out.Refused)
			}
		}
	})
}

func TestStaleCommandIsNotHiddenByACommandAboveIt(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		before := p.last[budi]
		if _, err := d.Tamper(`DELETE FROM dkim_sender`); err != nil {
			t.Fatal(err)
		}
		p.must(kepala, "", command("reject", "salah alamat"))
		wantRefused(t, d.File(answer(d, before, "", command("reopen"), command("forward", wayan))), kepala)
		wantState(t, d, p.n, j)
	})
}
