package pager_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
)

func TestAPageGoesNowhereInside(t *testing.T) {
	t.Parallel()
	refused := []notifications.Class{notifications.Config}
	// Where the resolver, or the lack of IPv6, may refuse before the guard does.
	somehow := []notifications.Class{notifications.Config, notifications.DNS, notifications.Connect}
	for address, classes := range map[string][]notifications.Class{
		"https://127.0.0.1/":          refused,
		"https://0.0.0.0/":            refused,
		"https://10.1.2.3/":           refused,
		"https://172.16.0.1/":         refused,
		"https://192.168.0.1/":        refused,
		"https://100.64.0.1/":         refused,
		"https://169.254.169.254/":    refused,
		"https://localhost/":          refused,
		"https://203.0.113.7:22/":     refused,
		"https://203.0.113.7:6379/":   refused,
		"https://[::ffff:127.0.0.1]/": refused,
		"https://localhost./":         somehow,
		"https://[::1]/":              somehow,
		"https://[fc00::1]/":          somehow,
		"https://[64:ff9b::7f00:1]/":  somehow,
		"https://[2002:7f00:1::]/":    somehow,
		"https://2130706433/":         somehow,
		"https://0177.0.0.1/":         somehow,
		"https://0x7f000001/":         somehow,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			p, err := pager.New(pager.Config{URL: address, Secret: secretOf("a"), Timeout: 5 * time.Second})
			require.NoError(t, err)
			answer := p.Page(context.Background(), sampleEvent())
			require.Equal(t, notifications.Deferred, answer.Outcome)
			require.Contains(t, classes, answer.Class, answer.Reason)
			require.Contains(t, classes, p.Ping(context.Background(), address).Class)
		})
	}
}

func TestNoProxyIsTakenFromTheEnvironment(t *testing.T) {
	proxy := receive(t, status(http.StatusOK))
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, at.String())
	}
	answer := pagerTo(t, "http://pager.invalid/", func(c *pager.Config) { c.Timeout = 5 * time.Second }).
		Page(context.Background(), sampleEvent())
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Empty(t, proxy.seen)
}
