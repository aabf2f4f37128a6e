package imaptest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// ReadFolder returns the mails of a folder of any IMAP server, in the order of their
// UIDs, over a plain connection and without marking them as read.
func ReadFolder(ctx context.Context, addr, user, password, folder string) ([][]byte, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", folder, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	return read(conn, user, password, folder)
}

func read(conn net.Conn, user, password, folder string) ([][]byte, error) {
	c := imapclient.New(conn, nil)
	defer c.Close()
	if err := c.Login(user, password).Wait(); err != nil {
		return nil, fmt.Errorf("log in as %s: %w", user, err)
	}
	for {
		box, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil {
			return nil, fmt.Errorf("select folder %s: %w", folder, err)
		}
		if box.NumMessages == 0 {
			return nil, nil
		}
		mails, whole, err := fetchAll(c, box.NumMessages)
		if err != nil {
			return nil, fmt.Errorf("fetch from folder %s: %w", folder, err)
		}
		if whole {
			return mails, nil
		}
	}
}

// fetchAll tells besides whether every answer was a mail: the library takes a change of
// flags that another client makes meanwhile for the answer, and the mail is missing then.
func fetchAll(c *imapclient.Client, n uint32) (mails [][]byte, whole bool, err error) {
	all := imap.SeqSet{}
	all.AddRange(1, n)
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
	messages, err := c.Fetch(all, options).Collect()
	whole = true
	for _, m := range messages {
		if len(m.BodySection) == 0 {
			whole = false
			continue
		}
		mails = append(mails, m.BodySection[0].Bytes)
	}
	return mails, whole, err
}

// literal is a mail as APPEND takes it.
type literal struct {
	*bytes.Reader
}

func newLiteral(b []byte) literal { return literal{bytes.NewReader(b)} }

// pipeListener is a listener without a network, for our own look into the folders.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "inspection", Net: "unix"} }
