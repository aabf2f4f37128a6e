package mailin_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// key signs for whom the zone publishes it.
var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

var zone = func() records {
	public := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	return records{"k1._domainkey.csirt.example": {public}, "k1._domainkey.evil.example": {public}}
}()

// signed adds a DKIM signature of a domain.
func (s *scene) signed(domain, selector string, m mails, change ...func(*dkim.SignOptions)) mails {
	s.t.Helper()
	o := &dkim.SignOptions{Domain: domain, Selector: selector, Signer: key, HeaderCanonicalization: "relaxed", BodyCanonicalization: "relaxed"}
	for _, c := range change {
		c(o)
	}
	var out bytes.Buffer
	if err := dkim.Sign(&out, strings.NewReader(m[0]), o); err != nil {
		s.t.Fatal(err)
	}
	return mails{out.String()}
}

// as is a mail to the report address in somebody's name, with the attack in it.
func as(from string, fields ...string) func(*scene) mails {
	return func(s *scene) mails { return s.mail(from, ticketstest.Address, attack, fields...) }
}

// withToken is the attack to budi's own reply address, from somebody or with more fields.
func withToken(from string, fields ...string) func(*scene) mails {
	return func(s *scene) mails { return s.mail(from, s.reply(budi), attack, fields...) }
}

// mangled is the attack in budi's name to a changed reply address of his.
func mangled(change func(string) string) func(*scene) mails {
	return func(s *scene) mails { return s.mail(budi, change(s.reply(budi)), attack) }
}

func TestNobodyIsBelievedByTheNamesInAHeader(t *testing.T) {
	playAll(t, []hostile{
		{about: "From is the owner, nothing else", mails: as(budi)},
		{about: "From is Front Desk", mails: as(fd)},
		{about: "From is the supervisor", mails: as(kepala)},
		{about: "From is the owner in capitals", mails: as("BUDI@CSIRT.EXAMPLE")},
		{about: "From is the owner as a quoted local part", mails: as(`"budi"@csirt.example`)},
		{about: "From is the owner with a comment", mails: as("budi@csirt.example (Budi Agen)")},
		{about: "From is the owner by a source route", mails: as("<@evil.example:budi@csirt.example>")},
		{about: "the owner's address is the display name", mails: as(`"budi@csirt.example" <jahat@evil.example>`)},
		{about: "the owner's address stands before the brackets", mails: as("budi@csirt.example <jahat@evil.example>")},
		{about: "the owner's address is an encoded display name", mails: as("=?utf-8?q?budi=40csirt.example?= <jahat@evil.example>")},
		{about: "the owner's address is in a comment", mails: as("jahat@evil.example (budi@csirt.example)")},
		{about: "the owner's name as local part elsewhere", mails: as("budi%csirt.example@evil.example")},
		{about: "the owner's domain as a label of another", mails: as("budi@csirt.example.evil.example")},
		{about: "a Cyrillic letter in the owner's address", mails: as("bud\u0456@csirt.example")},
		{about: "a full-width at sign", mails: as("budi\uff20csirt.example")},
		{about: "two From fields, the owner's first, to the owner's reply address", mails: withToken("", "From: budi@csirt.example", "From: jahat@evil.example")},
		{about: "two From fields, the owner's last, to the owner's reply address", mails: withToken("", "From: jahat@evil.example", "From: budi@csirt.example")},
		{about: "two addresses in From to the owner's reply address", mails: withToken("budi@csirt.example, jahat@evil.example")},
		{about: "a group in From to the owner's reply address", mails: withToken("Tim: budi@csirt.example, jahat@evil.example;")},
		{about: "an empty group in From and the owner as Sender", mails: as("undisclosed:;", "Sender: budi@csirt.example")},
		{about: "an empty From and the owner as Sender", mails: as("<>", "Sender: budi@csirt.example")},
		{about: "no From, the owner as Sender and Return-Path", mails: as("", "Return-Path: <budi@csirt.example>", "Sender: budi@csirt.example")},
		{about: "the owner as Reply-To", mails: as(jahat, "Reply-To: budi@csirt.example")},
		{about: "the owner as Sender", mails: as(jahat, "Sender: Budi Agen <budi@csirt.example>")},
		{about: "the owner as Return-Path and Resent-From", mails: as(jahat, "Return-Path: <budi@csirt.example>", "Resent-From: budi@csirt.example", "X-Original-From: budi@csirt.example")},
		{about: "the gateway's own fields", mails: as(jahat, "X-Aduan-Ticket: x", "X-Aduan-Proof: dkim", "X-Aduan-Actor: budi@csirt.example")},
		{about: "the gateway's own fields in the owner's name", mails: as(budi, "X-Aduan-Proof: reply-address", "X-Aduan-Confirmed: yes")},
		{about: "From is the report address", mails: as(ticketstest.Address)},
		{about: "From is the owner's reply address", mails: func(s *scene) mails { return s.mail(s.reply(budi), s.reply(budi), attack) }},
		{about: "the Message-ID is that of our mail to the owner", proven: []string{budi}, mails: func(s *scene) mails {
			return s.mail(budi, s.reply(budi), attack, "Message-ID: <"+s.got(budi).MessageID+">")
		}},
	})
}

