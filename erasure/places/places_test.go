package places_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/manual"
	"github.com/atlascloudai/docket/erasure/places"
	"github.com/atlascloudai/docket/testkit"
)

// folder holds a file with connections, and the secrets that it names.
func folder(t *testing.T, connections string, secrets map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range secrets {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600))
	}
	path := filepath.Join(dir, "connections.yaml")
	require.NoError(t, os.WriteFile(path, []byte(connections), 0o600))
	return path
}

func read(t *testing.T, connections string, secrets map[string]string) places.Connections {
	t.Helper()
	c, err := places.ReadConnections(folder(t, connections, secrets))
	require.NoError(t, err)
	return c
}

var secrets = map[string]string{
	"url": "postgres://eraser:hunter2@db.example.test/app?sslmode=verify-full", "reader": "postgres://reader@127.0.0.1/app", "bare": "postgres://eraser:hunter2@db.example.test/app",
	"sockets": "host=/run/postgresql,db.example.test dbname=app sslmode=require",
	"access":  "key-1", "secret": "key-2", "hook": "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", 32))), "empty": "",
}

func TestEveryKindOfConnectionIsReadWithItsSecrets(t *testing.T) {
	t.Parallel()
	c := read(t, `
app: {postgres: {url_file: url, verify_url_file: reader}}
plain: {postgres: {url: "postgres://eraser@localhost/app"}}
files: {s3: {endpoint: "https://s3.example.test", access_key_file: access, secret_key_file: secret}}
newsletter: {http: {url: "https://news.example.test/erasure", secret_file: hook, timeout: 5s}}
`, secrets)
	require.Equal(t, places.Postgres{URL: secrets["url"], VerifyURL: secrets["reader"]}, *c["app"].Postgres)
	require.Equal(t, "postgres://eraser@localhost/app", c["plain"].Postgres.URL)
	require.Equal(t, []string{"us-east-1", "key-1", "key-2"}, []string{c["files"].S3.Region, c["files"].S3.AccessKey, c["files"].S3.SecretKey})
	require.Equal(t, secrets["hook"], c["newsletter"].HTTP.Secret)
}

// Everything that is wrong is named by store and member, and no value is repeated.
func TestAConnectionThatIsWrongIsNamedAndItsValuesAreNot(t *testing.T) {
	t.Parallel()
	for connections, want := range map[string]string{
		`app: {postgres: {url: "postgres://eraser:hunter2@db.example.test/app"}}`:   "app.postgres.url must be",
		`app: {postgres: {url: "host=db.example.test password=hunter2"}}`:           "app.postgres.url must be",
		`app: {postgres: {url: "postgres://db.example.test/app?password=hunter2"}}`: "app.postgres.url must be",
		`app: {postgres: {url: "postgres://db.example.test/app", url_file: url}}`:   "app.postgres.url_file and url are given both",
		`app: {postgres: {}}`:                                        "app.postgres.url_file is needed",
		`app: {postgres: {url_file: missing}}`:                       "app.postgres.url_file names a file that is empty or cannot be read",
		`app: {postgres: {url_file: empty}}`:                         "app.postgres.url_file names a file that is empty or cannot be read",
		`app: {postgres: {url_file: url, hunter: hunter2}}`:          "app.postgres.hunter is unknown; the members are url, url_file, verify_url_file",
		`app: {oracle: {url_file: url}}`:                             "app.oracle is no kind that has a connection",
		`app: {manual: {owner: hunter2}}`:                            "app.manual is no kind that has a connection",
		`app: {}`:                                                    "app must have exactly one of postgres, s3 and http",
		`app: {postgres: {url_file: url}, s3: {}}`:                   "app must have exactly one of postgres, s3 and http",
		`app: hunter2`:                                               "line 1: write each store as",
		`app: {postgres: {url_file: [hunter2]}}`:                     "line 1: write each store as",
		`{`:                                                          "write each store as",
		"app: {postgres: {url_file: url}}\napp: {s3: {}}":            "line 2: write each store as",
		`app: {postgres: {url_file: bare}}`:                          "app.postgres.url_file reaches a database over the network",
		`app: {postgres: {url_file: url, verify_url_file: sockets}}`: "app.postgres.verify_url_file reaches a database over the network",
		`files: {s3: {endpoint: "http://s3.example.test", access_key_file: access, secret_key_file: secret}}`: "files.s3.endpoint must begin with https://",
		`files: {s3: {secret_key_file: secret}}`:                     "files.s3.access_key_file is needed",
		`news: {http: {secret_file: hook}}`:                          "news.http.url is needed",
		`news: {http: {url: "https://a.example.test"}}`:              "news.http.secret_file is needed",
		`news: {http: {url: "a", secret_file: hook, timeout: soon}}`: "news.http.timeout must be a duration",
		`news: {http: {url: "a", secret_file: hook, ca_file: url}}`:  "news.http.ca_file holds no certificate",
	} {
		_, err := places.ReadConnections(folder(t, connections, secrets))
		require.ErrorContains(t, err, want, connections)
		require.NotContains(t, err.Error(), "hunter2", connections)
	}
	_, err := places.ReadConnections(filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "cannot read connections")
}

