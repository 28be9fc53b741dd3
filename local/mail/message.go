package mail

import (
	"encoding/hex"
	"fmt"
	"time"
)

// Message is one message as it arrived. Its data is read with Server.Data.
type Message struct {
	// ID counts from 1 in the order of arrival, also over restarts.
	ID int64 `json:"id"`
	// From is the envelope sender, "" for the null return path.
	From string `json:"from"`
	// To are the envelope recipients of the one transaction it came in.
	To []string `json:"to"`
	// Subject is the decoded subject; "" when only digests are kept.
	Subject string `json:"subject,omitempty"`
	// MessageID is the Message-ID field without its angle brackets.
	MessageID string `json:"message_id"`
	// EnvelopeID is the ENVID (RFC 3461) that the sender gave, or "".
	EnvelopeID string `json:"envelope_id,omitempty"`
	// ReceivedAt is when its last byte had arrived.
	ReceivedAt time.Time `json:"received_at"`
	// Size is the length of the data in bytes.
	Size int64 `json:"size"`
	// Digest is the SHA-256 of the data.
	Digest Digest `json:"sha256"`
	// TLS is the version of the encrypted connection, or "" for a plain one.
	TLS string `json:"tls,omitempty"`
	// Answered says that the sender was told 250. Without it the script kept the
	// message and gave no answer, so that the sender cannot know.
	Answered bool `json:"answered"`
	// Canaries are the distinct matches of Options.Canary, in order of appearance.
	Canaries []string `json:"canaries,omitempty"`
}

// Digest is a SHA-256, in hex wherever it is text.
type Digest [32]byte

// String is the digest in hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes hex.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads hex of exactly 32 bytes.
func (d *Digest) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(d) {
		return fmt.Errorf("cannot read digest: %q is not 32 bytes in hex", text)
	}
	copy(d[:], raw)
	return nil
}