func TestAReplyAddressIsOfUseToItsPersonAlone(t *testing.T) {
	playAll(t, []hostile{
		{about: "a stranger to the owner's", mails: withToken(jahat)},
		{about: "a stranger to the owner's, in capitals", mails: func(s *scene) mails { return s.mail(jahat, strings.ToUpper(s.reply(budi)), attack) }},
		{about: "the reporter to the owner's", mails: withToken(ani)},
		{about: "the participant to the owner's", mails: withToken(putu)},
		{about: "a colleague's name to the owner's", mails: withToken(wayan)},
		{about: "the owner's name to the reporter's", mails: func(s *scene) mails { return s.mail(budi, s.reply(ani), attack) }},
		{about: "the owner's name to Front Desk's", mails: func(s *scene) mails { return s.mail(budi, s.reply(fd), attack) }},
		{about: "a stranger to the reporter's", mails: func(s *scene) mails { return s.mail(jahat, s.reply(ani), "/unsolved\r\n/status\r\n"+words) }},
		{about: "the participant's name to the reporter's", mails: func(s *scene) mails { return s.mail(putu, s.reply(ani), "/status\r\n") }},
		{about: "the reporter of another case with their own", proven: []string{komang}, hears: []string{komang + ":status"}, mails: func(s *scene) mails {
			return s.mail(komang, s.replyOn(komang, s.foreign), "/unsolved\r\n"+words)
		}},
		{about: "a letter changed", mails: mangled(func(a string) string { return a[:20] + string(flip(a[20])) + a[21:] })},
		{about: "the last letter changed", mails: mangled(func(a string) string {
			at := strings.IndexByte(a, '@') - 1
			return a[:at] + string(flip(a[at])) + a[at+1:]
		})},
		{about: "a letter missing", mails: mangled(func(a string) string { return strings.Replace(a, "@", "", 1)[:len("aduan+")+31] + "@csirt.example" })},
		{about: "a letter more", mails: mangled(func(a string) string { return strings.Replace(a, "@", "a@", 1) })},
		{about: "padding", mails: mangled(func(a string) string { return strings.Replace(a, "@", "=@", 1) })},
		{about: "the domain goes on", mails: mangled(func(a string) string { return a + ".evil.example" })},
		{about: "another mailbox", mails: mangled(func(a string) string { return strings.Replace(a, "aduan+", "lain+", 1) })},
		{about: "made up in the right form", mails: mangled(func(string) string {
			made := base32.StdEncoding.EncodeToString(append([]byte{0x41, 0, 0, 0, 0, 3, 0, 1}, bytes.Repeat([]byte{9}, 12)...))
			return "aduan+" + strings.ToLower(made) + "@csirt.example"
		})},
		{about: "the envelope address of our mail to the owner", mails: func(s *scene) mails { return s.mail(budi, s.got(budi).Sender, attack) }},
		{about: "in the subject only", mails: func(s *scene) mails { return s.mail(budi, ticketstest.Address, attack, "Subject: "+s.reply(budi)) }},
		{about: "in the text only", mails: func(s *scene) mails { return s.mail(budi, ticketstest.Address, attack+s.reply(budi)) }},
		{about: "in Reply-To only", mails: func(s *scene) mails {
			return s.mail(budi, ticketstest.Address, attack, "Reply-To: "+s.reply(budi))
		}},
		{about: "in a display name only", mails: func(s *scene) mails {
			return s.mail(budi, `"`+s.reply(budi)+`" <aduan@csirt.example>`, attack)
		}},
		{about: "our Message-ID in In-Reply-To and References", mails: func(s *scene) mails {
			id := "<" + s.got(budi).MessageID + ">"
			return s.mail(budi, ticketstest.Address, attack, "In-Reply-To: "+id, "References: "+id)
		}},
		{about: "a stranger names our internal mail", mails: func(s *scene) mails {
			id := "<" + s.got(budi).MessageID + ">"
			return s.mail(jahat, ticketstest.Address, "/status\r\n"+words, "In-Reply-To: "+id, "References: "+id, "Subject: halo")
		}},
		{about: "a month after the end of its ticket", before: func(s *scene) {
			s.must(budi, s.n, "/recommend\r\n/close\r\nPerbarui.\r\n")
			s.Pass(30*24*time.Hour + time.Second)
		}, mails: func(s *scene) mails { return s.mail(budi, s.reply(budi), "/reopen\r\n") }},
		{about: "the reporter's, a month after the end of its ticket", before: func(s *scene) {
			s.must(budi, s.n, "/recommend\r\n/close\r\nPerbarui.\r\n")
			s.Pass(30*24*time.Hour + time.Second)
		}, mails: func(s *scene) mails { return s.mail(ani, s.reply(ani), "/unsolved\r\n"+words) }, hears: []string{ani + ":continued", ani + ":acknowledged"}},
		{about: "after the staff member has left", before: func(s *scene) {
			tamu := tickets.Staff{Address: "tamu@csirt.example", Name: "Tamu", Roles: []tickets.Role{tickets.Agent}}
			if err := s.AddStaff(s.t.Context(), tamu, s.Now()); err != nil {
				s.t.Fatal(err)
			}
			s.must(fd, s.n, "/forward tamu@csirt.example\r\n")
			s.leaves(tamu.Address)
		}, mails: func(s *scene) mails { return s.mail("tamu@csirt.example", s.reply("tamu@csirt.example"), attack) }},
		{about: "after others saw it", before: func(s *scene) {
			seen := s.got(budi)
			s.take(s.mail(budi, seen.ReplyTo, "/note\r\nLihat.\r\n", "Cc: jahat@evil.example"))
			s.last[budi+" "+string(s.n)] = seen
		}, mails: withToken(budi)},
		{about: "the same mail once more", before: func(s *scene) {
			m := s.mail(budi, s.reply(budi), "/monitor\r\n")
			s.take(m)
			s.again = m
		}, mails: func(s *scene) mails { return s.again }},
		{about: "a stranger to a duplicate's", before: func(s *scene) {
			s.must(fd, s.n, "/duplicate "+string(s.foreign)+"\r\n")
		}, mails: func(s *scene) mails { return s.mail(jahat, s.reply(ani), "/status\r\n"+words) }},
		{about: "the reporter of a duplicate", proven: []string{ani}, before: func(s *scene) {
			s.must(fd, s.n, "/duplicate "+string(s.foreign)+"\r\n")
		}, mails: func(s *scene) mails { return s.mail(ani, s.reply(ani), words+"\r\n/history\r\n") }},
	})
}

