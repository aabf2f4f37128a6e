package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// evaluation reads an SPF record (RFC 7208) as far as a record can be judged without a mail: macros and ptr match nothing,
// exists is not asked.
type evaluation struct {
	dns     Resolver
	lookups int
	err     error // why receivers would believe nothing of it
}

// mostLookups is RFC 7208 section 4.6.4.
const mostLookups = 10

// count notes one more term that asks the DNS.
func (e *evaluation) count() bool {
	if e.lookups++; e.lookups > mostLookups && e.err == nil {
		e.err = fmt.Errorf("it asks the DNS more than %d times", mostLookups)
	}
	return e.err == nil
}

// end walks through a whole record and returns what it says about everybody else: +all, ?all, ~all or -all.
func (e *evaluation) end(ctx context.Context, domain, record string) string {
	rest, redirect := "?all", ""
	for _, term := range strings.Fields(strings.ToLower(record))[1:] {
		qualifier, name, value := split(term)
		switch name {
		case "all":
			return qualifier + "all" // what follows is never reached
		case "include":
			if inner, ok := e.fetch(ctx, value); ok {
				e.end(ctx, value, inner)
			}
		case "a", "mx", "exists", "ptr":
			e.count()
		case "redirect":
			redirect = value
		case "ip4", "ip6":
			if _, ok := network(value); !ok && e.err == nil {
				e.err = fmt.Errorf("%s is no address", term)
			}
		case "exp":
		default:
			if !strings.Contains(term, "=") && e.err == nil {
				e.err = fmt.Errorf("there is no term %q", term)
			}
		}
		if e.err != nil {
			return rest
		}
	}
	if redirect != "" {
		if inner, ok := e.fetch(ctx, redirect); ok {
			return e.end(ctx, redirect, inner)
		}
	}
	return rest
}

// allows says whether a record lets an address send.
func (e *evaluation) allows(ctx context.Context, domain, record string, ip net.IP) bool {
	redirect := ""
	for _, term := range strings.Fields(strings.ToLower(record))[1:] {
		qualifier, name, value := split(term)
		if name == "redirect" {
			redirect = value
			continue
		}
		if e.matches(ctx, domain, name, value, ip) {
			return qualifier == "+"
		}
	}
	if redirect != "" {
		if inner, ok := e.fetch(ctx, redirect); ok {
			return e.allows(ctx, redirect, inner, ip)
		}
	}
	return false
}

func (e *evaluation) matches(ctx context.Context, domain, name, value string, ip net.IP) bool {
	switch name {
	case "all":
		return true
	case "ip4", "ip6":
		n, ok := network(value)
		return ok && n.Contains(ip)
	case "include":
		inner, ok := e.fetch(ctx, value)
		return ok && e.allows(ctx, value, inner, ip)
	case "a", "mx":
		return e.count() && e.hosts(ctx, domain, name, value, ip)
	}
	return false
}

// hosts says whether ip is an address of a host, or of a domain's mail exchanges.
func (e *evaluation) hosts(ctx context.Context, domain, name, value string, ip net.IP) bool {
	target, prefix, _ := strings.Cut(value, "/")
	if target == "" {
		target = domain
	}
	hosts := []string{target}
	if name == "mx" {
		hosts = nil
		mx, _ := e.dns.LookupMX(ctx, target) // none where the DNS does not answer
		for _, m := range mx {
			hosts = append(hosts, m.Host)
		}
	}
	for _, h := range hosts {
		addrs, _ := e.dns.LookupIPAddr(ctx, h)
		for _, a := range addrs {
			if n, ok := network(withPrefix(a.IP, prefix)); ok && n.Contains(ip) {
				return true
			}
		}
	}
	return false
}

// withPrefix is an address in the form of ip4 and ip6; a prefix "24//64" has one length for each.
func withPrefix(ip net.IP, prefix string) string {
	four, six, _ := strings.Cut(prefix, "//")
	if ip.To4() == nil {
		four = six
	}
	if four == "" {
		return ip.String()
	}
	return ip.String() + "/" + four
}

// fetch gets the record of another domain.
func (e *evaluation) fetch(ctx context.Context, domain string) (string, bool) {
	if !e.count() || strings.Contains(domain, "%") {
		return "", false
	}
	found, err := records(ctx, e.dns, domain, "v=spf1")
	switch {
	case err != nil:
		return "", false // for now: receivers try later too
	case len(found) != 1 && e.err == nil:
		e.err = errors.New(domain + ", which it names, has " + strconv.Itoa(len(found)) + " SPF records")
		return "", false
	}
	return found[0], true
}

// split takes a term apart: -include:example.org, redirect=example.org, a/24.
func split(term string) (qualifier, name, value string) {
	qualifier = "+"
	if strings.ContainsRune("+-~?", rune(term[0])) {
		qualifier, term = term[:1], term[1:]
	}
	if i := strings.IndexAny(term, ":=/"); i >= 0 {
		name, value = term[:i], strings.TrimLeft(term[i:], ":=")
		return qualifier, name, value
	}
	return qualifier, term, ""
}

func network(value string) (*net.IPNet, bool) {
	if !strings.Contains(value, "/") {
		ip := net.ParseIP(value)
		if ip == nil {
			return nil, false
		}
		bits := 128
		if ip.To4() != nil {
			ip, bits = ip.To4(), 32
		}
		return &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)}, true
	}
	_, n, err := net.ParseCIDR(value)
	return n, err == nil
}
