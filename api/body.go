package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/atlascloudai/docket/core/problem"
)

const (
	jsonType = "application/json"
	formType = "multipart/form-data"
)

// ordinaryBody bounds the body of a command that carries text; only bulk input and receipts may be larger.
const ordinaryBody = 1 << 20

// readBody reads a body whole, within its limit, and looks at its JSON strictly before anything else
// decodes it. It comes after authentication, so that only whoever holds a token can make us read much.
func (s *surface) readBody(limit int64, types ...string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		kind, ok := mediaType(c.Request)
		if !ok || !slices.Contains(types, kind) {
			s.refuse(c, newProblem(UnsupportedMediaType, "send the body as "+strings.Join(types, " or ")))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
		if err != nil {
			s.refuse(c, unread(err, limit))
			return
		}
		if kind == jsonType {
			// A command without input may come without a body; the schema then names what is missing.
			if len(bytes.TrimSpace(body)) == 0 {
				body = []byte("{}")
			}
			if err := strict(body); err != nil {
				s.refuse(c, problemOf(err))
				return
			}
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		next(ctx)
	}
}

// mediaType is the type of the body without its parameters; a body that names none is JSON.
func mediaType(r *http.Request) (string, bool) {
	values := r.Header.Values("Content-Type")
	if len(values) == 0 {
		return jsonType, true
	}
	kind, params, err := mime.ParseMediaType(values[0])
	charset := strings.ToLower(params["charset"])
	return kind, err == nil && len(values) == 1 && (charset == "" || charset == "utf-8")
}

// unread says why a body could not be read.
func unread(err error, limit int64) *Problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newProblem(problem.TooLarge, fmt.Sprintf("the body is larger than the %d bytes that this address takes", limit))
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return newProblem(problem.Unavailable, "the body did not arrive in time")
	}
	return newProblem(problem.Invalid, "the body ended early")
}

// jsonFormat is how huma reads and writes. Reading tells a field that Go's types cannot hold from
// one that the schema refuses, without naming Go's types to the caller.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		err := json.Unmarshal(data, v)
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s%s: the %s cannot be kept", unreadable, e.Field, e.Value)
		}
		if _, ok := errors.AsType[base64.CorruptInputError](err); ok {
			return errors.New("a value is not base64 as in RFC 4648 section 4")
		}
		return err
	},
}

// unreadable begins the message through which jsonFormat hands the name of a field to fieldError.
const unreadable = "cannot read "
