package main

import (
	"bufio"
	"bytes"
	"context"
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
	"time"
)

// installation is the settings of a gateway, in a folder of its own.
type installation struct {
	program, config string
}

// installOptions say what differs between the sections.
type installOptions struct {
	imap       string   // host and port
	relay      string   // host and port; nowhere sends nothing
	users      []string // of the mailboxes
	rate       string
	maxMessage string
	evidence   string // a folder; "" is one of its own
}

// nowhere is a relay that is not there: what is to be sent stays queued.
const nowhere = "127.0.0.1:9"

const settingsText = `[team]
name = "Baliprov-CSIRT"
address = %q
reply_address = "aduan+{token}@csirt.example"
prefix = "BALIPROV-CSIRT"
constituency = ["baliprov.example"]

[database]
url = %q

[evidence]
url = %q
%s
[smtp]
server = "smtp://%s"
rate = %q

[security]
secret_file = "aduan.key"
max_message = %q

[http]
listen = ""
`

// installIn is install in a folder that it makes.
func (b *bench) installIn(ctx context.Context, folder, database string, o installOptions) (*installation, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	return b.install(ctx, folder, database, o)
}

// install writes the settings and registers Front Desk and an agent.
func (b *bench) install(ctx context.Context, folder, database string, o installOptions) (*installation, error) {
	in := &installation{program: b.program, config: filepath.Join(folder, "aduan.toml")}
	var boxes strings.Builder
	for _, user := range o.users { // by whose name the gateways of one record tell them apart
		fmt.Fprintf(&boxes, "\n[[mailbox]]\nname = %q\nserver = \"imap://%s\"\nusername = %q\npassword_file = \"imap.secret\"\n", user, o.imap, user)
	}
	if o.rate == "" {
		o.rate = "1000000/minute"
	}
	if o.maxMessage == "" {
		o.maxMessage = "50MB"
	}
	if o.evidence == "" {
		o.evidence = filepath.Join(folder, "evidence")
	}
	text := fmt.Sprintf(settingsText, reportAddress, database, "file:"+o.evidence, boxes.String(), o.relay, o.rate, o.maxMessage)
	for name, content := range map[string]string{"aduan.toml": text, "imap.secret": mailPassword + "\n", "aduan.key": strings.Repeat("5e", 32) + "\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	for _, call := range [][]string{
		{"staff", "add", frontDesk, "--name", "Front Desk", "--role", "front-desk"},
		{"staff", "add", agent, "--name", "Budi Santoso", "--role", "agent"},
	} {
		out, err := exec.CommandContext(ctx, in.program, append(call, "--config", in.config)...).CombinedOutput()
		if err != nil && !bytes.Contains(out, []byte("already")) { // several gateways share one record
			return nil, fmt.Errorf("aduan %s: %w: %s", strings.Join(call, " "), err, out)
		}
	}
	return in, nil
}

// gateway is a running `aduan serve`.
type gateway struct {
	cmd    *exec.Cmd
	mu     sync.Mutex
	begun  time.Time     // when it said that it serves
	taken  int           // mails that it said it took in
	tail   []string      // the last lines of its log
	change chan struct{} // closed at each line
	ended  chan struct{}

	awaited string // words of a line that is waited for
	seen    chan time.Time
}

// serve starts a gateway.
func (in *installation) serve(environment ...string) (*gateway, error) {
	g := &gateway{cmd: exec.Command(in.program, "serve", "--config", in.config), change: make(chan struct{}), ended: make(chan struct{})}
	g.cmd.Env = append(os.Environ(), environment...)
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := g.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the gateway: %w", err)
	}
	go g.read(log)
	return g, nil
}

func (g *gateway) read(log io.Reader) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		line := lines.Text()
		g.mu.Lock()
		switch {
		case strings.Contains(line, `msg="mail taken in"`):
			g.taken++
		case strings.Contains(line, `msg="aduan serves"`):
			g.begun = time.Now()
		}
		if g.awaited != "" && strings.Contains(line, g.awaited) {
			g.awaited = ""
			g.seen <- time.Now()
		}
		if g.tail = append(g.tail, line); len(g.tail) > 10 {
			g.tail = g.tail[1:]
		}
		close(g.change)
		g.change = make(chan struct{})
		g.mu.Unlock()
	}
	close(g.ended)
}

// await waits until the log says that n mails were taken in.
func (g *gateway) await(ctx context.Context, n int) error {
	for {
		g.mu.Lock()
		taken, change := g.taken, g.change
		g.mu.Unlock()
		if taken >= n {
			return nil
		}
		select {
		case <-change:
		case <-g.ended:
			return fmt.Errorf("the gateway ended after %d of %d mails: %s", taken, n, g.log())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch gives the time at which the log says some words.
func (g *gateway) watch(words string) <-chan time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.awaited, g.seen = words, make(chan time.Time, 1)
	return g.seen
}

func (g *gateway) log() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.tail, "\n")
}

// usage is what a process took.
type usage struct {
	cpu  time.Duration
	peak float64 // MiB that were resident at most
}

// stop ends the gateway and says what it took, its start included.
func (g *gateway) stop() (usage, error) {
	peak, err := peakOf(g.cmd.Process.Pid)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, g.log())
	}
	g.cmd.Process.Signal(syscall.SIGTERM)
	<-g.ended
	err = errors.Join(err, g.cmd.Wait())
	if err != nil {
		return usage{}, fmt.Errorf("the gateway ended badly: %w: %s", err, g.log())
	}
	return usage{g.cmd.ProcessState.UserTime() + g.cmd.ProcessState.SystemTime(), peak}, nil
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakOf is the most memory that a process had resident, in MiB. The figure that wait(2) gives would not do: it counts what
// its parent had when it was started.
func peakOf(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		return 0, errors.New("the system does not tell a process's peak memory")
	}
	kib, err := strconv.ParseFloat(string(m[1]), 64)
	return kib / 1024, err
}

// kill ends a gateway that was not stopped.
func (g *gateway) kill() {
	if g.cmd.ProcessState == nil {
		g.cmd.Process.Kill()
		<-g.ended
		g.cmd.Wait()
	}
}

// began is when the gateway said that it serves.
func (g *gateway) began() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.begun
}
