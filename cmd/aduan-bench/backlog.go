package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// commandBehindBacklog measures how long a command of Front Desk takes that comes while thousands of mails wait: until it is
// carried out, and until the relay has the answer at the usual rate of 60 mails a minute. In the second row half of the mails
// that wait, and half of those that still come, say that they are from Front Desk.
func (b *bench) commandBehindBacklog(ctx context.Context) error {
	for _, database := range b.installed() {
		for _, forged := range []bool{false, true} {
			if err := b.oneCommand(ctx, database, forged); err != nil {
				return err
			}
		}
	}
	return b.tidy()
}

func (b *bench) oneCommand(ctx context.Context, database string, forged bool) error {
	if err := b.clear(reportAddress); err != nil {
		return err
	}
	s, err := b.newScene(ctx, database, installOptions{rate: "60/minute"})
	if err != nil {
		return err
	}
	defer s.close()
	if err := b.dovecot.Put(reportAddress, b.mails.small(reporter(b.mails.n+1)), time.Now()); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	news, err := s.post.await(waiting, frontDesk, 1, 0)
	if err != nil {
		return err
	}
	if _, err := s.gateway.stop(); err != nil {
		return err
	}
	for i := range b.backlog {
		from := reporter(b.mails.n + 1)
		if forged && i%2 == 0 {
			from = frontDesk
		}
		if err := b.dovecot.Put(reportAddress, b.mails.small(from), time.Now()); err != nil {
			return err
		}
	}
	if s.gateway, err = s.serve(); err != nil {
		return err
	}
	if err := s.gateway.await(waiting, min(200, b.backlog/10)); err != nil { // it is in the midst of it
		return err
	}
	command := b.mails.answer(frontDesk, news[0].replyTo, "/verifikasi jenis=defacement tingkat=berbahaya\nSudah diperiksa.")
	carriedOut := s.gateway.watch(fmt.Sprintf("message_id=bench-%d@", b.mails.n))
	delivered, sent := time.Now(), s.post.count()
	if err := b.dovecot.Put(reportAddress, command, delivered); err != nil {
		return err
	}
	r := row{Rung: "command behind a flood", Database: database, Mails: b.backlog}
	if forged {
		r.Rung = "command behind forged commands"
	}
	select {
	case at := <-carriedOut:
		r.MaxMS = milliseconds(at.Sub(delivered))
	case <-waiting.Done():
		return fmt.Errorf("the command was not carried out: %s", s.gateway.log())
	}
	r.Note, err = b.answerAfter(waiting, s, sent, delivered, ticketIn(news[0].subject))
	if err != nil {
		return err
	}
	b.add(r)
	_, err = s.gateway.stop()
	return err
}

// answerAfter says how long the answer to the command took, and how many mails had been taken in until then.
func (b *bench) answerAfter(ctx context.Context, s *scene, sent int, delivered time.Time, ticket string) (string, error) {
	s.gateway.mu.Lock()
	before := s.gateway.taken
	s.gateway.mu.Unlock()
	for n := 1; ; n++ {
		got, err := s.post.await(ctx, frontDesk, n, sent)
		if err != nil {
			return "", err
		}
		if last := got[n-1]; last.isAnswer && ticketIn(last.subject) == ticket {
			return fmt.Sprintf("%d mails were in before it; the answer at 60 a minute after %.1f s", before-1, last.at.Sub(delivered).Seconds()), nil
		}
	}
}

// ticketIn is the ticket's number in a subject.
func ticketIn(subject string) string {
	_, after, _ := strings.Cut(subject, "[")
	number, _, _ := strings.Cut(after, "]")
	return number
}
