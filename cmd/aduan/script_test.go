package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"aduan/mailin/imaptest"
	"aduan/mailout/smtptest"
)

// The scripts tell from outside what the program does: it runs as a process of its own, against a mail server in memory. Each
// begins with settings that work, in aduan.toml. What each command means stands at the head of its function below; WHO is ani
// (reporter), john (a reporter from elsewhere, who writes English), frontdesk, budi (agent) or aduan (the report address).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: func(env *testscript.Env) error { return newStageOf(env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"aduan": aduanCmd, "exits": exitsCmd, "serve": serveCmd, "end": endCmd, "crash": crashCmd, "logged": loggedCmd, "deliver": deliverCmd,
			"answer": answerCmd, "mailed": mailedCmd, "attached": attachedCmd, "ticket": ticketCmd, "number": numberCmd, "processed": processedCmd, "imap-fails": imapFailsCmd,
			"tried": triedCmd, "setting": settingCmd, "restore": restoreCmd, "newer-database": newerDatabaseCmd,
			"heal": healCmd, "sent": sentCmd, "once": onceCmd,
		},
	})
}

// theatre is the mail server of one script, the people's mailboxes, and the gateway where it runs.
type theatre struct {
	imap  *imaptest.Server
	post  *post
	in    installation
	last  map[string]inMail // the letter that each person read last
	serve *exec.Cmd
	log   journal

	mu    sync.Mutex
	tried map[string]int // IMAP commands by name
	fails map[string]int // how many of them are still to be refused
}

type theatreKey struct{}

func theatreOf(ts *testscript.TestScript) *theatre { return ts.Value(theatreKey{}).(*theatre) }

func person(who string) string {
	return map[string]string{"ani": ani, "frontdesk": frontdesk, "budi": budi, "aduan": aduan, "john": john}[who]
}

// newStageOf starts the servers of a script and writes its settings.
func newStageOf(env *testscript.Env) error {
	box, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		return err
	}
	env.Defer(func() { box.Close() })
	for _, who := range []string{aduan, frontdesk, budi, ani, john} {
		box.AddUser(who, password)
	}
	relay, err := smtptest.Start("127.0.0.1:0", func(m smtptest.Mail) error {
		for _, to := range m.To {
			if err := box.Deliver(smtptest.Mailbox(to), "INBOX", m.Delivered(to), m.At); err != nil {
				return err
			}
		}
		return nil
	}, smtptest.Options{})
	if err != nil {
		return err
	}
	env.Defer(func() { relay.Close() })
	th := &theatre{imap: box, post: newPost(relay.Addr(), box.Messages), last: map[string]inMail{}, tried: map[string]int{}, fails: map[string]int{}}
	box.Intercept(th.meet)
	env.Defer(func() {
		if th.serve != nil {
			th.serve.Process.Kill()
			th.serve.Wait()
		}
	})
	env.Values[theatreKey{}] = th
	env.Setenv("IMAP", box.Addr())
	th.in, err = install(env.WorkDir, "sqlite:aduan.db", box.Addr(), relay.Addr())
	return err
}

// meet counts the IMAP commands and refuses those that a script wants refused.
func (th *theatre) meet(op string) error {
	th.mu.Lock()
	defer th.mu.Unlock()
	th.tried[op]++
	if th.fails[op] == 0 {
		return nil
	}
	th.fails[op]--
	return imaptest.No("UNAVAILABLE", "not now")
}

// processOf is the program as a process in the script's folder.
func processOf(ts *testscript.TestScript, args []string) *exec.Cmd {
	exe, err := os.Executable()
	ts.Check(err)
	cmd := exec.Command(exe, args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// aduan ARGS…: the program is called and exits 0.
func aduanCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("say which exit code: exits CODE aduan …")
	}
	callProgram(ts, exitDone, args)
}

// exits CODE aduan ARGS…: the program is called and exits so. A fault is one line, or two where cobra points at the help.
func exitsCmd(ts *testscript.TestScript, neg bool, args []string) {
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	if neg || args[1] != "aduan" {
		ts.Fatalf("usage: exits CODE aduan ARGS…")
	}
	fault := callProgram(ts, code, args[2:])
	own, _, _ := strings.Cut(fault, "\nDid you mean this?")
	if lines := strings.Count(strings.TrimSpace(own), "\n") + 1; lines > 2 || !strings.HasPrefix(fault, "aduan: ") || strings.Contains(fault, "goroutine") {
		ts.Fatalf("a fault is one clear line, not\n%s", fault)
	}
}

// callProgram returns what the program said on standard error.
func callProgram(ts *testscript.TestScript, want int, args []string) string {
	var fault strings.Builder
	cmd := processOf(ts, args)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), io.MultiWriter(ts.Stderr(), &fault)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("call the program: %v", err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code %d, want %d\n%s", got, want, fault.String())
	}
	return fault.String()
}

