package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// idleBoxes is how many mailboxes the gateway watches in which nothing comes.
const idleBoxes = 10

// idle measures what a gateway takes from the processor while nothing comes.
func (b *bench) idle(ctx context.Context) error {
	var users []string
	for i := range min(idleBoxes, b.boxes) {
		users = append(users, boxUser(i))
	}
	for _, database := range b.installed() {
		s, err := b.newScene(ctx, database, installOptions{users: users})
		if err != nil {
			return err
		}
		err = b.rest(ctx, database, s, len(users))
		s.close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) rest(ctx context.Context, database string, s *scene, boxes int) error {
	if err := sleep(ctx, 5*time.Second); err != nil { // until all is open
		return err
	}
	pid := s.gateway.cmd.Process.Pid
	before, err := processorOf(pid)
	if err != nil {
		return fmt.Errorf("%w: %s", err, s.gateway.log())
	}
	began := time.Now()
	if err := sleep(ctx, b.quiet); err != nil {
		return err
	}
	after, err := processorOf(pid)
	if err != nil {
		return err
	}
	share := (after - before).Seconds() / time.Since(began).Seconds()
	b.add(row{Rung: fmt.Sprintf("%d mailboxes, %v", boxes, b.quiet), Database: database, Note: fmt.Sprintf("%.3f %% of a core", 100*share)})
	return nil
}

// processorOf is the processor time that a process has taken, to the nanosecond.
func processorOf(pid int) (time.Duration, error) {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0, err
	}
	total := time.Duration(0)
	for _, t := range threads {
		// The first word of schedstat; stat counts in hundredths of a second, which is as much as an idle minute takes.
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, nil
}

// sending lets a gateway send what waits, with its own templates, to a relay that takes every mail at once.
func (b *bench) sending(ctx context.Context) error {
	for _, database := range b.installed() {
		var rates, cpus []float64
		for range b.repeat {
			m, err := b.sendAll(ctx, database)
			if err != nil {
				return err
			}
			rates, cpus = append(rates, m.rate), append(cpus, m.cpu)
		}
		b.add(row{Rung: "notices sent", Database: database, Mails: 2 * b.count, Rate: median(rates), CPU: median(cpus)})
	}
	return b.tidy()
}

// sendAll files reports, each of which causes an acknowledgement and word to Front Desk, and then starts the gateway. The rate
// runs from the first mail at the relay to the last.
func (b *bench) sendAll(ctx context.Context, database string) (m measured, err error) {
	folder, url, err := b.workspace(database)
	if err != nil {
		return m, err
	}
	s := &scene{}
	if s.post, err = newPost(); err != nil {
		return m, err
	}
	defer s.post.Close()
	if s.installation, err = b.install(ctx, folder, url, installOptions{imap: b.dovecot.Addr, relay: s.post.Addr(), users: []string{boxUser(0)}}); err != nil {
		return m, err
	}
	if err := fileReports(ctx, url, b.count); err != nil {
		return m, err
	}
	if s.gateway, err = s.serve(); err != nil {
		return m, err
	}
	defer s.gateway.kill()
	waiting, cancel := context.WithTimeout(ctx, 5*patience)
	defer cancel()
	for s.post.count() < 2*b.count {
		if err := sleep(waiting, 5*time.Millisecond); err != nil {
			return m, fmt.Errorf("%d of %d notices were sent: %w: %s", s.post.count(), 2*b.count, err, s.gateway.log())
		}
	}
	first, last := s.post.taken[0].at, s.post.taken[2*b.count-1].at
	use, err := s.gateway.stop()
	m.rate, m.cpu = float64(2*b.count-1)/last.Sub(first).Seconds(), milliseconds(use.cpu)/float64(2*b.count)
	return m, err
}

// fileReports files reports by the rules of the installation's own record.
func fileReports(ctx context.Context, url string, n int) error {
	store, err := tickets.OpenStore(ctx, url, ticketstest.Settings())
	if err != nil {
		return err
	}
	defer store.Close()
	r := &record{Store: store, url: url}
	for done := 0; done < n; {
		r.clock.Store(time.Now().Add(-time.Hour).UnixMicro())
		var batch []tickets.Arrival
		for range min(100, n-done) {
			batch = append(batch, r.report())
			done++
		}
		if _, err := r.file(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}
