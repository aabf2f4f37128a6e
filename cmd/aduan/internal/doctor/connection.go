package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// line is a connection of the settings, for what is said about its faults.
type line struct {
	setting       string // such as [[mailbox]] report
	host, port    string
	implicit      bool   // TLS from the first byte
	starttls      bool   // TLS after the greeting
	secure, plain string // the usual servers, such as imaps://HOST:993 and imap://HOST:143
}

func newLine(setting, addr string, implicit, starttls bool, secure, plain string) line {
	host, port, _ := net.SplitHostPort(addr)
	fill := strings.NewReplacer("HOST", host)
	return line{setting, host, port, implicit, starttls, fill.Replace(secure), fill.Replace(plain)}
}

// fault tells the ways apart in which a connection does not come about. do is "" where it is none of them.
func (l line) fault(err error) (says, do string) {
	var (
		name    *net.DNSError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		wait    net.Error
	)
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("the name %s is not known (%s)", l.host, name.Err), "correct the host name in " + l.setting + ", or the machine's DNS (/etc/resolv.conf)"
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nobody listens at %s port %s", l.host, l.port), fmt.Sprintf("correct the port in %s (usual are %s and %s), or start the mail server", l.setting, l.secure, l.plain)
	case errors.As(err, &host):
		return fmt.Sprintf("the certificate is not for %s: %s", l.host, namesOf(host.Certificate)), "give the server in " + l.setting + " by a name that its certificate has, or get a certificate for " + l.host
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate is not valid now: it is good from %s to %s", invalid.Cert.NotBefore.Format("2006-01-02"), invalid.Cert.NotAfter.Format("2006-01-02")), "renew the mail server's certificate, or correct this machine's clock"
	case errors.As(err, &unknown), errors.As(err, &invalid):
		return "the certificate is signed by nobody whom this machine trusts", "let the mail server send its whole chain, or put its authority's certificate into /usr/local/share/ca-certificates and run update-ca-certificates"
	case errors.As(err, &record):
		return fmt.Sprintf("port %s does not speak TLS from the first byte", l.port), fmt.Sprintf("write %s with starttls = true in %s, or take the TLS port (%s)", l.plainServer(), l.setting, l.secure)
	case strings.Contains(err.Error(), "STARTTLS") && !l.implicit:
		return "the server does not offer STARTTLS", fmt.Sprintf("take the TLS port in %s (%s, without starttls), or turn TLS on at the server", l.setting, l.secure)
	case errors.As(err, &wait) && wait.Timeout(), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		if l.implicit {
			return fmt.Sprintf("%s port %s does not answer", l.host, l.port), "let the firewall pass connections to it, or correct server in " + l.setting
		}
		return fmt.Sprintf("%s port %s does not greet in time", l.host, l.port), fmt.Sprintf("if the port speaks TLS from the first byte, write %s in %s; else let the firewall pass connections to it", l.secure, l.setting)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Sprintf("%s port %s ends the connection", l.host, l.port), fmt.Sprintf("correct server and starttls in %s (usual are %s and %s); the server's log says why it hung up", l.setting, l.secure, l.plain)
	}
	return err.Error(), ""
}

// plainServer is this port without TLS.
func (l line) plainServer() string {
	scheme, _, _ := strings.Cut(l.plain, "://")
	return scheme + "://" + net.JoinHostPort(l.host, l.port)
}

func namesOf(c *x509.Certificate) string {
	var names []string
	names = append(names, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "it names no host"
	}
	return "it is for " + strings.Join(names, ", ")
}

// exposed says whether a password goes over a network in the clear; loopback is none.
func (l line) exposed() bool {
	ip := net.ParseIP(l.host)
	return !l.implicit && !l.starttls && l.host != "localhost" && (ip == nil || !ip.IsLoopback())
}
