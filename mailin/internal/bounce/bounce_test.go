package bounce

import (
	"strings"
	"testing"
)

// sample is a small report: header lines, the text, and the machine parts that a MIME reader would hand over.
type sample struct {
	header string
	text   string
	parts  []Part
}

func (s sample) input() Input {
	fields := map[string][]string{}
	for _, l := range strings.Split(strings.TrimSpace(s.header), "\n") {
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
	from := ""
	if as := addresses(one("from")); len(as) > 0 {
		from = as[0]
	}
	return Input{
		Header:  func(name string) []string { return fields[strings.ToLower(name)] },
		Subject: one("subject"), From: from, ContentType: one("content-type"), Text: s.text, Parts: s.parts,
	}
}

const (
	daemon  = "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.contoh.test>\nTo: aduan@csirt.test\nSubject: Undelivered Mail Returned to Sender\n"
	dsnRoot = "Content-Type: multipart/report; report-type=delivery-status\n"
)

func dsn(fields string) Part {
	return Part{ContentType: "message/delivery-status", Content: []byte(fields)}
}

func returnedMail(id string) Part {
	return Part{ContentType: "message/rfc822", Content: []byte("Received: from a by b; Mon, 2 Nov 2026 08:00:00 +0800\r\nFrom: aduan@csirt.test\r\nTo: budi@contoh.test\r\nMessage-ID: <" + id + ">\r\nSubject: tiket\r\n\r\nIsi.\r\n")}
}

// line is what a test expects of one recipient, as "recipient action status".
func line(r Recipient) string { return r.Recipient + " " + r.Action + " " + r.Status }

func checkRecipients(t *testing.T, got []Recipient, want string) {
	t.Helper()
	var have []string
	for _, r := range got {
		have = append(have, strings.TrimSpace(line(r)))
	}
	if strings.Join(have, "; ") != want {
		t.Errorf("recipients\n have %s\n want %s", strings.Join(have, "; "), want)
	}
}

func TestFieldsOfRFC3464AreRead(t *testing.T) {
	const mta = "Reporting-MTA: dns; mx.contoh.test\n\n"
	rows := []struct{ about, fields, want string }{
		{"a plain group", mta + "Final-Recipient: rfc822; budi@contoh.test\nAction: failed\nStatus: 5.1.1\n", "budi@contoh.test failed 5.1.1"},
		{"two groups", mta + "Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822;b@x.test\nAction: delayed\nStatus: 4.2.2\n", "a@x.test failed 5.1.1; b@x.test delayed 4.2.2"},
		{"two groups without a blank line", mta + "Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822;b@x.test\nAction: failed\nStatus: 5.2.1\n", "a@x.test failed 5.1.1; b@x.test failed 5.2.1"},
		{"a recipient in the group of the message", "Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@x.test\nAction: failed\nStatus: 5.0.0\n", "a@x.test failed 5.0.0"},
		{"the original recipient before the final one", mta + "Original-Recipient: rfc822;a@x.test\nFinal-Recipient: rfc822;b@x.test\nAction: failed\nStatus: 5.1.1\n", "b@x.test failed 5.1.1"},
		{"a final recipient that is no address", mta + "Original-Recipient: rfc822;a@x.test\nFinal-Recipient: x-local; |/usr/bin/filter\nAction: failed\nStatus: 5.3.0\n", "a@x.test failed 5.3.0"},
		{"xtext that was not decoded", mta + "Final-Recipient: rfc822;a+2Bb+40x.test\nAction: failed\nStatus: 5.1.1\n", "a+b@x.test failed 5.1.1"},
		{"a plus in an address is no xtext", mta + "Final-Recipient: rfc822;a+20b@x.test\nAction: failed\nStatus: 5.1.1\n", "a+20b@x.test failed 5.1.1"},
		{"brackets, upper case, comments", mta + "FINAL-RECIPIENT: RFC822; <a@x.test>\nACTION: Failed (bad destination)\nSTATUS: 5.1.1 (no such user)\n", "a@x.test failed 5.1.1"},
		{"an action without a status", mta + "Final-Recipient: rfc822;a@x.test\nAction: failed\nDiagnostic-Code: smtp; 550 5.7.1 refused\n", "a@x.test failed 5.7.1"},
		{"a reply code alone gives its class", mta + "Final-Recipient: rfc822;a@x.test\nAction: failed\nDiagnostic-Code: smtp; 552 too much\n", "a@x.test failed 5.0.0"},
		{"no action: failed", mta + "Final-Recipient: rfc822;a@x.test\nStatus: 5.1.1\n", "a@x.test failed 5.1.1"},
		{"delivered is no failure", mta + "Final-Recipient: rfc822;a@x.test\nAction: delivered\nStatus: 2.1.5\n", "a@x.test delivered 2.1.5"},
		{"a mail that is late although it says 5", mta + "Final-Recipient: rfc822;a@x.test\nAction: delayed\nStatus: 4.4.7\n", "a@x.test delayed 4.4.7"},
		{"the same recipient twice", mta + "Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822;A@x.test\nAction: failed\nStatus: 5.1.1\n", "a@x.test failed 5.1.1"},
		{"CRLF line ends", strings.ReplaceAll(mta+"Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 5.1.1\n", "\n", "\r\n"), "a@x.test failed 5.1.1"},
		{"cut in the middle", mta + "Final-Recipient: rfc822;a@x.test\nAction: failed\nStat", "a@x.test failed"},
		{"an address in UTF-8", mta + "Final-Recipient: utf-8; ибу@почта.test\nAction: failed\nStatus: 5.1.1\n", "ибу@почта.test failed 5.1.1"},
		{"a quoted local part", mta + "Final-Recipient: rfc822; \"budi s\"@x.test\nAction: failed\nStatus: 5.1.1\n", "\"budi s\"@x.test failed 5.1.1"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			got := Read(sample{daemon + dsnRoot, "This is the mail system.\n", []Part{dsn(r.fields), returnedMail("1@csirt.test")}}.input())
			if !got.Is || got.ReturnedMessageID != "1@csirt.test" {
				t.Errorf("is %v, returned %q", got.Is, got.ReturnedMessageID)
			}
			checkRecipients(t, got.Recipients, r.want)
		})
	}
}

