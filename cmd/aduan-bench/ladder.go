package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"aduan/mailout/smtptest"
)

// measured is one run of one rung.
type measured struct {
	rate, ratio, cpu, peak float64
	note                   string
}

// ladder measures all rungs, again and again; a rung's ratio is to the floor that ran just before it.
type ladder struct {
	*bench
	order []row
	runs  map[string][]measured
	floor float64
}

// rung is a run inside this process.
type rung struct {
	name, database string
	do             func(context.Context) (int, error)
}

func (b *bench) ladder(ctx context.Context) error {
	l := &ladder{bench: b, runs: map[string][]measured{}}
	for range b.repeat {
		for _, r := range []rung{{"bare fetch", "", b.fetchOnly}, {"durable floor", "", b.durableFloor}, {"+ parse", "", b.parseOnly}, {"+ evidence", "", b.keepOnly}} {
			if err := l.inside(ctx, r); err != nil {
				return err
			}
		}
		for _, database := range b.installed() {
			if err := l.onDatabase(ctx, database); err != nil {
				return err
			}
		}
	}
	for _, r := range l.order {
		runs := l.runs[r.Rung+r.Database]
		of := func(value func(measured) float64) float64 {
			var all []float64
			for _, m := range runs {
				all = append(all, value(m))
			}
			return median(all)
		}
		r.Mails, r.Note = b.count, runs[len(runs)-1].note
		r.Rate, r.Ratio = of(func(m measured) float64 { return m.rate }), of(func(m measured) float64 { return m.ratio })
		r.CPU, r.PeakMiB = of(func(m measured) float64 { return m.cpu }), of(func(m measured) float64 { return m.peak })
		b.add(r)
	}
	return nil
}

func (l *ladder) onDatabase(ctx context.Context, database string) error {
	committed := rung{"+ commit", database, func(ctx context.Context) (int, error) {
		store, evidence, err := l.desk(ctx, database)
		if err != nil {
			return 0, err
		}
		defer store.Close()
		return l.takeIn(ctx, &resident{store: store}, evidence)
	}}
	moved := rung{"+ move", database, func(ctx context.Context) (int, error) {
		store, evidence, err := l.desk(ctx, database)
		if err != nil {
			return 0, err
		}
		defer store.Close()
		return l.takeIn(ctx, store, evidence)
	}}
	for _, r := range []rung{committed, moved, {"durable floor", "", l.durableFloor}} {
		if err := l.inside(ctx, r); err != nil {
			return err
		}
	}
	if err := l.serve(ctx, "aduan serve, acknowledgements queued", database, false); err != nil {
		return err
	}
	if err := l.inside(ctx, rung{"durable floor", "", l.durableFloor}); err != nil {
		return err
	}
	return l.serve(ctx, "aduan serve, acknowledgements sent", database, true)
}

// note keeps a run.
func (l *ladder) note(name, database string, m measured) {
	key := name + database
	if l.runs[key] == nil {
		l.order = append(l.order, row{Rung: name, Database: database})
	}
	if name == "durable floor" {
		l.floor = m.rate
	}
	if l.floor > 0 {
		m.ratio = m.rate / l.floor
	}
	l.runs[key] = append(l.runs[key], m)
}

// inside runs a rung in this process.
func (l *ladder) inside(ctx context.Context, r rung) error {
	if err := l.refill(l.count); err != nil {
		return err
	}
	stop, err := l.startProfile(r)
	if err != nil {
		return err
	}
	begun, cpu := time.Now(), processor()
	n, err := r.do(ctx)
	took, used := time.Since(begun), processor()-cpu
	stop()
	if err == nil && n != l.count {
		err = fmt.Errorf("%d of %d mails were taken in", n, l.count)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.name, r.database, err)
	}
	fmt.Fprintf(l.errOut, "  %s %s: %.0f/s\n", r.name, r.database, float64(n)/took.Seconds())
	l.note(r.name, r.database, measured{rate: float64(n) / took.Seconds(), cpu: milliseconds(used) / float64(n)})
	return l.tidy()
}

// mostKept is how many bytes of runs stay on the disk until the end. Removing files between runs would disturb what comes next:
// ext4 passes over each inode that was freed in the last seconds before it gives a new file one.
const mostKept = 6 << 30

// tidy removes what runs wrote, once it is much.
func (b *bench) tidy() error {
	if b.runs-b.tidied < mostKept/(b.count*137<<10+1) {
		return nil
	}
	b.tidied = b.runs
	old, _ := filepath.Glob(filepath.Join(b.temp, "run*"))
	for _, f := range old {
		if err := os.RemoveAll(f); err != nil {
			return err
		}
	}
	return nil
}

// startProfile profiles a rung where that was asked for.
func (l *ladder) startProfile(r rung) (stop func(), err error) {
	if l.profile == "" {
		return func() {}, nil
	}
	name := strings.NewReplacer("+ ", "", " ", "-").Replace(r.name + " " + r.database)
	f, err := os.Create(filepath.Join(l.profile, name+".cpu"))
	if err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, pprof.StartCPUProfile(f)
}

// processor is the time that this process had of the processors.
func processor() time.Duration {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// serve runs the gateway as a process of its own over the mails that wait. The time runs from its word that it serves until
// the inbox is empty; where mail is sent, until the last acknowledgement was accepted.
func (l *ladder) serve(ctx context.Context, name, database string, sending bool) error {
	if err := l.refill(l.count); err != nil {
		return err
	}
	folder, url, err := l.workspace(database)
	if err != nil {
		return err
	}
	o := installOptions{imap: l.dovecot.Addr, relay: nowhere, users: []string{reportAddress}}
	var acknowledged atomic.Int64
	all := make(chan struct{})
	if sending {
		relay, err := smtptest.Start("127.0.0.1:0", func(m smtptest.Mail) error {
			if m.To[0] != frontDesk && acknowledged.Add(1) == int64(l.count) {
				close(all)
			}
			return nil
		}, smtptest.Options{Forget: true})
		if err != nil {
			return err
		}
		defer relay.Close()
		o.relay = relay.Addr()
	}
	in, err := l.install(ctx, folder, url, o)
	if err != nil {
		return err
	}
	g, err := in.serve()
	if err != nil {
		return err
	}
	defer g.kill()
	if err := g.await(ctx, l.count); err != nil {
		return err
	}
	if err := l.awaitFiled(ctx, reportAddress); err != nil {
		return err
	}
	took := time.Since(g.began())
	if sending {
		select {
		case <-all:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	sent := time.Since(g.began())
	use, err := g.stop()
	if err != nil {
		return err
	}
	n := float64(l.count)
	m := measured{rate: n / took.Seconds(), cpu: milliseconds(use.cpu) / n, peak: use.peak}
	if sending {
		m.note = fmt.Sprintf("all acknowledged at %.0f/s", n/sent.Seconds())
	}
	fmt.Fprintf(l.errOut, "  %s %s: %.0f/s\n", name, database, m.rate)
	l.note(name, database, m)
	return l.tidy()
}
