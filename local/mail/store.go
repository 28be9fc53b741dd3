package mail

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// store keeps messages in the order of arrival: on disk as two files that only
// grow (messages.data with the bytes, messages.jsonl with one line for each), or in
// memory. Bytes are written before their line, so that a process that is killed
// leaves at most an end that nobody refers to. It does not wait for the disk: the
// machine's own crash may cost messages, a process's may not.
type store struct {
	mu      sync.Mutex
	list    []Message
	grown   chan struct{} // closed and replaced whenever a message is added
	closed  bool
	drop    bool     // keep no data at all
	memory  [][]byte // data by position, when there are no files
	offsets []int64  // where data begins in blob, when there are
	index   *os.File
	blob    *os.File
	end     int64 // length of blob
}

var errClosed = errors.New("the mail server is closed")

// line is a Message on disk.
type line struct {
	Message
	Offset int64 `json:"offset"`
}

func openStore(dir string, digestOnly bool) (*store, error) {
	s := &store{grown: make(chan struct{}), drop: digestOnly}
	if dir == "" {
		return s, nil
	}
	if digestOnly {
		return nil, errors.New("cannot keep only digests in a folder: choose one")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot create the mail folder: %w", err)
	}
	var err error
	if s.index, err = os.OpenFile(filepath.Join(dir, "messages.jsonl"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("cannot open the list of messages: %w", err)
	}
	if s.blob, err = os.OpenFile(filepath.Join(dir, "messages.data"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		_ = s.index.Close()
		return nil, fmt.Errorf("cannot open the messages: %w", err)
	}
	if err := s.load(); err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

// load reads the list up to its last whole line and cuts off what follows.
func (s *store) load() error {
	reader := bufio.NewReaderSize(s.index, 64<<10)
	var whole int64
	for {
		text, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("cannot read the list of messages: %w", err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return fmt.Errorf("cannot read message %d of the list: %w", len(s.list)+1, err)
		}
		whole += int64(len(text))
		s.list = append(s.list, l.Message)
		s.offsets = append(s.offsets, l.Offset)
		s.end = l.Offset + l.Size
	}
	if err := s.index.Truncate(whole); err != nil {
		return fmt.Errorf("cannot repair the list of messages: %w", err)
	}
	if _, err := s.index.Seek(whole, io.SeekStart); err != nil {
		return fmt.Errorf("cannot append to the list of messages: %w", err)
	}
	return nil
}

// add keeps a message and its data, and gives it its ID.
func (s *store) add(m Message, data []byte) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Message{}, errClosed
	}
	m.ID = int64(len(s.list)) + 1
	if s.drop {
		data = nil
	}
	if s.index != nil {
		if err := s.write(m, data); err != nil {
			return Message{}, err
		}
	} else if !s.drop {
		s.memory = append(s.memory, data)
	}
	s.list = append(s.list, m)
	close(s.grown)
	s.grown = make(chan struct{})
	return m, nil
}

func (s *store) write(m Message, data []byte) error {
	if _, err := s.blob.WriteAt(data, s.end); err != nil {
		return fmt.Errorf("cannot keep a message: %w", err)
	}
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(line{m, s.end}); err != nil {
		return fmt.Errorf("cannot list a message: %w", err)
	}
	at, err := s.index.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.index.WriteAt(text.Bytes(), at)
	}
	if err != nil {
		_ = s.index.Truncate(at)
		return fmt.Errorf("cannot list a message: %w", err)
	}
	s.offsets = append(s.offsets, s.end)
	s.end += int64(len(data))
	return nil
}

// messages are those after the given ID, at most limit of them (0 is all), which
// keep says yes to (nil is all).
func (s *store) messages(after int64, limit int, keep func(Message) bool) []Message {
	s.mu.Lock()
	list := s.list // only ever appended to, so the part seen here never changes
	s.mu.Unlock()
	found := []Message{}
	for i := max(after, 0); i < int64(len(list)); i++ {
		if keep == nil || keep(list[i]) {
			if found = append(found, list[i]); limit > 0 && len(found) == limit {
				break
			}
		}
	}
	return found
}

// newest are the messages before the given ID (0 is all), newest first.
func (s *store) newest(before int64, limit int, keep func(Message) bool) []Message {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	if before > 0 && before <= int64(len(list)) {
		list = list[:before-1]
	}
	found := []Message{}
	for i := len(list) - 1; i >= 0 && len(found) < limit; i-- {
		if keep == nil || keep(list[i]) {
			found = append(found, list[i])
		}
	}
	return found
}

// count is how many messages there are, and a channel that is closed at the next.
func (s *store) count() (int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list), s.grown
}

func (s *store) message(id int64) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > int64(len(s.list)) {
		return Message{}, false
	}
	return s.list[id-1], true
}

// errNoData says that only the digest of a message was kept.
var errNoData = errors.New("only digests are kept")

func (s *store) data(id int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case id < 1 || id > int64(len(s.list)):
		return nil, fmt.Errorf("cannot find message %d", id)
	case s.drop:
		return nil, errNoData
	case s.closed && s.blob != nil:
		return nil, errClosed
	case s.blob == nil:
		return s.memory[id-1], nil
	}
	data := make([]byte, s.list[id-1].Size)
	if _, err := s.blob.ReadAt(data, s.offsets[id-1]); err != nil {
		return nil, fmt.Errorf("cannot read message %d: %w", id, err)
	}
	return data, nil
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.index == nil {
		return nil
	}
	return errors.Join(s.index.Close(), s.blob.Close())
}
