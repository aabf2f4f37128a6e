package authentic

import (
	"context"
	"strings"
	"testing"
	"time"
)

// fieldsOf cuts a header into fields and unfolds them.
func fieldsOf(header string) []Field {
	var fields []Field
	for _, l := range strings.Split(header, "\n") {
		l = strings.TrimSuffix(l, "\r")
		switch {
		case l == "":
			return fields
		case l[0] == ' ' || l[0] == '\t':
			fields[len(fields)-1].Value += " " + strings.TrimSpace(l)
		default:
			name, value, _ := strings.Cut(l, ":")
			fields = append(fields, Field{name, strings.TrimSpace(value)})
		}
	}
	return fields
}

const (
	reporting = "mx.csirt.example"
	staff     = "made@dinkes.baliprov.example"
	ar        = "Authentication-Results: "
	pass      = "dkim=pass header.d=baliprov.example"
)

// believed are headers that prove From, each with the domain that they prove it by.
var believed = []struct{ about, header, want string }{
	{"one result", ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"the host in capitals", ar + "MX.CSIRT.Example; " + pass, "baliprov.example"},
	{"the host quoted", ar + `"mx.csirt.example"; ` + pass, "baliprov.example"},
	{"a version", ar + "mx.csirt.example 1; dkim/1=pass header.d=baliprov.example", "baliprov.example"},
	{"no blanks at all", ar + "mx.csirt.example;dkim=pass header.d=baliprov.example;spf=none", "baliprov.example"},
	{"blanks and comments everywhere", ar + "(a) mx.csirt.example (b(c)) 1 (d) ; (e) DKIM (f) / (g) 1 (h) = (i) Pass (j) Header (k) . (l) D (m) = (n) Baliprov.Example (o)", "baliprov.example"},
	{"folded lines", ar + "mx.csirt.example;\n\tspf=pass smtp.mailfrom=x@y.example;\n dkim=pass\n\theader.d=baliprov.example", "baliprov.example"},
	{"OpenDKIM's words", ar + `mx.csirt.example; dkim=pass (2048-bit key; unprotected) header.d=baliprov.example header.i=@baliprov.example header.b="abc/+12="; dkim-atps=neutral`, "baliprov.example"},
	{"base64 that nobody quoted", ar + "mx.csirt.example; dkim=pass header.b=ab/c+1= header.i=@baliprov.example header.s=k1", "baliprov.example"},
	{"header.i alone", ar + "mx.csirt.example; dkim=pass header.i=made@dinkes.baliprov.example", "dinkes.baliprov.example"},
	{"a reason in quotes that looks like a result", ar + `mx.csirt.example; dkim=pass reason="good; dkim=fail" header.d=baliprov.example`, "baliprov.example"},
	{"one failing, one passing signature in one field", ar + "mx.csirt.example; dkim=fail header.d=baliprov.example; " + pass, "baliprov.example"},
	{"a list's signature beside the sender's", ar + "mx.csirt.example; dkim=pass header.d=list.example; " + pass, "baliprov.example"},
	{"the very domain", ar + "mx.csirt.example; dkim=pass header.d=dinkes.baliprov.example", "dinkes.baliprov.example"},
	{"another office of the same organisation", ar + "mx.csirt.example; dkim=pass header.d=mail.baliprov.example", "mail.baliprov.example"},
	{"a dot at the end", ar + "mx.csirt.example; dkim=pass header.d=baliprov.example.", "baliprov.example"},
	{"a field for each method", ar + "mx.csirt.example; dmarc=pass header.from=baliprov.example\n" + ar + "mx.csirt.example; spf=none\n" + ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"fields of filters between", ar + "mx.csirt.example; dmarc=pass\nDMARC-Filter: x\nReceived-SPF: pass\n" + ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"a later hop's field on top", ar + "inner.csirt.example; dkim=none\nReceived: from mx.csirt.example by inner.csirt.example; x\n" + ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"ARC results of the host", "ARC-" + ar + "i=1; mx.csirt.example; " + pass, "baliprov.example"},
	{"ARC results with comments", "ARC-" + ar + "(x) i (y) = 2 ; mx.csirt.example; " + pass, "baliprov.example"},
	{"ARC results above the host's Received field, its others below", "ARC-" + ar + "i=1; mx.csirt.example; " + pass + "\nReceived: from a by mx.csirt.example; x\n" + ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"a Received field of the host on top", "Received: from mx.csirt.example by mx.csirt.example with LMTP; x\n" + ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"none, then a result", ar + "mx.csirt.example; none\n" + ar + "mx.csirt.example; " + pass, "baliprov.example"},
	{"a sloppy reason of another result", ar + "mx.csirt.example; spf=fail reason=not a word; " + pass, "baliprov.example"},
	{"the second host of the settings", ar + "edge.csirt.example; " + pass, "baliprov.example"},
	{"both hosts, the upper one broke the signature", ar + "mx.csirt.example; dkim=fail header.d=baliprov.example\n" + ar + "edge.csirt.example; " + pass, "baliprov.example"},
}

