package doctor

import (
	"errors"
	"strings"

	"aduan/mailout"
	"aduan/tickets"
)

// growth is by how much attachments grow when they are encoded for mail, with the texts around them.
const growth = 1.4

// Envelope is whom the relay was asked to take mail from and for.
type Envelope struct {
	Sender  string // whom bounces come back to
	Team    string // the report address, the first recipient
	Plus    string // a reply address, the second; "" where there are none
	Setting string // the remedy for a wrong password
}

// Relay judges a conversation with the relay; err is its error.
func Relay(cfg mailout.RelayConfig, e Envelope, mailSize int64, p mailout.RelayProbing, err error) []Finding {
	const check = "relay"
	l := newLine("[smtp]", cfg.Addr, cfg.TLS == mailout.ImplicitTLS, cfg.TLS == mailout.StartTLS, "smtps://HOST:465", "smtp://HOST:587")
	if err != nil {
		return []Finding{relayFault(check, l, e, err)}
	}
	all := []Finding{ok(check, "%s", connected(cfg))}
	if l.exposed() {
		do := "the relay offers no STARTTLS here: write " + l.secure + " where it has that port"
		if p.StartTLS {
			do = "write starttls = true in [smtp]: the relay offers it"
		}
		all = append(all, warning(check, do, "mails cross the network in the clear"))
	}
	if cfg.Username == "" && len(p.Mechanisms) > 0 && p.Sender != nil {
		all = append(all, fault(check, "give username and password_file in [smtp]", "the relay wants a log-in (%s)", strings.Join(p.Mechanisms, " ")))
	}
	all = append(all, envelope(check, e, p)...)
	return append(all, sizeFinding(check, p.Size, mailSize))
}

func connected(cfg mailout.RelayConfig) string {
	if cfg.Username == "" {
		return cfg.Addr + " answers, without a log-in"
	}
	return "log-in as " + cfg.Username + " to " + cfg.Addr + " works"
}

func envelope(check string, e Envelope, p mailout.RelayProbing) []Finding {
	if p.Sender != nil {
		return []Finding{fault(check, "let this account send as "+e.Team+" and its plus addresses (Postfix: smtpd_sender_login_maps), or let the relay take mail from this machine", "it does not take the sender %s: %v", e.Sender, p.Sender)}
	}
	all := []Finding{ok(check, "it takes the sender %s", e.Sender)}
	for i, to := range []string{e.Team, e.Plus} {
		switch {
		case i >= len(p.Recipients) || to == "":
		case p.Recipients[i] == nil:
			all = append(all, ok(check, "it takes mail for %s", to))
		case i == 0:
			all = append(all, warning(check, "see that the mailbox of the report address is there, and that the relay delivers to it", "it does not take mail for %s: %v", to, p.Recipients[i]))
		default:
			all = append(all, fault(check, "turn plus addresses on (Postfix and Dovecot: recipient_delimiter = +), or set reply_address = \"\" in [team]", "it does not take mail for the reply address %s: %v", to, p.Recipients[i]))
		}
	}
	return all
}

func sizeFinding(check string, size, mailSize int64) Finding {
	need := int64(float64(mailSize) * growth)
	switch {
	case size == 0:
		return ok(check, "it names no limit for the size of a mail")
	case size < need:
		return fault(check, "set mail_size in [smtp] to "+megabytes(int64(float64(size)/growth))+" at most, or raise the relay's limit to "+megabytes(need+999_999), "it takes mails of %s at most; with attachments of mail_size (%s) they come to %s", megabytes(size), megabytes(mailSize), megabytes(need))
	}
	return ok(check, "it takes mails of %s", megabytes(size))
}

func relayFault(check string, l line, e Envelope, err error) Finding {
	var at *mailout.RelayUnreachable
	step := ""
	if errors.As(err, &at) {
		step, err = at.Step, at.Err
	}
	text := tickets.CleanLine(err.Error())
	switch says, do := l.fault(err); {
	case strings.Contains(text, "aduan oauth login"):
		return fault(check, "run "+remedy(text), "%s", text)
	case step == "log-in" && strings.Contains(text, "offers no log-in"):
		return fault(check, "write starttls = true or "+l.secure+" in [smtp], or take username away", "it offers no log-in on this connection")
	case step == "STARTTLS" && strings.Contains(text, "does not offer it"):
		return fault(check, "take the TLS port in [smtp] ("+l.secure+", without starttls), or turn TLS on at the relay", "the relay does not offer STARTTLS")
	case do != "":
		return fault(check, do, "%s", says)
	case step == "log-in":
		return fault(check, e.Setting, "it refuses the log-in: %s", text)
	case step == "greeting":
		return fault(check, "correct server in [smtp] (usual are "+l.secure+" and "+l.plain+"); where the relay refuses this machine, let it in there", "%s port %s does not greet as a mail server: %s", l.host, l.port, text)
	}
	return fault(check, "look into the relay's log; what it says stands here", "%s: %s", step, text)
}
