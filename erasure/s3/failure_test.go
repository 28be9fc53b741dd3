package s3_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/s3"
	"github.com/atlascloudai/docket/testkit"
)

func class(t testing.TB, err error) erasure.Class {
	t.Helper()
	failure, ok := errors.AsType[*erasure.Error](err)
	require.True(t, ok, "%v", err)
	return failure.Class
}

// A server that goes away in the middle is away for now; the same order finishes when it is back.
func TestServerKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	server := testkit.NewS3(t)
	b := newBucket(t, server.URL, nil, types.BucketVersioningStatusEnabled)
	for i := range 5 {
		b.put(t, fmt.Sprintf("t/1/%d", i), "x")
	}
	b.put(t, "t/10/0", "another's")
	store, q := b.open(t, testkit.S3Root), query(b, tenants, "1")
	page, err := store.Locate(t.Context(), q, "", 3)
	require.NoError(t, err)
	first := order(q, page.Items)
	_, err = store.Erase(t.Context(), first)
	require.NoError(t, err)
	server.Kill()

	_, err = store.Locate(t.Context(), q, page.Next, 3)
	require.Equal(t, erasure.Transient, class(t, err))
	_, err = store.Erase(t.Context(), first)
	require.Equal(t, erasure.Transient, class(t, err))
	_, err = store.Verify(t.Context(), first)
	require.Equal(t, erasure.Transient, class(t, err))
	_, err = store.Check(t.Context(), b.declared(tenants))
	require.Equal(t, erasure.Transient, class(t, err))

	server.Start(t)
	rest, err := store.Locate(t.Context(), q, page.Next, 3)
	require.NoError(t, err)
	all := order(q, append(page.Items, rest.Items...))
	_, err = store.Erase(t.Context(), all)
	require.NoError(t, err)
	findings, err := store.Verify(t.Context(), all)
	require.NoError(t, err)
	require.Len(t, findings, 5)
	for _, finding := range findings {
		require.Equal(t, erasure.Gone, finding.State)
	}
	require.Len(t, b.truth(t), 1)
}

// Keys that the store does not know, and keys that it does not let in, are refusals and no absence.
func TestCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	b := versioned(t)
	b.put(t, "t/1/a", "x")
	before := b.truth(t)
	q := query(b, tenants, "1")
	all := order(q, walk(t, b.open(t, testkit.S3Root), q, 10))
	for _, account := range []testkit.S3Account{
		testkit.S3User,
		{AccessKey: "nobody", SecretKey: "x"},
		{AccessKey: testkit.S3Root.AccessKey, SecretKey: "wrong"},
	} {
		store := b.open(t, account)
		_, err := store.Locate(t.Context(), q, "", 10)
		require.Equal(t, erasure.Refused, class(t, err))
		_, err = store.Erase(t.Context(), all)
		require.Equal(t, erasure.Refused, class(t, err))
		require.NotContains(t, err.Error(), "t/1/a")
		_, err = store.Verify(t.Context(), all)
		require.Equal(t, erasure.Refused, class(t, err))
	}
	require.Equal(t, before, b.truth(t))
}

// Whoever may list and not delete is refused, too, without a lock that would explain it.
func TestDeletingIsRefused(t *testing.T) {
	t.Parallel()
	b := withLocks(t)
	b.put(t, "t/1/a", "x")
	b.allow(t, "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetObjectRetention", "s3:GetObjectLegalHold")
	store, q := b.open(t, testkit.S3User), query(b, tenants, "1")
	_, err := store.Erase(t.Context(), order(q, walk(t, store, q, 10)))
	require.Equal(t, erasure.Refused, class(t, err))
	require.Len(t, b.truth(t), 1)
}

