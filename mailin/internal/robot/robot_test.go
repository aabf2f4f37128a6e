package robot

import (
	"strings"
	"testing"
)

// input builds an Input from header lines; the part types and the text follow after a blank line each.
func input(header string, rest ...string) Input {
	fields := map[string][]string{}
	for _, l := range strings.Split(strings.TrimSpace(header), "\n") {
		name, value, _ := strings.Cut(l, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		fields[name] = append(fields[name], strings.TrimSpace(value))
	}
	one := func(name string) string {
		if v := fields[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	from := one("from")
	if _, inner, ok := strings.Cut(from, "<"); ok {
		from = strings.TrimSuffix(inner, ">")
	}
	in := Input{
		Header:  func(name string) []string { return fields[strings.ToLower(name)] },
		Subject: one("subject"), From: from, ContentType: one("content-type"),
	}
	if len(rest) > 0 {
		in.PartTypes = strings.Fields(rest[0])
	}
	if len(rest) > 1 {
		in.Text = rest[1]
	}
	return in
}

func TestMachinesAreKnownByWhatTheySayOfThemselves(t *testing.T) {
	const from = "From: Budi <budi@contoh.test>\nSubject: Re: tiket\n"
	rows := []struct {
		about string
		in    Input
		want  string
	}{
		{"RFC 3834", input(from + "Auto-Submitted: auto-replied"), AutoReply},
		{"RFC 3834 with a comment, parameters and upper case", input(from + "Auto-Submitted: (vacation) Auto-Replied; owner-email=\"a@b\""), AutoReply},
		{"RFC 3834 generated", input("From: siem@contoh.test\nSubject: Alert 17\nAuto-Submitted: auto-generated"), Notification},
		{"a vacation program that calls itself generated", input("From: budi@contoh.test\nSubject: Automatic reply: tiket\nAuto-Submitted: auto-generated"), AutoReply},
		{"RFC 5436", input(from + "Auto-Submitted: auto-notified; owner-email=\"a@b\""), Notification},
		{"an unknown keyword is still not no", input(from + "Auto-Submitted: auto-x"), Notification},
		{"RFC 8098", input(from + "Content-Type: multipart/report; report-type=disposition-notification"), Receipt},
		{"RFC 8098 by its part", input(from+"Content-Type: multipart/report", "text/plain message/disposition-notification"), Receipt},
		{"RFC 5965", input(from + "Content-Type: multipart/report; report-type=feedback-report"), Feedback},
		{"a complaint below another root, from a robot", input("From: no-reply@contoh.test\nSubject: x\nContent-Type: multipart/mixed", "text/plain message/feedback-report message/rfc822"), Feedback},
		{"a complaint without a report", input("From: staff@contoh.test\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed", "message/rfc822"), Feedback},
		{"a DMARC report", input("From: dmarc@contoh.test\nSubject: Report Domain: csirt.test Submitter: contoh.test Report-ID: <1>", "application/gzip"), Notification},
		{"a TLS report", input("From: tls@contoh.test\nSubject: x\nContent-Type: multipart/report; report-type=tlsrpt"), Notification},
		{"a challenge dressed as a delivery report", input(from + "Content-Type: multipart/report; report-type=delivery-status"), AutoReply},
		{"X-Autoreply", input(from + "X-Autoreply: yes"), AutoReply},
		{"X-Autorespond", input(from + "X-Autorespond: yes"), AutoReply},
		{"X-FC-MachineGenerated", input(from + "X-FC-MachineGenerated: true"), Notification},
		{"an old autoresponder", input(from + "X-POST-MessageClass: 9; Autoresponder"), AutoReply},
		{"cron", input("From: Cron Daemon <root@contoh.test>\nSubject: Cron <root@contoh> backup\nX-Cron-Env: <SHELL=/bin/sh>"), Notification},
		{"vacation(1)", input("From: budi@contoh.test\nSubject: away\nX-Mailer: vacation 1.2"), AutoReply},
		{"Exchange's rules answer", input("From: budi@contoh.test\nSubject: tiket\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"), AutoReply},
		{"Precedence auto_reply", input(from + "Precedence: auto_reply"), AutoReply},
		{"Precedence bulk", input("From: info@contoh.test\nSubject: Promo\nPrecedence: bulk"), Notification},
		{"Precedence junk", input("From: info@contoh.test\nSubject: Promo\nPrecedence: junk (spam)"), Notification},
		{"Zimbra's vacation: bulk with an empty envelope sender", input("Return-Path: <>\nFrom: budi@contoh.test\nSubject: Re: tiket\nPrecedence: bulk"), AutoReply},
		{"an empty envelope sender", input("Return-Path: <>\nFrom: budi@contoh.test\nSubject: tiket"), AutoReply},
		{"RT acknowledges", input("From: soc@contoh.test\nTo: aduan@csirt.test\nSubject: [soc #1] AutoReply\nManaged-By: RT 5\nRT-Originator: aduan@csirt.test\nPrecedence: bulk"), AutoReply},
		{"a mailing list", input(from + "List-Id: <ops.contoh.test>\nList-Post: <mailto:ops@contoh.test>\nList-Unsubscribe: <mailto:x@contoh.test>\nPrecedence: list"), List},
		{"Google Groups", input(from + "Precedence: list\nMailing-list: list ops@contoh.test; contact ops+owners@contoh.test"), List},
		{"Majordomo", input("Return-Path: <owner-ops@contoh.test>\nFrom: budi@contoh.test\nSubject: x\nPrecedence: bulk"), List},
		{"an announcement list", input("From: news@contoh.test\nSubject: x\nList-Id: <news.contoh.test>\nList-Post: NO"), Notification},
		{"a robot that writes through a list", input("From: jira-noreply@contoh.test\nSubject: x\nList-Id: <dev.contoh.test>"), Notification},
		{"a newsletter", input("From: toko@contoh.test\nSubject: Promo\nList-Unsubscribe: <https://contoh.test/u>"), Notification},
		{"a newsletter with a List-Id", input("From: toko@contoh.test\nSubject: Promo\nList-Id: <1.contoh.test>\nList-Unsubscribe: <https://contoh.test/u>\nFeedback-ID: 1:2"), Notification},
		{"no-reply", input("From: Portal <no-reply@contoh.test>\nSubject: Konfirmasi"), Notification},
		{"news-noreply, DoNotReply, noreply+tag", input("From: DoNotReply@contoh.test\nSubject: x"), Notification},
		{"jangan-balas", input("From: jangan-balas@contoh.test\nSubject: x"), Notification},
		{"a mail daemon's other words", input("From: MAILER-DAEMON@contoh.test\nSubject: Kuota"), Notification},
		{"root, without a person's name", input("From: root <root@contoh.test>\nSubject: logwatch"), Notification},
		{"Exchange in Indonesian", input("From: budi@contoh.test\nSubject: Balasan otomatis: tiket"), AutoReply},
		{"Exchange in French", input("From: budi@contoh.test\nSubject: Réponse automatique : tiket"), AutoReply},
		{"Exchange in Japanese", input("From: budi@contoh.test\nSubject: 自動応答: tiket"), AutoReply},
		{"Exchange in Polish", input("From: budi@contoh.test\nSubject: Automatyczna odpowiedź: tiket"), AutoReply},
		{"Domino's notice says so in its text", input("From: budi@contoh.test\nSubject: AUTO: Budi is out of the office (returning 05/01)", "", "I am out.\nNote: This is an automated response to your message \"x\".\n"), AutoReply},
		{"an Indonesian notice says so in its text", input("From: budi@contoh.test\nSubject: Sedang cuti", "", "Ini adalah balasan otomatis. Saya kembali Senin.\n"), AutoReply},
		{"a challenge", input("From: budi@contoh.test\nSubject: RE: tiket\nX-Bluebottle-Request: <1>"), AutoReply},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := Kind(r.in); got != r.want {
				t.Errorf("%q, want %q", got, r.want)
			}
		})
	}
}

func TestAPersonIsNeverTakenForARobot(t *testing.T) {
	const person = "Return-Path: <ani@contoh.test>\nFrom: Ani <ani@contoh.test>\n"
	rows := []struct {
		about string
		in    Input
	}{
		{"nothing in the header", input(person + "Subject: Laporan")},
		{"no header at all", Input{}},
		{"Auto-Submitted: no", input(person + "Subject: Automatic reply: does it work\nAuto-Submitted: no")},
		{"Auto-Submitted: No, with a comment, and bulk", input(person + "Subject: x\nAuto-Submitted: No (a person)\nPrecedence: bulk")},
		{"a rule that passed a person's mail on", input(person + "Subject: x\nAuto-Submitted: auto-forwarded\nX-MS-Exchange-Inbox-Rules-Loop: ani@contoh.test")},
		{"X-Auto-Response-Suppress from Outlook", input(person + "Subject: Laporan\nX-Auto-Response-Suppress: DR, OOF, AutoReply")},
		{"Exchange passes on by a rule", input(person + "Subject: FW: Laporan\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent")},
		{"the team of an RT answers", input(person + "To: aduan@csirt.test\nSubject: [soc #1] Laporan\nManaged-By: RT 5\nRT-Originator: ani@contoh.test\nPrecedence: bulk")},
		{"a person answers a vacation notice", input(person + "Subject: Re: Automatic reply: Laporan")},
		{"a person passes one on", input(person + "Subject: Fwd: Out of Office: Laporan")},
		{"a person asks about vacation notices", input(person + "Subject: Out of office rules leak our data")},
		{"a person tells of their leave", input(person+"Subject: Sedang cuti", "", "Saya cuti sampai Senin, laporan saya urus Budi.\n")},
		{"a person asks who is away", input(person + "Subject: Budi is out of the office, who takes over?")},
		{"a German staff notice", input(person + "Subject: Abwesenheit nächste Woche")},
		{"a subject that begins with AUTO", input(person + "Subject: AUTO: kendaraan dinas dicuri")},
		{"a person writes about DMARC reports", input(person + "Subject: DMARC report domain csirt.test gagal")},
		{"a person passes on a complaint with all its parts", input(person+"Subject: Abuse report dari Yahoo\nContent-Type: multipart/mixed", "text/plain message/feedback-report message/rfc822")},
		{"a person passes on a bounce with all its parts", input(person+"Subject: surat kembali\nContent-Type: multipart/mixed", "text/plain message/delivery-status message/rfc822")},
		{"a person complains about a message", input(person+"Subject: Complaint about message from 192.0.2.1\nContent-Type: multipart/mixed", "text/plain image/png")},
		{"a person passes on a message and complains", input(person+"Subject: Complaint about message from 192.0.2.1\nContent-Type: multipart/mixed", "text/plain message/rfc822", "Lihat lampiran.")},
		{"a person quotes a robot's words", input(person+"Subject: Re: tiket\nIn-Reply-To: <1@csirt.test>", "", "Terima kasih.\n\n> This is an automated response to your message\n")},
		{"a person reports an automatic answer", input(person+"Subject: aneh", "", "Saya terima: this is an automatic reply to your mail. Apa ini?\n")},
		{"a name that only looks like noreply", input("From: Noreplyana <noreplyana@contoh.test>\nSubject: x")},
		{"an address with reply in it", input("From: donatus.reply@contoh.test\nSubject: x")},
		{"Bob, the postmaster", input("From: Bob <postmaster@contoh.test>\nSubject: Phishing")},
		{"a postmaster who answers", input("From: postmaster@contoh.test\nSubject: Re: tiket\nIn-Reply-To: <1@csirt.test>")},
		{"root with a mail program", input("From: root@contoh.test\nSubject: x\nUser-Agent: Mutt/2.2")},
		{"abuse and security desks", input("From: Abuse Desk <abuse@contoh.test>\nSubject: Serangan")},
		{"an alert desk", input("From: SOC <alert@contoh.test>\nSubject: Serangan")},
		{"X-Loop alone", input(person + "Subject: x\nX-Loop: ani@contoh.test")},
		{"a field taken back", input(person + "Subject: x\nX-Autoreply: no")},
		{"Amazon's Feedback-ID under a person's mail", input(person + "Subject: x\nFeedback-ID: 1.us-east-1.x:AmazonSES")},
		{"a mailer named PHPMailer: a web form", input(person + "Subject: Formulir aduan\nX-Mailer: PHPMailer 6.8")},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := Kind(r.in); got != Person {
				t.Errorf("taken for %q", got)
			}
		})
	}
}

