package inbound

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
)

// receive reads a message to its end, with its digest, and keeps what reading it takes, however long it is: the beginning
// of every stretch between lines that may be boundaries (RFC 2046 section 5.1.1). So a large attachment costs no memory,
// and the words after it are still found.
func receive(r io.Reader) (kept []byte, digest [32]byte, err error) {
	whole := sha256.New()
	lines := bufio.NewReader(io.TeeReader(r, whole))
	stretch, fresh := maxStretchBytes, true
	for {
		line, err := lines.ReadSlice('\n')
		if fresh && bytes.HasPrefix(line, []byte("--")) {
			if stretch == 0 {
				kept = append(kept, "\r\n"...) // what was cut off ended in the middle of a line
			}
			stretch = maxStretchBytes
		}
		n := min(len(line), stretch, max(0, maxKeptBytes-len(kept)))
		kept, stretch = append(kept, line[:n]...), stretch-n
		if errors.Is(err, io.EOF) {
			return kept, [32]byte(whole.Sum(nil)), nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, digest, err
		}
		fresh = err == nil
	}
}
