package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"aduan/tickets/waypoint"
)

// asVictim makes the test binary be a gateway that is going to be killed. Its value is the path of the settings.
const asVictim = "ADUAN_TEST_AS_VICTIM"

// asVictimTo says when a victim dies, and how long its claims last: "POINT TIMES LEASE". It dies when it comes by the point for
// the given time; never where that is 0. With claims of ten seconds, as every day, each kill would cost as much.
const asVictimTo = "ADUAN_TEST_VICTIM_TO"

// runVictim is `aduan serve` in a process that may end itself by SIGKILL.
func runVictim(config string) error {
	var end fatal
	var lease string
	if _, err := fmt.Sscan(os.Getenv(asVictimTo), (*int)(&end.point), &end.times, &lease); err != nil {
		return err
	}
	ctx := waypoint.Watch(context.Background(), end.pass)
	s, err := loadSettings(config)
	if err != nil {
		return err
	}
	p, err := openParts(ctx, s, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})), true)
	if err != nil {
		return err
	}
	if p.store.Lease, err = time.ParseDuration(lease); err != nil {
		return err
	}
	p.poll = 50 * time.Millisecond
	if err := p.begin(ctx); err != nil {
		return err
	}
	fmt.Println("ready")
	return p.serve(ctx)
}

// fatal is the point at which a process is to die.
type fatal struct {
	mu    sync.Mutex
	point waypoint.Point
	times int
}

func (f *fatal) pass(p waypoint.Point) {
	f.mu.Lock()
	defer f.mu.Unlock() // nothing passes any point once the signal is on its way
	if f.times == 0 || f.point != p {
		return
	}
	if f.times--; f.times == 0 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// death is where a gateway dies, and what it is doing then.
type death struct {
	point waypoint.Point
	times int // which coming by is the last; 0 is for the gateway that lives
	lease time.Duration
	does  func(*trial)
}

// victim is a gateway that runs as a process of its own.
type victim struct {
	t    failing
	cmd  *exec.Cmd
	says *bufio.Scanner
}

// startVictim starts the gateway of a trial.
func startVictim(tr *trial, d death) *victim {
	tr.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		tr.t.Fatal(err)
	}
	v := &victim{t: tr.t, cmd: exec.Command(exe)}
	v.cmd.Env = append(os.Environ(), asVictim+"="+tr.in.config, fmt.Sprintf("%s=%d %d %s", asVictimTo, int(d.point), d.times, d.lease))
	v.cmd.Stderr = &tr.log
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		tr.t.Fatal(err)
	}
	v.says = bufio.NewScanner(out)
	if err := v.cmd.Start(); err != nil {
		tr.t.Fatal(err)
	}
	return v
}

// ready waits until the gateway begins its work.
func (v *victim) ready() {
	v.t.Helper()
	if !v.says.Scan() || v.says.Text() != "ready" {
		v.t.Fatalf("the gateway said %q", v.says.Text())
	}
}

// kill ends the gateway from outside, in the middle of whatever it does.
func (v *victim) kill() {
	v.cmd.Process.Signal(syscall.SIGKILL)
	v.cmd.Wait()
}

// died waits until the gateway has killed itself, and tells whether it did.
func (v *victim) died() bool {
	ended := make(chan error, 1)
	go func() { ended <- v.cmd.Wait() }()
	select {
	case <-ended:
		status, ok := v.cmd.ProcessState.Sys().(syscall.WaitStatus)
		return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
	case <-time.After(patience):
		v.cmd.Process.Signal(syscall.SIGKILL)
		<-ended
		return false
	}
}
