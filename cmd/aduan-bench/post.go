package main

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"time"

	"aduan/mailout/smtptest"
)

// post is a relay that takes every mail at once and remembers of each what the sections ask for, not its bytes.
type post struct {
	*smtptest.Server
	mu     sync.Mutex
	taken  []letter
	change chan struct{} // closed at each mail
}

// letter is a mail that the gateway sent.
type letter struct {
	to, replyTo, subject string
	size                 int
	isAnswer             bool // to commands, or to any mail (RFC 3834, section 5)
	at                   time.Time
}

func newPost() (*post, error) {
	p := &post{change: make(chan struct{})}
	server, err := smtptest.Start("127.0.0.1:0", p.take, smtptest.Options{Forget: true})
	p.Server = server
	return p, err
}

func (p *post) take(m smtptest.Mail) error {
	at := time.Now()
	head, _, _ := strings.Cut(string(m.Data[:min(len(m.Data), 16<<10)]), "\r\n\r\n")
	parsed, err := mail.ReadMessage(strings.NewReader(head + "\r\n\r\n"))
	if err != nil {
		return fmt.Errorf("read a mail of the gateway: %w", err)
	}
	reply, _ := mail.ParseAddress(parsed.Header.Get("Reply-To"))
	l := letter{to: m.To[0], subject: parsed.Header.Get("Subject"), size: len(m.Data), at: at, isAnswer: parsed.Header.Get("Auto-Submitted") == "auto-replied"}
	if reply != nil {
		l.replyTo = reply.Address
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = append(p.taken, l)
	close(p.change)
	p.change = make(chan struct{})
	return nil
}

// await returns the first n letters to an address, from the skip-th letter of all on.
func (p *post) await(ctx context.Context, to string, n, skip int) ([]letter, error) {
	for {
		p.mu.Lock()
		var found []letter
		for _, l := range p.taken[min(skip, len(p.taken)):] {
			if l.to == to {
				found = append(found, l)
			}
		}
		change := p.change
		p.mu.Unlock()
		if len(found) >= n {
			return found[:n], nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for mail to %s: %w", to, ctx.Err())
		}
	}
}

// count is how many letters there are.
func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.taken)
}
