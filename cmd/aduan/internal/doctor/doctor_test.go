package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// zone is a DNS for tests: "txt NAME", "mx NAME" and "a NAME" have their answers; "fails" in a place of them is no answer.
type zone map[string][]string

func (z zone) ask(kind, name string) ([]string, error) {
	found := z[kind+" "+strings.TrimSuffix(name, ".")]
	switch {
	case len(found) == 0:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case found[0] == "fails":
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	return found, nil
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) { return z.ask("txt", name) }

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	found, err := z.ask("mx", name)
	var mx []*net.MX
	for _, host := range found {
		mx = append(mx, &net.MX{Host: host})
	}
	return mx, err
}

func (z zone) LookupIPAddr(_ context.Context, host string) ([]net.IPAddr, error) {
	found, err := z.ask("a", host)
	var addrs []net.IPAddr
	for _, ip := range found {
		addrs = append(addrs, net.IPAddr{IP: net.ParseIP(ip)})
	}
	return addrs, err
}

// good is a domain whose DNS is as it should be.
func good() zone {
	return zone{
		"mx csirt.example": {"mx.csirt.example."}, "txt csirt.example": {"v=spf1 include:_spf.host.example -all", "something else"},
		"txt _spf.host.example": {"v=spf1 ip4:203.0.113.0/24 ~all"}, "txt _dmarc.csirt.example": {"v=DMARC1; p=reject"},
		"a mail.host.example": {"203.0.113.9"},
	}
}

// want finds a finding of a state whose words and remedy are these.
func want(t *testing.T, about string, all []Finding, state State, check, says, do string) {
	t.Helper()
	for _, f := range all {
		if f.State == state && f.Check == check && strings.Contains(f.Says, says) && strings.Contains(f.Do, do) {
			if state != OK && f.Do == "" {
				t.Errorf("%s: no remedy for %q", about, f.Says)
			}
			return
		}
	}
	var b bytes.Buffer
	Write(&b, all)
	t.Errorf("%s: no %s about %s that says %q and advises %q in\n%s", about, state, check, says, do, b.String())
}

func TestDomainIsJudgedByItsRecords(t *testing.T) {
	for _, row := range []struct {
		about, name string
		answer      []string
		state       State
		check       string
		says, do    string
	}{
		{"as it should be", "mx csirt.example", []string{"mx.csirt.example."}, OK, "dns mx", "goes to mx.csirt.example", ""},
		{"as it should be, SPF", "-", nil, OK, "dns spf", "it names the relay mail.host.example (203.0.113.9)", ""},
		{"as it should be, DMARC", "-", nil, OK, "dns dmarc", "p=reject", ""},
		{"no mail exchange", "mx csirt.example", nil, Fault, "dns mx", "neither MX nor address", "add an MX record"},
		{"a null MX", "mx csirt.example", []string{"."}, Fault, "dns mx", "takes no mail", "replace it"},
		{"no SPF", "txt csirt.example", nil, Warning, "dns spf", "has no SPF record", "add a TXT record to csirt.example"},
		{"two SPF", "txt csirt.example", []string{"v=spf1 mx -all", "v=spf1 a -all"}, Fault, "dns spf", "2 SPF records", "make one record of them"},
		{"the whole world", "txt csirt.example", []string{"v=spf1 mx +all"}, Fault, "dns spf", "lets the whole world send", "~all or -all"},
		{"the whole world, redirected", "txt csirt.example", []string{"v=spf1 redirect=_spf.host.example"}, OK, "dns spf", "it names the relay", ""},
		{"neutral", "txt csirt.example", []string{"v=spf1 ip4:203.0.113.9"}, Warning, "dns spf", "says nothing about other senders", "~all or -all"},
		{"another relay", "txt csirt.example", []string{"v=spf1 ip4:198.51.100.1 -all"}, Warning, "dns spf", "does not name the relay mail.host.example (203.0.113.9)", "add ip4:203.0.113.9"},
		{"the relay is excluded first", "txt csirt.example", []string{"v=spf1 -ip4:203.0.113.9 include:_spf.host.example -all"}, Warning, "dns spf", "does not name the relay", ""},
		{"an include of nothing", "txt csirt.example", []string{"v=spf1 include:gone.example -all"}, Fault, "dns spf", "gone.example, which it names, has 0 SPF records", "correct the record"},
		{"a term that is none", "txt csirt.example", []string{"v=spf1 ipv4:1.2.3.4 -all"}, Fault, "dns spf", "no term", "correct the record"},
		{"an include of itself", "txt csirt.example", []string{"v=spf1 include:csirt.example -all"}, Fault, "dns spf", "more than 10 times", "correct the record"},
		{"the DNS does not answer", "txt csirt.example", []string{"fails"}, Warning, "dns spf", "does not answer about csirt.example", "try again"},
		{"no DMARC", "txt _dmarc.csirt.example", nil, Warning, "dns dmarc", "has no DMARC record", "add a TXT record to _dmarc.csirt.example"},
		{"a DMARC that does nothing", "txt _dmarc.csirt.example", []string{"v=DMARC1; p=none"}, Warning, "dns dmarc", "p=none", "p=quarantine"},
		{"a DMARC that is wrong", "txt _dmarc.csirt.example", []string{"v=DMARC1; p=sometimes"}, Fault, "dns dmarc", "is wrong", "correct the record"},
		{"no answer about DMARC", "txt _dmarc.csirt.example", []string{"fails"}, Warning, "dns dmarc", "does not answer", "try again"},
	} {
		z := good()
		z[row.name] = row.answer
		want(t, row.about, Domain(t.Context(), z, "csirt.example", "mail.host.example:587"), row.state, row.check, row.says, row.do)
	}
	z := good()
	z["txt _dmarc.host.example"] = []string{"v=DMARC1; p=reject; sp=none"}
	want(t, "a subdomain's policy", Domain(t.Context(), z, "csirt.host.example", "127.0.0.1:25"), Warning, "dns dmarc", "p=none", "")
}

