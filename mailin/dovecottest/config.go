package dovecottest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// prepare makes the folder with settings, users, certificate and empty Maildirs.
func (s *Server) prepare() error {
	var err error
	// Not t.TempDir: others than root must get in, and the paths of sockets have to be short.
	if s.dir, err = os.MkdirTemp("", "dovecot"); err != nil {
		return err
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	if s.mail, err = mailOwner(); err != nil {
		return err
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	s.Addr, s.TLSAddr, s.LMTP = ports[0], ports[1], ports[2]
	if err := s.writeCertificate(); err != nil {
		return err
	}
	for name := range s.cfg.Users {
		for _, sub := range []string{"tmp", "new", "cur"} {
			if err := s.mkdir(filepath.Join(s.maildir(name), sub)); err != nil {
				return err
			}
		}
	}
	conf, err := s.settings()
	if err != nil {
		return err
	}
	oauth2 := "introspection_url = " + s.cfg.Introspect + "\nintrospection_mode = post\nactive_attribute = active\nactive_value = true\nusername_attribute = username\n"
	return errors.Join(s.writeUsers(), os.WriteFile(s.path("oauth2.conf"), []byte(oauth2), 0o644), os.WriteFile(s.path("dovecot.conf"), []byte(conf), 0o644))
}

// mailOwner is who the mail belongs to. Dovecot refuses to read mail as root.
func mailOwner() (*user.User, error) {
	if os.Geteuid() == 0 {
		return user.Lookup("nobody")
	}
	return user.Current()
}

func (s *Server) own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, err1 := strconv.Atoi(s.mail.Uid)
	gid, err2 := strconv.Atoi(s.mail.Gid)
	return errors.Join(err1, err2, os.Chown(path, uid, gid))
}

// mkdir makes a folder and those above it, all owned by the mail's owner.
func (s *Server) mkdir(path string) error {
	if path == s.dir {
		return nil
	}
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return s.own(path)
}

func (s *Server) writeUsers() error {
	var b strings.Builder
	for name, password := range s.cfg.Users {
		fmt.Fprintf(&b, "%s:{PLAIN}%s\n", name, password)
	}
	// Written aside and moved, as the server may be reading; with a time of its own, as the
	// server looks at whole seconds to find out that it changed.
	at := time.Now().Add(time.Duration(s.seq.Add(1)) * time.Second)
	aside := s.path("users.new")
	return errors.Join(os.WriteFile(aside, []byte(b.String()), 0o644), os.Chtimes(aside, at, at), os.Rename(aside, s.path("users")))
}

// freePorts finds ports that nobody listens on. Another process may take one before
// Dovecot does; then the start fails, loudly.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		addrs = append(addrs, ln.Addr().String())
	}
	return addrs, nil
}

// writeCertificate makes a certificate for 127.0.0.1 that is its own root.
func (s *Server) writeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	s.Roots = x509.NewCertPool()
	s.Roots.AppendCertsFromPEM(certPEM)
	return errors.Join(os.WriteFile(s.path("cert.pem"), certPEM, 0o644), os.WriteFile(s.path("key.pem"), keyPEM, 0o600))
}

func (s *Server) settings() (string, error) {
	me, err := user.Current()
	if err != nil {
		return "", err
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		return "", err
	}
	login, internal := "dovenull", "dovecot"
	if os.Geteuid() != 0 {
		login, internal = me.Username, me.Username
	}
	port := func(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }
	text := strings.NewReplacer(
		"$DIR", s.dir, "$UID", s.mail.Uid, "$GID", s.mail.Gid, "$LOGIN", login, "$INTERNAL", internal,
		"$IMAPS", port(s.TLSAddr), "$IMAP", port(s.Addr), "$LMTP", port(s.LMTP),
		"$SEPARATOR", s.cfg.Separator, "$PREFIX", s.cfg.Prefix,
	).Replace(settings)
	if os.Geteuid() != 0 {
		text += strings.NewReplacer("$GROUP", group.Name).Replace(withoutRoot)
	}
	if s.cfg.Capability != "" {
		text += "imap_capability = " + s.cfg.Capability + "\n"
	}
	if s.cfg.QuotaRule != "" {
		text += "mail_plugins = quota\nplugin {\n quota = maildir:User quota\n quota_rule = " + s.cfg.QuotaRule + "\n}\n"
	}
	if s.cfg.Introspect != "" {
		text += strings.NewReplacer("$DIR", s.dir).Replace(withTokens)
	}
	return text, nil
}

// withTokens takes access tokens beside passwords.
const withTokens = `
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $DIR/oauth2.conf
}
`

// settings are those of Dovecot 2.3. Its IDLE tells half a second after a delivery.
const settings = `
base_dir = $DIR/run
state_dir = $DIR/state
log_path = $DIR/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$DIR/cert.pem
ssl_key = <$DIR/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
auth_failure_delay = 0
auth_cache_size = 0
recipient_delimiter = +
default_login_user = $LOGIN
default_internal_user = $INTERNAL
default_internal_group = $INTERNAL
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
passdb {
  driver = passwd-file
  args = username_format=%u $DIR/users
}
userdb {
  driver = static
  args = uid=$UID gid=$GID home=$DIR/mail/%u
}
namespace inbox {
  inbox = yes
  separator = $SEPARATOR
  prefix = $PREFIX
}
service imap-login {
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $LMTP
  }
}
service anvil {
  # No growing delay for an address that gave wrong passwords.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
protocol lmtp {
  postmaster_address = postmaster@csirt.example
}
`

// withoutRoot undoes what only root may do.
const withoutRoot = `
default_internal_group = $GROUP
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
`
