package bounce

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTheReturnedMailIsFoundByItsOwnHeader(t *testing.T) {
	fields := dsn("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; budi@contoh.test\nAction: failed\nStatus: 5.1.1\n")
	head := func(kind, content string) Part { return Part{ContentType: kind, Content: []byte(content)} }
	rows := []struct {
		about, header, text string
		part                Part
		want                string
	}{
		{"in the returned mail, before what the report answers", "In-Reply-To: <other@csirt.test>\n", "x", returnedMail("1@csirt.test"), "1@csirt.test"},
		{"in its header alone", "", "x", head("text/rfc822-headers", "Subject: x\nMessage-Id: <2@csirt.test>\n"), "2@csirt.test"},
		{"on the next line", "", "x", head("message/rfc822", "Subject: x\nMessage-Id:\n <3@csirt.test>\n"), "3@csirt.test"},
		{"in the quoted header, marked with >", "", "Failed.\n\n> Received: by x\n> Message-ID: <4@csirt.test>\n> Subject: x\n", Part{}, "4@csirt.test"},
		{"not in the body of the returned mail", "", "x", head("message/rfc822", "Subject: x\n\nMessage-ID: <forged@csirt.test>\n"), ""},
		{"not in half", "", "x", head("message/rfc822", "Subject: x\nMessage-ID: <5@csirt.te"), ""},
		{"without brackets", "", "x", head("message/rfc822", "Message-ID: 6@csirt.test\n"), "6@csirt.test"},
		{"in a truncated mail", "", "x", head("message/rfc822", "Message-ID: <7@csirt.test>\nSubj"), "7@csirt.test"},
		{"by what the report answers, where nothing else tells", "In-Reply-To: <8@csirt.test>\nReferences: <0@x.test> <8@csirt.test>\n", "x", Part{}, "8@csirt.test"},
		{"by the last reference", "References: <0@x.test> <9@csirt.test>\n", "x", Part{}, "9@csirt.test"},
		{"never with blanks in it", "In-Reply-To: <a b@csirt.test>\n", "x", Part{}, ""},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			got := Read(sample{daemon + dsnRoot + r.header, r.text, []Part{fields, r.part}}.input())
			if got.ReturnedMessageID != r.want {
				t.Errorf("returned id %q, want %q", got.ReturnedMessageID, r.want)
			}
			if r.want == "" && len(got.Problems) == 0 {
				t.Error("a missing id is not told")
			}
		})
	}
}

func TestDiagnosticsKeepTheServersWordsOnOneCleanLine(t *testing.T) {
	rows := []struct{ about, fields, text, want string }{
		{"without its type, unfolded", "Diagnostic-Code: smtp; 550 5.1.1\n  no such user\n", "", "550 5.1.1 no such user"},
		{"without control characters and direction marks", "Diagnostic-Code: smtp; 550 \x1b[31mred\x00 \u202eltr\n", "", "550 [31mred ltr"},
		{"from the comment of the status", "Status: 4.4.7 (delivery time expired)\n", "", "delivery time expired"},
		{"from the text", "Status: 5.1.1\n", "<budi@contoh.test>: host mx said: 550\n    unknown\n", "host mx said: 550 unknown"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			got := Read(sample{daemon + dsnRoot, r.text, []Part{dsn("Final-Recipient: rfc822; budi@contoh.test\nAction: failed\n" + r.fields)}}.input())
			if len(got.Recipients) != 1 || got.Recipients[0].Diagnostic != r.want {
				t.Errorf("have %+v, want %q", got.Recipients, r.want)
			}
		})
	}
}

func TestReasonsAreFoundBesideTheAddress(t *testing.T) {
	rows := []struct{ about, text, want string }{
		{"in the next paragraph", "Delivery to the following recipient failed permanently:\n\n     budi@contoh.test\n\nTechnical details:\nDomain name not found\n", "Technical details: Domain name not found"},
		{"below a heading", "The following address failed:\n\nbudi@contoh.test\n\nFor the following reason:\n\nMail size limit exceeded.\n", "For the following reason: Mail size limit exceeded."},
		{"in the sentence", "Delivery failed 10 attempts: budi@contoh.test\n", "Delivery failed 10 attempts: budi@contoh.test"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			got := Read(sample{header: daemon, text: r.text}.input())
			if len(got.Recipients) != 1 || got.Recipients[0].Diagnostic != r.want {
				t.Errorf("have %+v, want %q", got.Recipients, r.want)
			}
		})
	}
}

func TestOnlyAddressesAreTakenForAddresses(t *testing.T) {
	rows := []struct{ in, want string }{
		{"budi@contoh.test", "budi@contoh.test"},
		{"<budi@contoh.test>", "budi@contoh.test"},
		{"mailto:budi@contoh.test", "budi@contoh.test"},
		{"\"budi s\"@contoh.test", "\"budi s\"@contoh.test"},
		{"budi@localhost", "budi@localhost"},
		{"budi", ""}, {"@contoh.test", ""}, {"budi@", ""}, {"a@b@contoh.test", ""}, {"a b@contoh.test", ""}, {"a@con toh.test", ""},
		{"a\r\nBcc:x@contoh.test", ""}, {"a\u202eb@contoh.test", ""}, {"a@-", ""}, {"a@b..test", ""}, {"a;b@contoh.test", ""},
		{strings.Repeat("a", 400) + "@contoh.test", ""},
	}
	for _, r := range rows {
		if got := address(r.in); got != r.want {
			t.Errorf("address(%q) = %q, want %q", r.in, got, r.want)
		}
	}
}