// allow lets the second account do some things in the bucket.
func (b bucket) allow(t *testing.T, actions ...string) {
	quoted := fmt.Sprintf("%q", actions[0])
	for _, action := range actions[1:] {
		quoted += fmt.Sprintf(",%q", action)
	}
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":[%q]},"Action":[%s],"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}]}`,
		testkit.S3User.AccessKey, quoted, b.name, b.name)
	_, err := b.PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{Bucket: &b.name, Policy: &policy})
	require.NoError(t, err)
}

// The answers of stores that are busy, elsewhere, or against the protocol; a server that is well gives none of them.
func TestAnswersOfOtherStores(t *testing.T) {
	t.Parallel()
	list := func(inner string) string {
		return `<ListVersionsResult>` + inner + `</ListVersionsResult>`
	}
	const one = `<Version><Key>t/1/a</Key><VersionId>v</VersionId></Version>`
	for name, answer := range map[string]struct {
		status int
		header http.Header
		body   string
		class  erasure.Class
	}{
		"busy":                {503, http.Header{"Retry-After": {"120"}}, `<Error><Code>SlowDown</Code><Message>t/1/a</Message></Error>`, erasure.Transient},
		"no code":             {502, nil, `bad gateway`, erasure.Transient},
		"another region":      {301, http.Header{"Location": {"http://elsewhere.example.test/"}}, `<Error><Code>PermanentRedirect</Code></Error>`, erasure.Mismatch},
		"no lists":            {501, nil, `<Error><Code>NotImplemented</Code></Error>`, erasure.Mismatch},
		"unknown":             {400, nil, `<Error><Code>Surprise</Code></Error>`, erasure.Broken},
		"another's key":       {200, nil, list(`<Version><Key>t/10/a</Key><VersionId>v</VersionId></Version>`), erasure.Broken},
		"no version id":       {200, nil, list(`<Version><Key>t/1/a</Key></Version>`), erasure.Broken},
		"out of order":        {200, nil, list(`<Version><Key>t/1/b</Key><VersionId>v</VersionId></Version>` + one), erasure.Broken},
		"no text":             {200, nil, list(`<EncodingType>url</EncodingType><Version><Key>t/1/%FF</Key><VersionId>v</VersionId></Version>`), erasure.Broken},
		"goes on nowhere":     {200, nil, list(`<IsTruncated>true</IsTruncated>` + one), erasure.Broken},
		"goes on backwards":   {200, nil, list(`<IsTruncated>true</IsTruncated><NextKeyMarker>t/0</NextKeyMarker>` + one), erasure.Broken},
		"not of the protocol": {200, nil, `<html></body>`, erasure.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for key, values := range answer.header {
					w.Header()[key] = values
				}
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}))
			defer server.Close()
			b := bucket{url: server.URL, name: "files"}
			page, err := b.open(t, testkit.S3Root).Locate(t.Context(), query(b, tenants, "1"), `{"prefix":"t/1/","key":"t/1/0","id":"v"}`, 10)
			require.Equal(t, answer.class, class(t, err), err)
			require.Empty(t, page.Items)
			require.NotContains(t, err.Error(), "t/1/")
			failure, _ := errors.AsType[*erasure.Error](err)
			if answer.header.Get("Retry-After") != "" {
				require.WithinDuration(t, time.Now().Add(2*time.Minute), *failure.RetryAt, 30*time.Second)
			}
		})
	}
}

// A certificate counts that the declared authority signed, and no other.
func TestCertificateAuthority(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	b := bucket{url: server.URL, name: "files"}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for _, authority := range [][]byte{nil, ca} {
		store, err := s3.Open(t.Context(), s3.Options{Endpoint: b.url, Region: "us-east-1", AccessKey: "a", SecretKey: "b", CA: authority}, b.declared(tenants))
		require.NoError(t, err)
		_, err = store.Locate(t.Context(), query(b, tenants, "1"), "", 10)
		require.Error(t, err)
		require.Equal(t, authority == nil, strings.Contains(err.Error(), "certificate"), err)
		store.Close()
	}
}

// Options that cannot work are refused when the store is opened.
func TestOptions(t *testing.T) {
	t.Parallel()
	good := s3.Options{Endpoint: "https://s3.example.test", Region: "us-east-1", AccessKey: "a", SecretKey: "b"}
	b := bucket{name: "files"}
	_, err := s3.Open(t.Context(), good, b.declared(tenants))
	require.NoError(t, err)
	_, err = s3.Open(t.Context(), good, bucket{}.declared(tenants))
	require.Error(t, err)
	for name, spoil := range map[string]func(*s3.Options){
		"no host":   func(o *s3.Options) { o.Endpoint = "s3.example.test" },
		"no region": func(o *s3.Options) { o.Region = "" },
		"no keys":   func(o *s3.Options) { o.SecretKey = "" },
		"no CA":     func(o *s3.Options) { o.CA = []byte("nonsense") },
	} {
		bad := good
		spoil(&bad)
		_, err := s3.Open(t.Context(), bad, b.declared(tenants))
		require.Error(t, err, name)
	}
}
