package main

import (
	"bytes"
	"io"
	"net"
	"sync"
	"time"
)

// wire passes connections on to an IMAP server and notes when the server tells of new mail (RFC 3501, section 7.3.1): the
// gateway's time runs from then, not from the delivery, which Dovecot tells of half a second later.
type wire struct {
	ln     net.Listener
	target string

	mu    sync.Mutex
	told  time.Time // the last EXISTS
	conns []net.Conn
}

func newWire(target string) (*wire, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{ln: ln, target: target}
	go w.accept()
	return w, nil
}

func (w *wire) addr() string { return w.ln.Addr().String() }

func (w *wire) accept() {
	for {
		client, err := w.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.target)
		if err != nil {
			client.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, client, server)
		w.mu.Unlock()
		go func() { io.Copy(server, client); server.Close() }()
		go func() { io.Copy(client, io.TeeReader(server, w)); client.Close() }()
	}
}

// Write looks at what the server says.
func (w *wire) Write(b []byte) (int, error) {
	if bytes.Contains(b[:min(len(b), 4096)], []byte(" EXISTS\r\n")) {
		w.mu.Lock()
		w.told = time.Now()
		w.mu.Unlock()
	}
	return len(b), nil
}

// lastTold is when the server last told of mail.
func (w *wire) lastTold() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told
}

func (w *wire) close() {
	w.ln.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
}
