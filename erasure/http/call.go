package httpstore

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/http/contract"
)

// checkURL refuses an address that questions must not go to. Its errors do not repeat it.
func checkURL(address string, plain bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New("must be a complete URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must hold no user name, password, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && (plain || u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()):
		return nil
	}
	return errors.New("must begin with https:// (http:// is for this machine only)")
}

// client goes where it is told and nowhere else: no proxy of the environment, no redirect.
func client(cfg Config) *http.Client {
	return &http.Client{
		Timeout: cfg.Timeout,
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: cfg.Timeout}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: 16 << 10,
			IdleConnTimeout:        time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (s *Store) post(ctx context.Context, path string, ask, said any) ([]byte, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, fail(erasure.Mismatch, "cannot write the question as JSON")
	}
	if len(body) > contract.MaxBody {
		return nil, fail(erasure.Mismatch, "the question is over %d bytes: ask for fewer at once", contract.MaxBody)
	}
	return s.call(ctx, http.MethodPost, path, body, said)
}

// call makes one signed question and reads the signed answer to it. Every try has an id of its own, so that an old answer
// is never taken for a new one; what makes a try the same is the order.
func (s *Store) call(ctx context.Context, method, path string, ask []byte, said any) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(ask))
	if err != nil {
		return nil, fail(erasure.Mismatch, "the url is not one")
	}
	id := uuid.NewString()
	s.keys.Sign(request.Header, id, time.Now(), ask)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "docket")
	response, err := s.client.Do(request)
	if err != nil {
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return nil, &erasure.Error{Class: erasure.Mismatch, Detail: "the service's certificate is not to be trusted", Cause: err}
		}
		return nil, &erasure.Error{Class: erasure.Transient, Detail: "the service was not reached, or did not answer " + path + " in time", Cause: err}
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, refused(response, path)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, contract.MaxBody+1))
	if err != nil {
		return nil, &erasure.Error{Class: erasure.Transient, Detail: "the answer to " + path + " broke off", Cause: err}
	}
	if len(body) > contract.MaxBody {
		return nil, fail(erasure.Broken, "the answer to %s is over %d bytes", path, contract.MaxBody)
	}
	if err := s.keys.Verify(response.Header, body); err != nil {
		return nil, fail(erasure.Broken, "the answer to %s is not believed: %v", path, err)
	}
	if response.Header.Get(standardwebhooks.HeaderWebhookID) != id {
		return nil, fail(erasure.Broken, "the answer to %s is signed for another question", path)
	}
	if err := contract.Decode(body, said); err != nil {
		return nil, &erasure.Error{Class: erasure.Broken, Detail: "the answer to " + path + " is not of the contract's form", Cause: err}
	}
	return body, nil
}

// refused sorts an answer that is none. Its body is nobody's: a proxy may have written it, and it may repeat a value.
func refused(response *http.Response, path string) error {
	failure := &erasure.Error{Class: erasure.Broken, Detail: fmt.Sprintf("the service answered %d to %s", response.StatusCode, path)}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		failure.Class = erasure.Refused
		failure.Detail += ": compare the secrets and the clocks of both sides"
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests, status >= 500:
		failure.Class, failure.RetryAt = erasure.Transient, retryAt(response.Header.Get("Retry-After"))
	case status >= 400:
		failure.Class = erasure.Mismatch
		failure.Detail += ": compare the estate with what the service offers (docket estate check)"
	}
	return failure
}

// retryAt reads Retry-After (RFC 9110, section 10.2.3), or is nil.
func retryAt(header string) *time.Time {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return soon(new(time.Now().Add(time.Duration(seconds) * time.Second)))
	}
	if at, err := http.ParseTime(header); err == nil {
		return soon(&at)
	}
	return nil
}

// soon is at most a day from now: no service puts a person's request off beyond the next look.
func soon(at *time.Time) *time.Time {
	if latest := time.Now().Add(24 * time.Hour); at != nil && at.After(latest) {
		return &latest
	}
	return at
}

func fail(class erasure.Class, detail string, args ...any) error {
	return &erasure.Error{Class: class, Detail: fmt.Sprintf(detail, args...)}
}
