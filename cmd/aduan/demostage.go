package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"aduan/mailin"
	"aduan/tickets"
)

// stage shows what happens in the demo.
type stage struct {
	mu     sync.Mutex
	w      io.Writer
	colour bool
	mails  int
}

const (
	bold  = "1"
	dim   = "2"
	green = "32"
	blue  = "34"
)

// paint colours text on a terminal only.
func (s *stage) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// scene announces a step of the case.
func (s *stage) scene(title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.w, "\n%s\n", s.paint(bold, "── "+title+" "+strings.Repeat("─", max(2, 76-len([]rune(title))))))
}

// mail shows a mail as it travels: who to whom, the subject, the first lines, the attachments.
func (s *stage) mail(raw []byte, to string) {
	m := mailin.Parse(context.Background(), bytes.NewReader(raw), mailin.Limits{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails++
	fmt.Fprintf(s.w, "\n%s %s → %s\n", s.paint(dim, fmt.Sprintf("%3d", s.mails)), s.paint(green, m.From.Address), s.paint(blue, to))
	fmt.Fprintf(s.w, "    %s\n", s.paint(bold, m.Subject))
	lines := firstLines(m.NewText, 12)
	for _, line := range lines {
		fmt.Fprintf(s.w, "    │ %s\n", line)
	}
	for _, a := range m.Attachments {
		name := a.Filename
		if name == "" {
			name = "(no name)"
		}
		fmt.Fprintf(s.w, "    %s\n", s.paint(dim, fmt.Sprintf("+ %s (%s, %d bytes)", name, a.ContentType, a.Size)))
	}
}

// timeline shows the record of the case.
func (s *stage) timeline(f tickets.File, zone *time.Location) {
	s.scene("The record of " + string(f.Number))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range f.Events {
		if e.Kind == "sent" {
			continue // the deliveries are counted below
		}
		state := ""
		if e.From != e.To {
			state = "→ " + string(e.To)
		}
		fmt.Fprintf(s.w, "    %s  %-12s %-14s %-30s %s\n", e.At.In(zone).Format("15:04:05"), e.Kind, state, e.Actor, s.paint(dim, e.Hash[:12]))
	}
	sent := 0
	for _, d := range f.Deliveries {
		if d.State == tickets.Sent {
			sent++
		}
	}
	fmt.Fprintf(s.w, "\n    %s is %s: %d messages, %d events in one chain, %d of %d mails delivered.\n", f.Number, f.State, len(f.Messages), len(f.Events), sent, len(f.Deliveries))
}

// invite tells how to play the parts with a mail client.
func (s *stage) invite(o *postOffice, folder string) {
	s.scene("Your turn")
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.w, "\n    Set a mail client up for one or more of these, without TLS (all of it is on loopback):\n\n")
	fmt.Fprintf(s.w, "    IMAP %s    SMTP %s    password %q\n\n", o.imap.Addr(), o.smtp.Addr(), demoPassword)
	for _, who := range []part{demoReporter, demoFrontDesk, demoAgent, demoGateway} {
		fmt.Fprintf(s.w, "    %-30s %s\n", who.address, who.role)
	}
	fmt.Fprintf(s.w, "\n    Mail a report to %s, answer what comes. Every mail is shown here.\n", demoGateway.address)
	fmt.Fprintf(s.w, "    The record: aduan ticket list --config %s/aduan.toml (while the demo runs). Ctrl-C ends it.\n", folder)
}
