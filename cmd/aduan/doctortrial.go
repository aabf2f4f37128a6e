package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"aduan/cmd/aduan/internal/doctor"
	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// trialFor is how long a trial mail is waited for.
const trialFor = 90 * time.Second

// sendTest sends a mail to a reply address and takes it out of the mailbox again. A gateway that runs may take it in first:
// it comes from ourselves, so it is on record and nothing follows.
func (e *examination) sendTest(ctx context.Context) []doctor.Finding {
	const check = "reply addresses"
	to := e.trialAddress()
	if to == "" {
		to = e.settings.Team.Address
	}
	if e.opened != nil && len(e.settings.accounts()) > 0 {
		return []doctor.Finding{doctor.Broken(check, "mend the database first", "no test mail was sent: the tokens are in the database")}
	}
	word := "aduan-doctor-" + rand.Text()[:12]
	foreign := word + ".invalid"
	relay := mailout.NewRelay(e.relay())
	defer relay.Close()
	sent := time.Now()
	if words, err := relay.Send(ctx, e.settings.Team.Address, to, strings.NewReader(e.trialMail(to, word, foreign))); err != nil {
		return []doctor.Finding{doctor.Broken(check, "see what is said of the relay", "the test mail to %s was not taken: %v %s", to, err, words)}
	}
	found, err := e.awaitTrial(ctx, word)
	if err != nil {
		return []doctor.Finding{doctor.Broken(check, "turn plus addresses on (Postfix and Dovecot: recipient_delimiter = +) and let them arrive in this mailbox, or set reply_address = \"\" in [team]",
			"the relay took the test mail to %s, but it is not in the mailbox after %s (%v); if it comes late, it may be deleted", to, trialFor, err)}
	}
	all := doctor.Trial(ctx, e.dns, doctor.Returned{To: to, Folder: found.Folder, After: time.Since(sent), Raw: found.Raw, Domain: tickets.Domain(e.settings.Team.Address),
		Believed: e.settings.Security.AuthservIDs, Foreign: foreign})
	if !found.Arrived.IsZero() {
		all = append(all, doctor.Clock("the mail server", sent, found.Arrived))
	}
	return all
}

// trialMail carries a foreign field in the name of each believed host, to see whether it survives.
func (e *examination) trialMail(to, word, foreign string) string {
	var b strings.Builder
	for _, id := range e.settings.Security.AuthservIDs {
		fmt.Fprintf(&b, "Authentication-Results: %s; dkim=pass header.d=%s\r\n", id, foreign)
	}
	a := e.settings.Team.Address
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: aduan doctor: a test of the reply addresses (%s)\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n`aduan doctor --send-test` wrote this mail and removes it again. It may be deleted.\r\n",
		a, to, word, time.Now().Format(time.RFC1123Z), word, tickets.Domain(a))
	return b.String()
}

// awaitTrial looks into all mailboxes at once.
func (e *examination) awaitTrial(ctx context.Context, word string) (mailin.FoundMail, error) {
	ctx, cancel := context.WithTimeout(ctx, trialFor)
	defer cancel()
	var (
		g     sync.WaitGroup
		mu    sync.Mutex
		found *mailin.FoundMail
		errs  []error
	)
	for _, m := range e.mailboxes() {
		g.Go(func() {
			f, err := mailin.AwaitMail(ctx, m.Mailbox, word)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			found = &f
			cancel()
		})
	}
	g.Wait()
	if found == nil {
		return mailin.FoundMail{}, errors.Join(errs...)
	}
	return *found, nil
}
