package mailin

import (
	"context"
	"io"

	"aduan/mailin/internal/authentic"
	"aduan/mailin/internal/entity"
	"aduan/tickets"
)

// LookupTXT asks the DNS for TXT records; nil is the system's resolver.
type LookupTXT func(ctx context.Context, name string) ([]string, error)

// NewAuthenticator verifies DKIM and believes the Authentication-Results of the named hosts (RFC 8601). A fault of the DNS is
// "not proven", never a reason to leave a mail.
func NewAuthenticator(authservIDs []string, maxMessage int64, lookup LookupTXT) Authenticator {
	return &authenticator{authentic.Verifier{LookupTXT: lookup, Hosts: authservIDs, MaxBytes: maxMessage}}
}

type authenticator struct{ v authentic.Verifier }

// Check implements Authenticator.
func (a *authenticator) Check(ctx context.Context, h entity.Header, raw func() (io.ReadCloser, error)) tickets.Authentication {
	fields := make([]authentic.Field, len(h.Fields))
	for n, f := range h.Fields {
		fields[n] = authentic.Field(f)
	}
	from := ""
	if named := h.Addresses("From"); len(named) == 1 { // the fallbacks for a missing From prove nobody
		from = named[0].Address
	}
	r := a.v.Check(ctx, fields, from, raw)
	return tickets.Authentication{DKIM: r.DKIM, DMARCFail: r.DMARCFail, Detail: r.Detail}
}
