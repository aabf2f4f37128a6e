package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// TryLogIn connects once, logs in and leaves. Its error is an *Error that names the step.
func TryLogIn(ctx context.Context, cfg Config) error {
	s, err := enter(ctx, cfg)
	if err == nil {
		s.close()
	}
	return err
}

// enter makes a session that is logged in and works on nothing.
func enter(ctx context.Context, cfg Config) (*session, error) {
	s := &session{worker: &worker{cfg: cfg.withDefaults(), resting: map[uint32]*rest{}}, arrived: make(chan struct{}, 1)}
	if err := s.dial(ctx); err != nil {
		return nil, s.fault("connect", err, true)
	}
	stop := context.AfterFunc(ctx, func() { s.guard.kill(context.Cause(ctx)) })
	defer stop()
	if err := s.step(ctx, "greet", s.greet); err != nil {
		s.close()
		return nil, err
	}
	if err := s.step(ctx, "log in", s.logIn); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// step is one step of making a session, with the server given its time for it.
func (s *session) step(ctx context.Context, op string, do func(context.Context) error) error {
	s.guard.arm()
	defer s.guard.disarm()
	if err := do(ctx); err != nil {
		return s.fault(op, err, true)
	}
	return nil
}

// Probing is what a look at a mailbox found.
type Probing struct {
	Idle, Move, UIDPlus bool
	Folder              string // as the server spells it
	Waiting             int    // mails in it
	Oldest, Newest      time.Time
	Folders             []FolderProbing // where mails are filed to
}

// FolderProbing is what was found about a folder that mails are filed to.
type FolderProbing struct {
	Name    string
	Made    bool  // it was missing and is there now, as the gateway would have made it
	Fault   error // it is missing and cannot be made, or nothing can be put into it; nil where all is well
	Untried bool  // without UIDPLUS nothing is put into it for a trial
}

// Probe looks at a mailbox as Run would, and tries to write to its folders; what it writes it removes. Its error is an *Error
// that names the step.
func Probe(ctx context.Context, cfg Config) (Probing, error) {
	var p Probing
	s, err := enter(ctx, cfg)
	if err != nil {
		return p, err
	}
	defer s.close()
	stop := context.AfterFunc(ctx, func() { s.guard.kill(context.Cause(ctx)) })
	defer stop()
	p.Idle, p.Move, p.UIDPlus = s.caps.Has(imap.CapIdle), s.caps.Has(imap.CapMove), s.caps.Has(imap.CapUIDPlus)
	missing := map[string]bool{}
	for _, step := range []struct {
		op string
		do func(context.Context) error
	}{
		{"find the folders", func(ctx context.Context) error { return s.findMissing(missing) }},
		{"find the folders", s.findFolders},
		{"open the folder", s.open},
		{"look at the mails", func(context.Context) error { return s.lookAround(&p) }},
	} {
		if err := s.step(ctx, step.op, step.do); err != nil {
			return p, err
		}
	}
	p.Folder = s.folder
	for _, name := range []string{s.processed, s.failed} {
		f := FolderProbing{Name: name, Made: missing[name], Untried: !p.UIDPlus}
		f.Fault = s.step(ctx, "write to "+name, func(context.Context) error { return s.tryFolder(name) })
		p.Folders = append(p.Folders, f)
	}
	return p, nil
}

// findMissing notes which of the folders are not there yet.
func (s *session) findMissing(missing map[string]bool) error {
	delimiter, prefix, err := s.namespace()
	if err != nil {
		return err
	}
	for _, name := range []string{spell(s.cfg.Processed, delimiter, prefix), spell(s.cfg.Failed, delimiter, prefix)} {
		list, err := s.client.List("", name, nil).Collect()
		if err != nil {
			return err
		}
		missing[name] = len(list) == 0 || slices.Contains(list[0].Attrs, imap.MailboxAttrNonExistent)
	}
	return nil
}

// lookAround counts what waits, and reads the dates of the first and the last thousand.
func (s *session) lookAround(p *Probing) error {
	uids, err := s.search(&imap.SearchCriteria{})
	if err != nil || len(uids) == 0 {
		return err
	}
	p.Waiting = len(uids)
	var set imap.UIDSet
	for _, uid := range append(slices.Clone(uids[:min(1000, len(uids))]), uids[max(0, len(uids)-1000):]...) {
		set.AddNum(imap.UID(uid))
	}
	s.guard.arm()
	mails, err := s.client.Fetch(set, &imap.FetchOptions{UID: true, InternalDate: true}).Collect()
	for _, m := range mails {
		if at := m.InternalDate; !at.IsZero() {
			if p.Oldest.IsZero() || at.Before(p.Oldest) {
				p.Oldest = at
			}
			if at.After(p.Newest) {
				p.Newest = at
			}
		}
	}
	return err
}

// tryFolder puts a mail into a folder and takes it out again, where the server can tell it from others.
func (s *session) tryFolder(name string) error {
	if !s.caps.Has(imap.CapUIDPlus) {
		_, err := s.client.Status(name, &imap.StatusOptions{NumMessages: true}).Wait()
		return err
	}
	mail := []byte("From: aduan doctor <doctor@localhost>\r\nSubject: aduan doctor tries whether this folder can be written\r\n\r\nThis mail may be deleted.\r\n")
	cmd := s.client.Append(name, int64(len(mail)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	_, err := cmd.Write(mail)
	if err = errors.Join(err, cmd.Close()); err != nil {
		return err
	}
	put, err := cmd.Wait()
	if err != nil {
		return err
	}
	if put.UID == 0 {
		return nil // some servers do not tell; a stray mail is named by its subject
	}
	return s.remove(name, put.UID)
}

// remove deletes one mail of a folder.
func (s *session) remove(name string, uid imap.UID) error {
	if _, err := s.client.Select(name, nil).Wait(); err != nil {
		return err
	}
	set := imap.UIDSetNum(uid)
	if err := s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		return err
	}
	if !s.caps.Has(imap.CapUIDPlus) {
		return nil // a plain EXPUNGE would take others' with it
	}
	return s.client.UIDExpunge(set).Close()
}

// Found is a mail that was waited for.
type Found struct {
	Folder  string
	Arrived time.Time
	Raw     []byte
}

// Await waits until a mail with a word in its subject is in one of the mailbox's folders, takes it out and returns it. Its
// error is the context's where none came.
func Await(ctx context.Context, cfg Config, word string) (Found, error) {
	s, err := enter(ctx, cfg)
	if err != nil {
		return Found{}, err
	}
	defer s.close()
	stop := context.AfterFunc(ctx, func() { s.guard.kill(context.Cause(ctx)) })
	defer stop()
	if err := s.step(ctx, "find the folders", s.findFolders); err != nil {
		return Found{}, err
	}
	for {
		for _, name := range []string{s.folder, s.processed, s.failed} {
			var found *Found
			err := s.step(ctx, "look for the mail", func(context.Context) (err error) {
				found, err = s.take(name, word)
				return err
			})
			if err != nil || found != nil {
				if ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				if err != nil {
					return Found{}, err
				}
				return *found, nil
			}
		}
		pause(ctx, time.Second)
	}
}

func (s *session) take(name, word string) (*Found, error) {
	if _, err := s.client.Select(name, nil).Wait(); err != nil {
		return nil, err
	}
	found, err := s.client.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: word}}, NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
	if err != nil || len(found.AllUIDs()) == 0 {
		return nil, err
	}
	uid := found.AllUIDs()[0]
	body := &imap.FetchItemBodySection{Peek: true}
	mails, err := s.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		return nil, err
	}
	if len(mails) == 0 { // somebody else moved it meanwhile
		return nil, nil
	}
	f := &Found{Folder: name, Arrived: mails[0].InternalDate, Raw: mails[0].FindBodySection(body)}
	if err := s.remove(name, uid); err != nil {
		return nil, fmt.Errorf("remove the mail: %w", err)
	}
	return f, nil
}
