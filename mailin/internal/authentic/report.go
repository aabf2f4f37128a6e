package authentic

import "strings"

// heard is what trusted hosts report about a mail.
type heard struct {
	domain    string // of the passing signature that aligns with From
	host      string // that reported it, or the DMARC fail
	dmarcFail bool
}

// hear walks the header from the top for each trusted host. The fields of a host that count are its consecutive ones
// from its first on: they end at the first Authentication-Results field of anybody else (a field without an authserv-id
// and one that cannot be read are somebody else's), and fields of other names may stand between. ARC-Authentication-
// Results count in their place among the others. Below that, a mail that was sent through several organisations carries
// what others wrote. Within the fields that count, a method is taken from the uppermost field that reports it, whatever
// the result: a lower one is older.
//
// Two cautions go beyond the words, against hosts that keep foreign fields in their name after all:
//   - a pass is believed only above the first Received field below the host's first field. What a sender wrote stands
//     below the Received field of the host, which no sender can leave out. A fail is heard beyond it, because some
//     hosts write their fields on both sides of it;
//   - an ARC field below a Received field of the host's own organisation may have come with the mail, for RFC 8601
//     section 5 has nobody remove those. It proves nothing, and is heard for a fail.
func (v *Verifier) hear(fields []Field, from string) heard {
	if len(v.Hosts) == 0 {
		return heard{}
	}
	marks := readMarks(fields)
	var all heard
	for _, h := range v.Hosts {
		host := foldDomain(h)
		if host == "" {
			continue
		}
		domain, fail := witness(marks, host, from)
		if fail {
			return heard{host: host, dmarcFail: true}
		}
		if domain != "" && all.domain == "" {
			all = heard{domain: domain, host: host}
		}
	}
	return all
}

// mark is a field that matters here: a statement, or a Received field and the host that wrote it.
type mark struct {
	statement
	arc      bool
	received bool
	by       string
	value    string
}

func readMarks(fields []Field) []mark {
	var marks []mark
	for _, f := range fields {
		switch strings.ToLower(strings.TrimSpace(f.Name)) {
		case "authentication-results":
			marks = append(marks, mark{statement: readStatement(f.Value, false), value: f.Value})
		case "arc-authentication-results":
			marks = append(marks, mark{statement: readStatement(f.Value, true), arc: true, value: f.Value})
		case "received":
			marks = append(marks, mark{received: true, by: receivedBy(f.Value)})
		}
	}
	return marks
}

// receivedBy gives the host of a Received field's "by" clause (RFC 5321 section 4.4); "" where there is none.
func receivedBy(value string) string {
	sc := &scanner{s: value}
	for sc.peek() != 0 {
		v, _ := sc.value()
		if strings.EqualFold(v, "by") {
			host, _ := sc.value()
			return foldDomain(host)
		}
		if v == "" {
			sc.at++
		}
	}
	return ""
}

// witness returns the aligned domain whose DKIM pass the host reports, and whether it reports a DMARC fail.
func witness(marks []mark, host, from string) (domain string, fail bool) {
	started, settled, inside := false, false, false
	for _, m := range marks {
		switch {
		case m.received:
			settled = settled || started
			inside = inside || aligned(m.by, host)
		case m.id != host:
			if started {
				return domain, fail
			}
		case m.arc && inside:
			fail = fail || m.dmarcFail()
		default:
			started = true
			fail = fail || m.dmarcFail()
			if settled {
				continue
			}
			domain = m.dkimPass(from)
			settled = m.damaged || m.reports("dkim")
		}
	}
	return domain, fail
}

func (m mark) reports(method string) bool {
	for _, o := range m.results {
		if o.method == method {
			return true
		}
	}
	return false
}

// dmarcFail says that the field reports a DMARC fail. In a damaged field the words alone are enough.
func (m mark) dmarcFail() bool {
	for _, o := range m.results {
		if o.method == "dmarc" && o.result == "fail" {
			return true
		}
	}
	words := strings.ToLower(strings.Join(strings.Fields(m.value), ""))
	return m.damaged && strings.Contains(words, "dmarc=fail")
}

// dkimPass returns the domain of a DKIM pass that aligns with from; "" where the field reports none.
func (m mark) dkimPass(from string) string {
	if m.damaged {
		return ""
	}
	for _, o := range m.results {
		if o.method != "dkim" || o.result != "pass" || o.malformed {
			continue
		}
		if d := o.signer(); aligned(d, from) {
			return d
		}
	}
	return ""
}

// signer gives the domain that signed: header.d, else that of header.i (RFC 8601 section 2.7.1). Where both stand,
// header.i must lie inside header.d, as RFC 6376 section 3.5 has it; else neither is believed.
func (o outcome) signer() string {
	d, hasD := o.get("header.d")
	i, hasI := o.get("header.i")
	domain, agent := foldDomain(d), foldDomain(i[strings.LastIndexByte(i, '@')+1:])
	switch {
	case !hasI:
		return domain
	case !hasD:
		return agent
	case agent == domain || strings.HasSuffix(agent, "."+domain):
		return domain
	default:
		return ""
	}
}
