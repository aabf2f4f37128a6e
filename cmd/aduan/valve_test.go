package main

import (
	"net"
	"sync"
	"testing"
)

// valve is a way to a server that can be shut: everything stays connected, and nothing gets through any more. That is what a
// machine does that hangs, and a network that drops what it should carry.
type valve struct {
	ln     net.Listener
	target string
	mu     sync.Mutex
	open   chan struct{} // closed while it is open
	isOpen bool
}

func newValve(t *testing.T, target string) *valve {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &valve{ln: ln, target: target, open: make(chan struct{}), isOpen: true}
	close(v.open)
	t.Cleanup(func() { ln.Close(); v.set(true) })
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			go v.serve(client)
		}
	}()
	return v
}

func (v *valve) addr() string { return v.ln.Addr().String() }

// shut lets nothing through from now on, not even to connections that are new.
func (v *valve) shut() { v.set(false) }

func (v *valve) set(open bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if open && !v.isOpen {
		close(v.open)
	} else if !open && v.isOpen {
		v.open = make(chan struct{})
	}
	v.isOpen = open
}

// wait returns when the valve is open.
func (v *valve) wait() {
	v.mu.Lock()
	open := v.open
	v.mu.Unlock()
	<-open
}

func (v *valve) serve(client net.Conn) {
	defer client.Close()
	v.wait()
	server, err := net.Dial("tcp", v.target)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { v.pump(server, client) })
	both.Go(func() { v.pump(client, server) })
	both.Wait()
}

func (v *valve) pump(to, from net.Conn) {
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		v.wait()
		if _, werr := to.Write(b[:n]); werr != nil || err != nil {
			return
		}
	}
}