// serve [ARGS…]: the gateway starts as a process and stays.
func serveCmd(ts *testscript.TestScript, _ bool, args []string) {
	th := theatreOf(ts)
	if th.serve != nil {
		ts.Fatalf("the gateway runs already")
	}
	cmd := processOf(ts, append([]string{"serve"}, args...))
	cmd.Stdout, cmd.Stderr = &th.log, &th.log
	ts.Check(cmd.Start())
	th.serve = cmd
}

// end: the gateway is asked to end, and ends well.
func endCmd(ts *testscript.TestScript, _ bool, _ []string) {
	th := theatreOf(ts)
	ts.Check(th.serve.Process.Signal(syscall.SIGTERM))
	err := th.serve.Wait()
	th.serve = nil
	if err != nil {
		ts.Fatalf("the gateway ended with %v:\n%s", err, th.log.String())
	}
}

// crash: the gateway is killed in the middle of what it does.
func crashCmd(ts *testscript.TestScript, _ bool, _ []string) {
	th := theatreOf(ts)
	ts.Check(th.serve.Process.Kill())
	_ = th.serve.Wait() // it was killed
	th.serve = nil
}

// logged REGEXP [TIMES]: the gateway's log comes to say it; exactly so often, where it is told.
func loggedCmd(ts *testscript.TestScript, neg bool, args []string) {
	th, want := theatreOf(ts), regexp.MustCompile(args[0])
	count := func() int { return len(want.FindAllString(th.log.String(), -1)) }
	if neg {
		if count() > 0 {
			ts.Fatalf("the log says %q:\n%s", want, th.log.String())
		}
		return
	}
	if err := await(func() (bool, error) { return count() > 0, nil }); err != nil {
		ts.Fatalf("the log does not say %q: %v\n%s", want, err, th.log.String())
	}
	if len(args) > 1 && strconv.Itoa(count()) != args[1] {
		ts.Fatalf("the log says %q %d times, want %s:\n%s", want, count(), args[1], th.log.String())
	}
}

// processed N: so many mails come to lie in the processed folder, and none in the inbox.
func processedCmd(ts *testscript.TestScript, _ bool, args []string) {
	th := theatreOf(ts)
	err := await(func() (bool, error) {
		inbox, _ := th.post.read(aduan, "INBOX")
		processed, err := th.post.read(aduan, "Aduan/Processed")
		return len(inbox) == 0 && strconv.Itoa(len(processed)) == args[0], errors.Join(err, fmt.Errorf("%d in the inbox, %d processed", len(inbox), len(processed)))
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, th.log.String())
	}
}

// imap-fails COMMAND TIMES: the IMAP server refuses the next commands of this name.
func imapFailsCmd(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	th := theatreOf(ts)
	th.mu.Lock()
	defer th.mu.Unlock()
	th.fails[args[0]] = n
}

// tried COMMAND TIMES: the gateway comes to have given an IMAP command at least so often.
func triedCmd(ts *testscript.TestScript, _ bool, args []string) {
	th := theatreOf(ts)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	err = await(func() (bool, error) {
		th.mu.Lock()
		defer th.mu.Unlock()
		return th.tried[args[0]] >= n, fmt.Errorf("%s %d times", args[0], th.tried[args[0]])
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, th.log.String())
	}
}

// setting REGEXP LINES: the first match in the settings is replaced; \n parts lines.
func settingCmd(ts *testscript.TestScript, _ bool, args []string) {
	old := ts.ReadFile("aduan.toml")
	place := regexp.MustCompile(args[0]).FindStringIndex(old)
	if place == nil {
		ts.Fatalf("the settings have no %q", args[0])
	}
	text := old[:place[0]] + strings.ReplaceAll(args[1], `\n`, "\n") + old[place[1]:]
	ts.Check(os.WriteFile(ts.MkAbs("aduan.toml"), []byte(text), 0o600))
}

// newer-database: the database becomes one of a later version of the program.
func newerDatabaseCmd(ts *testscript.TestScript, _ bool, _ []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.MkAbs("."), "aduan.db"))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	ts.Check(err)
}

// restore: the settings and their secrets become what they were in the beginning.
func restoreCmd(ts *testscript.TestScript, _ bool, _ []string) {
	th := theatreOf(ts)
	_, err := install(filepath.Dir(th.in.config), "sqlite:aduan.db", th.imap.Addr(), th.post.relay)
	ts.Check(err)
}

// heal: the IMAP server refuses nothing any more.
func healCmd(ts *testscript.TestScript, _ bool, _ []string) {
	th := theatreOf(ts)
	th.mu.Lock()
	defer th.mu.Unlock()
	clear(th.fails)
}

// once WHO REGEXP: of all letters to a person exactly one says it, once all mail was sent.
func onceCmd(ts *testscript.TestScript, _ bool, args []string) {
	th, who := theatreOf(ts), person(args[0])
	th.awaitSent(ts)
	all, err := th.post.all(who)
	ts.Check(err)
	n := 0
	for _, l := range all {
		if l.says(regexp.MustCompile(args[1])) {
			n++
		}
	}
	if n != 1 {
		ts.Fatalf("%d letters to %s say %q, want one", n, who, args[1])
	}
}
