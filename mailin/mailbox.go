package mailin

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"aduan/mailin/internal/mailbox"
)

// Mailbox says which mailbox is worked and how it is reached.
type Mailbox = mailbox.Config

// MailboxStatus is the state of a mailbox: what keeps it from working, and since when.
type MailboxStatus = mailbox.Status

// TLSMode is how a connection is protected.
type TLSMode = mailbox.TLSMode

// ParseServer reads a server of the settings: imaps://HOST[:993], or imap://HOST[:143] which is plain unless starttls is set.
func ParseServer(server string, starttls bool) (addr string, mode TLSMode, err error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return "", 0, fmt.Errorf("server %q: give imaps://HOST:993 or imap://HOST:143", server)
	}
	port := u.Port()
	switch {
	case u.Scheme == "imaps" && starttls:
		return "", 0, fmt.Errorf("server %q: imaps:// is TLS from the first byte; take starttls away or write imap://", server)
	case u.Scheme == "imaps":
		mode = mailbox.Implicit
		if port == "" {
			port = "993"
		}
	case u.Scheme == "imap":
		if mode = mailbox.Plain; starttls {
			mode = mailbox.StartTLS
		}
		if port == "" {
			port = "143"
		}
	default:
		return "", 0, fmt.Errorf("server %q: give imaps://HOST:993 or imap://HOST:143", server)
	}
	return net.JoinHostPort(u.Hostname(), port), mode, nil
}

// TryLogIn connects to a mailbox once, logs in and leaves. Nothing is changed.
func TryLogIn(ctx context.Context, m Mailbox) error { return mailbox.TryLogIn(ctx, m) }

// MailboxError is a fault of a mailbox: in which step, and why.
type MailboxError = mailbox.Error

// FolderProbing is what was found about a folder that mails are filed to.
type FolderProbing = mailbox.FolderProbing

// Probing is what a look at a mailbox found.
type Probing = mailbox.Probing

// ProbeMailbox looks at a mailbox as serve would, and tries to write to its folders; what it writes it removes.
func ProbeMailbox(ctx context.Context, m Mailbox) (Probing, error) { return mailbox.Probe(ctx, m) }

// FoundMail is a mail that was waited for.
type FoundMail = mailbox.Found

// AwaitMail waits until a mail with a word in its subject is in one of the mailbox's folders, and takes it out.
func AwaitMail(ctx context.Context, m Mailbox, word string) (FoundMail, error) {
	return mailbox.Await(ctx, m, word)
}

// The ways in which a connection is protected.
const (
	ImplicitTLS = mailbox.Implicit
	StartTLS    = mailbox.StartTLS
	Plain       = mailbox.Plain
)

// MailboxTrouble is what a Mailbox remembers of a trouble while nobody works it.
type MailboxTrouble = mailbox.Trouble
