package imaptest

import (
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// place is where a mail lies. UIDVALIDITY is never given twice to folders of one user, so
// the folder's name is not needed.
type place struct {
	validity uint32
	uid      imap.UID
}

// raw is a mail as it came. The library's own FETCH writes mails anew from their parsed
// header and gives nothing of one that it cannot parse.
type raw struct {
	data []byte
	at   time.Time
}

func (a *account) keep(data *imap.AppendData, r raw) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.raws[place{data.UIDValidity, data.UID}] = r
}

// keepCopies follows a COPY. Both sets are in the order of the mails.
func (a *account) keepCopies(from uint32, data *imap.CopyData) {
	sources, _ := data.SourceUIDs.Nums()
	dests, _ := data.DestUIDs.Nums()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, uid := range sources {
		a.raws[place{data.UIDValidity, dests[i]}] = a.raws[place{from, uid}]
	}
}

func (a *account) raw(p place) (raw, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.raws[p]
	return r, ok
}

// plain tells whether a FETCH asks for whole mails and nothing that needs their structure.
func plain(o *imap.FetchOptions) bool {
	whole := func(b *imap.FetchItemBodySection) bool {
		return len(b.Part) == 0 && b.Specifier == imap.PartSpecifierNone
	}
	return len(o.BodySection) > 0 && !o.Envelope && o.BodyStructure == nil && !o.ModSeq &&
		len(o.BinarySection) == 0 && len(o.BinarySectionSize) == 0 &&
		!slices.ContainsFunc(o.BodySection, func(b *imap.FetchItemBodySection) bool { return !whole(b) })
}

// fetchRaw answers a plain FETCH. The mailbox is not locked while the client reads.
func (s *session) fetchRaw(w *imapserver.FetchWriter, uids []imap.UID, o *imap.FetchOptions) error {
	seqs, err := s.UserSession.Search(imapserver.NumKindSeq, &imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uids...)}}, &imap.SearchOptions{ReturnAll: true})
	if err != nil {
		return err
	}
	// Mails that this client was not told of yet have no number. They come last.
	for i, seq := range seqs.AllSeqNums() {
		r, ok := s.account.raw(place{s.validity, uids[i]})
		if !ok {
			continue
		}
		if err := s.markSeen(uids[i], o); err != nil {
			return err
		}
		if err := s.writeRaw(w.CreateMessage(seq), uids[i], r, o); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) markSeen(uid imap.UID, o *imap.FetchOptions) error {
	for _, b := range o.BodySection {
		if !b.Peek {
			mark := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}
			return s.UserSession.Store(nil, imap.UIDSetNum(uid), mark, nil)
		}
	}
	return nil
}

func (s *session) writeRaw(w *imapserver.FetchResponseWriter, uid imap.UID, r raw, o *imap.FetchOptions) error {
	w.WriteUID(uid)
	if o.Flags {
		w.WriteFlags(s.flags(uid))
	}
	if o.InternalDate {
		w.WriteInternalDate(r.at)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(len(r.data)))
	}
	for _, b := range o.BodySection {
		part := partial(r.data, b.Partial)
		wc := w.WriteBodySection(b, int64(len(part)))
		// A client that went away shows in Close of the response as well.
		_, _ = wc.Write(part)
		_ = wc.Close()
	}
	return w.Close()
}

func partial(data []byte, p *imap.SectionPartial) []byte {
	if p == nil {
		return data
	}
	from := min(p.Offset, int64(len(data)))
	return data[from:min(from+p.Size, int64(len(data)))]
}

// flags asks for the system flags one by one, as the library shows them in no other way.
func (s *session) flags(uid imap.UID) []imap.Flag {
	var set []imap.Flag
	for _, flag := range []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft} {
		criteria := &imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}, Flag: []imap.Flag{flag}}
		found, err := s.UserSession.Search(imapserver.NumKindUID, criteria, &imap.SearchOptions{ReturnAll: true})
		if err == nil && len(found.AllUIDs()) > 0 {
			set = append(set, flag)
		}
	}
	return set
}
