package inbound

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// door is the listener in front of the SMTP server. It bounds what go-smtp leaves
// open: how many connections there are, in all and from one host, how long one
// lives and how much it may send, whatever the peer does meanwhile.
type door struct {
	net.Listener
	cfg Config

	mu     sync.Mutex
	closed bool
	open   map[*guest]struct{}
	hosts  map[string]int
	empty  chan struct{} // closed when the door is closed and the last guest has left
}

func newDoor(tcp net.Listener, cfg Config) *door {
	return &door{
		Listener: tcp, cfg: cfg,
		open: map[*guest]struct{}{}, hosts: map[string]int{}, empty: make(chan struct{}),
	}
}

// busy is what a peer is told for whom there is no room. It comes again later.
const busy = "421 4.3.2 too many connections, try again later\r\n"

// Accept returns the next connection that there is room for, and turns away the others.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g := d.admit(conn); g != nil {
			return g, nil
		}
		// A fresh connection's send buffer is empty, so this cannot block for long.
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte(busy))
		_ = conn.Close()
	}
}

func (d *door) admit(conn net.Conn) *guest {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = conn.RemoteAddr().String()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.open) >= d.cfg.MaxConnections || d.hosts[host] >= d.cfg.MaxPerHost {
		return nil
	}
	g := &guest{
		Conn: conn, door: d, host: host,
		until: time.Now().Add(d.cfg.SessionTimeout),
		// Room for a few messages with their commands; go-smtp reads on to the end
		// of a message that it has already refused as too large.
		left: 4*d.cfg.MaxMessageBytes + 1<<16,
	}
	_ = conn.SetDeadline(g.until)
	d.open[g] = struct{}{}
	d.hosts[host]++
	return g
}

func (d *door) leave(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, here := d.open[g]; !here {
		return
	}
	delete(d.open, g)
	if d.hosts[g.host]--; d.hosts[g.host] == 0 {
		delete(d.hosts, g.host)
	}
	if d.closed && len(d.open) == 0 {
		close(d.empty)
	}
}

// shut takes no more connections, waits for those that are open until ctx is done,
// and then cuts them.
func (d *door) shut(ctx context.Context) error {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		if len(d.open) == 0 {
			close(d.empty)
		}
	}
	d.mu.Unlock()
	err := d.Listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	select {
	case <-d.empty:
	case <-ctx.Done():
		for _, g := range d.guests() {
			_ = g.Close()
		}
	}
	return err
}

func (d *door) guests() []*guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	open := make([]*guest, 0, len(d.open))
	for g := range d.open {
		open = append(open, g)
	}
	return open
}

// errGreedy ends a connection that has sent more than a session may.
var errGreedy = errors.New("session byte limit reached")

// guest is one connection. Deadlines that the SMTP server sets are moved forward
// to the session's end, never past it.
type guest struct {
	net.Conn
	door  *door
	host  string
	until time.Time
	left  int64 // bytes it may still send; touched by the reading goroutine only
}

func (g *guest) Read(b []byte) (int, error) {
	if g.left <= 0 {
		return 0, errGreedy
	}
	if int64(len(b)) > g.left {
		b = b[:g.left]
	}
	n, err := g.Conn.Read(b)
	g.left -= int64(n)
	return n, err
}

func (g *guest) Close() error {
	err := g.Conn.Close()
	g.door.leave(g)
	return err
}

func (g *guest) SetDeadline(t time.Time) error      { return g.Conn.SetDeadline(g.earlier(t)) }
func (g *guest) SetReadDeadline(t time.Time) error  { return g.Conn.SetReadDeadline(g.earlier(t)) }
func (g *guest) SetWriteDeadline(t time.Time) error { return g.Conn.SetWriteDeadline(g.earlier(t)) }

func (g *guest) earlier(t time.Time) time.Time {
	if t.IsZero() || t.After(g.until) {
		return g.until
	}
	return t
}
