package codec_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/worker/codec"
)

func keyring(t require.TestingT, current string, ids ...string) *seal.Keyring {
	keys := map[string][]byte{}
	for _, id := range ids {
		keys[id] = bytes.Repeat([]byte(id[len(id)-1:]), seal.KeySize)
	}
	ring, err := seal.NewKeyring(current, keys)
	require.NoError(t, err)
	return ring
}

type stage struct {
	Case  string
	Stage string
	Seq   int64
}

func caught(call func()) (value any) {
	defer func() { value = recover() }()
	call()
	return nil
}

// What a workflow hands over comes back, and nothing of it can be read on the way.
func TestRoundTripHidesEverything(t *testing.T) {
	data := codec.NewDataConverter(keyring(t, "k1", "k1"))
	rapid.Check(t, func(t *rapid.T) {
		in := stage{
			Case:  rapid.StringMatching(`[0-9a-f]{8}`).Draw(t, "case"),
			Stage: rapid.StringN(8, 40, -1).Draw(t, "stage"),
			Seq:   rapid.Int64().Draw(t, "seq"),
		}
		payloads, err := data.ToPayloads(in, "second argument", nil)
		require.NoError(t, err)
		wire, err := proto.Marshal(payloads)
		require.NoError(t, err)
		require.NotContains(t, string(wire), in.Case)
		require.NotContains(t, string(wire), "second argument")
		require.NotContains(t, string(wire), "json/plain")

		var out stage
		var second string
		var third *stage
		require.NoError(t, data.FromPayloads(payloads, &out, &second, &third))
		require.Equal(t, in, out)
		require.Equal(t, "second argument", second)
		require.Nil(t, third)
	})
}

// Two equal inputs do not look equal to whoever reads Temporal's database.
func TestEqualPayloadsLookDifferent(t *testing.T) {
	data := codec.NewDataConverter(keyring(t, "k1", "k1"))
	first, err := data.ToPayload("same")
	require.NoError(t, err)
	second, err := data.ToPayload("same")
	require.NoError(t, err)
	require.NotEqual(t, first.GetData(), second.GetData())
}

// After a rotation new payloads name the new key, and old histories replay.
func TestRotationKeepsOldHistoriesReadable(t *testing.T) {
	before := codec.NewDataConverter(keyring(t, "k1", "k1"))
	after := codec.NewDataConverter(keyring(t, "k2", "k1", "k2"))
	old, err := before.ToPayload("old")
	require.NoError(t, err)
	fresh, err := after.ToPayload("fresh")
	require.NoError(t, err)
	require.Equal(t, "k1", string(old.GetMetadata()[codec.MetadataKeyID]))
	require.Equal(t, "k2", string(fresh.GetMetadata()[codec.MetadataKeyID]))
	for want, payload := range map[string]*commonpb.Payload{"old": old, "fresh": fresh} {
		var got string
		require.NoError(t, after.FromPayload(payload, &got))
		require.Equal(t, want, got)
	}
}

// A history decodes wherever it is replayed: the context gives neither key nor binding.
func TestDecodesInAnyContext(t *testing.T) {
	data := codec.NewDataConverter(keyring(t, "k1", "k1"))
	written := converter.WithDataConverterSerializationContext(data, converter.WorkflowSerializationContext{Namespace: "docket", WorkflowID: "case-1"})
	read := converter.WithDataConverterSerializationContext(data, converter.WorkflowSerializationContext{Namespace: "ReplayNamespace", WorkflowID: "ReplayId"})
	payload, err := written.ToPayload("stage")
	require.NoError(t, err)
	var got string
	require.NoError(t, read.FromPayload(payload, &got))
	require.Equal(t, "stage", got)
}

// A key that is away or a byte that was changed panics, so that the task is
// retried and no workflow fails; the panic names the key id and the remedy.
func TestWhatCannotBeOpenedPanics(t *testing.T) {
	ring := keyring(t, "k1", "k1")
	fresh := func() *commonpb.Payload {
		payload, err := codec.NewDataConverter(ring).ToPayload("stage")
		require.NoError(t, err)
		return payload
	}
	otherKey, err := seal.NewKeyring("k1", map[string][]byte{"k1": bytes.Repeat([]byte{9}, seal.KeySize)})
	require.NoError(t, err)
	cases := map[string]struct {
		with   *seal.Keyring
		change func(*commonpb.Payload)
		want   error
	}{
		"key file away":             {keyring(t, "k2", "k2"), func(*commonpb.Payload) {}, seal.ErrUnknownKey},
		"another key under the id":  {otherKey, func(*commonpb.Payload) {}, seal.ErrTampered},
		"byte changed":              {ring, func(p *commonpb.Payload) { p.Data[len(p.Data)-1] ^= 1 }, seal.ErrTampered},
		"cut short":                 {ring, func(p *commonpb.Payload) { p.Data = p.Data[:10] }, seal.ErrTampered},
		"no data":                   {ring, func(p *commonpb.Payload) { p.Data = nil }, seal.ErrTampered},
		"key id changed":            {ring, func(p *commonpb.Payload) { p.Metadata[codec.MetadataKeyID] = []byte("k9") }, seal.ErrUnknownKey},
		"key id taken away":         {ring, func(p *commonpb.Payload) { delete(p.Metadata, codec.MetadataKeyID) }, seal.ErrUnknownKey},
		"content sealed for a case": {ring, func(p *commonpb.Payload) { _, p.Data = ring.Seal("elsewhere", []byte("x")) }, seal.ErrTampered},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			payload := fresh()
			c.change(payload)
			var got string
			value := caught(func() { _ = codec.NewDataConverter(c.with).FromPayload(payload, &got) })
			require.IsType(t, &codec.KeyError{}, value)
			require.ErrorIs(t, value.(error), c.want)
			require.Contains(t, value.(error).Error(), "put the key file back")
			require.Empty(t, got)
		})
	}
}

