package acceptance_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/erasure/http/example"
	"github.com/atlascloudai/docket/testkit"
)

// live is a company's estate of all four kinds, on real servers: a database, a bucket, a newsletter that its team
// runs, and an archive of paper.
type live struct {
	estate      *estate.Estate
	connections string
	newsletter  *example.Newsletter
	// readers is the newsletter's file.
	readers string
	bucket  string
	objects *awss3.Client
}

const liveEstate = `version: "1"
stores:
  - id: app
    kind: postgres
    schema: live
    collections:
      - name: accounts
        class: account
        root: true
        key: [account_id]
        fields: [{name: account_id}, {name: email, identity: email}]
      - name: prompts
        class: customer_content
        key: [id]
        fields: [{name: id}, {name: account_id, references: {collection: app/accounts, field: account_id}}, {name: body, redact: may be about other people}]
  - id: files
    kind: s3
    bucket: %s
    collections:
      - name: uploads
        class: customer_content
        prefix: u/{account_id}/
        fields: [{name: account_id, references: {collection: app/accounts, field: account_id}}]
  - id: newsletter
    kind: http
    collections:
      - name: subscribers
        class: account
        fields: [{name: email, identity: email}, {name: account_id}, {name: name}]
  - id: archive
    kind: manual
    owner: olga
    collections:
      - name: letters
        class: account
        fields: [{name: sender, identity: email}]
`

const liveRows = `CREATE SCHEMA live;
CREATE TABLE live.accounts (account_id bigint PRIMARY KEY, email text NOT NULL);
CREATE INDEX ON live.accounts (lower(email));
CREATE TABLE live.prompts (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES live.accounts, body text);
CREATE INDEX ON live.prompts (account_id);
INSERT INTO live.accounts VALUES (1, 'ana@example.test'), (10, 'ben@example.test');
INSERT INTO live.prompts SELECT g, CASE WHEN g % 2 = 0 THEN 1 ELSE 10 END, 'prompt ' || g FROM generate_series(1, 20) g`

// newLive puts two people into the estate.
func newLive(t *testing.T, h *testkit.House) live {
	t.Helper()
	return newLiveThrough(t, h, func(s contract.Service) contract.Service { return s }, func(h http.Handler) http.Handler { return h })
}

// newLiveThrough does, and its newsletter answers through a handler of the test's own.
func newLiveThrough(t *testing.T, h *testkit.House, through func(contract.Service) contract.Service, answers func(http.Handler) http.Handler) live {
	t.Helper()
	testkit.Execute(t, h.Database.Superuser, liveRows)
	dir := t.TempDir()
	l := live{bucket: "b-" + uuid.NewString(), readers: filepath.Join(dir, "subscribers.json")}
	address := testkit.SharedS3(t)
	l.objects = awss3.New(awss3.Options{
		Region: "us-east-1", BaseEndpoint: &address, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(testkit.S3Root.AccessKey, testkit.S3Root.SecretKey, ""),
	})
	_, err := l.objects.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &l.bucket, ObjectLockEnabledForBucket: aws.Bool(true)})
	require.NoError(t, err)
	for _, key := range []string{"u/1/a", "u/1/b", "u/10/a"} {
		_, err := l.objects.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &l.bucket, Key: &key, Body: strings.NewReader("body")})
		require.NoError(t, err)
	}
	l.newsletter, err = example.Open(l.readers)
	require.NoError(t, err)
	require.NoError(t, l.newsletter.Put("s-1", example.Subscriber{"email": "ana@example.test", "account_id": "1", "name": "Ana"}))
	require.NoError(t, l.newsletter.Put("s-2", example.Subscriber{"email": "ben@example.test", "account_id": "10", "name": "Ben"}))
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", 32)))
	handler, err := contract.Handler(example.Collections(), through(l.newsletter), secret)
	require.NoError(t, err)
	service := httptest.NewServer(answers(handler))
	t.Cleanup(service.Close)
	for name, content := range map[string]string{"app": h.Database.Superuser, "access": testkit.S3Root.AccessKey, "secret": testkit.S3Root.SecretKey, "newsletter": secret} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	l.connections = filepath.Join(dir, "connections.yaml")
	require.NoError(t, os.WriteFile(l.connections, fmt.Appendf(nil, `app: {postgres: {url_file: app}}
files: {s3: {endpoint: %q, access_key_file: access, secret_key_file: secret}}
newsletter: {http: {url: %q, secret_file: newsletter}}
`, address, service.URL), 0o600))
	read, err := estate.Read(fmt.Appendf(nil, liveEstate, l.bucket))
	require.NoError(t, err)
	require.Empty(t, read.Validate())
	l.estate = &read
	return l
}

// keys are the objects that the bucket holds.
func (l live) keys(t *testing.T) (keys []string) {
	t.Helper()
	page, err := l.objects.ListObjectsV2(context.Background(), &awss3.ListObjectsV2Input{Bucket: &l.bucket})
	require.NoError(t, err)
	for _, object := range page.Contents {
		keys = append(keys, aws.ToString(object.Key))
	}
	return keys
}

// look reads one value past the engine.
func look[T any](t *testing.T, h *testkit.House, sql string, args ...any) (value T) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), h.Database.Superuser)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(context.Background(), sql, args...).Scan(&value))
	return value
}

// A store that is not as the estate says is not searched: no plan is made that would miss people, whoever asks sees why, and once
// the estate and the store agree the same request goes on.
func TestAStoreThatIsNotAsDeclaredIsNotSearched(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	l := newLive(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	e.StartWorker(t)
	testkit.Execute(t, h.Database.Superuser, `ALTER TABLE live.prompts ADD COLUMN author text; CREATE TABLE live.notes (id bigint PRIMARY KEY, email text)`)
	opened, err := e.Desk.OpenRequest(t.Context(), e.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Identities: []desk.IdentityInput{{Kind: "email", Value: ana}}, Drill: true,
	})
	require.NoError(t, err)
	proved(t, e, opened.Case, ana)
	e.AwaitCount(t, "the first table of the store fails, and nothing else of it is asked", 1, `SELECT count(*) FROM target WHERE case_id = $1 AND address LIKE 'app/%' AND error_class = 'mismatch'`, opened.Case)
	view := request(t, e, opened.Case)
	require.Equal(t, "scoping", view.Status)
	require.Equal(t, "team", view.Waiting)
	require.Contains(t, view.Targets[0].Detail, "app is not as the estate says")
	require.Contains(t, view.Targets[0].Detail, "2 findings")
	require.Contains(t, view.Targets[0].Detail, "app/prompts.author")

	testkit.Execute(t, h.Database.Superuser, `ALTER TABLE live.prompts DROP COLUMN author; DROP TABLE live.notes`)
	later(t, e, opened.Case, 24*time.Hour)
	approved(t, e, opened.Case)
}
