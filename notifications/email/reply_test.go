package email

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications"
)

// TestEveryReplyIsJudgedCautiously walks every reply at every stage: a recipient is
// given up only on a clear "never", and what may have been taken is never called
// not taken.
func TestEveryReplyIsJudgedCautiously(t *testing.T) {
	for _, transport := range []Transport{Direct, Relay} {
		for at := atHello; at <= atEnd; at++ {
			for code := 100; code < 1000; code++ {
				for _, enhanced := range []string{"", "2.0.0", "4.2.1", "4.7.28", "5.1.1", "5.5.3"} {
					name := fmt.Sprintf("%s stage %d %d %s", transport, at, code, enhanced)
					outcome, class := classify(at, transport, code, enhanced)
					require.NotContains(t, []notifications.Outcome{notifications.Accepted, notifications.HandedOn}, outcome, name)
					require.Contains(t, notifications.Classes(), class, name)
					if outcome == notifications.Refused {
						require.Equal(t, 5, code/100, name)
						require.NotEqual(t, byte('4'), (enhanced + " ")[0], name)
						require.False(t, transport == Relay && at < atMail, "a relay's closed door is ours: "+name)
					}
					if code/100 == 4 {
						require.Equal(t, notifications.Deferred, outcome, name)
					}
					if outcome == notifications.Unknown {
						require.Equal(t, atEnd, at, name)
					}
					if at == atEnd && code/100 != 4 && code/100 != 5 {
						require.Equal(t, notifications.Unknown, outcome, name)
					}
				}
			}
		}
	}
}

func TestAServersTextIsKeptCleanAndShort(t *testing.T) {
	c := &Channel{config: Config{Password: "hunter-two"}}
	require.Equal(t, "a[31mb\nc [redacted]\ufffd", c.cleaned("a\x1b[31mb\r\nc hunter-two\xff"))
	require.LessOrEqual(t, len(c.cleaned(string(make([]rune, 5000)))), notifications.MaxReply)
	for reply, id := range map[string]string{
		"2.0.0 Ok: queued as 4QX7T1": "4QX7T1", "OK id=1rX2ab-000Abc-1D": "1rX2ab-000Abc-1D",
		"2.0.0 <x@y> Queued mail for delivery": "", "ok": "", "2.6.0 queued as <A1.b_c>": "A1.b_c",
	} {
		require.Equal(t, id, c.taken(reply).QueueID, reply)
	}
}