func TestStatusCodesAreToldFromOtherNumbers(t *testing.T) {
	rows := []struct{ in, want string }{
		{"550 5.1.1 unknown", "5.1.1"}, {"550-5.7.26 blocked", "5.7.26"}, {"no mailbox (#5.1.1)", "5.1.1"}, {"451 4.7.1: greylisted", "4.7.1"},
		{"host mx.contoh.test[5.1.1.9] said: 550 no", "5.0.0"}, {"said: 450 later", "4.0.0"}, {"program 5.2.1-beta", ""}, {"5.65/1.37", ""},
		{"sent 550 mails to 4.2.2.1", ""}, {"", ""}, {"room 550", ""}, {"550 4.1.1 contradicts itself", "4.1.1"},
	}
	for _, r := range rows {
		if got := codeIn(r.in); got != r.want {
			t.Errorf("codeIn(%q) = %q, want %q", r.in, got, r.want)
		}
	}
}

func TestListsAreCapped(t *testing.T) {
	var fields, text strings.Builder
	for i := range 3 * maxRecipients {
		fmt.Fprintf(&fields, "Final-Recipient: rfc822; u%d@contoh.test\nAction: failed\nStatus: 5.1.1\n\n", i)
		fmt.Fprintf(&text, "<u%d@contoh.test>: 550 5.1.1 unknown\n", i)
	}
	for _, s := range []sample{{daemon + dsnRoot, "", []Part{dsn(fields.String())}}, {daemon, text.String(), nil}} {
		got := Read(s.input())
		if len(got.Recipients) != maxRecipients {
			t.Errorf("%d recipients", len(got.Recipients))
		}
		if len(got.Problems) == 0 || !strings.Contains(got.Problems[0], "more recipients") {
			t.Errorf("the cut is not told: %v", got.Problems)
		}
	}
}

// check holds for every report, from whatever bytes.
func check(t *testing.T, r Report) {
	t.Helper()
	if len(r.Recipients) > maxRecipients || !r.Is && (r.Recipients != nil || r.ReturnedMessageID != "") {
		t.Errorf("report out of bounds: is %v, %d recipients", r.Is, len(r.Recipients))
	}
	for _, x := range r.Recipients {
		if address(x.Recipient) != x.Recipient || x.Recipient == "" {
			t.Errorf("no address: %q", x.Recipient)
		}
		for _, s := range []string{x.Recipient, x.Action, x.Status, x.Diagnostic, r.ReturnedMessageID} {
			if !utf8.ValidString(s) || strings.IndexFunc(s, unicode.IsControl) >= 0 {
				t.Errorf("not clean: %q", s)
			}
		}
		if x.Action == "" || utf8.RuneCountInString(x.Diagnostic) > maxDiagnostic {
			t.Errorf("incomplete: %+v", x)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("failure notice", "Hi. This is the qmail-send program.\n<budi@contoh.test>:\nSorry. (#5.1.1)\n--- Below this line is a copy of the message.\nReceived: x\nMessage-ID: <1@x>\n", "Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 5.1.1\n", "Message-ID: <1@x>\n", true)
	f.Add("Undeliverable", "could not be delivered to a@x.test\n550 5.1.1\n", "", "", false)
	f.Add("", "\xff\xfe@\x00", "Final-Recipient: rfc822;\x00a@x\n", "Message-ID:\n <", true)
	f.Add("Warning", "The following addresses had\n> a@x <a@x>\n\"b@y\": 4.2.2\n", "Action: delayed\nOriginal-Recipient: x;+40a+\n", "To: a@x,\n b@y\n", false)
	f.Fuzz(func(t *testing.T, subject, text, fields, returned string, multipart bool) {
		s := sample{daemon, text, []Part{dsn(fields), {ContentType: "message/rfc822", Content: []byte(returned)}}}
		if multipart {
			s.header += dsnRoot
		}
		in := s.input()
		in.Subject = subject
		check(t, Read(in))
		in.Parts = nil
		check(t, Read(in))
	})
}

func BenchmarkRead(b *testing.B) {
	in := sample{daemon + dsnRoot, "This is the mail system at host mx.contoh.test.\n\nYour message could not be delivered.\n\n<budi@contoh.test>: host mx said: 550 5.1.1 unknown\n",
		[]Part{dsn("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; budi@contoh.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n"), returnedMail("1@csirt.test")}}.input()
	for b.Loop() {
		if !Read(in).Is {
			b.Fatal("no report")
		}
	}
}

// BenchmarkReadHostile reads what a hostile sender could think of: the largest text, all addresses and false headers.
func BenchmarkReadHostile(b *testing.B) {
	for name, text := range map[string]string{
		"addresses": strings.Repeat("a@x.test: 550 failed\n", maxText/21),
		"headers":   strings.Repeat("X-Aa: b\n", maxText/8),
		"one line":  strings.Repeat("a@x.test ", maxText/9),
		"atoms":     strings.Repeat("a", maxText),
		"codes":     strings.Repeat("5.1.1.", maxText/6),
	} {
		in := sample{daemon, "could not be delivered\n" + text, nil}.input()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Read(in)
			}
		})
	}
}