// Content is refused where it is made; ids pass.
func TestLargePayloadsAreRefused(t *testing.T) {
	data := codec.NewDataConverter(keyring(t, "k1", "k1"))
	_, err := data.ToPayload(make([]byte, codec.MaxPayload))
	require.NoError(t, err)
	_, err = data.ToPayload(make([]byte, codec.MaxPayload+1))
	require.ErrorIs(t, err, codec.ErrTooLarge)
}

// An operator's unencrypted signal passes; it carries no authority.
func TestUnencryptedPayloadPasses(t *testing.T) {
	payload, err := converter.GetDefaultDataConverter().ToPayload("by hand")
	require.NoError(t, err)
	var got string
	require.NoError(t, codec.NewDataConverter(keyring(t, "k1", "k1")).FromPayload(payload, &got))
	require.Equal(t, "by hand", got)
}

func failureText(t *testing.T, failure *failurepb.Failure) string {
	wire, err := proto.Marshal(failure)
	require.NoError(t, err)
	return string(wire)
}

// Messages, details and stack traces of a failure and of all its causes are
// hidden; the type stays readable for retry policies; the worker gets it all back.
func TestFailuresAreHiddenAndComeBack(t *testing.T) {
	failures := codec.NewFailureConverter(codec.NewDataConverter(keyring(t, "k1", "k1")))
	cause := errors.New("550 refused maria@customer.example")
	failure := failures.ErrorToFailure(temporal.NewApplicationErrorWithCause("cannot send to maria", "refused", cause, "detail maria"))
	require.NotContains(t, failureText(t, failure), "maria")
	require.Equal(t, "refused", failure.GetApplicationFailureInfo().GetType())

	back := failures.FailureToError(proto.CloneOf(failure))
	var application *temporal.ApplicationError
	require.ErrorAs(t, back, &application)
	require.Equal(t, "refused", application.Type())
	require.Contains(t, application.Error(), "cannot send to maria")
	require.ErrorContains(t, errors.Unwrap(application), "550 refused maria@customer.example")
	var detail string
	require.NoError(t, application.Details(&detail))
	require.Equal(t, "detail maria", detail)

	again := failures.ErrorToFailure(back)
	require.NotContains(t, failureText(t, again), "maria")
}

// A failure of any length can be reported.
func TestLongFailuresAreCutNotLost(t *testing.T) {
	failures := codec.NewFailureConverter(codec.NewDataConverter(keyring(t, "k1", "k1")))
	for name, text := range map[string]string{
		"long":      strings.Repeat("x", 1<<20),
		"worst":     strings.Repeat("\x01<", 1<<19),
		"not UTF-8": strings.Repeat("\xff", 1<<20),
		"umlauts":   strings.Repeat("ü", 1<<19),
	} {
		t.Run(name, func(t *testing.T) {
			failure := failures.ErrorToFailure(errors.New(text))
			require.LessOrEqual(t, proto.Size(failure), codec.MaxPayload+1024)
			require.Error(t, failures.FailureToError(failure))
		})
	}
}

type markingConverter struct {
	converter.DataConverter
	mark string
}

func (m markingConverter) WithSerializationContext(ctx converter.SerializationContext) converter.DataConverter {
	m.mark = ctx.(converter.WorkflowSerializationContext).WorkflowID
	return m
}

func (m markingConverter) ToPayload(value any) (*commonpb.Payload, error) {
	payload, err := m.DataConverter.ToPayload(value)
	if err == nil {
		payload.Metadata["mark"] = []byte(m.mark)
	}
	return payload, err
}

// A failure is encoded in the same serialization context as the payloads beside it.
func TestFailureConverterFollowsTheContext(t *testing.T) {
	failures := codec.NewFailureConverter(markingConverter{DataConverter: converter.GetDefaultDataConverter()})
	there := converter.WithFailureConverterSerializationContext(failures, converter.WorkflowSerializationContext{WorkflowID: "case-1"})
	require.Equal(t, "case-1", string(there.ErrorToFailure(errors.New("no")).GetEncodedAttributes().GetMetadata()["mark"]))
}

// No error is no failure.
func TestNoErrorIsNoFailure(t *testing.T) {
	failures := codec.NewFailureConverter(codec.NewDataConverter(keyring(t, "k1", "k1")))
	require.Nil(t, failures.ErrorToFailure(nil))
	require.NoError(t, failures.FailureToError(nil))
}
