package mail

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAHundredThousandDigestsTakeLittleMemory adds as the SMTP session does, without
// the network between.
func TestAHundredThousandDigestsTakeLittleMemory(t *testing.T) {
	const many = 100_000
	options := Options{DigestOnly: true}.withDefaults()
	s := &Server{options: options, closing: make(chan struct{})}
	var err error
	s.store, err = openStore("", true)
	require.NoError(t, err)

	before := heap()
	filler := make([]byte, 8<<10)
	for i := range many {
		data := append([]byte(fmt.Sprintf("Message-ID: <notice-%d@docket.example>\r\nSubject: notice\r\n\r\n", i)), filler...)
		m := Message{
			From: fmt.Sprintf("b+%053d@bounces.example.com", i), To: []string{fmt.Sprintf("r%d@customer.example", i)},
			ReceivedAt: time.Now(), Size: int64(len(data)), Digest: sha256.Sum256(data), Answered: true,
		}
		inspect(&m, data, options)
		_, err := s.store.add(m, data)
		require.NoError(t, err)
	}
	each := (heap() - before) / many
	require.Less(t, each, uint64(800), "bytes for each message")

	messages, err := s.WaitFor(context.Background(), many)
	require.NoError(t, err)
	require.Equal(t, "notice-99999@docket.example", messages[many-1].MessageID)
	runtime.KeepAlive(s)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
