package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// manyMailboxes takes the same number of mails in from one mailbox and from many, in one process each.
func (b *bench) manyMailboxes(ctx context.Context) error {
	var users []string
	for i := range b.boxes {
		users = append(users, boxUser(i))
	}
	for _, database := range b.installed() {
		one, err := b.throughput(ctx, database, [][]string{users[:1]}, b.count)
		if err != nil {
			return err
		}
		all, err := b.throughput(ctx, database, [][]string{users}, b.count)
		if err != nil {
			return err
		}
		b.add(row{Rung: "1 mailbox", Database: database, Mails: b.count, Rate: one.rate, CPU: one.cpu, PeakMiB: one.peak})
		b.add(row{Rung: fmt.Sprintf("%d mailboxes", b.boxes), Database: database, Mails: b.count, Rate: all.rate, CPU: all.cpu, PeakMiB: all.peak, Note: fmt.Sprintf("%.2f of one mailbox", all.rate/one.rate)})
	}
	return nil
}

// manyGateways lets 1, 2 and 4 gateways share one PostgreSQL and one evidence store, each with a mailbox of its own.
func (b *bench) manyGateways(ctx context.Context) error {
	if b.postgres == nil {
		fmt.Fprintln(b.errOut, "gateways: left out, there is no PostgreSQL")
		return nil
	}
	first := 0.0
	for _, n := range []int{1, 2, 4} {
		var users [][]string
		for i := range n {
			users = append(users, []string{boxUser(i)})
		}
		m, err := b.throughput(ctx, "postgres", users, b.count)
		if err != nil {
			return err
		}
		if first == 0 {
			first = m.rate
		}
		b.add(row{Rung: fmt.Sprintf("%d gateways", n), Database: "postgres", Mails: b.count, Rate: m.rate, CPU: m.cpu, PeakMiB: m.peak, Note: fmt.Sprintf("%.2f of one gateway", m.rate/first)})
	}
	return nil
}

// throughput divides n mails among mailboxes and takes them in with one gateway for each group of users, all on one record.
// The rate runs from the first gateway's word that it serves until the last inbox is empty.
func (b *bench) throughput(ctx context.Context, database string, groups [][]string, n int) (measured, error) {
	if b.boxes < len(groups) {
		return measured{}, fmt.Errorf("--boxes %d: give at least %d", b.boxes, len(groups))
	}
	var all []string
	for _, users := range groups {
		all = append(all, users...)
	}
	for i := range n {
		if err := b.dovecot.Put(all[i%len(all)], b.mails.report(), time.Now()); err != nil {
			return measured{}, err
		}
	}
	folder, url, err := b.workspace(database)
	if err != nil {
		return measured{}, err
	}
	var installed []*installation
	for i, users := range groups {
		o := installOptions{imap: b.dovecot.Addr, relay: nowhere, users: users, evidence: filepath.Join(folder, "evidence")}
		in, err := b.installIn(ctx, filepath.Join(folder, fmt.Sprint(i)), url, o)
		if err != nil {
			return measured{}, err
		}
		installed = append(installed, in)
	}
	m, err := b.runAll(ctx, installed, all, n)
	for _, user := range all {
		if err == nil {
			err = b.clear(user)
		}
	}
	if err == nil {
		err = b.tidy()
	}
	return m, err
}

func (b *bench) runAll(ctx context.Context, installed []*installation, users []string, n int) (m measured, err error) {
	var running []*gateway
	for _, in := range installed {
		g, err := in.serve()
		if err != nil {
			return m, err
		}
		defer g.kill()
		running = append(running, g)
	}
	for _, user := range users {
		if err := b.awaitFiled(ctx, user); err != nil {
			return m, err
		}
	}
	ended := time.Now()
	begun, taken := running[0].began(), 0
	for _, g := range running {
		use, err := g.stop()
		if err != nil {
			return m, err
		}
		if g.began().Before(begun) {
			begun = g.began()
		}
		taken += g.taken
		m.cpu += milliseconds(use.cpu) / float64(n)
		m.peak = max(m.peak, use.peak)
	}
	if taken != n {
		return m, fmt.Errorf("%d of %d mails were taken in", taken, n)
	}
	m.rate = float64(n) / ended.Sub(begun).Seconds()
	return m, nil
}