func TestConnectionFaultsAreToldApart(t *testing.T) {
	cert := &x509.Certificate{DNSNames: []string{"mail.other.example"}, NotBefore: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	m := mailin.Mailbox{Name: "report", Addr: "mail.csirt.example:993", TLS: mailin.ImplicitTLS, Username: "aduan@csirt.example"}
	starttls, plain := m, m
	starttls.TLS, starttls.Addr = mailin.StartTLS, "mail.csirt.example:143"
	plain.TLS = mailin.Plain
	no := func(text string) error { return &imap.Error{Type: imap.StatusResponseTypeNo, Text: text} }
	for _, row := range []struct {
		about, op string
		m         mailin.Mailbox
		err       error
		says, do  string
	}{
		{"a name that is not known", "connect", m, &net.DNSError{Err: "no such host", IsNotFound: true}, "the name mail.csirt.example is not known", "correct the host name in [[mailbox]] report"},
		{"a wrong port", "connect", m, fmt.Errorf("dial: %w", syscall.ECONNREFUSED), "nobody listens at mail.csirt.example port 993", "usual are imaps://mail.csirt.example:993"},
		{"a certificate of another name", "connect", m, x509.HostnameError{Certificate: cert, Host: "mail.csirt.example"}, "the certificate is not for mail.csirt.example: it is for mail.other.example", "by a name that its certificate has"},
		{"an expired certificate", "connect", m, x509.CertificateInvalidError{Cert: cert, Reason: x509.Expired}, "good from 2025-01-01 to 2026-01-01", "renew the mail server's certificate"},
		{"a certificate of nobody", "connect", m, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "signed by nobody whom this machine trusts", "update-ca-certificates"},
		{"a port without TLS", "connect", m, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "port 993 does not speak TLS from the first byte", "write imap://mail.csirt.example:993 with starttls = true"},
		{"a server without STARTTLS", "greet", starttls, errors.New("imapclient: STARTTLS not supported"), "does not offer STARTTLS", "imaps://mail.csirt.example:993, without starttls"},
		{"silence at a TLS port", "greet", plain, os.ErrDeadlineExceeded, "does not greet in time", "write imaps://mail.csirt.example:993"},
		{"a firewall", "connect", m, context.DeadlineExceeded, "port 993 does not answer", "let the firewall pass"},
		{"a wrong password", "log in", m, no("Authentication failed."), "the server refuses the log-in as aduan@csirt.example: Authentication failed.", "the advice"},
		{"no log-in without TLS", "log in", plain, errors.New("the server allows no log-in on this connection; it may want TLS"), "allows no log-in without TLS", "write imaps://"},
		{"tokens that ended", "log in", m, errors.New("the provider renews the tokens no more: run `aduan oauth login report`"), "no more", "run `aduan oauth login report`"},
		{"a folder that is not there", "open the folder", m, no("Mailbox doesn't exist"), "folder INBOX cannot be opened", "correct folder"},
	} {
		all := Mailbox(row.m, "the advice", mailin.Probing{}, &mailin.MailboxError{Op: row.op, Mailbox: "report", Err: row.err}, time.Now())
		want(t, row.about, all, Fault, "mailbox report", row.says, row.do)
	}
}

func TestMailboxThatCannotBeWorkedWellIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	m := mailin.Mailbox{Name: "report", Addr: "10.1.2.3:143", TLS: mailin.Plain, Username: "aduan"}
	well := mailin.Probing{Folder: "INBOX", Idle: true, Move: true, UIDPlus: true}
	for _, row := range []struct {
		about    string
		change   func(*mailin.Probing)
		state    State
		says, do string
	}{
		{"all well", func(*mailin.Probing) {}, OK, "log-in as aduan to 10.1.2.3:143 works", ""},
		{"no TLS", func(*mailin.Probing) {}, Warning, "in the clear", "starttls = true"},
		{"no MOVE and no UIDPLUS", func(p *mailin.Probing) { p.Move, p.UIDPlus = false, false }, Fault, "neither MOVE nor UIDPLUS", "use a server with MOVE"},
		{"no IDLE", func(p *mailin.Probing) { p.Idle = false }, Warning, "no IDLE", "RFC 2177"},
		{"a backlog", func(p *mailin.Probing) { p.Waiting, p.Oldest = 7, now.Add(-3*time.Hour) }, Warning, "7 mails wait in INBOX, the oldest since 3 hours", "start `aduan serve`"},
		{"a mail on its way", func(p *mailin.Probing) { p.Waiting, p.Oldest = 1, now.Add(-time.Second) }, OK, "the oldest since a moment", ""},
		{"a folder that cannot be written", func(p *mailin.Probing) {
			p.Folders = []mailin.FolderProbing{{Name: "Aduan/Failed", Fault: errors.New("quota exceeded")}}
		}, Fault, "Aduan/Failed cannot be made or written: quota exceeded", "quota"},
		{"a folder that was made", func(p *mailin.Probing) { p.Folders = []mailin.FolderProbing{{Name: "Aduan/Failed", Made: true}} }, OK, "was missing and has been made", ""},
	} {
		p := well
		row.change(&p)
		want(t, row.about, Mailbox(m, "", p, nil, now), row.state, "mailbox report", row.says, row.do)
	}
	want(t, "never read", []Finding{Read("report", time.Time{}, now)}, Warning, "mailbox report", "no gateway has read it yet", "start `aduan serve`")
	want(t, "unread for long", []Finding{Read("report", now.Add(-50*time.Hour), now)}, Fault, "mailbox report", "last read 2 days ago", "look into its log")
	want(t, "read", []Finding{Read("report", now.Add(-time.Minute), now)}, OK, "mailbox report", "last read a moment ago", "")
}

