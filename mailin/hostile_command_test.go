package mailin_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"aduan/tickets/ticketstest"
)

// body is a mail of the given person to their own reply address.
func body(who, text string, fields ...string) func(*scene) mails {
	return func(s *scene) mails { return s.mail(who, s.reply(who), text, fields...) }
}

// parts is a multipart mail: each part begins with its own header.
func parts(who, kind string, each ...string) func(*scene) mails {
	text := ""
	for _, p := range each {
		text += "--b\r\n" + p + "\r\n"
	}
	return body(who, text+"--b--\r\n", "Content-Type: multipart/"+kind+"; boundary=b")
}

const plain = "Content-Type: text/plain\r\n\r\n"

// quoted is the attack as mail programs quote it.
var quoted = "> " + strings.ReplaceAll(strings.TrimSpace(attack), "\r\n", "\r\n> ") + "\r\n"

func TestCommandsCountInNewTextAlone(t *testing.T) {
	mine := []string{budi}
	in := base64.StdEncoding.EncodeToString([]byte(attack))
	playAll(t, []hostile{
		{about: "in quoted text", proven: mine, mails: body(budi, "Baik.\r\n\r\n"+quoted)},
		{about: "in quoted text alone", proven: mine, mails: body(budi, "Pada Sen, 23 Nov 2026, Ani <ani@dinkes.baliprov.example> menulis:\r\n"+quoted)},
		{about: "in a mail quoted below its header", proven: mine, mails: body(budi, "Baik.\r\n\r\n-----Original Message-----\r\nFrom: Ani\r\nSent: Senin\r\nTo: aduan\r\nSubject: x\r\n\r\n"+attack)},
		{about: "in the signature", proven: mine, mails: body(budi, "Baik.\r\n-- \r\n"+attack)},
		{about: "below the text", proven: mine, mails: body(budi, "Baik, saya kerjakan.\r\n"+attack)},
		{about: "in an attached text", proven: mine, mails: parts(budi, "mixed", plain+"Baik.", "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n"+attack)},
		{about: "in an attached text that names the encoding", proven: mine, mails: parts(budi, "mixed", plain+"Baik.", "Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"+in)},
		{about: "in a forwarded mail", proven: mine, mails: parts(budi, "mixed", plain+"Baik.", "Content-Type: message/rfc822\r\n\r\nFrom: ani@dinkes.baliprov.example\r\nSubject: x\r\n\r\n"+attack)},
		{about: "in HTML that is not shown, below the text", proven: mine, mails: body(budi, "<p>Baik.</p><div style=\"display:none\">/monitor</div><p hidden>/monitor</p>", "Content-Type: text/html")},
		{about: "in an HTML comment and a script", proven: mine, mails: body(budi, "<!--\n/monitor\n--><script>\n/monitor\n</script><style>/monitor</style><p>Baik.</p>", "Content-Type: text/html")},
		{about: "encoded in base64, in the owner's name", mails: func(s *scene) mails {
			return s.mail(budi, ticketstest.Address, in, "Content-Transfer-Encoding: base64")
		}},
		{about: "in the subject", proven: mine, mails: body(budi, "Baik.\r\n", "Subject: /monitor")},
		{about: "one letter wrong among right ones", proven: mine, mails: body(budi, "/set severity=low\r\n/forwrad budi@csirt.example\r\n")},
		{about: "one not allowed among allowed ones", proven: mine, mails: body(budi, "/set severity=low tlp=clear\r\n/verify\r\n")},
	})
}

