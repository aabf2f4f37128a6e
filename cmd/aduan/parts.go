package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"aduan/cmd/aduan/internal/oauth"
	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// parts are what the calls work with, opened from the settings.
type parts struct {
	settings *settings
	log      *slog.Logger
	store    *tickets.Store
	evidence tickets.Evidence
	lookup   mailin.LookupTXT // nil is the system's resolver
	poll     time.Duration    // of the mailboxes; 0 is their default
	leases   mailin.Leases    // nil is a place among the gateways of the database
	sources  map[string]*oauth.Source
}

// open reads the settings and opens the record; the database is created and migrated.
func (p *program) open(ctx context.Context) (*parts, error) {
	s, err := loadSettings(p.config)
	if err != nil {
		return nil, err
	}
	return openParts(ctx, s, p.logger(s), true)
}

func openEvidence(s *settings) (tickets.Evidence, error) {
	return tickets.OpenEvidence(s.Evidence.URL, tickets.AccessKey{ID: s.Evidence.AccessKey, Secret: s.Evidence.SecretKey})
}

func openParts(ctx context.Context, s *settings, log *slog.Logger, migrate bool) (*parts, error) {
	evidence, err := openEvidence(s)
	if err != nil {
		return nil, wrongUse(err)
	}
	store, err := tickets.OpenStore(ctx, s.Database.URL, s.record())
	if err != nil {
		return nil, err
	}
	if migrate {
		_, err = store.Migrate(ctx)
	} else {
		err = store.CheckVersion(ctx)
	}
	if err != nil {
		store.Close()
		return nil, err
	}
	return &parts{settings: s, log: log, store: store, evidence: evidence, sources: sources(s, store)}, nil
}

func (p *parts) close() { p.store.Close() }

// closeWithin is how long taking leave of the database may take. The end of the process closes what is open then.
const closeWithin = 500 * time.Millisecond

// closeSoon is close for a process that ends now, also where the database hangs.
func (p *parts) closeSoon() {
	closed := make(chan struct{})
	go func() {
		p.close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closeWithin):
	}
}

// intake is the way in of mails from everywhere.
func (p *parts) intake() *mailin.Intake {
	return &mailin.Intake{Record: p.store, Evidence: p.evidence, Limits: mailin.Limits{Message: int64(p.settings.Security.MaxMessage)}, Log: p.log,
		Authentication: mailin.NewAuthenticator(p.settings.Security.AuthservIDs, int64(p.settings.Security.MaxMessage), p.lookup)}
}

// renderer writes the mails that go out.
func (p *parts) renderer(in *mailin.Intake) (*mailout.Renderer, error) {
	t := p.settings.Team
	r, err := mailout.NewRenderer(mailout.Settings{TeamName: t.Name, Address: t.Address, Prefix: t.Prefix, Salutation: t.Salutation, Valediction: t.Valediction, Colour: t.Colour,
		Language: tickets.Language(t.Language), Location: p.settings.location, TemplateDir: t.Templates, MailSize: int64(p.settings.SMTP.MailSize), Staff: p.store.Staff, CaseFile: p.caseFile}, in.OpenAttachment)
	if err != nil {
		return nil, wrongUse(fmt.Errorf("team.templates: %w", err))
	}
	return r, nil
}

// sender brings notices to the relay.
func (p *parts) sender(r *mailout.Renderer) *mailout.Sender {
	s := p.settings.SMTP
	return &mailout.Sender{Outbox: p.store, Evidence: p.evidence, Render: r.Render, Relay: mailout.NewRelay(p.relay()), Connections: s.Connections, Rate: p.settings.rate, Log: p.log}
}

// relay is the relay of the settings.
func (p *parts) relay() mailout.RelayConfig {
	s := p.settings.SMTP
	return mailout.RelayConfig{Addr: s.addr, TLS: s.mode, Username: s.Username, Password: s.Password, Token: p.token(s.account), Connections: s.Connections}
}

// mailboxes are the mailboxes of the settings.
func (p *parts) mailboxes() []mailin.Watched {
	var out []mailin.Watched
	for _, m := range p.settings.Mailboxes {
		out = append(out, mailin.Watched{AcknowledgeWithin: m.Acknowledge.Duration,
			Mailbox: mailin.Mailbox{Name: m.Name, Addr: m.addr, TLS: m.mode, Username: m.Username, Password: m.Password, Token: p.token(m.account),
				Folder: m.Folder, Processed: m.Processed, Failed: m.Failed, Poll: p.poll, Logger: p.log, Trouble: &mailin.MailboxTrouble{}}})
	}
	return out
}

// sharing works the mailboxes together with the other gateways on the database.
func (p *parts) sharing(in *mailin.Intake, h *health) (*mailin.Sharing, error) {
	s := &mailin.Sharing{Intake: in, Leases: p.leases, Mailboxes: p.mailboxes(), Log: p.log, Standing: h.standing}
	var names []string
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		m.Status = h.mailbox
		m.Read = func() { h.read(m.Name) }
		h.expect(m.Name)
		names = append(names, m.Name)
	}
	if s.Leases != nil {
		return s, nil
	}
	var err error
	s.Leases, err = p.store.Gateway(names)
	return s, err
}
