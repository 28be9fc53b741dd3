package email

import (
	"bytes"
	"errors"
	"net"
	"time"
)

// maxReplyBytes bounds what a server may say to one command, over all its lines.
const maxReplyBytes = 64 << 10

var errReplyTooLong = errors.New("the reply is longer than any server needs")

// wire is the connection as go-smtp sees it. It closes four gaps of that library:
// the message itself is written without a deadline; a reply may have lines without
// end; extension names count only in the case in which the server wrote them,
// though RFC 5321 section 2.4 gives them none; and a client that begins after
// STARTTLS waits for a greeting that was given before.
type wire struct {
	net.Conn
	limit    time.Duration // bounds what go-smtp leaves unbounded
	greeting []byte        // read before the connection itself
	hello    bool          // the reply to EHLO is being read
	column   int           // within a line of that reply
	word     bool          // the keyword of that line has not ended
	replied  int           // bytes read since the last write
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.greeting) > 0 {
		n := copy(p, w.greeting)
		w.greeting = w.greeting[n:]
		return n, nil
	}
	n, err := w.Conn.Read(p)
	w.replied += n
	if w.replied > maxReplyBytes {
		return 0, errReplyTooLong
	}
	if w.hello {
		w.raise(p[:n])
	}
	return n, err
}

// raise writes the keyword after "250-" or "250 " in capitals, in place.
func (w *wire) raise(reply []byte) {
	for i, b := range reply {
		switch {
		case b == '\n':
			w.column, w.word = 0, true
			continue
		case w.column >= 4 && (b == ' ' || b == '\r'):
			w.word = false
		case w.column >= 4 && w.word && b >= 'a' && b <= 'z':
			reply[i] = b - 'a' + 'A'
		}
		w.column++
	}
}

func (w *wire) Write(p []byte) (int, error) {
	w.replied = 0
	w.hello = bytes.HasPrefix(p, []byte("EHLO "))
	w.column, w.word = 0, true
	return w.Conn.Write(p)
}

// SetDeadline turns "no deadline" into the limit, counted from now.
func (w *wire) SetDeadline(t time.Time) error {
	if t.IsZero() {
		t = time.Now().Add(w.limit)
	}
	return w.Conn.SetDeadline(t)
}