func TestReportsWithoutFieldsAreReadFromTheirWords(t *testing.T) {
	const header = "\n\nReceived: from a by b; Mon, 2 Nov 2026 08:00:00 +0800\nMessage-ID: <7@csirt.test>\nFrom: aduan@csirt.test\nTo: budi@contoh.test\nSubject: tiket\n\nIsi.\n"
	rows := []struct{ about, header, text, want string }{
		{"qmail", daemon, "Hi. This is the qmail-send program at contoh.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<budi@contoh.test>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message." + header, "budi@contoh.test failed 5.1.1"},
		{"Exim, two recipients with answers of their own", daemon, "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  budi@contoh.test\n    host mx.contoh.test [192.0.2.1]: 550 5.1.1 <budi@contoh.test>... User unknown\n  ani@contoh.test\n    host mx.contoh.test [192.0.2.1]: 552 5.2.2 quota\n\n------ This is a copy of the message, including all the headers. ------" + header, "budi@contoh.test failed 5.1.1; ani@contoh.test failed 5.2.2"},
		{"Exim, still trying", "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@contoh.test>\nSubject: Warning: message 1a2b delayed 24 hours\n", "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.contoh.test.\n\nThe address to which the message has not yet been delivered is:\n\n  budi@contoh.test\n\nNo action is required on your part.\n" + header, "budi@contoh.test delayed"},
		{"Exim's own header field leads", daemon + "X-Failed-Recipients: budi@contoh.test\n", "A message sent by\n\n  <aduan@csirt.test>\n\ncould not be delivered. The following address(es) failed:\n\n  budi@contoh.test\n    (ultimately generated from info@contoh.test)\n    retry timeout exceeded\n" + header, "budi@contoh.test failed"},
		{"sendmail's transcript", daemon, "   ----- The following addresses had permanent fatal errors -----\n<budi@contoh.test>\n    (reason: 552 5.2.2 Over quota)\n    (expanded from: <info@contoh.test>)\n\n   ----- Transcript of session follows -----\n... while talking to mx.contoh.test:\n>>> DATA\n<<< 552 5.2.2 Over quota\n\n   ----- Message header follows -----" + header, "budi@contoh.test failed 5.2.2"},
		{"old sendmail", daemon, "   ----- Transcript of session follows -----\n554 <budi@contoh.test>... 550 Host unknown\n\n   ----- Unsent message follows -----" + header, "budi@contoh.test failed 5.0.0"},
		{"Postfix without a report", daemon, "This is the Postfix program at host mx.contoh.test.\n\nI'm sorry to have to inform you that your message could not be\nbe delivered to one or more recipients.\n\n<budi@contoh.test>: host mx.contoh.test[192.0.2.1] said: 550 5.1.1 unknown\n" + header, "budi@contoh.test failed 5.1.1"},
		{"Exchange 5.5", "Return-Path: <>\nFrom: System Administrator <postmaster@contoh.test>\nTo: aduan@csirt.test\nSubject: Undeliverable: tiket\n", "Your message\n\n  To:      ani@contoh.test\n  Subject: tiket\n  Sent:    Mon, 2 Nov 2026 08:00:00 +0800\n\ndid not reach the following recipient(s):\n\nbudi@contoh.test on Mon, 2 Nov 2026 08:00:05 +0800\n    The recipient name is not recognized\n", "budi@contoh.test failed"},
		{"Exchange 2010 in German", "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoh.test>\nSubject: Unzustellbar: tiket\n", "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:\n\nBudi Santoso (budi@contoh.test)\n\nDiagnoseinformationen für Administratoren:\n\nbudi@contoh.test\n#550 5.1.1 RESOLVER.ADR.RecipNotFound ##\n\nUrsprüngliche Nachrichtenkopfzeilen:" + header, "budi@contoh.test failed 5.1.1"},
		{"Gmail", "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\n", "Delivery to the following recipient failed permanently:\n\n     budi@contoh.test\n\nTechnical details of permanent failure:\nThe error that the other server returned was:\n550 5.1.0 Recipient rejected\n\n----- Original message -----" + header, "budi@contoh.test failed 5.1.0"},
		{"Gmail, still trying", "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Delay)\n", "THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient has been delayed:\n\n     budi@contoh.test\n\nMessage will be retried for 2 more day(s)\n\nThe error that the other server returned was: 450 4.2.2 full\n" + header, "budi@contoh.test delayed 4.2.2"},
		{"Yahoo", "From: MAILER-DAEMON@yahoo.com\nSubject: Failure Notice\n", "Sorry, we were unable to deliver your message to the following address.\n\n<budi@contoh.test>:\nNo mx record found for domain=contoh.test\n\n--- Below this line is a copy of the message." + header, "budi@contoh.test failed"},
		{"GroupWise", daemon, "The message that you sent was undeliverable to the following:\n    budi@contoh.test (user not found)\n\nPossibly truncated original message follows:" + header, "budi@contoh.test failed"},
		{"Domino", "From: postmaster@contoh.test\nSubject: DELIVERY FAILURE: User budi not listed in Domino Directory\n", "Your message\n\n  Subject: tiket\n\nwas not delivered to:\n\n  budi@contoh.test\n\nbecause:\n\n  User budi (budi@contoh.test) not listed in Domino Directory\n" + header, "budi@contoh.test failed"},
		{"IMail", "From: \"Postmaster\" <postmaster@contoh.test>\nSubject: Undeliverable Mail\n", "User mailbox exceeds allowed size: budi@contoh.test\n\nOriginal message follows." + header, "budi@contoh.test failed"},
		{"OpenSMTPD", daemon, "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nbudi@contoh.test: 550 5.1.1 unknown\n\n    Below is a copy of the original message:" + header, "budi@contoh.test failed 5.1.1"},
		{"a filter that shows the dialogue", "From: postmaster@contoh.test\nSubject: Mail could not be delivered\n", "Sent <<< RCPT TO:<budi@contoh.test>\nReceived >>> 550 5.1.1 <budi@contoh.test>... user unknown\nUnable to deliver message to <budi@contoh.test>.\n" + header, "budi@contoh.test failed 5.1.1"},
		{"a Japanese carrier", "Return-Path: <>\nFrom: Postmaster@contoh.test\nSubject: Mail System Error - Returned Mail\n", "次のあて先へのメッセージはエラーのため送信できませんでした。\n\n    Recipient: <budi@contoh.test>\n    >>> RCPT TO:<budi@contoh.test>\n    <<< 550 <budi@contoh.test>: User unknown\n", "budi@contoh.test failed 5.0.0"},
		{"mail.ru", daemon + "X-Failed-Recipients: budi@contoh.test\n", "Это письмо создано автоматически сервером.\n\nК сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n\n  budi@contoh.test\n    host mx.contoh.test [192.0.2.1]: 550 5.1.1 unknown\n" + header, "budi@contoh.test failed 5.1.1"},
		{"Indonesian words", "Return-Path: <>\nFrom: postmaster@contoh.test\nSubject: Surat tidak terkirim\n", "Pesan Anda tidak dapat dikirim kepada penerima berikut:\n\n  budi@contoh.test\n\nAlasan: kotak surat penuh\n" + header, "budi@contoh.test failed"},
		{"fields in the text", "Return-Path: <>\nFrom: MAILER-DAEMON@contoh.test\nSubject: Delivery Status Notification (Failure)\n", "An error occurred while trying to deliver the mail to the following recipients:\nbudi@contoh.test\n\nTechnical report:\n\nReporting-MTA: dsn; mx\n\nAction: failed\nFinal-Recipient: rfc822; budi@contoh.test\nStatus: 5.3.5\n" + header, "budi@contoh.test failed 5.3.5"},
		{"no address but in the returned mail", "Return-Path: <>\nFrom: MMSC NDR Administrator <sysadmin@contoh.test>\nSubject: Undeliverable Message\n", "Message could not be delivered to mobile.\nError: No valid recipients\n\nOriginal Message:" + header, "budi@contoh.test failed"},
		{"each recipient has its own words", daemon, "This message was created automatically by mail delivery software.\nThe following address(es) failed:\n\n  budi@contoh.test\n    retry timeout exceeded\n  ani@contoh.test\n    550 5.1.1 unknown\n" + header, "budi@contoh.test failed; ani@contoh.test failed 5.1.1"},
		{"Exchange Online's answer below its advice", "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoh.test>\nSubject: Undeliverable: tiket\n", "contoh.test rejected your message to the following email addresses:\n\nBudi (budi@contoh.test)\nThe group only accepts messages from people in its organization.\n\nReported error: 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup\n" + header, "budi@contoh.test failed 5.7.133"},
		{"a spam filter", daemon, "Your message to: budi@contoh.test\nwas blocked by our Spam Firewall. It has NOT BEEN DELIVERED.\n", "budi@contoh.test failed"},
		{"contacts are no recipients", "From: MAILER-DAEMON@contoh.test\nSubject: failure notice\n", "Your message could not be delivered to budi@contoh.test. For help please contact helpdesk@contoh.test.\n" + header, "budi@contoh.test failed"},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			got := Read(sample{r.header, r.text, nil}.input())
			if !got.Is {
				t.Fatal("not taken for a report")
			}
			checkRecipients(t, got.Recipients, r.want)
			if strings.Contains(r.text, "<7@csirt.test>") && got.ReturnedMessageID != "7@csirt.test" {
				t.Errorf("returned id %q", got.ReturnedMessageID)
			}
		})
	}
}

