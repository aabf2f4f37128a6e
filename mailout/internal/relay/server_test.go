package relay

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a scripted server may do instead of answering.
const (
	cut  = "CUT"  // close the connection
	hang = "HANG" // stay silent until the test ends
)

// server is an SMTP server that says what the test wants. reply sees each command with the number of its connection, from 1;
// "" is the usual answer. The greeting is asked for as "CONNECT", the end of a mail as "END".
type server struct {
	addr     string
	features []string
	tls      *tls.Config
	implicit bool
	deaf     bool // stops reading after DATA
	reply    func(conn int, line string) string

	ln    net.Listener
	done  chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	conns map[net.Conn]bool
	count int
	said  []string // all command lines, with the connection's number before them
	mails []string // accepted contents, dot-stuffing undone
}

func (s *server) start(t testing.TB) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr, s.ln, s.done, s.conns = ln.Addr().String(), ln, make(chan struct{}), map[net.Conn]bool{}
	s.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.count++
			n := s.count
			s.conns[c] = true
			s.mu.Unlock()
			s.wg.Go(func() { s.serve(c, n) })
		}
	})
	t.Cleanup(func() {
		close(s.done)
		ln.Close()
		s.cutAll()
		s.wg.Wait()
	})
	return s
}

// cutAll closes every connection that is open now.
func (s *server) cutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// script changes what the server says from now on.
func (s *server) script(reply func(conn int, line string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *server) accepted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.mails...)
}

func (s *server) lines() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

// answer says what the test wants said to a line; open is false where the connection is over.
func (s *server) answer(c net.Conn, n int, line, usual string) (accepted, open bool) {
	text := s.choose(n, line, usual)
	return accepts(text, usual), s.write(c, text)
}

func (s *server) choose(n int, line, usual string) string {
	s.mu.Lock()
	reply := s.reply
	s.mu.Unlock()
	if reply != nil {
		if text := reply(n, line); text != "" {
			return text
		}
	}
	return usual
}

func accepts(text, usual string) bool { return text == usual || strings.HasPrefix(text, "2") }

func (s *server) write(c net.Conn, text string) (open bool) {
	switch text {
	case cut:
		return false
	case hang:
		<-s.done
		return false
	}
	_, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n")
	return err == nil && !strings.HasPrefix(text, "421")
}

func (s *server) serve(c net.Conn, n int) {
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	if s.implicit {
		c = tls.Server(c, s.tls)
	}
	if _, open := s.answer(c, n, "CONNECT", "220 test.example ESMTP"); !open {
		return
	}
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		s.mu.Lock()
		s.said = append(s.said, fmt.Sprintf("%d %s", n, line))
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		usual := "250 2.0.0 ok"
		switch verb {
		case "EHLO":
			usual = "250-test.example"
			for _, f := range s.features {
				usual += "\n250-" + f
			}
			usual += "\n250 HELP"
		case "DATA":
			usual = "354 go on"
		case "QUIT":
			usual = "221 bye"
		case "AUTH":
			usual = "235 2.7.0 welcome"
		case "STARTTLS":
			usual = "220 ready"
		}
		accepted, open := s.answer(c, n, line, usual)
		if !open || verb == "QUIT" {
			return
		}
		if verb == "STARTTLS" && accepted {
			c = tls.Server(c, s.tls)
			in = bufio.NewReader(c)
		}
		if verb == "DATA" && accepted && !s.take(c, in, n) {
			return
		}
	}
}

// take reads a mail up to its dot and answers it.
func (s *server) take(c net.Conn, in *bufio.Reader, n int) bool {
	var mail strings.Builder
	if s.deaf {
		<-s.done
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(strings.TrimPrefix(line, "."))
	}
	usual := "250 2.0.0 ok: queued as 4711"
	text := s.choose(n, "END", usual)
	if accepts(text, usual) { // on record before the client hears of it
		s.mu.Lock()
		s.mails = append(s.mails, mail.String())
		s.mu.Unlock()
	}
	return s.write(c, text)
}

// certificate makes a TLS configuration for 127.0.0.1 and the one of a client that believes it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}
