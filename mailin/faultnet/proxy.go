// Package faultnet is a TCP proxy that does to a connection what networks do: cuts it
// at a chosen byte, lets it hang, slows it down. It is for tests. Without a rule it
// passes everything on unchanged.
package faultnet

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// Rule is what happens to one connection, counted on the way from the server to the client.
type Rule struct {
	After []byte        // counting begins behind this text; at the first byte when empty
	Bytes int           // so many bytes pass, then the fault happens; with no fault set it means nothing
	Cut   bool          // close both sides
	Hang  bool          // pass nothing more in either direction, but stay open
	Delay time.Duration // before each piece that is passed on to the client
}

// Proxy is a running proxy.
type Proxy struct {
	ln     net.Listener
	target string
	done   chan struct{}
	wg     sync.WaitGroup

	mu    sync.Mutex
	rules []Rule
	down  bool
	conns map[net.Conn]bool
	met   int
	made  int
}

// Start listens on a free port of loopback and passes connections on to target.
func Start(target string) (*Proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{ln: ln, target: target, done: make(chan struct{}), conns: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr is where clients connect to.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// Next gives the connections to come one rule each; those after them pass unharmed.
func (p *Proxy) Next(rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, rules...)
}

// Met counts the faults that happened.
func (p *Proxy) Met() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met
}

// Made counts the connections that clients made or tried to make.
func (p *Proxy) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// Down cuts all connections and closes new ones at once, until it is called with false.
func (p *Proxy) Down(down bool) {
	p.mu.Lock()
	p.down = down
	p.mu.Unlock()
	if down {
		p.CutAll()
	}
}

// CutAll closes the connections that are open now.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// Close ends the proxy and waits until its last connection is gone.
func (p *Proxy) Close() error {
	close(p.done)
	err := p.ln.Close()
	p.CutAll()
	p.wg.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		if rule, ok := p.admit(client); ok {
			p.wg.Go(func() { p.serve(client, rule) })
		} else {
			client.Close()
		}
	}
}

func (p *Proxy) admit(client net.Conn) (rule Rule, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return rule, false
	default:
	}
	p.made++
	if p.down {
		return rule, false
	}
	if len(p.rules) > 0 {
		rule, p.rules = p.rules[0], p.rules[1:]
	}
	p.conns[client] = true
	return rule, true
}

func (p *Proxy) serve(client net.Conn, rule Rule) {
	defer p.forget(client)
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.conns[server] = true
	p.mu.Unlock()
	defer p.forget(server)
	hung := make(chan struct{})
	p.wg.Go(func() {
		defer server.Close()
		defer client.Close()
		upstream(server, client, hung, p.done)
	})
	p.downstream(client, server, rule, hung)
}

func (p *Proxy) forget(c net.Conn) {
	c.Close()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// upstream passes on what the client says, until the connection hangs.
func upstream(server, client net.Conn, hung, done <-chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		select {
		case <-hung:
			// Swallow what comes: a host that hangs still has a kernel which takes bytes in.
			if err != nil {
				return
			}
			continue
		case <-done:
			return
		default:
		}
		if _, werr := server.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

// downstream passes on what the server says and does to it what the rule wants.
func (p *Proxy) downstream(client, server net.Conn, rule Rule, hung chan<- struct{}) {
	count := counter{rule: rule}
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		pass, fault := count.pass(buf[:n])
		if rule.Delay > 0 && !p.sleep(rule.Delay) {
			return
		}
		if _, werr := client.Write(buf[:pass]); werr != nil {
			return
		}
		if fault {
			p.fault(client, rule, hung)
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-p.done:
		return false
	}
}

// fault cuts by returning; a hanging connection waits here until the client gives up.
func (p *Proxy) fault(client net.Conn, rule Rule, hung chan<- struct{}) {
	p.mu.Lock()
	p.met++
	p.mu.Unlock()
	if !rule.Hang {
		return
	}
	close(hung)
	for {
		p.mu.Lock()
		open := p.conns[client]
		p.mu.Unlock()
		// A write of nothing tells whether upstream closed the socket.
		if _, err := client.Write(nil); err != nil || !open || !p.sleep(10*time.Millisecond) {
			return
		}
	}
}

// counter finds the byte at which the fault happens.
type counter struct {
	rule   Rule
	tail   []byte // what may be the beginning of After
	behind bool   // After was seen
	passed int    // bytes behind it
}

// pass tells how many bytes of b go through, and whether the fault follows them.
func (c *counter) pass(b []byte) (n int, fault bool) {
	if !c.rule.Cut && !c.rule.Hang {
		return len(b), false
	}
	from := 0
	if !c.behind {
		seen := append(c.tail, b...)
		i := bytes.Index(seen, c.rule.After)
		if i < 0 {
			c.tail = bytes.Clone(seen[max(0, len(seen)-len(c.rule.After)+1):])
			return len(b), false
		}
		from = max(0, i+len(c.rule.After)-len(c.tail))
		c.behind = true
	}
	if left := c.rule.Bytes - c.passed; len(b)-from >= left {
		return from + left, true
	}
	c.passed += len(b) - from
	return len(b), false
}
