package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/atlascloudai/docket/erasure"
)

func mismatch(format string, args ...any) *erasure.Error {
	return &erasure.Error{Class: erasure.Mismatch, Detail: fmt.Sprintf(format, args...)}
}

// classes are the codes of the protocol that say what to do; whatever else is told by the status.
var classes = map[string]erasure.Class{
	"NoSuchBucket":      erasure.Mismatch,
	"InvalidBucketName": erasure.Mismatch,
	// The bucket lies in another region.
	"PermanentRedirect":            erasure.Mismatch,
	"AuthorizationHeaderMalformed": erasure.Mismatch,
	"MethodNotAllowed":             erasure.Mismatch,
	"NotImplemented":               erasure.Mismatch,
	"AccessDenied":                 erasure.Refused,
	"InvalidAccessKeyId":           erasure.Refused,
	"SignatureDoesNotMatch":        erasure.Refused,
	"ExpiredToken":                 erasure.Refused,
	"RequestTimeTooSkewed":         erasure.Refused,
	"SlowDown":                     erasure.Transient,
	"InternalError":                erasure.Transient,
	"ServiceUnavailable":           erasure.Transient,
	"RequestTimeout":               erasure.Transient,
	"OperationAborted":             erasure.Transient,
}

// failed says what an error of a call means. The store's own message repeats keys and stays out; its code does not.
func failed(call string, err error) error {
	if already, ok := errors.AsType[*erasure.Error](err); ok {
		return already
	}
	failure := &erasure.Error{Class: erasure.Transient, Detail: "cannot " + call + ": the store did not answer", Cause: err}
	answer, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || answer.Response == nil || answer.Response.Response == nil || answer.HTTPStatusCode() == 0 {
		if errors.Is(err, context.Canceled) {
			failure.Detail = "cannot " + call + ": the call was withdrawn"
		}
		if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
			failure.Class, failure.Detail = erasure.Mismatch, "cannot "+call+": the store's certificate is not trusted; name its authority as CA"
		}
		return failure
	}
	if answer.HTTPStatusCode() < 300 {
		failure.Detail = "cannot " + call + ": the store's answer could not be read to its end"
		return failure
	}
	failure.Class = classOf(code(err), answer.HTTPStatusCode())
	failure.Detail = fmt.Sprintf("cannot %s: the store answered %d %s", call, answer.HTTPStatusCode(), code(err))
	failure.RetryAt = retryAt(answer.Response.Header)
	return failure
}

func classOf(code string, status int) erasure.Class {
	if class, known := classes[code]; known {
		return class
	}
	switch {
	case status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return erasure.Transient
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return erasure.Refused
	case status >= 300 && status < 400:
		return erasure.Mismatch // a redirect: the bucket lies elsewhere
	default:
		return erasure.Broken
	}
}

// code is the protocol's code of an error, "" where the store gave none.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// retryAt reads Retry-After (RFC 9110, section 10.2.3): seconds or an instant.
func retryAt(header http.Header) *time.Time {
	after := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil && seconds >= 0 {
		return new(time.Now().Add(time.Duration(seconds) * time.Second))
	}
	if at, err := http.ParseTime(after); err == nil {
		return &at
	}
	return nil
}

func broken(detail string) *erasure.Error {
	return &erasure.Error{Class: erasure.Broken, Detail: detail}
}
