package email

import (
	"context"
	"sync"
	"time"
)

// pool keeps connections between messages, in one lane per host, so that a slow or
// silent host holds up nobody but those who write to it.
type pool struct {
	perHost     int
	maxIdle     int
	idleTimeout time.Duration

	mu     sync.Mutex
	lanes  map[string]*lane
	idle   int // over all lanes
	closed bool
}

// lane is one host's connections. It exists while somebody uses or waits for it,
// or an idle connection is kept.
type lane struct {
	slots chan struct{}
	users int
	idle  []*kept
}

// kept is an idle connection and the timer that ends it.
type kept struct {
	session *session
	timer   *time.Timer
}

func newPool(perHost, maxIdle int, idleTimeout time.Duration) *pool {
	return &pool{perHost: perHost, maxIdle: maxIdle, idleTimeout: idleTimeout, lanes: map[string]*lane{}}
}

// enter waits for a place in the host's lane. Each enter needs one leave.
func (p *pool) enter(ctx context.Context, host string) error {
	p.mu.Lock()
	l, found := p.lanes[host]
	if !found {
		l = &lane{slots: make(chan struct{}, p.perHost)}
		p.lanes[host] = l
	}
	l.users++
	p.mu.Unlock()
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gone(host, l)
		return ctx.Err()
	}
}

// leave gives the place back, and the connection if it is fit for another message.
func (p *pool) leave(host string, s *session) {
	p.mu.Lock()
	l := p.lanes[host]
	<-l.slots
	if s != nil && !p.closed && p.idle < p.maxIdle {
		k := &kept{session: s}
		k.timer = time.AfterFunc(p.idleTimeout, func() { p.expire(host, k) })
		l.idle = append(l.idle, k)
		p.idle++
		s = nil
	}
	p.gone(host, l)
	p.mu.Unlock()
	if s != nil {
		s.quit()
	}
}

// take gives the idle connection that was used last, or nil.
func (p *pool) take(host string) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lanes[host]
	if len(l.idle) == 0 {
		return nil
	}
	k := l.idle[len(l.idle)-1]
	l.idle = l.idle[:len(l.idle)-1]
	p.idle--
	k.timer.Stop()
	return k.session
}

// expire ends one idle connection, if nobody took it before.
func (p *pool) expire(host string, k *kept) {
	p.mu.Lock()
	l, found := p.lanes[host]
	if !found {
		p.mu.Unlock()
		return
	}
	for i, other := range l.idle {
		if other == k {
			l.idle = append(l.idle[:i], l.idle[i+1:]...)
			p.idle--
			l.users++
			p.gone(host, l)
			p.mu.Unlock()
			k.session.quit()
			return
		}
	}
	p.mu.Unlock()
}

// gone counts a user out and forgets a lane that nobody needs. p.mu is held.
func (p *pool) gone(host string, l *lane) {
	l.users--
	if l.users == 0 && len(l.idle) == 0 {
		delete(p.lanes, host)
	}
}

// close ends all idle connections; those in use end when they come back.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	var sessions []*session
	for host, l := range p.lanes {
		for _, k := range l.idle {
			k.timer.Stop()
			sessions = append(sessions, k.session)
		}
		l.idle = nil
		if l.users == 0 {
			delete(p.lanes, host)
		}
	}
	p.idle = 0
	p.mu.Unlock()
	for _, s := range sessions {
		s.quit()
	}
}