func TestWhatAPersonSendsIsNoReport(t *testing.T) {
	const person = "Return-Path: <ani@contoh.test>\nFrom: Ani <ani@contoh.test>\nTo: aduan@csirt.test\n"
	fields := dsn("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; budi@contoh.test\nAction: failed\nStatus: 5.1.1\n")
	rows := []struct {
		about  string
		sample sample
	}{
		{"a person passes on a report in the text", sample{person + "Subject: Fwd: Undelivered Mail Returned to Sender\n", "Apa artinya ini?\n\n---------- Forwarded message ---------\nFrom: Mail Delivery System <MAILER-DAEMON@x.test>\n\nYour message could not be delivered to <budi@contoh.test>: 550 5.1.1\n", nil}},
		{"a person attaches a report", sample{person + "Subject: surat kembali\nContent-Type: multipart/mixed\n", "Lihat lampiran.\n", []Part{returnedMail("x@x.test")}}},
		{"a person's program kept the parts of a report that was passed on", sample{person + "Subject: Delivery Status Notification (Failure)\nContent-Type: multipart/mixed\n", "Mohon dicek.\n", []Part{fields}}},
		{"a person writes about undelivered mail", sample{person + "Subject: Undelivered mail since Monday\n", "Our message could not be delivered to budi@contoh.test, the server says 550 5.1.1 user unknown. Can you help?\n", nil}},
		{"a person pastes a whole report", sample{person + "Subject: Delivery failure\n", "Hi. This is the qmail-send program at contoh.test.\nI'm afraid I wasn't able to deliver your message.\n<budi@contoh.test>:\nSorry. (#5.1.1)\n\n--- Below this line is a copy of the message.\n", nil}},
		{"a postmaster who writes as a person", sample{"From: Postmaster <postmaster@contoh.test>\nSubject: Phishing dari domain kami\n", "Kami menemukan halaman phishing, mohon bantuan. Hubungi admin@contoh.test.\n", nil}},
		{"a postmaster who answers as a person", sample{"From: Postmaster <postmaster@contoh.test>\nSubject: Re: surat kembali\n", "Your mail could not be delivered to <budi@contoh.test>: 550, since the account is closed.\n", nil}},
		{"a postmaster with a name", sample{"From: Ani Lestari <postmaster@contoh.test>\nSubject: Undelivered mail\n", "Your mail could not be delivered to budi@contoh.test: 550.\n", nil}},
		{"a person answers a report", sample{"From: Ani <ani@contoh.test>\nReturn-Path: <>\nSubject: Re: Undelivered Mail Returned to Sender\n", "Alamat baru budi2@contoh.test\n\n> could not be delivered to budi@contoh.test\n", nil}},
		{"a person who says so", sample{person + "Auto-Submitted: no\nSubject: Undeliverable\n", "could not be delivered to budi@contoh.test\n", nil}},
		{"a vacation notice", sample{"Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: Budi <budi@contoh.test>\nSubject: Automatic reply: tiket\n", "I am away. Your mail has not been delivered to anybody else; write to ani@contoh.test.\n", nil}},
		{"a receipt", sample{"From: Budi <budi@contoh.test>\nSubject: Read: tiket\nContent-Type: multipart/report; report-type=disposition-notification\n", "Displayed.\n", []Part{{ContentType: "message/disposition-notification", Content: []byte("Final-Recipient: rfc822; budi@contoh.test\nDisposition: manual-action; displayed\n")}}}},
		{"a complaint", sample{"From: fbl@contoh.test\nSubject: Abuse report\nContent-Type: multipart/report; report-type=feedback-report\n", "This is an email abuse report.\n", []Part{{ContentType: "message/feedback-report", Content: []byte("Feedback-Type: abuse\n")}, returnedMail("x@x.test")}}},
		{"a challenge dressed as a report", sample{"From: noreply@contoh.test\nSubject: Re: tiket\n" + dsnRoot, "You are on my guest list.\n", []Part{dsn("Action: failed\n\nFinal-Recipient: rfc822; a@x.test\nDiagnostic-Code: X-Boxbe-Notice; Sender not pre-approved\nStatus: 4.7.0\n")}}},
		{"nothing at all", sample{}},
	}
	for _, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			if got := Read(r.sample.input()); got.Is || got.Recipients != nil || got.ReturnedMessageID != "" {
				t.Errorf("taken for a report: %+v", got)
			}
		})
	}
}
