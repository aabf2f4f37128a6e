package relay

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Probing is what a conversation with the relay found, without a mail.
type Probing struct {
	StartTLS   bool     // offered, or in use
	Mechanisms []string // offered for the log-in
	Size       int64    // the largest mail in bytes (RFC 1870); 0: not told, or no limit
	Wide       bool     // SMTPUTF8
	Sender     error    // why it does not take the sender; nil where it does
	Recipients []error  // likewise, in the order of those that were asked for
}

// Probe opens a session, asks for sender and recipients, and takes all back: no mail is sent. Its error is *Unreachable or the
// context's.
func Probe(ctx context.Context, cfg Config, sender string, recipients ...string) (Probing, error) {
	var p Probing
	r := New(cfg)
	defer r.Close()
	s, err := r.fresh(ctx)
	if err != nil {
		return p, err
	}
	defer context.AfterFunc(ctx, func() { s.conn.Close() })()
	defer r.drop(s, true)
	offered, _ := s.smtp.Extension("STARTTLS")
	p.StartTLS = offered || r.cfg.TLS == StartTLS
	if _, list := s.smtp.Extension("AUTH"); list != "" {
		p.Mechanisms = strings.Fields(strings.ToUpper(list))
	}
	if _, size := s.smtp.Extension("SIZE"); size != "" {
		p.Size, _ = strconv.ParseInt(size, 10, 64) // a size that is no number is none
	}
	p.Wide, _ = s.smtp.Extension("SMTPUTF8")
	s.smtp.SkipSMTPUTF8(true)
	s.await(r.cfg.Timeout)
	if p.Sender = plainOrNil(s.smtp.Mail("<" + sender + ">")); p.Sender != nil {
		return p, nil
	}
	for _, to := range recipients {
		s.await(r.cfg.Timeout)
		p.Recipients = append(p.Recipients, plainOrNil(s.smtp.Rcpt("<"+to+">")))
	}
	s.await(r.cfg.Timeout)
	_ = s.smtp.Reset() // the session ends with this
	return p, nil
}

func plainOrNil(err error) error {
	if err == nil {
		return nil
	}
	return plain(err)
}

// Offers says whether one of the mechanisms is offered.
func (p Probing) Offers(mechanisms ...string) bool {
	return slices.ContainsFunc(mechanisms, func(m string) bool { return slices.Contains(p.Mechanisms, m) })
}
