package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"aduan/cmd/aduan/internal/oauth/oauthtest"
	"aduan/mailin/dovecottest"
	"aduan/mailout/smtptest"
	"aduan/tickets/ticketstest"
)

// tokenOffice is a gateway whose mailbox and relay take OAuth2 alone.
type tokenOffice struct {
	installation
	provider *oauthtest.Server
	dovecot  *dovecottest.Server
	relay    *smtptest.Server
}

func newTokenOffice(t *testing.T, database string) *tokenOffice {
	t.Helper()
	o := &tokenOffice{provider: oauthtest.Start(t, aduan)}
	o.dovecot = dovecottest.Start(t, dovecottest.Config{Users: map[string]string{aduan: password}, Introspect: o.provider.URL + "/introspect"})
	var err error
	if o.relay, err = smtptest.Start("127.0.0.1:0", nil, smtptest.Options{RequireAuth: true, Token: o.provider.Good}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.relay.Close() })
	folder := t.TempDir()
	if o.installation, err = install(folder, database, o.dovecot.Addr, o.relay.Addr()); err != nil {
		t.Fatal(err)
	}
	account := fmt.Sprintf(`oauth2 = { client_id = %q, token_url = "%s/token", device_url = "%[2]s/device" }`, o.provider.Client, o.provider.URL)
	text := strings.Replace(read(t, o.config), `password_file = "imap.secret"`, account, 1)
	text = strings.Replace(text, `rate = `, "username = \""+aduan+"\"\n"+account+"\nrate = ", 1)
	if err := os.WriteFile(o.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// report delivers a report and waits for its acknowledgement.
func (o *tokenOffice) report(t *testing.T, n int) {
	t.Helper()
	o.dovecot.Deliver(t, aduan, fmt.Appendf(nil, "From: Ani <pelapor%d@dinkes.baliprov.example>\r\nTo: %s\r\nSubject: Laporan %d\r\nMessage-ID: <%[1]d@dinkes.example>\r\n\r\nSitus kami diganti.\r\n", n, aduan, n))
	if err := await(func() (bool, error) {
		mails := o.relay.Mails()
		return len(mails) >= n, fmt.Errorf("%d acknowledgements of %d", len(mails), n)
	}); err != nil {
		t.Fatalf("%v\n%s", err, o.dovecot.Log())
	}
}

func TestOAuth2MailboxIsLoggedInToOnceAndHealsItself(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{
		"sqlite":     func(*testing.T) string { return "sqlite:aduan.db" },
		"postgresql": func(t *testing.T) string { return ticketstest.PostgreSQL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newTokenOffice(t, database(t))
			if out := o.call(t, exitWrongUse, "oauth", "login", "smtp"); out != "" {
				t.Errorf("the relay has no account of its own: %s", out)
			}
			o.provider.Approve()
			said := o.call(t, exitDone, "oauth", "login", "report")
			for _, want := range []string{"ABCD-EFGH", "Mailbox report: the server takes the log-in as " + aduan, "Relay: the server takes the log-in as " + aduan} {
				if !strings.Contains(said, want) {
					t.Errorf("the log-in does not say %q:\n%s", want, said)
				}
			}
			log := o.serveLogged(t)
			o.report(t, 1)
			o.provider.EndAccess() // what was given ends before its time, and the connections with it
			o.dovecot.Stop()
			if err := o.dovecot.Restart(); err != nil {
				t.Fatal(err)
			}
			o.report(t, 2)
			if n := o.provider.Grants("reuse"); n != 0 || o.provider.Grants("refresh_token") == 0 {
				t.Errorf("%d refreshes, %d with a used token", o.provider.Grants("refresh_token"), n)
			}
			for _, secret := range []string{"access-", "refresh-", o.provider.Secret} {
				if strings.Contains(log.String(), secret) || strings.Contains(said, secret) {
					t.Errorf("a token was shown: %s", secret)
				}
			}
		})
	}
}

func TestEndedLogInIsSaidAndHealedWhileTheGatewayRuns(t *testing.T) {
	o := newTokenOffice(t, "sqlite:aduan.db")
	log := o.serveLogged(t)
	if err := await(func() (bool, error) {
		return strings.Contains(log.String(), "nobody has logged in to "+aduan+" yet: run `aduan oauth login report`"), nil
	}); err != nil {
		t.Fatalf("the gateway does not say what to do: %v\n%s", err, log.String())
	}
	o.provider.Approve()
	o.call(t, exitDone, "oauth", "login", "report")
	o.report(t, 1)
}