func flip(c byte) byte {
	if c == 'a' {
		return 'b'
	}
	return 'a'
}

// result is the attack in the owner's name with the given Authentication-Results on top.
func result(fields ...string) func(*scene) mails { return as(budi, fields...) }

func TestForgedAuthenticationProvesNobody(t *testing.T) {
	const pass = "dkim=pass header.d=csirt.example header.s=k1"
	expired := func(o *dkim.SignOptions) { o.Expiration = time.Now().Add(-time.Hour) }
	playAll(t, []hostile{
		{about: "DMARC failed, with the owner's reply address", mails: withToken(budi, "Authentication-Results: "+mx+"; dmarc=fail header.from=csirt.example")},
		{about: "DMARC failed beside a pass of DKIM", mails: result("Authentication-Results: "+mx+"; "+pass+"; dmarc=fail header.from=csirt.example", "X-Note: x")},
		{about: "DMARC failed in a second field of the host", mails: withToken(budi, "Authentication-Results: "+mx+"; "+pass, "Authentication-Results: "+mx+"; dmarc=fail header.from=csirt.example")},
		{about: "DMARC failed by an ARC result of the host", mails: withToken(budi, "ARC-Authentication-Results: i=1; "+mx+"; dmarc=fail header.from=csirt.example")},
		{about: "the reporter with DMARC failed", mails: func(s *scene) mails {
			return s.mail(ani, s.reply(ani), "/status\r\n"+words, "Authentication-Results: "+mx+"; dmarc=fail header.from=dinkes.baliprov.example")
		}},
		{about: "another host says so", mails: result("Authentication-Results: mx.evil.example; " + pass)},
		{about: "the host is part of another's name", mails: result("Authentication-Results: "+mx+".evil.example; "+pass, "X-Note: x")},
		{about: "another's name is part of the host's", mails: result("Authentication-Results: evil." + mx + "; " + pass)},
		{about: "the host in a comment", mails: result("Authentication-Results: ("+mx+";) mx.evil.example; "+pass, "X-Note: x")},
		{about: "the host in a quoted string of another", mails: result(`Authentication-Results: "mx.evil.example; ` + mx + `"; ` + pass)},
		{about: "the host's own field, another's, then one in its name", mails: result("Authentication-Results: "+mx+"; dkim=none", "Authentication-Results: mx.evil.example; dkim=none", "Authentication-Results: "+mx+"; "+pass)},
		{about: "the host's own field right above one in its name", mails: result("Authentication-Results: "+mx+"; dkim=none", "Authentication-Results: "+mx+"; "+pass)},
		{about: "the pass in a comment", mails: result("Authentication-Results: " + mx + "; dkim=fail (; " + pass + ")")},
		{about: "the pass in a comment inside a comment, folded", mails: result("Authentication-Results: " + mx + "; dkim=fail (a (b)\r\n\t; " + pass + ")")},
		{about: "the pass in a quoted reason", mails: result(`Authentication-Results: ` + mx + `; dkim=fail reason="; ` + pass + `"`)},
		{about: "the pass in a quoted reason with a quoted quote", mails: result(`Authentication-Results: ` + mx + `; dkim=fail reason="a\"; ` + pass + `; x="`)},
		{about: "a pass of another domain", mails: result("Authentication-Results: " + mx + "; dkim=pass header.d=evil.example")},
		{about: "a pass of a domain that ends alike", mails: result("Authentication-Results: " + mx + "; dkim=pass header.d=evilcsirt.example")},
		{about: "a pass of the public suffix", mails: result("Authentication-Results: " + mx + "; dkim=pass header.d=example")},
		{about: "SPF alone", mails: result("Authentication-Results: " + mx + "; spf=pass smtp.mailfrom=budi@csirt.example")},
		{about: "an ARC result of another host", mails: result("ARC-Authentication-Results: i=1; mx.evil.example; " + pass)},
		{about: "a field whose name only begins so", mails: result("Authentication-Results-Original: " + mx + "; " + pass)},
		{about: "the result in the text", mails: func(s *scene) mails {
			return s.mail(budi, ticketstest.Address, "Authentication-Results: "+mx+"; "+pass+"\r\n\r\n"+attack)
		}},
		{about: "DKIM of the attacker's domain", mails: func(s *scene) mails { return s.signed("evil.example", "k1", as(budi)(s)) }},
		{about: "DKIM with a key that is not published", mails: func(s *scene) mails { return s.signed("csirt.example", "none", as(budi)(s)) }},
		{about: "DKIM that has expired", mails: func(s *scene) mails { return s.signed("csirt.example", "k1", as(budi)(s), expired) }},
		{about: "DKIM over another text", mails: func(s *scene) mails {
			m := s.signed("csirt.example", "k1", s.mail(budi, ticketstest.Address, "Halo.\r\n"))
			return mails{strings.Replace(m[0], "Halo.", attack, 1)}
		}},
		{about: "DKIM over another From", mails: func(s *scene) mails {
			m := s.signed("csirt.example", "k1", as("tamu@csirt.example")(s))
			return mails{strings.Replace(m[0], "From: tamu@", "From: budi@", 1)}
		}},
		{about: "DKIM below a second From", mails: func(s *scene) mails {
			return mails{"From: budi@csirt.example\r\n" + s.signed("csirt.example", "k1", as("tamu@csirt.example")(s))[0]}
		}},
		{about: "DKIM that proves a stranger", proven: []string{jahat}, mails: func(s *scene) mails { return s.signed("evil.example", "k1", as(jahat)(s)) }},
	})
}
