package codec

import (
	"fmt"
	"strings"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// A failure's message and stack trace become one payload. JSON writes a byte as
// six at worst, so these bounds keep every failure below MaxPayload: a failure
// that cannot be encoded would leave its activity silent until it times out.
const (
	maxMessage    = 2 << 10
	maxStackTrace = 8 << 10
)

// failureConverter encrypts messages and stack traces, which the SDK leaves
// readable by default (its own option EncodeCommonAttributes does the same, but
// cannot bound them). The SDK's converter keeps the data converter it was built
// with, so it is rebuilt for every serialization context; otherwise a failure's
// details would be encoded for another context than the payloads beside it.
type failureConverter struct {
	data  converter.DataConverter
	inner converter.FailureConverter
}

var _ converter.FailureConverterWithSerializationContext = failureConverter{}

// NewFailureConverter returns a failure converter that encodes with the given
// data converter (see NewDataConverter). Error types stay readable, because
// retry policies match on them; so they must be constants.
func NewFailureConverter(data converter.DataConverter) converter.FailureConverter {
	inner := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data})
	return failureConverter{data: data, inner: inner}
}

// ErrorToFailure implements converter.FailureConverter.
func (c failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	failure := c.inner.ErrorToFailure(err)
	if failure == nil {
		return nil
	}
	// An error that came out of a failure hands the same failure back; other
	// holders of it must not see it change.
	failure = proto.CloneOf(failure)
	for level := failure; level != nil; level = level.GetCause() {
		if level.GetEncodedAttributes() != nil {
			continue // it passed through a converter before
		}
		level.Message = bound(level.GetMessage(), maxMessage)
		level.StackTrace = bound(level.GetStackTrace(), maxStackTrace)
		if err := converter.EncodeCommonFailureAttributes(c.data, level); err != nil {
			// Never send what could not be encrypted. The bounds exclude this.
			panic(fmt.Errorf("cannot encode failure: %w", err))
		}
	}
	return failure
}

// FailureToError implements converter.FailureConverter.
func (c failureConverter) FailureToError(failure *failurepb.Failure) error {
	return c.inner.FailureToError(failure)
}

// WithSerializationContext implements converter.FailureConverterWithSerializationContext.
func (c failureConverter) WithSerializationContext(ctx converter.SerializationContext) converter.FailureConverter {
	return NewFailureConverter(converter.WithDataConverterSerializationContext(c.data, ctx))
}

// bound cuts a text to so many bytes, without half a character at its end.
func bound(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}
