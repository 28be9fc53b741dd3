package email_test

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/conformance"
	"github.com/atlascloudai/docket/notifications/email"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDirectKeepsTheChannelPromises(t *testing.T) {
	ca := newAuthority(t)
	conformance.Run(t, conformance.Harness{
		Yes: notifications.Accepted,
		Start: func(t *testing.T, b conformance.Behaviour) conformance.Side {
			return start(t, ca, b, func(c *email.Config, port string) { c.Port = port })
		},
	})
}

func TestRelayKeepsTheChannelPromises(t *testing.T) {
	ca := newAuthority(t)
	conformance.Run(t, conformance.Harness{
		Yes: notifications.HandedOn, Secrets: []string{secret},
		Start: func(t *testing.T, b conformance.Behaviour) conformance.Side {
			return start(t, ca, b, func(c *email.Config, port string) {
				c.Transport, c.RelayAddr = email.Relay, "mx.recipient.test:"+port
				c.Username, c.Password = "docket", secret
			})
		},
	})
}

// start plays each behaviour on a server over TCP with TLS.
func start(t *testing.T, ca *authority, b conformance.Behaviour, aim func(*email.Config, string)) conformance.Side {
	const to = "notices@recipient.test"
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	port := m.port(t)
	switch b {
	case conformance.Temporary:
		m.on(to, act{rcpt: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}})
	case conformance.Permanent:
		m.on(to, act{rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}})
	case conformance.CutAfter:
		m.on(to, act{cut: true})
	case conformance.SilentAfter:
		m.on(to, act{silent: true})
	case conformance.CutBefore:
		port = listen(t, "127.0.0.1:0", func(c net.Conn) { _, _ = c.Write([]byte("220 hello\r\n")) })
	case conformance.SilentBefore:
		port = listen(t, "127.0.0.1:0", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	case conformance.Unreachable:
		free, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		_, port, err = net.SplitHostPort(free.Addr().String())
		require.NoError(t, err)
		require.NoError(t, free.Close())
	}
	c := channel(t, func(c *email.Config) {
		c.TLS = &tls.Config{RootCAs: ca.pool}
		switch b { // what is waited for in vain is waited for briefly
		case conformance.SilentBefore:
			c.CommandTimeout = 100 * time.Millisecond
		case conformance.SilentAfter:
			c.DataTimeout = 100 * time.Millisecond
		}
		aim(c, port)
	})
	return conformance.Side{Channel: c, Outbound: outbound(to), Copies: m.copies}
}

func TestAcceptanceCarriesItsEvidence(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	c := trusting(t, ca, m, func(c *email.Config) { c.Now = func() time.Time { return at } })

	answer := send(t, c, outbound("notices@recipient.test"))
	require.Equal(t, notifications.Answer{
		Outcome: notifications.Accepted, Class: notifications.OK, Code: 250, Enhanced: "2.0.0",
		Reply: "Ok: queued as 4QX7T1", QueueID: "4QX7T1", Host: "mx.recipient.test",
		TLS: "TLS 1.3 TLS_AES_128_GCM_SHA256", DSNRequested: true, At: at,
	}, answer)

	took := m.messages()
	require.Len(t, took, 1)
	require.Equal(t, "b+"+outbound("").ReturnToken+"@bounces.sender.test", took[0].from)
	require.Equal(t, smtp.DSNReturnHeaders, took[0].mail.Return)
	require.Equal(t, outbound("").ID, took[0].mail.EnvelopeID)
	require.Equal(t, []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure}, took[0].rcpt.Notify)
	require.Equal(t, "notices@recipient.test", took[0].rcpt.OriginalRecipient)
}

func TestEveryStageOfTheTransactionIsJudged(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m)
	reply := func(code int, a, b, d int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, d}, Message: "as scripted"}
	}
	for name, row := range map[string]struct {
		act     act
		outcome notifications.Outcome
		class   notifications.Class
	}{
		"rcpt 450":               {act{rcpt: reply(450, 4, 2, 0)}, notifications.Deferred, notifications.Temporary},
		"rcpt 450 too fast":      {act{rcpt: reply(450, 4, 2, 1)}, notifications.Deferred, notifications.RateLimited},
		"rcpt 451":               {act{rcpt: reply(451, 4, 7, 1)}, notifications.Deferred, notifications.Temporary},
		"rcpt 452":               {act{rcpt: reply(452, 4, 2, 2)}, notifications.Deferred, notifications.Temporary},
		"rcpt 421":               {act{rcpt: reply(421, 4, 3, 2)}, notifications.Deferred, notifications.Temporary},
		"rcpt 550":               {act{rcpt: reply(550, 5, 1, 1)}, notifications.Refused, notifications.Permanent},
		"rcpt 552":               {act{rcpt: reply(552, 5, 2, 2)}, notifications.Refused, notifications.Permanent},
		"rcpt 550 says 4.x":      {act{rcpt: reply(550, 4, 2, 1)}, notifications.Deferred, notifications.Contradictory},
		"rcpt 450 says 5.x":      {act{rcpt: reply(450, 5, 1, 1)}, notifications.Deferred, notifications.Contradictory},
		"after the message 421":  {act{data: reply(421, 4, 3, 0)}, notifications.Deferred, notifications.Temporary},
		"after the message 451":  {act{data: reply(451, 4, 3, 0)}, notifications.Deferred, notifications.Temporary},
		"after the message 550":  {act{data: reply(550, 5, 7, 1)}, notifications.Refused, notifications.Permanent},
		"after the message 552":  {act{data: reply(552, 5, 3, 4)}, notifications.Refused, notifications.Permanent},
		"after the message 554":  {act{data: reply(554, 5, 6, 0)}, notifications.Refused, notifications.Permanent},
		"after the message 5/4.": {act{data: reply(554, 4, 6, 0)}, notifications.Deferred, notifications.Contradictory},
		"after the message 399":  {act{data: reply(399, 2, 0, 0)}, notifications.Unknown, notifications.Protocol},
	} {
		t.Run(name, func(t *testing.T) {
			m.on("scripted@recipient.test", row.act)
			answer := send(t, c, outbound("scripted@recipient.test"))
			require.Equal(t, row.outcome, answer.Outcome, "%+v", answer)
			require.Equal(t, row.class, answer.Class)
			require.Equal(t, "as scripted", answer.Reply)
			require.NotZero(t, answer.Code)
		})
	}
	require.Empty(t, m.messages())
}

func TestAnOrderlyStopLetsABegunMessageEnd(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m)
	p, err := c.Prepare(outbound("notices@recipient.test"))
	require.NoError(t, err)
	ctx, cancel := contextOf(t)
	m.on("notices@recipient.test", act{hook: cancel})
	require.Equal(t, notifications.Accepted, c.Send(ctx, p).Outcome)
}
