package mailout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"aduan/mailout/internal/relay"
)

// RelayConfig says which relay takes our mail, and how to speak to it: section [smtp] of the settings.
type RelayConfig = relay.Config

// TLSMode says how the connection to the relay is encrypted.
type TLSMode = relay.TLSMode

// The ways to encrypt it.
const (
	Plain       = relay.Plain    // smtp://
	StartTLS    = relay.StartTLS // smtp:// with starttls = true; never falls back
	ImplicitTLS = relay.Implicit // smtps://
)

// Relay takes finished mails.
type Relay interface {
	// Send hands over one mail; sender "" is the null reverse-path. It returns the relay's words of acceptance; nil means that
	// the relay took responsibility.
	Send(ctx context.Context, sender, recipient string, mail io.Reader) (words string, err error)
	// Check says whether a session can be opened, log-in included.
	Check(ctx context.Context) error
	// Close takes leave.
	Close() error
}

// NewRelay gives a relay that connects when there is something to send.
func NewRelay(cfg RelayConfig) Relay { return relay.New(cfg) }

// ParseServer reads smtp.server of the settings: smtp://HOST[:PORT] or smtps://HOST[:PORT]. The ports that are not given are
// those of submission (RFC 8314): 587, and 465 for smtps.
func ParseServer(server string, starttls bool) (addr string, mode TLSMode, err error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return "", 0, fmt.Errorf("smtp.server %q: give smtp://HOST:PORT or smtps://HOST:PORT", server)
	}
	port := u.Port()
	switch {
	case u.Scheme == "smtp" && !starttls:
		mode = Plain
	case u.Scheme == "smtp":
		mode = StartTLS
	case u.Scheme == "smtps" && !starttls:
		mode = ImplicitTLS
	case u.Scheme == "smtps":
		return "", 0, fmt.Errorf("smtp.server %q is TLS from the first byte: leave out starttls, or give smtp://", server)
	default:
		return "", 0, fmt.Errorf("smtp.server %q: give smtp://HOST:PORT or smtps://HOST:PORT", server)
	}
	if port == "" && mode == ImplicitTLS {
		port = "465"
	} else if port == "" {
		port = "587"
	}
	return net.JoinHostPort(u.Hostname(), port), mode, nil
}

// Rate is how many mails may go out within any span of time. The zero Rate sets no limit.
type Rate struct {
	Mails int
	Per   time.Duration
}

// ParseRate reads smtp.rate of the settings: "60/minute"; also second, hour, day. "" sets no limit.
func ParseRate(s string) (Rate, error) {
	if strings.TrimSpace(s) == "" {
		return Rate{}, nil
	}
	spans := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	count, span, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	per := spans[strings.ToLower(strings.TrimSpace(span))]
	if err != nil || n <= 0 || per == 0 {
		return Rate{}, fmt.Errorf(`smtp.rate %q: give a number of mails and second, minute, hour or day, like "60/minute"`, s)
	}
	return Rate{n, per}, nil
}

// limiter keeps the rate in any window, not on average alone: a tenth may go at once, so that what one mail causes goes out
// together, and the bucket is filled so much slower that burst and filling together stay within the number.
func (r Rate) limiter() *rate.Limiter {
	if r.Mails <= 0 || r.Per <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	burst := max(1, r.Mails/10)
	return rate.NewLimiter(rate.Limit(float64(r.Mails-burst+1)/r.Per.Seconds()), burst)
}

// permanent says whether trying again cannot help: the relay refused this mail for good, or it must never be sent.
func permanent(err error) bool {
	var no *relay.Refusal
	return errors.Is(err, ErrInternal) || (errors.As(err, &no) && no.Permanent)
}

// unreachable says whether err is the relay's absence, not anything about a mail.
func unreachable(err error) bool {
	var away *relay.Unreachable
	return errors.As(err, &away)
}

// RelayUnreachable means that no session could be opened with the relay, and in which step.
type RelayUnreachable = relay.Unreachable

// RelayProbing is what a conversation with the relay found, without a mail.
type RelayProbing = relay.Probing

// ProbeRelay opens a session, asks for sender and recipients, and takes all back: no mail is sent.
func ProbeRelay(ctx context.Context, cfg RelayConfig, sender string, recipients ...string) (RelayProbing, error) {
	return relay.Probe(ctx, cfg, sender, recipients...)
}
