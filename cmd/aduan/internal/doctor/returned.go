package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Returned is a trial mail that came back.
type Returned struct {
	To       string        // the reply address that it was sent to
	Folder   string        // where it was found
	After    time.Duration // between sending and arriving by the server's clock
	Raw      []byte
	Domain   string   // of our From
	Believed []string // authserv_ids of the settings; the mail was sent with a foreign field in the name of each
	Foreign  string   // what stood in those fields, to know them again
}

var (
	signatureTag = regexp.MustCompile(`(?:^|;)\s*([ds])\s*=\s*([^;\s]+)`)
	authservID   = regexp.MustCompile(`^\s*(?:\([^)]*\)\s*)*"?([^\s;"]+)`)
)

// Trial judges a trial mail that came back: that plus addresses work, that our mail is signed, and which host vouches for mail.
func Trial(ctx context.Context, dns Resolver, r Returned) []Finding {
	all := []Finding{ok("reply addresses", "a mail to %s came back to %s after %s", r.To, r.Folder, r.After.Round(time.Second))}
	m, err := mail.ReadMessage(bytes.NewReader(r.Raw))
	if err != nil {
		return append(all, warning("dkim", "look at the raw mail in the mailbox", "the mail that came back cannot be read: %v", err))
	}
	all = append(all, signatures(ctx, dns, r, m.Header["Dkim-Signature"]))
	return append(all, vouching(r, m.Header["Authentication-Results"])...)
}

func signatures(ctx context.Context, dns Resolver, r Returned, fields []string) Finding {
	const check = "dkim"
	const do = "let the relay sign mail from our domain (Postfix: opendkim or rspamd); mail that stays within one server may be unsigned all the same: send one to an address elsewhere and look there"
	if len(fields) == 0 {
		return warning(check, do, "the mail that came back has no DKIM signature")
	}
	for _, field := range fields {
		tags := map[string]string{}
		for _, m := range signatureTag.FindAllStringSubmatch(field, -1) {
			tags[m[1]] = m[2]
		}
		domain, selector := strings.ToLower(tags["d"]), tags["s"]
		if domain != r.Domain && !strings.HasSuffix(r.Domain, "."+domain) && !strings.HasSuffix(domain, "."+r.Domain) {
			continue
		}
		name := selector + "._domainkey." + domain
		txt, err := dns.LookupTXT(ctx, name)
		if err != nil && !absent(err) {
			return unanswered(check, name, err)
		}
		if !slices.ContainsFunc(txt, func(t string) bool { return strings.Contains(t, "p=") }) {
			return fault(check, "publish the key of selector "+selector+" as a TXT record of "+name, "our mail is signed by %s, but its key is not in the DNS (%s)", domain, name)
		}
		return ok(check, "our mail is signed by %s with selector %s, whose key is in the DNS", domain, selector)
	}
	return warning(check, do, "the mail that came back is signed, but not by %s", r.Domain)
}

// vouching looks at who adds Authentication-Results, and whether fields in a believed name survive when others send them.
func vouching(r Returned, fields []string) []Finding {
	const check = "authserv_ids"
	var all []Finding
	var others []string
	for _, f := range fields {
		id := ""
		if m := authservID.FindStringSubmatch(f); m != nil {
			id = strings.ToLower(m[1])
		}
		switch believed := slices.ContainsFunc(r.Believed, func(b string) bool { return strings.EqualFold(b, id) }); {
		case strings.Contains(f, r.Foreign):
			all = append(all, warning(check, fmt.Sprintf("send a mail from outside with a field \"Authentication-Results: %s; dkim=pass\" of your own: if it is still there in the mailbox, take %[1]s out of authserv_ids", id),
				"a foreign field in the name of %s came through the relay; if mail from outside can bring one too, it can forge staff commands", id))
		case !believed && !slices.Contains(others, id):
			others = append(others, id)
		}
	}
	if len(others) > 0 {
		all = append(all, ok(check, "%s adds Authentication-Results; it may be named only if it removes foreign fields in its name (RFC 8601 section 5)", strings.Join(others, ", ")))
	}
	return all
}

// Believed says what naming hosts in authserv_ids rests on.
func Believed(ids []string) Finding {
	const check = "authserv_ids"
	if len(ids) == 0 {
		return ok(check, "no host is believed: DKIM counts as far as the gateway verifies it itself")
	}
	return Finding{check, OK, "believed: " + strings.Join(ids, ", "),
		"only hosts may stand there that remove foreign Authentication-Results fields in their name from mail that comes in (RFC 8601 section 5); else anybody can forge staff commands"}
}
