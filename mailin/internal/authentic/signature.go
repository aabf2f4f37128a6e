package authentic

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-msgauth/dkim"
)

const (
	// allSignatures bounds the signatures of a mail, aligned or not: each forwarder adds one, few mails have more than five.
	allSignatures = 20
	// signedNames bounds the names in "h=", which the verifier looks for one by one.
	signedNames = 150
	// keyRecord bounds a key record in bytes. RSA with 16384 bits needs 2,800; larger keys only cost time.
	keyRecord = 4096
)

// verify returns the domain of a signature that passes and aligns with from, or why there is none. The library gets the
// bytes as they came, but the keys only of the signatures that can count.
func (v *Verifier) verify(ctx context.Context, head *rawHeader, from string) (domain, why string) {
	wanted, why := wantedKeys(head, from, v.maxSignatures())
	if why != "" {
		return "", why
	}
	asking, cancel := context.WithTimeout(ctx, v.timeout())
	defer cancel()
	keys := &keyring{ctx: asking, lookup: v.lookup, wanted: wanted}
	body := &bodyReader{ctx: ctx, r: head.body, left: v.maxBytes() - int64(len(head.bytes))}
	mail := io.MultiReader(bytes.NewReader(head.bytes), body)
	found, err := dkim.VerifyWithOptions(mail, &dkim.VerifyOptions{LookupTXT: keys.get, MaxVerifications: allSignatures})
	if body.fault != "" {
		return "", body.fault
	}
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return "", "the mail could not be read"
	}
	return judge(found, keys, from)
}

// judge picks the proof, or the most telling reason that there is none.
func judge(found []*dkim.Verification, keys *keyring, from string) (domain, why string) {
	for _, s := range found {
		d := foldDomain(s.Domain)
		switch {
		case d != "" && !aligned(d, from):
		case d != "" && s.Err == nil:
			return d, ""
		case s.Err != nil && why == "": // without a domain it could not even be read
			why = "the DKIM signature does not count: " + plain(s.Err)
		}
	}
	if fault := keys.firstFault(); fault != "" {
		why = fault
	}
	if why == "" {
		why = "too many DKIM signatures"
	}
	return "", why
}

// plain words an error for people: text from the mail or the DNS may be in it.
func plain(err error) string {
	s := strings.TrimPrefix(err.Error(), "dkim: ")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), 120)]
}

// wantedKeys names the key records of the first limit signatures whose domain aligns with from, or says why none counts.
func wantedKeys(head *rawHeader, from string, limit int) (wanted map[string]keyName, why string) {
	wanted = map[string]keyName{}
	foreign := ""
	for _, value := range valuesOf(head.fields, "DKIM-Signature") {
		tags := tagList(value)
		if strings.Count(tags["h"], ":") >= signedNames {
			return nil, "a DKIM signature covers too many fields"
		}
		d := foldDomain(tags["d"])
		if !aligned(d, from) {
			foreign = d
			continue
		}
		if limit--; limit < 0 {
			break
		}
		if selector := foldDomain(tags["s"]); selector != "" {
			wanted[tags["s"]+"._domainkey."+tags["d"]] = keyName{selector + "._domainkey." + d, d}
		}
	}
	switch {
	case len(wanted) > 0:
		return wanted, ""
	case foreign != "":
		return nil, "signed by " + foreign + ", which is not " + from + "'s"
	default:
		return nil, "the DKIM signature names no key"
	}
}

// tagList reads "a=b; c=d" (RFC 6376 section 3.2). Blanks mean nothing in the values that are asked for.
func tagList(s string) map[string]string {
	tags := map[string]string{}
	for _, pair := range strings.Split(s, ";") {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); ok && name != "" {
			tags[name] = strings.Join(strings.Fields(value), "")
		}
	}
	return tags
}

// keyName is the folded name of a key record, and the domain that it is a key of.
type keyName struct{ record, domain string }

// keyring hands out the wanted keys, and no others. The library asks from many goroutines.
type keyring struct {
	ctx    context.Context
	lookup func(context.Context, string) ([]string, error)
	wanted map[string]keyName // by the name as the library forms it

	mu    sync.Mutex
	fault string
}

type txtAnswer struct {
	records []string
	err     error
}

var errNotWanted = errors.New("not aligned with From")

// get answers for the library. It waits no longer than its context, also where the lookup does.
func (k *keyring) get(name string) ([]string, error) {
	key, ok := k.wanted[name]
	if !ok {
		return nil, errNotWanted
	}
	answers := make(chan txtAnswer, 1)
	go func() {
		records, err := k.lookup(k.ctx, key.record)
		answers <- txtAnswer{records, err}
	}()
	select {
	case <-k.ctx.Done():
		return nil, k.fail(key.domain, k.ctx.Err())
	case a := <-answers:
		if a.err != nil {
			return nil, k.fail(key.domain, a.err)
		}
		return usableKeys(a.records)
	}
}

// fail remembers a fault of the DNS; that a key does not exist is an answer and no fault.
func (k *keyring) fail(domain string, err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return errors.New("there is no such key")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fault == "" {
		k.fault = "the DNS did not answer for the key of " + domain
	}
	return err
}

func (k *keyring) firstFault() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.fault
}

// usableKeys refuses what the library lets pass: keys that are being tested, whose mail is to be treated as if it were
// not signed, and keys of other services than mail (RFC 6376 section 3.6.1).
func usableKeys(records []string) ([]string, error) {
	for _, r := range records {
		if len(r) > keyRecord {
			return nil, errors.New("the key record is too large")
		}
		tags := tagList(r)
		if hasTag(tags["t"], "y") {
			return nil, errors.New("the key is marked as being tested")
		}
		if s, ok := tags["s"]; ok && !hasTag(s, "*") && !hasTag(s, "email") {
			return nil, errors.New("the key is not for mail")
		}
	}
	return records, nil
}

func hasTag(list, want string) bool {
	for _, t := range strings.Split(list, ":") {
		if strings.EqualFold(t, want) {
			return true
		}
	}
	return false
}

// bodyReader ends the mail early instead of failing, because the library would leave goroutines behind at an error;
// fault says that what was verified is not the whole mail.
type bodyReader struct {
	ctx   context.Context
	r     io.Reader
	left  int64
	fault string
}

func (b *bodyReader) Read(p []byte) (int, error) {
	if b.fault != "" {
		return 0, io.EOF
	}
	if b.ctx.Err() != nil {
		b.fault = "there was no time left"
		return 0, io.EOF
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		b.fault = "the mail is too large"
		return 0, io.EOF
	case err != nil && err != io.EOF:
		b.fault = "the mail could not be read"
		return n, io.EOF
	}
	return n, err
}