// hostile are headers that prove nothing, each with what is tried.
var hostile = []struct{ about, header string }{
	{"no field", "X-Dkim: pass"},
	{"a stranger's host", ar + "mx.evil.example; " + pass},
	{"a host whose name begins with ours", ar + "mx.csirt.example.evil.example; " + pass},
	{"a host whose name ends with ours", ar + "evil-mx.csirt.example; " + pass},
	{"our host's name in a comment", ar + "(mx.csirt.example) mx.evil.example; " + pass},
	{"our host's name after a stranger's", ar + "mx.evil.example mx.csirt.example; " + pass},
	{"a stranger's after our host's name", ar + "mx.csirt.example mx.evil.example; " + pass},
	{"our host as a method", ar + "mx.csirt.example=pass; " + pass},
	{"our host as a method, with blanks", ar + "mx.csirt.example = pass; " + pass},
	{"our host quoted together with a result", ar + `"mx.csirt.example; dkim=pass header.d=baliprov.example"`},
	{"no authserv-id, as Microsoft writes it", ar + "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=baliprov.example; " + pass},
	{"nothing but a result", ar + pass},
	{"no semicolon", ar + "mx.csirt.example " + pass},
	{"an unknown version", ar + "mx.csirt.example 2; " + pass},
	{"an unknown version of the method", ar + "mx.csirt.example; dkim/2=pass header.d=baliprov.example"},
	{"a pass in a comment", ar + "mx.csirt.example; dkim=none (x; dkim=pass header.d=baliprov.example)"},
	{"a pass in a nested comment", ar + "mx.csirt.example; dkim=none (x (y) ; dkim=pass header.d=baliprov.example)"},
	{"an escaped bracket in a comment", ar + `mx.csirt.example; dkim=none (x \) ; dkim=pass header.d=baliprov.example)`},
	{"a comment closed too early by a sloppy host", ar + "mx.csirt.example; spf=fail (helo x) ; dkim=pass header.d=baliprov.example (y))"},
	{"the same with another result behind", ar + "mx.csirt.example; spf=fail (helo x) ; dkim=pass header.d=baliprov.example; spf=none (y))"},
	{"a stranger's host after the version", ar + "mx.csirt.example 1 mx.evil.example; " + pass},
	{"signs after our host's name", ar + "mx.csirt.example <x>; " + pass},
	{"a comment without end", ar + "mx.csirt.example; " + pass + " (x"},
	{"a comment that ends with a backslash", ar + "mx.csirt.example; " + pass + ` (x\`},
	{"a pass in quotes", ar + `mx.csirt.example; dkim=fail reason="x; dkim=pass header.d=baliprov.example"`},
	{"an escaped quote", ar + `mx.csirt.example; dkim=fail reason="x\"; dkim=pass header.d=baliprov.example"`},
	{"a quote without end", ar + `mx.csirt.example; dkim=pass header.d=baliprov.example reason="x`},
	{"a quoted local part", ar + `mx.csirt.example; spf=pass smtp.mailfrom="x; dkim=pass header.d=baliprov.example"@evil.example`},
	{"a pass as a quoted string", ar + `mx.csirt.example; dkim="pass" header.d=baliprov.example`},
	{"a longer result", ar + "mx.csirt.example; dkim=passed header.d=baliprov.example"},
	{"another method whose name begins alike", ar + "mx.csirt.example; dkim-atps=pass header.d=baliprov.example"},
	{"fail", ar + "mx.csirt.example; dkim=fail header.d=baliprov.example"},
	{"neutral, policy, errors", ar + "mx.csirt.example; dkim=neutral header.d=baliprov.example; dkim=policy header.d=baliprov.example; dkim=temperror header.d=baliprov.example"},
	{"none", ar + "mx.csirt.example; none"},
	{"SPF of the domain", ar + "mx.csirt.example; spf=pass smtp.mailfrom=made@dinkes.baliprov.example"},
	{"a DMARC pass alone, which may rest on SPF", ar + "mx.csirt.example; dmarc=pass header.from=dinkes.baliprov.example"},
	{"a pass of nobody", ar + "mx.csirt.example; dkim=pass"},
	{"a pass of a stranger", ar + "mx.csirt.example; dkim=pass header.d=evil.example"},
	{"a stranger whose name ends alike", ar + "mx.csirt.example; dkim=pass header.d=evilbaliprov.example"},
	{"a stranger's subdomain of our name", ar + "mx.csirt.example; dkim=pass header.d=baliprov.example.evil.example"},
	{"the public suffix", ar + "mx.csirt.example; dkim=pass header.d=example"},
	{"header.from in place of header.d", ar + "mx.csirt.example; dkim=pass header.from=baliprov.example"},
	{"header.d of two domains", ar + "mx.csirt.example; dkim=pass header.d=baliprov.example header.d=evil.example"},
	{"header.i of another domain than header.d", ar + "mx.csirt.example; dkim=pass header.d=evil.example header.i=@baliprov.example"},
	{"header.i outside an aligned header.d", ar + "mx.csirt.example; dkim=pass header.d=baliprov.example header.i=@evil.example"},
	{"a property of the next result", ar + "mx.csirt.example; dkim=pass; spf=pass header.d=baliprov.example"},
	{"words between the properties", ar + "mx.csirt.example; dkim=pass oh header.d=baliprov.example"},
	{"a domain with a blank in it", ar + `mx.csirt.example; dkim=pass header.d="bali prov.example"`},
	{"a domain with a wildcard", ar + "mx.csirt.example; dkim=pass header.d=*.baliprov.example"},
	{"a Cyrillic letter in the domain", ar + "mx.csirt.example; dkim=pass header.d=b\u0430liprov.example"},
	{"a forged field below the host's", ar + "mx.csirt.example; dkim=fail header.d=baliprov.example\n" + ar + "mx.csirt.example; " + pass},
	{"a forged field below dkim=none", ar + "mx.csirt.example; dkim=none\n" + ar + "mx.csirt.example; " + pass},
	{"a forged field below a stranger's", ar + "mx.csirt.example; spf=none\n" + ar + "mx.evil.example; dkim=none\n" + ar + "mx.csirt.example; " + pass},
	{"a forged field below one without authserv-id", ar + "mx.csirt.example; spf=none\n" + ar + "spf=pass smtp.mailfrom=x\n" + ar + "mx.csirt.example; " + pass},
	{"a forged field below a stranger's ARC results", ar + "mx.csirt.example; spf=none\nARC-" + ar + "i=1; mx.evil.example; dkim=none\n" + ar + "mx.csirt.example; " + pass},
	{"a forged field below the host's Received field", ar + "mx.csirt.example; spf=none\nReceived: from evil.example by mx.csirt.example; x\n" + ar + "mx.csirt.example; " + pass},
	{"a forged field below a damaged one", ar + "mx.csirt.example; spf=none (x\n" + ar + "mx.csirt.example; " + pass},
	{"forged ARC results, which no host removes", "Received: from evil.example by mx.csirt.example; x\nARC-" + ar + "i=1; mx.csirt.example; " + pass},
	{"forged ARC results below the host's own", "ARC-" + ar + "i=2; mx.csirt.example; spf=none\nReceived: from evil.example (by x) by mx.csirt.example (Postfix); x\nARC-" + ar + "i=1; mx.csirt.example; " + pass},
	{"forged ARC results, taken in by another machine of ours", "Received: from evil.example\n by in2.csirt.example; x\nARC-" + ar + "i=1; mx.csirt.example; " + pass},
	{"ARC results without an instance", "ARC-" + ar + "mx.csirt.example; " + pass},
	{"an instance in the common field", ar + "i=1; mx.csirt.example; " + pass},
	{"ARC results of a stranger", "ARC-" + ar + "i=1; mx.evil.example; " + pass},
	{"ARC's verdict on a chain", ar + "mx.csirt.example; arc=pass header.d=baliprov.example"},
	{"a field of another name", "X-" + ar + "mx.csirt.example; " + pass},
	{"the original results of Microsoft", ar[:len(ar)-2] + "-Original: mx.csirt.example; " + pass},
	{"a folded value of another field", "X-A: x\n " + ar + "mx.csirt.example; " + pass},
	{"a list's signature alone", ar + "mx.csirt.example; dkim=pass header.d=list.example; dmarc=none"},
}

func trusting() *Verifier {
	return &Verifier{Hosts: []string{reporting, "edge.csirt.example"}, Timeout: time.Second,
		LookupTXT: func(context.Context, string) ([]string, error) { panic("the DNS is asked without need") }}
}

func TestATrustedHostsReportProvesFrom(t *testing.T) {
	for _, row := range believed {
		got := trusting().Check(context.Background(), fieldsOf(row.header+"\nFrom: Made <"+staff+">"), staff, nil)
		if got.DKIM != row.want || got.DMARCFail || !strings.HasSuffix(got.Host, ".csirt.example") {
			t.Errorf("%s: got %+v, want %s", row.about, got, row.want)
		}
	}
}

func TestForgedAndForeignReportsProveNothing(t *testing.T) {
	for _, row := range hostile {
		got := trusting().Check(context.Background(), fieldsOf(row.header+"\nFrom: Made <"+staff+">"), staff, nil)
		if got.DKIM != "" || got.Host != "" || got.DMARCFail || !strings.HasPrefix(got.Detail, "not proven: ") {
			t.Errorf("%s: got %+v", row.about, got)
		}
	}
}

func TestWithoutTrustedHostsNoReportCounts(t *testing.T) {
	for _, hosts := range [][]string{nil, {""}, {"."}, {"mx csirt example"}} {
		v := &Verifier{Hosts: hosts}
		for _, row := range believed {
			got := v.Check(context.Background(), fieldsOf(row.header+"\nFrom: "+staff), staff, nil)
			if got.DKIM != "" {
				t.Errorf("%q, %s: got %+v", hosts, row.about, got)
			}
		}
	}
}

func TestADMARCFailRefusesWhateverElseHolds(t *testing.T) {
	const fail = "dmarc=fail (p=reject dis=none) header.from=baliprov.example"
	rows := []struct{ about, header string }{
		{"alone", ar + "mx.csirt.example; " + fail},
		{"after a DKIM pass", ar + "mx.csirt.example; " + pass + "; " + fail},
		{"before a DKIM pass", ar + "mx.csirt.example; " + fail + "; " + pass},
		{"in capitals, with blanks", ar + "mx.csirt.example; DMARC = (x) FAIL; " + pass},
		{"in quotes", ar + `mx.csirt.example; dmarc="fail"; ` + pass},
		{"of another domain", ar + "mx.csirt.example; " + pass + "; dmarc=fail header.from=evil.example"},
		{"with words that are no properties", ar + "mx.csirt.example; " + pass + "; dmarc=fail oh no"},
		{"in a lower field", ar + "mx.csirt.example; " + pass + "\n" + ar + "mx.csirt.example; " + fail},
		{"below a pass in an upper field", ar + "mx.csirt.example; dmarc=pass; " + pass + "\n" + ar + "mx.csirt.example; " + fail},
		{"on the other side of the host's Received field", ar + "mx.csirt.example; " + pass + "\nReceived: from a by mx.csirt.example; x\n" + ar + "mx.csirt.example; " + fail},
		{"in ARC results", "ARC-" + ar + "i=1; mx.csirt.example; " + pass + "; " + fail},
		{"in ARC results below the host's Received field", ar + "mx.csirt.example; " + pass + "\nReceived: from a by mx.csirt.example; x\nARC-" + ar + "i=1; mx.csirt.example; " + fail},
		{"of the second host", ar + "mx.csirt.example; " + pass + "\n" + ar + "edge.csirt.example; " + fail},
		{"behind a comment that a sender left open", ar + "mx.csirt.example; spf=fail smtp.mailfrom=(@evil.example; " + fail},
		{"behind a quote that a sender left open", ar + `mx.csirt.example; spf=fail smtp.mailfrom="@evil.example; dmarc = fail`},
	}
	for _, row := range rows {
		for _, from := range []string{staff, ""} {
			got := trusting().Check(context.Background(), fieldsOf(row.header+"\nFrom: "+staff), from, nil)
			if !got.DMARCFail || got.DKIM != "" || got.Host == "" {
				t.Errorf("%s (from %q): got %+v", row.about, from, got)
			}
		}
	}
}

func TestADMARCFailOfNobodyIsNotHeard(t *testing.T) {
	rows := []struct{ about, header string }{
		{"a stranger's", ar + "mx.evil.example; dmarc=fail"},
		{"below a stranger's field", ar + "mx.csirt.example; " + pass + "\n" + ar + "mx.evil.example; x=y\n" + ar + "mx.csirt.example; dmarc=fail"},
		{"our host as a method", ar + "mx.csirt.example = pass; dmarc=fail"},
		{"in a comment", ar + "mx.csirt.example; " + pass + " (dmarc=fail)"},
		{"in quotes", ar + "mx.csirt.example; " + pass + ` reason="; dmarc=fail"`},
		{"other results", ar + "mx.csirt.example; " + pass + "; dmarc=none; dmarc=pass; dmarc=bestguesspass; dmarc=permerror"},
		{"of another method", ar + "mx.csirt.example; " + pass + "; dkim=fail; spf=fail; x-dmarc=fail"},
	}
	for _, row := range rows {
		got := trusting().Check(context.Background(), fieldsOf(row.header+"\nFrom: "+staff), staff, nil)
		if got.DMARCFail {
			t.Errorf("%s: got %+v", row.about, got)
		}
	}
}

func TestNobodysFromIsNotProven(t *testing.T) {
	proven := ar + "mx.csirt.example; " + pass
	rows := []struct{ about, header, from string }{
		{"no address", proven + "\nFrom: x", ""},
		{"several addresses", proven + "\nFrom: a@baliprov.example, b@baliprov.example", ""},
		{"From names nobody, Sender does", proven + "\nFrom: Made\nSender: made@baliprov.example", "made@baliprov.example"},
		{"no From, Sender names somebody", proven + "\nSender: made@baliprov.example", "made@baliprov.example"},
		{"an address in an encoded word", proven + "\nFrom: =?utf-8?q?made=40baliprov.example?=", "made@baliprov.example"},
		{"two From fields", proven + "\nFrom: made@baliprov.example\nFrom: made@baliprov.example", "made@baliprov.example"},
		{"two subjects", proven + "\nFrom: made@baliprov.example\nSubject: a\nSubject: b", "made@baliprov.example"},
		{"two content types", proven + "\nFrom: made@baliprov.example\nContent-Type: a/b\ncontent-type: a/b", "made@baliprov.example"},
		{"an address literal", ar + "mx.csirt.example; dkim=pass header.d=[192.0.2.1]\nFrom: a@[192.0.2.1]", "a@[192.0.2.1]"},
		{"no local part", proven + "\nFrom: @baliprov.example", "@baliprov.example"},
		{"a domain with an empty label", ar + "mx.csirt.example; dkim=pass header.d=a..example\nFrom: a@a..example", "a@a..example"},
	}
	for _, row := range rows {
		got := trusting().Check(context.Background(), fieldsOf(row.header), row.from, nil)
		if got.DKIM != "" || got.DMARCFail {
			t.Errorf("%s: got %+v", row.about, got)
		}
	}
}

func TestDomainsAlignByOrganisation(t *testing.T) {
	rows := []struct {
		a, b string
		want bool
	}{
		{"baliprov.go.id", "dinkes.baliprov.go.id", true},
		{"mail.baliprov.go.id", "dinkes.baliprov.go.id", true},
		{"BALIPROV.go.id.", "baliprov.GO.ID", true},
		{"go.id", "baliprov.go.id", false},
		{"go.id", "go.id", true},
		{"denpasarkota.go.id", "baliprov.go.id", false},
		{"a.github.io", "b.github.io", false},
		{"bücher.example", "xn--bcher-kva.example", true},
		{"BÜCHER.example", "mail.xn--bcher-kva.example", true},
		{"baliprov。example", "baliprov.example", true},
		{"localhost", "localhost", true},
		{"localhost", "a.localhost", false},
		{"", "", false},
		{".", ".", false},
	}
	for _, row := range rows {
		if got := aligned(foldDomain(row.a), foldDomain(row.b)); got != row.want {
			t.Errorf("%s and %s: got %v", row.a, row.b, got)
		}
	}
}

// Whoever sends a mail writes fields of any size; reading them must take no longer than their size asks for.
func TestHugeFieldsAreReadInTime(t *testing.T) {
	const size = 1 << 20
	for _, unit := range []string{"(", "(\\", `"`, `\"`, ";", "; a=b", " a.b=c", "; a=(", ")", "a", "=", " by"} {
		value := "mx.csirt.example; dkim=pass header.d=baliprov.example" + strings.Repeat(unit, size/len(unit))
		fields := []Field{{"From", staff}, {"Authentication-Results", value}, {"ARC-Authentication-Results", "i=1;" + value}, {"Received", value}}
		began := time.Now()
		trusting().Check(context.Background(), fields, staff, nil)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q: took %v", unit, took)
		}
	}
}
