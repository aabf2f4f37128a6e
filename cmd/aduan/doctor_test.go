package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aduan/cmd/aduan/internal/doctor"
	"aduan/mailin/dovecottest"
	"aduan/mailout/smtptest"
)

// quietDNS answers as a well-kept domain does.
type quietDNS struct{}

func (quietDNS) LookupTXT(_ context.Context, name string) ([]string, error) {
	if strings.HasPrefix(name, "_dmarc.") {
		return []string{"v=DMARC1; p=reject"}, nil
	}
	return []string{"v=spf1 mx -all"}, nil
}

func (quietDNS) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mx.csirt.example."}}, nil
}

func (quietDNS) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) {
	return []net.IPAddr{{IP: net.IPv4(127, 0, 0, 1)}}, nil
}

// examine runs the doctor and returns its findings, which it reads as programs do, and the exit code.
func (in installation) examine(t *testing.T, sendTest bool) ([]doctor.Finding, int) {
	t.Helper()
	var out, errOut bytes.Buffer
	p := &program{in: strings.NewReader(""), out: &out, err: &errOut, config: in.config, dns: quietDNS{}}
	code := exitDone
	if err := p.examine(t.Context(), true, sendTest); err != nil {
		var exit *exitError
		if code = exitFailed; errors.As(err, &exit) {
			code = exit.code
		}
	}
	var all []doctor.Finding
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errOut.String())
	}
	return all, code
}

// wantFinding finds one of a state whose words and remedy are these.
func wantFinding(t *testing.T, all []doctor.Finding, state doctor.State, check, says, do string) {
	t.Helper()
	for _, f := range all {
		if f.State == state && f.Check == check && strings.Contains(f.Says, says) && strings.Contains(f.Do, do) {
			return
		}
	}
	var b bytes.Buffer
	doctor.Write(&b, all)
	t.Errorf("no %s about %s that says %q and advises %q in\n%s", state, check, says, do, b.String())
}

