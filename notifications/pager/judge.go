package pager

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"code.dny.dev/ssrf"

	"github.com/atlascloudai/docket/notifications"
)

// maxRetryAfter bounds what a receiver may ask for.
const maxRetryAfter = 24 * time.Hour

// judged says what a status means.
func judged(answer notifications.Answer, response *http.Response) notifications.Answer {
	answer.Code = response.StatusCode
	answer.Reply = statusLine(response.Status)
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		answer.Outcome, answer.Class = notifications.Accepted, notifications.OK
	case code >= 300 && code < 400:
		answer.Outcome, answer.Class = notifications.Refused, notifications.Permanent
		answer.Reason = "the receiver redirects, and redirects are not followed"
	case code == http.StatusGone:
		answer.Outcome, answer.Class = notifications.Refused, notifications.Permanent
		answer.Reason = "the receiver is gone for good"
	case code == http.StatusTooManyRequests:
		answer.Outcome, answer.Class = notifications.Deferred, notifications.RateLimited
	case code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooEarly:
		answer.Outcome, answer.Class = notifications.Deferred, notifications.Temporary
	case code == http.StatusUnauthorized, code == http.StatusForbidden,
		code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		answer.Outcome, answer.Class = notifications.Deferred, notifications.Config
		answer.Reason = "the receiver does not know this address or secret"
	default:
		answer.Outcome, answer.Class = notifications.Refused, notifications.Permanent
		answer.Reason = "the receiver cannot take this page"
	}
	if answer.Outcome == notifications.Deferred {
		answer.RetryAfter = retryAfter(response.Header.Get("Retry-After"), answer.At)
	}
	return answer
}

// failed says what a lost request means. bodySent parts what is known not to have
// had an effect from what nobody knows. The error itself holds the URL and is dropped.
func failed(answer notifications.Answer, err error, bodySent, withdrawn bool) notifications.Answer {
	answer.Outcome = notifications.Deferred
	if bodySent {
		answer.Outcome = notifications.Unknown
	}
	var noName *net.DNSError
	switch timeout := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded); {
	case prohibited(err):
		answer.Class, answer.Reason = notifications.Config, "the address leads to a network or port that pages may not go to"
	case !bodySent && withdrawn:
		answer.Class, answer.Reason = notifications.Cancelled, "withdrawn before anything was sent"
	case errors.As(err, &noName):
		answer.Class, answer.Reason = notifications.DNS, "the receiver's name has no address"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		answer.Class, answer.Reason = notifications.Cut, "the connection was lost before the answer"
	case timeout || isTimeout(err):
		answer.Class, answer.Reason = notifications.Timeout, "the receiver did not answer in time"
	case isTLS(err):
		answer.Class, answer.Reason = notifications.TLS, "the receiver's certificate or encryption is not acceptable"
	case bodySent:
		answer.Class, answer.Reason = notifications.Protocol, "the answer is not HTTP"
	default:
		answer.Class, answer.Reason = notifications.Connect, "no connection to the receiver"
	}
	return answer
}

func prohibited(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) ||
		errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrInvalidHostPort)
}

func isTimeout(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		name        x509.HostnameError
		authority   x509.UnknownAuthorityError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &name) || errors.As(err, &authority) || strings.Contains(err.Error(), "remote error: tls:")
}

// retryAfter reads seconds or an HTTP date (RFC 9110 section 10.2.3). 0 is none.
func retryAfter(value string, now time.Time) time.Duration {
	var delay time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		delay = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		delay = at.Sub(now)
	}
	return max(0, min(delay, maxRetryAfter))
}

// statusLine is the status as the receiver wrote it, fit to be shown.
func statusLine(status string) string {
	status = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(status, ""))
	if len(status) > notifications.MaxReply {
		status = strings.ToValidUTF8(status[:notifications.MaxReply], "")
	}
	return status
}

// tlsName is the version and cipher of a connection.
func tlsName(state *tls.ConnectionState) string {
	return tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
}