func declared() estate.Estate {
	return estate.Estate{Version: "1", Stores: []estate.Store{
		{ID: "app", Kind: estate.Postgres, Schema: "pg_catalog"},
		{ID: "files", Kind: estate.S3, Bucket: "files"},
		{ID: "newsletter", Kind: estate.HTTP},
		{ID: "archive", Kind: estate.Manual, Owner: "olga", Collections: []estate.Collection{{Name: "letters", Fields: []estate.Field{{Name: "sender", Identity: "email"}}}}},
	}}
}

func TestAStoreAndItsConnectionFit(t *testing.T) {
	t.Parallel()
	found := map[string]string{}
	for _, f := range read(t, `
app: {s3: {access_key_file: access, secret_key_file: secret}}
files: {s3: {access_key_file: access, secret_key_file: secret}}
archive: {postgres: {url_file: url}}
other: {postgres: {url_file: url}}
`, secrets).Fit(declared()) {
		found[f.At] = f.Code
	}
	require.Equal(t, map[string]string{
		"app": places.WrongConnection, "newsletter": places.NoConnection, "archive": places.UnknownConnection, "other": places.UnknownConnection,
	}, found)
}

func refused(t *testing.T, err error, class erasure.Class, words string) {
	t.Helper()
	failure, ok := errors.AsType[*erasure.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, failure.Class)
	require.Contains(t, failure.Detail, words)
}

// A place that cannot be opened is an error that says what to do, and never an absence.
func TestAPlaceThatCannotBeOpenedIsRefused(t *testing.T) {
	t.Parallel()
	p := places.New(declared(), read(t, `
app: {http: {url: "https://a.example.test", secret_file: hook}}
newsletter: {http: {url: "http://news.example.test", secret_file: hook}}
`, secrets), nil, nil)
	defer p.Close()
	for id, words := range map[string]string{
		"app": "is of another kind", "files": "add files: {s3: …}", "gone": "the estate has no store gone", "newsletter": "must begin with https://",
	} {
		_, err := p.Open(t.Context(), id, uuid.New())
		refused(t, err, erasure.Refused, words)
	}
	away := places.New(declared(), places.Connections{"app": {Postgres: &places.Postgres{URL: "postgres://nobody@127.0.0.1:1/none"}}}, nil, nil)
	defer away.Close()
	for range 2 { // It is tried again.
		_, err := away.Open(t.Context(), "app", uuid.New())
		refused(t, err, erasure.Transient, "does not answer")
	}
}

func TestAStoreIsOpenedOnceForAllWhoAsk(t *testing.T) {
	t.Parallel()
	p := places.New(declared(), places.Connections{"app": {Postgres: &places.Postgres{URL: testkit.Superuser(t)}}}, nil, nil)
	var asking sync.WaitGroup
	opened := make([]erasure.Store, 8)
	for i := range opened {
		asking.Go(func() { opened[i], _ = p.Open(t.Context(), "app", uuid.New()) })
	}
	asking.Wait()
	for _, one := range opened {
		require.NotNil(t, one)
		require.Same(t, opened[0], one)
	}
	p.Close()
	_, err := opened[0].Check(t.Context(), declared().Stores[0])
	require.Error(t, err, "it is closed")
	p.Close()
}

// keeper keeps tasks in memory, as the desk does in the database.
type keeper struct {
	cases    map[string]uuid.UUID
	attested bool
	asked    string
}

func (k *keeper) OpenTask(_ context.Context, caseID uuid.UUID, task manual.Task) error {
	k.cases[task.Order] = caseID
	return nil
}

func (k *keeper) TaskAttested(_ context.Context, order string) ([]byte, bool, bool, error) {
	_, known := k.cases[order]
	return []byte("digest"), k.attested, known, nil
}

func (k *keeper) TaskSettled(_ context.Context, _ uuid.UUID, address, _ string) (bool, error) {
	k.asked = address
	return k.attested, nil
}

// A place of people is asked on behalf of one request.
func TestAPlaceOfPeopleKeepsItsTasksWithTheRequest(t *testing.T) {
	t.Parallel()
	k := &keeper{cases: map[string]uuid.UUID{}}
	p := places.New(declared(), nil, k, nil)
	mine := uuid.New()
	archive, err := p.Open(t.Context(), "archive", mine)
	require.NoError(t, err)
	collection := declared().Stores[3].Collections[0]
	page, err := archive.Locate(t.Context(), erasure.Query{Collection: collection, Matches: []erasure.Match{{Field: "email", Values: []string{"ana@example.test"}}}}, "", 10)
	require.NoError(t, err)
	require.Equal(t, "archive/letters", k.asked)
	order := erasure.Order{ID: "o-1", Collection: collection, Items: page.Items}
	state := func() erasure.State {
		findings, err := archive.Verify(t.Context(), order)
		require.NoError(t, err)
		return findings[0].State
	}
	require.Equal(t, erasure.Residue, state())
	_, err = archive.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, mine, k.cases["o-1"])
	require.Equal(t, erasure.Pending, state())
	k.attested = true
	require.Equal(t, erasure.Attested, state())
}