// set changes the settings.
func (in installation) set(t *testing.T, old, fresh string) {
	t.Helper()
	text := read(t, in.config)
	if !strings.Contains(text, old) {
		t.Fatalf("the settings have no %q", old)
	}
	if err := os.WriteFile(in.config, []byte(strings.Replace(text, old, fresh, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorNamesEachFaultAndItsRemedy(t *testing.T) {
	dovecot := dovecottest.Start(t, dovecottest.Config{Users: map[string]string{aduan: password}})
	relay, err := smtptest.Start("127.0.0.1:0", nil, smtptest.Options{Users: map[string]string{aduan: password}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { relay.Close() })
	for _, row := range []struct {
		about    string
		harm     func(t *testing.T, in installation)
		state    doctor.State
		check    string
		says, do string
	}{
		{"nothing", func(*testing.T, installation) {}, doctor.OK, "mailbox report", "log-in as aduan@csirt.example", ""},
		{"nothing, the folder", func(*testing.T, installation) {}, doctor.OK, "mailbox report", "folder Aduan/Processed is there and can be written", ""},
		{"nothing, IDLE", func(*testing.T, installation) {}, doctor.OK, "mailbox report", "IDLE", ""},
		{"nothing, the relay", func(*testing.T, installation) {}, doctor.OK, "relay", "it takes the sender aduan+", ""},
		{"nothing, the templates", func(*testing.T, installation) {}, doctor.OK, "templates", "every mail can be rendered", ""},
		{"a wrong password", func(t *testing.T, in installation) {
			os.WriteFile(filepath.Join(filepath.Dir(in.config), "imap.secret"), []byte("salah\n"), 0o600)
		}, doctor.Fault, "mailbox report", "refuses the log-in as aduan@csirt.example", "imap.secret"},
		{"a wrong port", func(t *testing.T, in installation) { in.set(t, "imap://"+dovecot.Addr, "imap://127.0.0.1:1") }, doctor.Fault, "mailbox report", "nobody listens at 127.0.0.1 port 1", "correct the port"},
		{"a port without TLS", func(t *testing.T, in installation) { in.set(t, "imap://"+dovecot.Addr, "imaps://"+dovecot.Addr) }, doctor.Fault, "mailbox report", "does not speak TLS from the first byte", "imap://" + dovecot.Addr + " with starttls = true"},
		{"a certificate of nobody", func(t *testing.T, in installation) { in.set(t, "imap://"+dovecot.Addr, "imaps://"+dovecot.TLSAddr) }, doctor.Fault, "mailbox report", "signed by nobody whom this machine trusts", "update-ca-certificates"},
		{"a folder that is not there", func(t *testing.T, in installation) {
			in.set(t, `password_file = "imap.secret"`, "password_file = \"imap.secret\"\nfolder = \"Laporan\"")
		}, doctor.Fault, "mailbox report", "folder Laporan cannot be opened", "correct folder"},
		{"a relay that is away", func(t *testing.T, in installation) { in.set(t, "smtp://"+relay.Addr(), "smtp://127.0.0.1:1") }, doctor.Fault, "relay", "nobody listens at 127.0.0.1 port 1", "correct the port"},
		{"a relay without STARTTLS", func(t *testing.T, in installation) { in.set(t, "rate = ", "starttls = true\nrate = ") }, doctor.Fault, "relay", "does not offer STARTTLS", "smtps://127.0.0.1:465"},
		{"a relay that refuses the password", func(t *testing.T, in installation) {
			in.set(t, "rate = ", "username = \"x\"\npassword_file = \"imap.secret\"\nrate = ")
		}, doctor.Fault, "relay", "refuses the log-in", "imap.secret"},
		{"a database that is away", func(t *testing.T, in installation) {
			in.set(t, "sqlite:aduan.db", "postgres://aduan@127.0.0.1:1/aduan?sslmode=disable")
		}, doctor.Fault, "database", "connection refused", "start the database"},
		{"an evidence folder that is a file", func(t *testing.T, in installation) {
			in.set(t, "[[mailbox]]", "[evidence]\nurl = \"file:imap.secret\"\n\n[[mailbox]]")
		}, doctor.Fault, "evidence", "not a directory", "let this user write there"},
		{"a template with a fault", func(t *testing.T, in installation) {
			folder := filepath.Join(filepath.Dir(in.config), "words", "id")
			os.MkdirAll(folder, 0o700)
			os.WriteFile(filepath.Join(folder, "staff.txt"), []byte("{{define \"warning\"}}\n{{.Nothing}}\n{{end}}\n"), 0o600)
			in.set(t, `prefix = `, "templates = \"words\"\nprefix = ")
		}, doctor.Fault, "templates", "staff.txt:2", "correct the file"},
		{"no staff", func(t *testing.T, in installation) { in.call(t, exitDone, "staff", "remove", frontdesk) }, doctor.Fault, "staff", "there is no Front Desk", "aduan staff add"},
		{"no gateway", func(t *testing.T, in installation) { in.set(t, `listen = ""`, `listen = "127.0.0.1:1"`) }, doctor.Warning, "serve", "no gateway answers at 127.0.0.1:1", "systemctl start aduan"},
		{"a mailbox that nobody reads", func(*testing.T, installation) {}, doctor.Warning, "mailbox report", "no gateway has read it yet", "start `aduan serve`"},
	} {
		t.Run(row.about, func(t *testing.T) {
			t.Parallel()
			in, err := install(t.TempDir(), "sqlite:aduan.db", dovecot.Addr, relay.Addr())
			if err != nil {
				t.Fatal(err)
			}
			in.call(t, exitDone, "staff", "add", frontdesk, "--name", "Front Desk", "--role", "front-desk")
			row.harm(t, in)
			all, code := in.examine(t, false)
			wantFinding(t, all, row.state, row.check, row.says, row.do)
			if want := map[bool]int{true: exitFailed, false: exitDone}[row.state == doctor.Fault]; code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
			for _, f := range all {
				if f.State != doctor.OK && f.Do == "" {
					t.Errorf("no remedy for %q", f.Says)
				}
				if strings.Contains(f.Says+f.Do, password) {
					t.Errorf("a finding tells the password: %q", f.Says)
				}
			}
		})
	}
}

func TestDoctorSaysWhatAServerLacksAndAQuotaThatIsFull(t *testing.T) {
	for _, row := range []struct {
		about    string
		cfg      dovecottest.Config
		state    doctor.State
		says, do string
	}{
		{"neither MOVE nor UIDPLUS, nor IDLE", dovecottest.Config{Capability: "IMAP4rev1 SASL-IR LITERAL+ NAMESPACE"}, doctor.Fault, "neither MOVE nor UIDPLUS", "RFC 6851"},
		{"a quota that is full", dovecottest.Config{QuotaRule: "*:storage=1B"}, doctor.Fault, "folder Aduan/Processed cannot be made or written", "quota"},
	} {
		t.Run(row.about, func(t *testing.T) {
			row.cfg.Users = map[string]string{aduan: password}
			dovecot := dovecottest.Start(t, row.cfg)
			in, err := install(t.TempDir(), "sqlite:aduan.db", dovecot.Addr, "127.0.0.1:1")
			if err != nil {
				t.Fatal(err)
			}
			all, _ := in.examine(t, false)
			wantFinding(t, all, row.state, "mailbox report", row.says, row.do)
		})
	}
}

// The doctor beside a gateway that runs, on real servers: nothing is at fault, the trial mail comes back over a reply address,
// and nothing of it stays.
func TestDoctorSendsAMailToAReplyAddressAndTakesItOut(t *testing.T) {
	dovecot := dovecottest.Start(t, dovecottest.Config{Users: map[string]string{aduan: password, ani: password}})
	in, err := install(t.TempDir(), "sqlite:aduan.db", dovecot.Addr, startPostfix(t, dovecot.LMTP))
	if err != nil {
		t.Fatal(err)
	}
	in.set(t, "[security]", "[security]\nauthserv_ids = [\"mx.csirt.example\"]")
	in.set(t, "rate = ", "mail_size = \"7MB\"\nrate = ") // Postfix takes mails of 10 MB by itself
	in.call(t, exitDone, "staff", "add", frontdesk, "--name", "Front Desk", "--role", "front-desk")
	in.serve(t)
	in.awaitRead(t)
	all, code := in.examine(t, true)
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	wantFinding(t, all, doctor.OK, "reply addresses", "a mail to aduan+", "")
	wantFinding(t, all, doctor.OK, "clock", "it agrees with the mail server", "")
	wantFinding(t, all, doctor.OK, "mailbox report", "it was last read", "")
	wantFinding(t, all, doctor.Warning, "dkim", "no DKIM signature", "let the relay sign")
	wantFinding(t, all, doctor.Warning, "authserv_ids", "a foreign field in the name of mx.csirt.example", "take mx.csirt.example out")
	for _, folder := range []string{"INBOX", "Aduan/Processed", "Aduan/Failed"} {
		if left := dovecot.Folder(t, aduan, folder); len(left) != 0 {
			t.Errorf("%d mails are left in %s", len(left), folder)
		}
	}
	if out := in.call(t, exitDone, "ticket", "list", "--json"); strings.Join(strings.Fields(out), "") != "[]" {
		t.Errorf("the trial mail opened a ticket: %s", out)
	}
}

// awaitRead waits until it is on record that the mailbox was read.
func (in installation) awaitRead(t *testing.T) {
	t.Helper()
	p := &program{in: strings.NewReader(""), out: &journal{}, err: &journal{}, config: in.config}
	if err := await(func() (bool, error) {
		parts, err := p.open(t.Context())
		if err != nil {
			return false, err
		}
		defer parts.close()
		read, err := parts.store.Readings(t.Context())
		return time.Since(read["report"]) < time.Minute, err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorWithWrongSettingsEndsWithTwo(t *testing.T) {
	in, err := install(t.TempDir(), "sqlite:aduan.db", "127.0.0.1:1", "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	in.set(t, "prefix = ", "prefixx = ")
	all, code := in.examine(t, false)
	if code != exitWrongUse {
		t.Errorf("exit code %d", code)
	}
	wantFinding(t, all, doctor.Fault, "settings", `there is no setting "team.prefixx"`, "correct the settings")
}