func TestOnlyARequestForNoAnswerSuppressesOne(t *testing.T) {
	rows := []struct {
		value string
		want  bool
	}{
		{"All", true}, {"AutoReply", true}, {"DR, RN, NRN, OOF, AutoReply", true}, {"dr,oof,autoreply", true},
		{"OOF", false}, {"DR, NDR, RN, NRN", false}, {"None", false}, {"", false},
	}
	for _, r := range rows {
		if got := Suppressed(input("X-Auto-Response-Suppress: " + r.value)); got != r.want {
			t.Errorf("%q: %v", r.value, got)
		}
	}
	if Suppressed(Input{}) {
		t.Error("a mail without a header suppresses")
	}
}

func FuzzKind(f *testing.F) {
	f.Add("Auto-Submitted: auto-replied", "Automatic reply: x", "a@b", "text/plain", "multipart/report; report-type=x")
	f.Add("Auto-Submitted: (((", "(\xff", "\"@", "message/feedback-report", ";;;=")
	f.Add("List-Id:\nPrecedence: bulk (", "Re: AUTO: x is away", "noreply", "", "")
	f.Fuzz(func(t *testing.T, header, subject, from, types, root string) {
		in := input(header, types, subject) // the subject serves as the text too
		in.Subject, in.From, in.ContentType = subject, from, root
		switch kind := Kind(in); kind {
		case Person, AutoReply, Notification, List, Receipt, Feedback:
		default:
			t.Errorf("no such kind: %q", kind)
		}
		Suppressed(in)
		no := input("Auto-Submitted: no\n"+header, "text/plain", subject)
		no.Subject, no.From, no.ContentType = subject, from, "text/plain"
		if kind := Kind(no); kind != Person {
			t.Errorf("a person's own word is not taken: %q", kind)
		}
	})
}

func BenchmarkKind(b *testing.B) {
	in := input("Return-Path: <ani@contoh.test>\nFrom: Ani <ani@contoh.test>\nSubject: Laporan phishing\nUser-Agent: x", "text/plain image/png", strings.Repeat("Mohon bantuan. ", 200))
	for b.Loop() {
		if Kind(in) != Person {
			b.Fatal("a person was taken for a robot")
		}
	}
}
