package email_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/notifications/email"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// signing is a channel that signs with both algorithms, and the DNS of its keys.
func signing(t *testing.T) (*email.Channel, *dkim.VerifyOptions) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	require.NoError(t, err)
	records := map[string]string{
		"r1._domainkey.sender.test": "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der),
		"e1._domainkey.sender.test": "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
	}
	c := channel(t, func(c *email.Config) {
		c.DKIM = []email.DKIMKey{
			{Domain: "sender.test", Selector: "r1", Signer: rsaKey()},
			{Domain: "sender.test", Selector: "e1", Signer: private},
		}
	})
	return c, &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if record, found := records[name]; found {
			return []string{record}, nil
		}
		return nil, fmt.Errorf("no record %s", name)
	}}
}

// valid counts the signatures that hold.
func valid(t require.TestingT, raw []byte, options *dkim.VerifyOptions) int {
	checks, err := dkim.VerifyWithOptions(bytes.NewReader(raw), options)
	require.NoError(t, err)
	count := 0
	for _, check := range checks {
		if check.Err == nil {
			count++
		}
	}
	return count
}

func TestBothSignaturesHoldForAnyText(t *testing.T) {
	c, options := signing(t)
	rapid.Check(t, func(t *rapid.T) {
		o := outbound("notices@recipient.test")
		o.Text = "x" + rapid.StringMatching(`([ \t\n\r.a=ä]|\PC){0,200}`).Draw(t, "text")
		o.HTML = rapid.SampledFrom([]string{"", " \n\n"}).Draw(t, "html")
		o.Subject = "x" + rapid.StringMatching(`\PC{0,90}`).Draw(t, "subject")
		p, err := c.Prepare(o)
		if err != nil {
			return // refused for its characters
		}
		require.Equal(t, 2, valid(t, p.Bytes, options), "%q", p.Bytes)
	})
}

func TestASignatureBreaksWhenTheLetterIsChanged(t *testing.T) {
	c, options := signing(t)
	p, err := c.Prepare(outbound("notices@recipient.test"))
	require.NoError(t, err)
	require.Equal(t, 2, valid(t, p.Bytes, options))
	message := string(p.Bytes)
	for _, change := range []string{
		"security@sender.test", "notices@recipient.test", "Notice of a", "20 Nov 2026", outbound("").ID + "@",
		"Auto-Submitted: auto-generated", "something happened",
	} {
		at := strings.LastIndex(message, change)
		require.Positive(t, at, change)
		tampered := message[:at] + strings.Replace(message[at:], change, change[:len(change)-1]+"X", 1)
		require.Zero(t, valid(t, []byte(tampered), options), change)
	}
	for _, added := range []string{"From: <x@evil.test>", "To: <x@evil.test>", "Subject: x", "Date: x", "Message-ID: <x@y>", "Reply-To: <x@evil.test>"} {
		require.Zero(t, valid(t, []byte(added+"\r\n"+message), options), "a second field: "+added)
	}
}

func TestAResendIsSignedLikeTheFirstAttemptAlsoAfterAKeyChange(t *testing.T) {
	begun := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	old := email.DKIMKey{Domain: "sender.test", Selector: "old", Signer: rsaKey()}
	with := func(keys ...email.DKIMKey) *email.Channel {
		return channel(t, func(c *email.Config) { c.DKIM = keys })
	}
	o := outbound("notices@recipient.test")
	o.Instant = begun
	first, err := with(old).Prepare(o)
	require.NoError(t, err)
	require.Contains(t, string(first.Bytes), fmt.Sprintf("t=%d;", begun.Unix()))

	rotated := with(old, email.DKIMKey{Domain: "sender.test", Selector: "new", Signer: next, Since: begun.Add(time.Hour)})
	resend, err := rotated.Prepare(o)
	require.NoError(t, err)
	require.Equal(t, first.Bytes, resend.Bytes)

	o.Instant = begun.Add(2 * time.Hour)
	later, err := rotated.Prepare(o)
	require.NoError(t, err)
	require.Contains(t, string(later.Bytes), "s=new;")
}

func TestAWeakKeyDoesNotSign(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	config := email.Config{Transport: email.Direct, BounceDomain: "b.sender.test", HeloName: "out.sender.test"}
	config.From.Address = "security@sender.test"
	config.DKIM = []email.DKIMKey{{Domain: "sender.test", Selector: "s", Signer: weak}}
	_, err = email.New(config)
	require.ErrorContains(t, err, "2048")
}
