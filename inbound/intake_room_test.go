package inbound_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/inbound"
)

// tray keeps letters, or fails.
type tray struct {
	mu      sync.Mutex
	letters []inbound.Letter
	refuse  error
}

func (r *tray) RecordLetter(_ context.Context, l inbound.Letter) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse == nil {
		r.letters = append(r.letters, l)
	}
	return r.refuse
}

func TestLettersArriveBySMTP(t *testing.T) {
	t.Parallel()
	const privacy = "privacy@example.com"
	sink, letters := &ledger{}, &tray{refuse: errors.New("down")}
	l := listen(t, sink, func(c *inbound.Config) {
		c.Intake, c.Letters, c.Own = []string{privacy}, letters, []string{"notices@example.com"}
	})
	const message = "From: Ann <ann@example.test>\r\nMessage-ID: <1@example.test>\r\nSubject: My data\r\n\r\nPlease delete it.\r\n"
	require.Equal(t, 451, refusal(t, deliver(t, l, "ann@example.test", privacy, message)).Code)
	letters.mu.Lock()
	letters.refuse = nil
	letters.mu.Unlock()
	require.NoError(t, deliver(t, l, "ann@example.test", "Privacy@Example.com", message))
	require.NoError(t, deliver(t, l, "", privacy, message))
	require.NoError(t, deliver(t, l, "notices@example.com", privacy, message))
	require.NoError(t, deliver(t, l, "x@example.test", privacy, "From: MAILER-DAEMON@example.test\r\n\r\nx\r\n"))
	require.Equal(t, 550, refusal(t, deliver(t, l, "ann@example.test", "sales@example.com", message)).Code)
	require.Len(t, letters.letters, 1)
	require.Equal(t, "ann@example.test 1@example.test My data Please delete it.",
		letters.letters[0].From+" "+letters.letters[0].MessageID+" "+letters.letters[0].Subject+" "+letters.letters[0].Text)
	require.Equal(t, []string{inbound.ReasonAutomatic, inbound.ReasonAutomatic, inbound.ReasonAutomatic}, sink.unmatched)
}