func TestRelayIsJudgedByWhatItTakes(t *testing.T) {
	cfg := mailout.RelayConfig{Addr: "10.1.2.3:587", Username: "aduan"}
	e := Envelope{Sender: "aduan+x@csirt.example", Team: "aduan@csirt.example", Plus: "aduan+x@csirt.example", Setting: "the advice"}
	refused := errors.New("554 5.7.1 not yours")
	for _, row := range []struct {
		about    string
		p        mailout.RelayProbing
		err      error
		state    State
		says, do string
	}{
		{"all well", mailout.RelayProbing{StartTLS: true, Size: 50e6, Recipients: []error{nil, nil}}, nil, OK, "it takes mail for aduan+x@csirt.example", ""},
		{"the clear, where TLS is offered", mailout.RelayProbing{StartTLS: true}, nil, Warning, "in the clear", "write starttls = true"},
		{"the clear, where none is offered", mailout.RelayProbing{}, nil, Warning, "in the clear", "offers no STARTTLS"},
		{"a sender that is not ours", mailout.RelayProbing{Sender: refused}, nil, Fault, "does not take the sender aduan+x@csirt.example: 554", "smtpd_sender_login_maps"},
		{"no plus addresses", mailout.RelayProbing{Recipients: []error{nil, refused}}, nil, Fault, "the reply address aduan+x@csirt.example", `reply_address = ""`},
		{"no mailbox", mailout.RelayProbing{Recipients: []error{refused, nil}}, nil, Warning, "does not take mail for aduan@csirt.example", "mailbox of the report address"},
		{"a size that is too small", mailout.RelayProbing{Size: 10e6}, nil, Fault, "it takes mails of 10 MB at most", "set mail_size in [smtp] to 7 MB"},
		{"a wrong password", mailout.RelayProbing{}, &mailout.RelayUnreachable{Step: "log-in", Err: errors.New("535 5.7.8 wrong")}, Fault, "refuses the log-in: 535", "the advice"},
		{"no log-in", mailout.RelayProbing{}, &mailout.RelayUnreachable{Step: "log-in", Err: errors.New("the server offers no log-in here")}, Fault, "offers no log-in", "starttls = true"},
		{"no STARTTLS", mailout.RelayProbing{}, &mailout.RelayUnreachable{Step: "STARTTLS", Err: errors.New("the server does not offer it, and nothing is sent without")}, Fault, "does not offer STARTTLS", "smtps://10.1.2.3:465"},
		{"away", mailout.RelayProbing{}, &mailout.RelayUnreachable{Step: "connect", Err: syscall.ECONNREFUSED}, Fault, "nobody listens at 10.1.2.3 port 587", "start the mail server"},
		{"no mail server", mailout.RelayProbing{}, &mailout.RelayUnreachable{Step: "greeting", Err: errors.New("short response: HTTP/1.1")}, Fault, "does not greet as a mail server", "correct server in [smtp]"},
	} {
		want(t, row.about, Relay(cfg, e, 10e6, row.p, row.err), row.state, "relay", row.says, row.do)
	}
}

