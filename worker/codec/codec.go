// Package codec keeps what Docket hands to Temporal unreadable there: payloads
// and failures are encrypted with a keyring that was loaded from files into
// memory. Payloads carry ids and instants only; they are encrypted all the same.
//
// What cannot be encrypted (workflow ids, search attributes, names of signals,
// queues and types) must not carry anything that would need it.
package codec

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/atlascloudai/docket/core/seal"
)

const (
	// Encoding marks an encrypted payload in its "encoding" metadata.
	Encoding = "binary/docket-encrypted"
	// MetadataKeyID is the metadata field with the id of the key.
	MetadataKeyID = "docket-key-id"
	// MaxPayload is the largest payload accepted for encoding, in bytes. Anything
	// larger is content, which belongs in the database and is handed over by id.
	MaxPayload = 64 << 10

	// payloadAAD binds a ciphertext to this use and format. It binds no namespace
	// and no workflow id: replay runs under ids of its own, schedules add a suffix
	// to theirs, and a history must decode wherever it is replayed. A payload that
	// is moved elsewhere gains nothing, since no payload carries authority.
	payloadAAD = "docket temporal payload v1"
)

// ErrTooLarge: a payload is larger than MaxPayload. It is refused when it is
// encoded, in the process that made it.
var ErrTooLarge = fmt.Errorf("payload is larger than %d bytes: hand over ids, not content", MaxPayload)

// payloadCodec encrypts with the current key and decrypts by the key id in the
// payload's own metadata.
type payloadCodec struct{ keys *seal.Keyring }

var _ converter.PayloadCodec = payloadCodec{}

// NewPayloadCodec returns the bare codec. Decode panics with a *KeyError where an
// encrypted payload cannot be opened: an error would fail the workflow for good,
// while a panic fails only the task, which Temporal retries until the key is back.
// Payloads that are not encrypted pass unchanged, so that an operator can signal by hand.
func NewPayloadCodec(keys *seal.Keyring) converter.PayloadCodec { return payloadCodec{keys} }

// NewDataConverter returns the SDK's default data converter behind the codec.
// Client and worker must both use it.
func NewDataConverter(keys *seal.Keyring) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), NewPayloadCodec(keys))
}

// KeyError is what Decode panics with.
type KeyError struct {
	// KeyID is the id that the payload names.
	KeyID string
	// Err is seal.ErrUnknownKey or seal.ErrTampered; the latter also where another
	// key lies under that id.
	Err error
}

// Error implements error.
func (e *KeyError) Error() string {
	return fmt.Sprintf("cannot decrypt payload with key %q: %v (put the key file back; the task is retried)", e.KeyID, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *KeyError) Unwrap() error { return e.Err }

// Encode implements converter.PayloadCodec. Errors: ErrTooLarge.
func (c payloadCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if size := len(payload.GetData()); size > MaxPayload {
			return nil, fmt.Errorf("cannot encode payload of %d bytes: %w", size, ErrTooLarge)
		}
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("cannot encode payload: %w", err)
		}
		id, sealed := c.keys.Seal(payloadAAD, plain)
		encoded[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(Encoding),
				MetadataKeyID:              []byte(id),
			},
			Data: sealed,
		}
	}
	return encoded, nil
}

// Decode implements converter.PayloadCodec. It panics with a *KeyError.
func (c payloadCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != Encoding {
			decoded[i] = payload
			continue
		}
		id := string(payload.GetMetadata()[MetadataKeyID])
		plain, err := c.keys.Open(id, payloadAAD, payload.GetData())
		if err != nil {
			panic(&KeyError{KeyID: id, Err: err})
		}
		decoded[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, decoded[i]); err != nil {
			return nil, fmt.Errorf("cannot decode payload: %w", err)
		}
	}
	return decoded, nil
}
