package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience bounds each wait for one mail.
const patience = 2 * time.Minute

// latency delivers one report after the other to an idle gateway and measures from the server's word that there is mail until
// the relay has the acknowledgement.
func (b *bench) latency(ctx context.Context) error {
	for _, database := range b.installed() {
		times, err := b.acknowledgeEach(ctx, database)
		if err != nil {
			return err
		}
		b.add(row{Rung: "report acknowledged", Database: database, Mails: len(times), MedianMS: median(times), P95MS: percentile(times, 95), MaxMS: percentile(times, 100)})
	}
	return b.tidy()
}

func (b *bench) acknowledgeEach(ctx context.Context, database string) ([]float64, error) {
	if err := b.clear(reportAddress); err != nil {
		return nil, err
	}
	wire, err := newWire(b.dovecot.Addr)
	if err != nil {
		return nil, err
	}
	defer wire.close()
	s, err := b.newScene(ctx, database, installOptions{imap: wire.addr()})
	if err != nil {
		return nil, err
	}
	defer s.close()
	var times []float64
	for i := range b.lone + 1 {
		raw := b.mails.report()
		before := time.Now()
		if err := b.dovecot.Put(reportAddress, raw, before); err != nil {
			return nil, err
		}
		waiting, cancel := context.WithTimeout(ctx, patience)
		got, err := s.post.await(waiting, reporter(b.mails.n), 1, 0)
		if err == nil {
			_, err = s.post.await(waiting, frontDesk, i+1, 0) // idle again
		}
		cancel()
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, s.gateway.log())
		}
		if err := b.awaitFiled(ctx, reportAddress); err != nil {
			return nil, err
		}
		if told := wire.lastTold(); i > 0 && told.After(before) { // the first mail opens connections
			times = append(times, milliseconds(got[0].at.Sub(told)))
		}
	}
	if len(times) == 0 {
		return nil, errors.New("the server never told of new mail")
	}
	_, err = s.gateway.stop()
	return times, err
}

// scene is a gateway with a relay, over the first mailbox unless others are named.
type scene struct {
	*installation
	post    *post
	gateway *gateway
}

// newScene starts a relay and a gateway.
func (b *bench) newScene(ctx context.Context, database string, o installOptions) (*scene, error) {
	folder, url, err := b.workspace(database)
	if err != nil {
		return nil, err
	}
	s := &scene{}
	if s.post, err = newPost(); err != nil {
		return nil, err
	}
	o.relay = s.post.Addr()
	if o.imap == "" {
		o.imap = b.dovecot.Addr
	}
	if o.users == nil {
		o.users = []string{reportAddress}
	}
	if s.installation, err = b.install(ctx, folder, url, o); err == nil {
		s.gateway, err = s.serve()
	}
	if err != nil {
		s.post.Close()
		return nil, err
	}
	return s, nil
}

func (s *scene) close() {
	s.gateway.kill()
	s.post.Close()
}
