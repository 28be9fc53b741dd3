package pager

import (
	"crypto/tls"
	"net"
	"net/http"

	"code.dny.dev/ssrf"
)

// maxResponseHeader is how many bytes of header an answer may have.
const maxResponseHeader = 16 << 10

// guarded is a client that goes where it is told and nowhere else. The address is
// checked when it is dialled, after DNS, so that a name which changes its answer
// gains nothing; no proxy is taken from the environment; no redirect is followed;
// nothing is decompressed; and a fresh connection for every request means that
// none is repeated behind our back.
func guarded(cfg Config) *http.Client {
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: -1}
	if !cfg.AllowPrivate {
		dialer.Control = ssrf.New(ssrf.WithPorts(443)).Safe
	}
	var onlyHTTP1 http.Protocols
	onlyHTTP1.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
			TLSHandshakeTimeout:    cfg.Timeout,
			ResponseHeaderTimeout:  cfg.Timeout,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxResponseHeader,
			Protocols:              &onlyHTTP1,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