func TestAutomaticMailGivesNoCommand(t *testing.T) {
	report := func(returned string) func(*scene) mails {
		return func(s *scene) mails {
			return s.mail("mailer-daemon@evil.example", ticketstest.Address, "--b\r\n"+plain+attack+"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.evil.example\r\n\r\n"+
				"Final-Recipient: rfc822; "+ani+"\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: "+strings.ReplaceAll(returned, "OURS", s.got(ani).MessageID)+"\r\nTo: "+ani+"\r\n\r\n--b--\r\n",
				"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "Subject: Undelivered Mail")
		}
	}
	mine := []string{budi}
	playAll(t, []hostile{
		{about: "a vacation notice of the owner", proven: mine, mails: body(budi, attack, "Auto-Submitted: auto-replied")},
		{about: "a vacation notice by an old mark", proven: mine, mails: body(budi, attack, "X-Autoreply: yes", "Precedence: bulk")},
		{about: "a notification in the owner's name", proven: mine, mails: body(budi, attack, "Auto-Submitted: auto-generated")},
		{about: "a list that carries the owner's mail", proven: mine, mails: body(budi, attack, "List-Id: <tim.csirt.example>", "List-Post: <mailto:tim@csirt.example>", "Precedence: list")},
		{about: "a receipt of the owner", proven: mine, mails: func(s *scene) mails {
			return s.mail(budi, s.reply(budi), "--b\r\n"+plain+attack+"\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: automatic-action/MDN-sent-automatically; displayed\r\n\r\n--b--\r\n", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b")
		}},
		{about: "a vacation notice of the reporter with a command", proven: []string{ani}, mails: body(ani, "/status\r\n"+words, "Auto-Submitted: auto-replied")},
		{about: "a bounce without an id of ours", mails: report("<lain@evil.example>"), hears: nil},
		{about: "a bounce that made an id of ours up", mails: report("<aduan-karangan@csirt.example>")},
		{about: "a bounce whose id of ours has a letter changed", mails: func(s *scene) mails {
			id := s.got(ani).MessageID
			return report("<" + string(flip(id[0])) + id[1:] + ">")(s)
		}},
		{about: "a bounce in the owner's name with commands", mails: func(s *scene) mails {
			m := report("<lain@evil.example>")(s)
			return mails{strings.Replace(m[0], "mailer-daemon@evil.example", budi, 1)}
		}},
	})
}

func TestCommandsReachNobodyWhomTheyShouldNot(t *testing.T) {
	mine, hers := []string{budi}, []string{ani}
	refused := func(about, line string) hostile {
		return hostile{about: about, proven: mine, mails: body(budi, line+"\r\n"+words+"\r\n")}
	}
	playAll(t, []hostile{
		refused("a case forwarded to a stranger", "/forward jahat@evil.example"),
		refused("a case forwarded to two", "/forward wayan@csirt.example,jahat@evil.example"),
		refused("two new reporters", "/reporter jahat@evil.example lain@evil.example"),
		refused("a new reporter with a line of a header", "/reporter \"jahat@evil.example\\r\\nBcc: lain@evil.example\""),
		refused("the report address as reporter", "/reporter aduan@csirt.example"),
		refused("the report address as participant", "/cc aduan@csirt.example"),
		refused("a duplicate of another team's number", "/duplicate LAIN-CSIRT-2026-0001"),
		refused("a duplicate of a number that is SQL", "/duplicate \"' OR 1=1 --\""),
		refused("a type that is SQL", "/set type=\"x'; DROP TABLE ticket; --\""),
		refused("evidence by a path", "/evidence ../../etc/passwd"),
		refused("evidence of a number that is none", "/evidence 99999999999999999999"),
		{about: "a duplicate of itself", proven: mine, mails: func(s *scene) mails { return s.mail(budi, s.reply(budi), "/duplicate "+string(s.n)+"\r\n") }},
		{about: "the reporter's reply address as participant", proven: mine, mails: func(s *scene) mails { return s.mail(budi, s.reply(budi), "/cc "+s.reply(ani)+"\r\n") }},
		{about: "internal and outgoing text in one mail", proven: mine, mails: body(budi, "/note\r\n/reply\r\n"+words+"\r\n")},
		{about: "the reporter gives commands of staff", proven: hers, mails: body(ani, attack)},
		{about: "the reporter asks for the whole case", proven: hers, mails: body(ani, "/history\r\n")},
		{about: "the reporter asks for evidence", proven: hers, mails: body(ani, "/evidence 1\r\n")},
		{about: "the reporter changes the reporter", proven: hers, mails: body(ani, "/reporter jahat@evil.example\r\n")},
		{about: "the participant gives commands of staff", proven: []string{putu}, mails: body(putu, attack)},
		{about: "the participant says it is unsolved", proven: []string{putu}, mails: body(putu, "/unsolved\r\n")},
		{about: "the reporter without proof asks how it stands", mails: func(s *scene) mails { return s.mail(ani, ticketstest.Address, "/status\r\n") }},
		{about: "the reporter without proof says it is unsolved", before: func(s *scene) { s.must(budi, s.n, "/monitor\r\n") },
			mails: func(s *scene) mails { return s.mail(ani, ticketstest.Address, "/unsolved\r\n") }},
		{about: "an agent who is not the owner", proven: []string{wayan}, mails: func(s *scene) mails {
			return s.mail(wayan, s.replyOn(wayan, s.foreign), "/unsolved\r\n/verify\r\n")
		}},
		{about: "a stranger asks how it stands", mails: func(s *scene) mails { return s.mail(jahat, ticketstest.Address, "/status\r\n") }},
		{about: "a stranger asks for help on it", mails: func(s *scene) mails { return s.mail(jahat, ticketstest.Address, "/help\r\n") }},
		{about: "a stranger asks for the list", hears: []string{jahat + ":acknowledged"}, mails: func(s *scene) mails {
			return s.mail(jahat, ticketstest.Address, "/list all\r\n", "Subject: daftar")
		}},
		{about: "a list in Front Desk's name", mails: func(s *scene) mails { return s.mail(fd, ticketstest.Address, "/list all\r\n", "Subject: daftar") }},
		{about: "a stranger with a Cc to the reporter", mails: func(s *scene) mails { return s.mail(jahat, ticketstest.Address, words, "Cc: "+ani+", "+budi) }},
		{about: "the number in letters that look alike", hears: []string{jahat + ":acknowledged"}, mails: func(s *scene) mails {
			return s.mail(jahat, ticketstest.Address, words, "Subject: =?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(s.n), "B", "\u0412", 1)))+"?=")
		}},
	})
}