func TestMachineIsJudged(t *testing.T) {
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	want(t, "a clock that is right", []Finding{Clock("the database", now, now.Add(20*time.Second))}, OK, "clock", "agrees with the database", "")
	want(t, "a clock that is ahead", []Finding{Clock("the database", now, now.Add(-5*time.Minute))}, Fault, "clock", "5m0s ahead of the database", "NTP")
	want(t, "a clock that is behind", []Finding{Clock("the database", now, now.Add(5*time.Minute))}, Fault, "clock", "5m0s behind the database", "NTP")
	f, is := FutureMail("report", now.Add(2*time.Hour), now)
	want(t, "mail of tomorrow", []Finding{f}, Fault, "clock", "arrived 2 hours from now", "NTP")
	if _, wrong := FutureMail("report", now.Add(time.Second), now); !is || wrong {
		t.Error("a mail that just came is taken for one of tomorrow")
	}
	want(t, "a full disk", []Finding{Space("evidence", "/srv", 100e6)}, Fault, "evidence", "only 100 MB are free at /srv", "make room")
	want(t, "a disk that fills", []Finding{Space("evidence", "/srv", 2e9)}, Warning, "evidence", "2000 MB", "make room")
	for _, row := range []struct {
		about    string
		r        tickets.Reconciliation
		made     bool
		state    State
		says, do string
	}{
		{"never compared", tickets.Reconciliation{}, false, OK, "not compared yet", ""},
		{"all agrees", tickets.Reconciliation{At: now.Add(-3 * time.Hour)}, true, OK, "agreed 3 hours ago", ""},
		{"something is missing", tickets.Reconciliation{At: now, Faults: 2, Missing: 1, Findings: []string{"evidence abc is missing"}}, true, Fault, "1 mails or pieces of evidence are missing: evidence abc is missing", "backup"},
		{"not compared for long", tickets.Reconciliation{At: now.Add(-100 * time.Hour)}, true, Warning, "last compared 4 days ago", "log"},
		{"a mailbox was away", tickets.Reconciliation{At: now, Unlooked: []string{"mailbox report: away"}}, true, Warning, "could not see all: mailbox report: away", "findings"},
	} {
		want(t, row.about, []Finding{Reconciled(row.r, row.made, now)}, row.state, "reconciliation", row.says, row.do)
	}
	want(t, "hosts that are believed", []Finding{Believed([]string{"mx.csirt.example"})}, OK, "authserv_ids", "mx.csirt.example", "RFC 8601 section 5")
}

func TestTrialMailTellsOfSignatureAndOfForeignFields(t *testing.T) {
	mail := func(header string) Returned {
		return Returned{To: "aduan+x@csirt.example", Folder: "INBOX", Raw: []byte(header + "Subject: x\r\n\r\nx\r\n"), Domain: "csirt.example", Believed: []string{"mx.csirt.example"}, Foreign: "word.invalid"}
	}
	const signed = "DKIM-Signature: v=1; a=rsa-sha256; d=csirt.example; s=2026;\r\n\tbh=x; b=y\r\n"
	keys := good()
	keys["txt 2026._domainkey.csirt.example"] = []string{"v=DKIM1; p=MIGf"}
	for _, row := range []struct {
		about, header string
		dns           zone
		state         State
		check         string
		says, do      string
	}{
		{"it came back", "", good(), OK, "reply addresses", "came back to INBOX", ""},
		{"no signature", "", good(), Warning, "dkim", "no DKIM signature", "let the relay sign"},
		{"signed, with a key", signed, keys, OK, "dkim", "csirt.example with selector 2026", ""},
		{"signed, without a key", signed, good(), Fault, "dkim", "its key is not in the DNS (2026._domainkey.csirt.example)", "publish the key"},
		{"signed by another", strings.Replace(signed, "d=csirt", "d=relay", 1), good(), Warning, "dkim", "but not by csirt.example", ""},
		{"a foreign field survives", "Authentication-Results: mx.csirt.example; dkim=pass header.d=word.invalid\r\n", good(), Warning, "authserv_ids", "a foreign field in the name of mx.csirt.example came through", "take mx.csirt.example out"},
		{"another host vouches", "Authentication-Results: in.host.example; spf=pass\r\n", good(), OK, "authserv_ids", "in.host.example adds Authentication-Results", ""},
	} {
		want(t, row.about, Trial(t.Context(), row.dns, mail(row.header)), row.state, row.check, row.says, row.do)
	}
}
