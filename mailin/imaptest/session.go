package imaptest

import (
	"crypto/subtle"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is one client's session. What it does not override is go-imap's own.
type session struct {
	*imapmemserver.UserSession // nil before the log-in

	server   *Server
	conn     *imapserver.Conn
	faulty   bool // false for our own look into the folders
	account  *account
	validity uint32 // of the folder that is open, as the library counts it
}

var _ imapserver.SessionIMAP4rev2 = (*session)(nil)

func (s *session) fault(op string) error {
	if !s.faulty {
		return nil
	}
	return s.server.fault(op)
}

func (s *session) Close() error {
	s.server.mu.Lock()
	delete(s.server.conns, s.conn)
	s.server.mu.Unlock()
	return s.UserSession.Close()
}

func (s *session) Login(username, password string) error {
	if err := s.fault("LOGIN"); err != nil {
		return err
	}
	a, err := s.server.account(username)
	if err != nil {
		return imapserver.ErrAuthFailed
	}
	s.server.mu.Lock()
	right := subtle.ConstantTimeCompare([]byte(password), []byte(a.password)) == 1
	s.server.mu.Unlock()
	if !right {
		return imapserver.ErrAuthFailed
	}
	s.UserSession, s.account = imapmemserver.NewUserSession(a.user), a
	return nil
}

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	if err := s.fault("SELECT"); err != nil {
		return nil, err
	}
	data, err := s.UserSession.Select(name, options)
	if err == nil {
		s.validity = data.UIDValidity
		data.UIDValidity += s.server.validity
	}
	return data, err
}

func (s *session) Status(name string, options *imap.StatusOptions) (*imap.StatusData, error) {
	if err := s.fault("STATUS"); err != nil {
		return nil, err
	}
	data, err := s.UserSession.Status(name, options)
	if err == nil && data.UIDValidity != 0 {
		data.UIDValidity += s.server.validity
	}
	return data, err
}

func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, options *imap.ListOptions) error {
	if err := s.fault("LIST"); err != nil {
		return err
	}
	return s.UserSession.List(w, ref, patterns, options)
}

func (s *session) Create(name string, options *imap.CreateOptions) error {
	if err := s.fault("CREATE"); err != nil {
		return err
	}
	return s.UserSession.Create(name, options)
}

func (s *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	if err := s.fault("APPEND"); err != nil {
		return nil, err
	}
	mail, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if options.Time.IsZero() {
		options.Time = time.Now()
	}
	data, err := s.UserSession.Append(name, newLiteral(mail), options)
	if err != nil {
		return nil, err
	}
	s.account.keep(data, raw{data: mail, at: options.Time})
	data.UIDValidity += s.server.validity
	s.server.tell()
	return data, nil
}

// Idle polls whenever anything changed anywhere: go-imap's own would not tell what
// came between the last command and IDLE.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if err := s.fault("IDLE"); err != nil {
		return err
	}
	for {
		change := s.server.change()
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-change:
		case <-stop:
			return nil
		}
	}
}

func (s *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions) (*imap.SearchData, error) {
	if err := s.fault("SEARCH"); err != nil {
		return nil, err
	}
	return s.UserSession.Search(kind, criteria, options)
}

// Fetch gives whole mails as they came. Of their parts it lets the library speak, mail by
// mail, so that the mailbox is not locked while a slow client reads them all.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if err := s.fault("FETCH"); err != nil {
		return err
	}
	uids, err := s.uids(set)
	if err != nil {
		return err
	}
	if plain(options) {
		return s.fetchRaw(w, uids, options)
	}
	for _, uid := range uids {
		if err := s.UserSession.Fetch(w, imap.UIDSetNum(uid), options); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, options *imap.StoreOptions) error {
	if err := s.fault("STORE"); err != nil {
		return err
	}
	err := s.UserSession.Store(w, set, flags, options)
	s.server.tell()
	return err
}

func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if err := s.fault("EXPUNGE"); err != nil {
		return err
	}
	err := s.UserSession.Expunge(w, uids)
	s.server.tell()
	return err
}

func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	if err := s.fault("COPY"); err != nil {
		return nil, err
	}
	uids, err := s.uids(set)
	if err != nil {
		return nil, err
	}
	return s.copy(uids, dest)
}

// copy answers nil data for no mail at all: an empty COPYUID is no IMAP.
func (s *session) copy(uids []imap.UID, dest string) (*imap.CopyData, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	data, err := s.UserSession.Copy(imap.UIDSetNum(uids...), dest)
	if err != nil {
		return nil, err
	}
	s.account.keepCopies(s.validity, data)
	data.UIDValidity += s.server.validity
	s.server.tell()
	return data, nil
}

// Move is copy, mark and expunge in one step. The EXPUNGEs go out with the poll that
// follows each command, to this session as to all others, so they are not written here.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	if err := s.fault("MOVE"); err != nil {
		return err
	}
	s.server.moving.Lock()
	defer s.server.moving.Unlock()
	uids, err := s.uids(set)
	if err != nil || len(uids) == 0 {
		return err
	}
	data, err := s.copy(uids, dest)
	if err != nil {
		return err
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	moved := imap.UIDSetNum(uids...)
	mark := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.UserSession.Store(nil, moved, mark, nil); err != nil {
		return err
	}
	err = s.UserSession.Expunge(nil, &moved)
	s.server.tell()
	return err
}

// uids resolves a set to the UIDs that exist, in their order.
func (s *session) uids(set imap.NumSet) ([]imap.UID, error) {
	criteria := &imap.SearchCriteria{}
	switch set := set.(type) {
	case imap.UIDSet:
		criteria.UID = []imap.UIDSet{set}
	case imap.SeqSet:
		criteria.SeqNum = []imap.SeqSet{set}
	}
	data, err := s.UserSession.Search(imapserver.NumKindUID, criteria, &imap.SearchOptions{ReturnAll: true})
	if err != nil {
		return nil, err
	}
	return data.AllUIDs(), nil
}
