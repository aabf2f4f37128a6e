package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/sys/unix"
)

// together is how many mails of the floor share a sync and a move. The gateway may take more: that is its own way to be fast.
const together = 50

// connect logs in and opens the inbox.
func (b *bench) connect() (*imapclient.Client, []imap.UID, error) {
	c, err := imapclient.DialInsecure(b.dovecot.Addr, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := c.Login(reportAddress, mailPassword).Wait(); err != nil {
		c.Close()
		return nil, nil, err
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		c.Close()
		return nil, nil, err
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{}, &imap.SearchOptions{ReturnAll: true}).Wait()
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, found.AllUIDs(), nil
}

// fetchOnly is the bare fetch: every byte comes, none is kept.
func (b *bench) fetchOnly(context.Context) (int, error) {
	c, uids, err := b.connect()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return len(uids), fetchEach(c, uids, func(_ imap.UID, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

func fetchEach(c *imapclient.Client, uids []imap.UID, each func(imap.UID, io.Reader) error) error {
	cmd := c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	var fault error
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		var uid imap.UID
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				if err := each(uid, item.Literal); err != nil && fault == nil {
					fault = err
				}
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	return fault
}

// durableFloor is the least that taking mail in durably can cost: fetch, write, one sync and one move for fifty mails, the
// sync beside the next fetch. No mail is looked into and nothing else is on record.
func (b *bench) durableFloor(context.Context) (int, error) {
	folder, _, err := b.workspace("sqlite")
	if err != nil {
		return 0, err
	}
	c, uids, err := b.connect()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.Create("Aduan/Processed", nil).Wait() // it may be there; if it is not, the move says so
	var synced []imap.UID
	var syncing chan error
	settle := func() error {
		if syncing == nil {
			return nil
		}
		if err := <-syncing; err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		return nil
	}
	for batch := range slices.Chunk(uids, together) {
		var last *os.File
		err := fetchEach(c, batch, func(uid imap.UID, r io.Reader) error {
			if last != nil {
				last.Close()
			}
			if last, err = os.Create(filepath.Join(folder, fmt.Sprint(uid))); err != nil {
				return err
			}
			_, err := io.Copy(last, r)
			return err
		})
		if err != nil {
			return 0, err
		}
		if err := settle(); err != nil {
			return 0, err
		}
		before := synced
		synced, syncing = batch, make(chan error, 1)
		go func(done chan<- error) {
			done <- unix.Syncfs(int(last.Fd()))
			last.Close()
		}(syncing)
		if err := move(c, before); err != nil {
			return 0, err
		}
	}
	if err := settle(); err != nil {
		return 0, err
	}
	return len(uids), move(c, synced)
}

func move(c *imapclient.Client, uids []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	if _, err := c.Move(imap.UIDSetNum(uids...), "Aduan/Processed").Wait(); err != nil {
		return fmt.Errorf("move: %w", err)
	}
	return nil
}
