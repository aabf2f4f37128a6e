package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// Resolver asks the DNS; a *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
}

// Domain judges the DNS of the domain that our mail is sent from, and whether it lets the relay send for it.
func Domain(ctx context.Context, dns Resolver, domain, relay string) []Finding {
	all := []Finding{mailExchange(ctx, dns, domain)}
	all = append(all, senderPolicy(ctx, dns, domain, relay)...)
	return append(all, dmarcPolicy(ctx, dns, domain)...)
}

// absent says whether the DNS answered that there is nothing.
func absent(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// unanswered is the finding where the DNS does not answer.
func unanswered(check, name string, err error) Finding {
	var e *net.DNSError
	text := err.Error()
	if errors.As(err, &e) {
		text = e.Err
	}
	return warning(check, "try again; if it stays, correct the machine's DNS (/etc/resolv.conf)", "the DNS does not answer about %s: %s", name, text)
}

func mailExchange(ctx context.Context, dns Resolver, domain string) Finding {
	const check = "dns mx"
	mx, err := dns.LookupMX(ctx, domain)
	switch {
	case err != nil && !absent(err):
		return unanswered(check, domain, err)
	case len(mx) == 1 && mx[0].Host == ".":
		return fault(check, "replace it by the mail server's name: no report can arrive", "%s has a null MX: it says that it takes no mail (RFC 7505)", domain)
	case len(mx) > 0:
		return ok(check, "mail for %s goes to %s", domain, strings.TrimSuffix(mx[0].Host, "."))
	}
	if addrs, err := dns.LookupIPAddr(ctx, domain); err == nil && len(addrs) > 0 {
		return warning(check, "add an MX record with the mail server's name", "%s has no MX; senders try its address %s instead", domain, addrs[0].IP)
	}
	return fault(check, "add an MX record with the mail server's name: no report from outside can arrive", "%s has neither MX nor address", domain)
}

// records are the TXT records of a name that begin with a tag.
func records(ctx context.Context, dns Resolver, name, tag string) ([]string, error) {
	txt, err := dns.LookupTXT(ctx, name)
	if err != nil && !absent(err) {
		return nil, err
	}
	var found []string
	for _, r := range txt {
		if r == tag || strings.HasPrefix(strings.ToLower(r), tag+" ") || strings.HasPrefix(strings.ToLower(r), tag+";") {
			found = append(found, r)
		}
	}
	return found, nil
}

func senderPolicy(ctx context.Context, dns Resolver, domain, relay string) []Finding {
	const check = "dns spf"
	found, err := records(ctx, dns, domain, "v=spf1")
	switch {
	case err != nil:
		return []Finding{unanswered(check, domain, err)}
	case len(found) == 0:
		return []Finding{warning(check, fmt.Sprintf("add a TXT record to %s, such as \"v=spf1 mx ~all\" where the mail exchange also sends", domain), "%s has no SPF record: our mails may be taken for spam", domain)}
	case len(found) > 1:
		return []Finding{fault(check, "make one record of them", "%s has %d SPF records: receivers then believe none (RFC 7208 section 4.5)", domain, len(found))}
	}
	e := &evaluation{dns: dns}
	rest := e.end(ctx, domain, found[0])
	switch {
	case e.err != nil:
		return []Finding{fault(check, "correct the record: receivers then believe none of it", "the SPF record %q is wrong: %v", found[0], e.err)}
	case rest == "+all":
		return []Finding{fault(check, "end it with ~all or -all", "the SPF record of %s ends with +all: it lets the whole world send in our name", domain)}
	case rest == "?all":
		return []Finding{warning(check, "end it with ~all or -all", "the SPF record of %s says nothing about other senders", domain), relayAllowed(ctx, dns, domain, found[0], relay)}
	}
	return []Finding{ok(check, "%s has the record %q", domain, found[0]), relayAllowed(ctx, dns, domain, found[0], relay)}
}

// relayAllowed asks whether the record names the relay. Where it sends from is known only as far as its name goes.
func relayAllowed(ctx context.Context, dns Resolver, domain, record, relay string) Finding {
	const check = "dns spf"
	host, _, err := net.SplitHostPort(relay)
	if err != nil {
		host = relay
	}
	addrs, err := dns.LookupIPAddr(ctx, host)
	if ip := net.ParseIP(host); ip != nil {
		addrs, err = []net.IPAddr{{IP: ip}}, nil
	}
	if err != nil || len(addrs) == 0 {
		return unanswered(check, host, errors.Join(err, errors.New("no address")))
	}
	for _, a := range addrs {
		if a.IP.IsLoopback() || a.IP.IsPrivate() {
			return ok(check, "the relay %s is inside; see that the record names the address that its mails leave from", host)
		}
		e := &evaluation{dns: dns}
		if e.allows(ctx, domain, record, a.IP) {
			return ok(check, "it names the relay %s (%s)", host, a.IP)
		}
	}
	return warning(check, fmt.Sprintf("if the relay sends from there, add ip4:%s or what its provider says (include:…)", addrs[0].IP), "it does not name the relay %s (%s)", host, addrs[0].IP)
}

func dmarcPolicy(ctx context.Context, dns Resolver, domain string) []Finding {
	const check = "dns dmarc"
	options := &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) { return dns.LookupTXT(ctx, name) }}
	at := domain
	r, err := dmarc.LookupWithOptions(at, options)
	if org, orgErr := publicsuffix.EffectiveTLDPlusOne(domain); errors.Is(err, dmarc.ErrNoPolicy) && orgErr == nil && org != domain {
		at = org
		r, err = dmarc.LookupWithOptions(at, options)
	}
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		return []Finding{warning(check, fmt.Sprintf("add a TXT record to _dmarc.%s, such as \"v=DMARC1; p=quarantine; rua=mailto:postmaster@%[1]s\", once SPF and DKIM are right", domain), "%s has no DMARC record: anybody can write in our name", domain)}
	case dmarc.IsTempFail(err):
		return []Finding{unanswered(check, "_dmarc."+at, err)}
	case err != nil:
		return []Finding{fault(check, "correct the record of _dmarc."+at, "the DMARC record is wrong: %v", err)}
	}
	policy := r.Policy
	if at != domain && r.SubdomainPolicy != "" {
		policy = r.SubdomainPolicy
	}
	if policy == dmarc.PolicyNone {
		return []Finding{warning(check, "when the reports show that our own mail passes, set p=quarantine or p=reject", "DMARC of %s has p=none: forged mail in our name is delivered", at)}
	}
	says := fmt.Sprintf("DMARC of %s has p=%s; our From and envelope sender are both of %s, so SPF is aligned where it passes", at, policy, domain)
	return []Finding{ok(check, "%s", says)}
}
