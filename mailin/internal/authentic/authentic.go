// Package authentic tells for whom a mail's From is proven: by a DKIM signature (RFC 6376) that the gateway verifies
// itself, or by one that a trusted host reports in Authentication-Results (RFC 8601). It also hears a DMARC "fail" (RFC 7489).
//
// What it promises:
//   - From is proven only by a signature of a domain of the same organisation (relaxed alignment, RFC 7489 section 3.1.1).
//     SPF proves nothing, and neither does a DMARC pass, which may rest on SPF.
//   - Whatever is damaged, doubled, too large or unknown proves nothing; a DMARC fail is heard even where it is damaged.
//   - It never fails and never refuses a mail: a fault of the DNS or of the reader is "not proven", and Result.Detail says why.
//   - The DNS is asked only about keys of From's own organisation, a bounded number of times and for a bounded time.
//     Memory is bounded by the header; the body is streamed once.
//
// What a signature does not cover is not proven by it: most signers leave out Content-Type, and the recipients are
// whoever the envelope names. So a genuine mail can be sent again by anybody; the caller recognises its second sight.
package authentic

import (
	"context"
	"io"
	"net"
	"strings"
	"time"
)

// Defaults of the Verifier's bounds.
const (
	defaultSignatures = 5
	defaultTimeout    = 5 * time.Second
	defaultBytes      = 50 << 20
)

// Verifier holds what the proof depends on beside the mail. The zero value verifies with the system's resolver and
// believes no host. It is not changed by Check and may be used by many at once.
type Verifier struct {
	// LookupTXT returns the TXT records of a name, one string a record; nil for the system's resolver.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	// Hosts are the authserv-ids whose Authentication-Results are believed. They may name only hosts that remove
	// foreign fields in their name (RFC 8601 section 5).
	Hosts []string
	// MaxSignatures bounds the aligned signatures that are verified, uppermost first; 0 for 5.
	MaxSignatures int
	// Timeout bounds all questions to the DNS of one mail together; 0 for 5 s.
	Timeout time.Duration
	// MaxBytes bounds the mail whose signatures are verified, in bytes; 0 for 50 MB.
	MaxBytes int64
}

// Field is a field of the mail's own header, its value unfolded but not decoded.
type Field struct {
	Name, Value string
}

// Result is what is known about a mail's From. The zero value proves nothing.
type Result struct {
	// DKIM is the domain (lower case, A-labels) whose passing signature aligns with From; empty where From is not
	// proven, and always where DMARCFail is set.
	DKIM string
	// Host is the trusted host that reported the signature or the DMARC fail; empty where the gateway verified it itself.
	Host string
	// DMARCFail says that a trusted host reported a DMARC fail: the mail acts for nobody, whatever else holds.
	DMARCFail bool
	// Detail says in a line for people how From was proven, or why not.
	Detail string
}

// Check tells what proves the From of a mail. fields are those of its own header from the top on, and fromAddress is the
// only address in From, both as the caller reads them; fromAddress is empty where From names none or several. open gives
// the mail as it came from its beginning on; it is called, once, only where something may be proven. It may be nil: then
// only what hosts report can count.
//
// What a trusted host reports is asked first, because it needs neither the DNS nor the body. A caller whose ctx ended
// meanwhile must not rely on "not proven".
func (v *Verifier) Check(ctx context.Context, fields []Field, fromAddress string, open func() (io.ReadCloser, error)) Result {
	from := addressDomain(fromAddress)
	said := v.hear(fields, from)
	switch {
	case said.dmarcFail:
		return Result{DMARCFail: true, Host: said.host, Detail: "not proven: " + said.host + " reports a DMARC fail"}
	case from == "":
		return unproven("From does not name one address")
	case !names(fields, fromAddress):
		return unproven("From is malformed")
	case doubled(fields) != "":
		return unproven(doubled(fields))
	case said.domain == "" && (open == nil || len(valuesOf(fields, "DKIM-Signature")) == 0):
		return unproven("no DKIM signature")
	case open == nil:
		return said.proof()
	}
	raw, err := open()
	if err != nil {
		return unproven("the mail could not be read")
	}
	defer raw.Close()
	head := readHeader(raw)
	if why := head.disagrees(fields); why != "" {
		return unproven(why)
	}
	if said.domain != "" {
		return said.proof()
	}
	domain, why := v.verify(ctx, head, from)
	if domain == "" {
		return unproven(why)
	}
	return Result{DKIM: domain, Detail: "DKIM of " + domain + ", verified here"}
}

// proof words a signature that a host reports.
func (h heard) proof() Result {
	return Result{DKIM: h.domain, Host: h.host, Detail: "DKIM of " + h.domain + ", reported by " + h.host}
}

func unproven(why string) Result {
	return Result{Detail: "not proven: " + why}
}

// lookup asks the DNS. The name is absolute for the system's resolver, so that no search list of the machine answers.
func (v *Verifier) lookup(ctx context.Context, name string) ([]string, error) {
	if v.LookupTXT != nil {
		return v.LookupTXT(ctx, name)
	}
	return net.DefaultResolver.LookupTXT(ctx, strings.TrimSuffix(name, ".")+".")
}

func (v *Verifier) maxSignatures() int {
	if v.MaxSignatures > 0 {
		return v.MaxSignatures
	}
	return defaultSignatures
}

func (v *Verifier) timeout() time.Duration {
	if v.Timeout > 0 {
		return v.Timeout
	}
	return defaultTimeout
}

func (v *Verifier) maxBytes() int64 {
	if v.MaxBytes > 0 {
		return v.MaxBytes
	}
	return defaultBytes
}
