package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/worker"
)

const declaredEstate = `version: "1"
stores:
  - id: app
    kind: postgres
    schema: live
    collections:
      - name: accounts
        class: account
        root: true
        key: [id]
        fields: [{name: id}, {name: email, identity: email}]
      - name: prompts
        class: customer_content
        key: [id]
        fields: [{name: id}, {name: account_id, references: {collection: app/accounts, field: id}}]
  - id: archive
    kind: manual
    owner: olga
    collections:
      - {name: letters, class: account, fields: [{name: sender, identity: email}]}
      - {name: tapes, class: account, not_searchable: {why: tapes are sealed, instead: they expire after 35 days}}
`

// estateOn is a database that is as the estate says, with the estate and its connections in a folder.
func estateOn(t *testing.T) (dsn, files, connections string) {
	t.Helper()
	dsn = testkit.NewDatabase(t).Superuser
	testkit.Execute(t, dsn, `CREATE SCHEMA live;
		CREATE TABLE live.accounts (id bigint PRIMARY KEY, email text NOT NULL);
		CREATE INDEX ON live.accounts (lower(email));
		CREATE TABLE live.prompts (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES live.accounts);
		CREATE INDEX ON live.prompts (account_id)`)
	files = inFolder(t, "estate.yaml", declaredEstate)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(files), "app-url"), []byte(dsn), 0o600))
	connections = filepath.Join(filepath.Dir(files), "connections.yaml")
	require.NoError(t, os.WriteFile(connections, []byte("app: {postgres: {url_file: app-url}}\n"), 0o600))
	return dsn, files, connections
}

func inFolder(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// The check passes where the stores are as the estate says, names what is not with code and remedy, and tells both from a store
// that does not answer.
func TestEstateCheckHoldsTheEstateAgainstTheLiveStores(t *testing.T) {
	t.Parallel()
	dsn, files, connections := estateOn(t)
	check := func(more ...string) typed {
		return typing(t, append([]string{"estate", "check", "--estate", files, "--connections", connections}, more...)...)
	}
	clean := check()
	require.Zero(t, clean.code, clean.out+clean.problems)
	require.Contains(t, clean.out, "the stores are as it says")

	testkit.Execute(t, dsn, `ALTER TABLE live.prompts ADD COLUMN body text; CREATE TABLE live.notes (id bigint PRIMARY KEY)`)
	found := check()
	require.Equal(t, 1, found.code)
	require.Regexp(t, `(?s)app:\n  undeclared_column +app/prompts.body +say what it holds.*undeclared_table +app/notes`, found.out)
	require.Contains(t, found.problems, "2 findings")
	var printed struct{ Stores []checkedStore }
	require.NoError(t, json.Unmarshal([]byte(check("--json").out), &printed))
	require.Equal(t, []string{"", "app", "archive"}, each(printed.Stores, func(s checkedStore) string { return s.Store }))
	require.Len(t, printed.Stores[1].Findings, 2)
	require.Zero(t, check("--offline").code)

	away := inFolder(t, "connections.yaml", `app: {postgres: {url: "postgres://nobody@127.0.0.1:1/none"}}`)
	said := typing(t, "estate", "check", "--estate", files, "--connections", away)
	require.Equal(t, 3, said.code)
	require.Contains(t, said.out, "app: transient: the database does not answer")
	require.Equal(t, 3, typing(t, "estate", "check", "--json", "--estate", files, "--connections", away).code)
}

// What is wrong within the estate is found without any store, and what is no estate at all names its line.
func TestEstateCheckOfflineFindsWhatIsWrongWithin(t *testing.T) {
	t.Parallel()
	for broken, want := range map[string]string{
		strings.Replace(declaredEstate, "app/accounts", "app/acounts", 1): "unknown_collection",
		strings.Replace(declaredEstate, `version: "1"`, `version: ""`, 1): "bad_version",
		strings.Replace(declaredEstate, "kind: manual", "kind: paper", 1): "bad_kind",
	} {
		said := typing(t, "estate", "check", "--offline", "--estate", inFolder(t, "estate.yaml", broken))
		require.Equal(t, 1, said.code)
		require.Contains(t, said.out, want)
	}
	said := typing(t, "estate", "check", "--offline", "--estate", inFolder(t, "estate.yaml", declaredEstate+"extra: 1\n"))
	require.Equal(t, 1, said.code)
	require.Contains(t, said.problems, "extra")
	require.Equal(t, 2, typing(t, "estate", "check").code)
	unconnected := typing(t, "estate", "check", "--estate", inFolder(t, "estate.yaml", declaredEstate))
	require.Equal(t, 1, unconnected.code)
	require.Contains(t, unconnected.out, "no_connection")
}

// A draft of a live schema is an estate once a person decided what it marks, and holds nothing of the address.
func TestEstateInitDraftsALiveSchemaWithoutItsAddress(t *testing.T) {
	t.Parallel()
	dsn, _, _ := estateOn(t)
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	address.User = url.UserPassword(address.User.Username(), "hunter2")
	path := filepath.Join(t.TempDir(), "draft.yaml")
	made := typing(t, "estate", "init", address.String(), "--schema", "live", "--file", path)
	require.Zero(t, made.code, made.problems)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(text)+made.out+made.problems, "hunter2")
	require.Regexp(t, `class: account\? # decide: `, string(text))
	require.Regexp(t, `identity: email\? # decide: `, string(text))
	read, err := estate.Read(text)
	require.NoError(t, err)
	require.NotEmpty(t, read.Validate(), "guesses were not confirmed")
	classes := regexp.MustCompile(`class: ([a-z_]+)\?`).ReplaceAll(text, []byte("class: $1"))
	half, err := estate.Read(classes)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(half.Validate(), func(f estate.Finding) bool { return f.Code == estate.BadIdentity }), "a guess at an identifier is as open as one at a class")
	require.Equal(t, "app/accounts", strings.Replace(string(read.Stores[0].Collections[1].Fields[1].References.Collection), read.Stores[0].ID, "app", 1))

	again := typing(t, "estate", "init", address.String(), "--schema", "live", "--file", path)
	require.Equal(t, 1, again.code, "a file that is there is not overwritten")
	require.Contains(t, typing(t, "estate", "init", address.String(), "--schema", "live").out, "stores:")
	nothing := typing(t, "estate", "init", address.String(), "--schema", "nowhere")
	require.Equal(t, 1, nothing.code)
	require.NotContains(t, nothing.problems, "hunter2")
	away := typing(t, "estate", "init", "postgres://nobody:hunter2@127.0.0.1:1/none")
	require.Equal(t, 3, away.code)
	require.NotContains(t, away.problems, "hunter2")
}

// The order shows who waits for whom, and what a request does not look into.
func TestEstateOrderShowsWhatWaitsForWhat(t *testing.T) {
	t.Parallel()
	files := inFolder(t, "estate.yaml", declaredEstate)
	said := typing(t, "estate", "order", "--estate", files, "email")
	require.Zero(t, said.code, said.problems)
	require.Equal(t, `1.
   ├─ app/prompts  delete
   │     found by id of app/accounts
   └─ archive/letters  delete
         found by email
2.
   └─ app/accounts  delete, root
         found by email
         waits for app/prompts, archive/letters

not looked into: archive/tapes (tapes are sealed; instead: they expire after 35 days)
`, said.out)
	require.Equal(t, said, typing(t, "estate", "order", "--estate", files))
	wrong := typing(t, "estate", "order", "--estate", files, "phone")
	require.Equal(t, 2, wrong.code)
	require.Contains(t, wrong.problems, "it knows email")
}

// A worker does not start on an estate in which a request would fail on the way; only the one-machine stack's drills reach stores.
func TestAWorkerRefusesAnEstateThatIsNotReady(t *testing.T) {
	t.Parallel()
	_, files, connections := estateOn(t)
	reach := func(estateFile, connections string, dev bool) (worker.Options, error) {
		declared, err := readEstate([]string{estateFile})
		require.NoError(t, err)
		p := &plant{estate: declared, desk: desk.New(desk.Options{}), log: slog.New(slog.DiscardHandler), config: config.Config{Dev: dev, Estate: config.Estate{Connections: connections}}}
		var o worker.Options
		err = p.reach(&o)
		if p.places != nil {
			t.Cleanup(p.places.Close)
		}
		return o, err
	}
	o, err := reach(files, connections, false)
	require.NoError(t, err)
	require.Nil(t, o.DrillStores)
	_, err = o.Stores.Open(context.Background(), "app", [16]byte{})
	require.NoError(t, err)
	o, err = reach(files, connections, true)
	require.NoError(t, err)
	require.Equal(t, o.Stores, o.DrillStores)

	_, err = reach(files, "", false)
	require.ErrorContains(t, err, "the store app has no connection")
	_, err = reach(files, filepath.Join(t.TempDir(), "none"), false)
	require.ErrorContains(t, err, "cannot read connections")
	_, err = reach(inFolder(t, "estate.yaml", strings.Replace(declaredEstate, "kind: manual", "kind: paper", 1)), connections, false)
	require.ErrorContains(t, err, "archive: the kind must be one of")

	// The doctor of a machine that serves has no connections, and looks at the estate alone.
	require.NoError(t, estateReady(config.Estate{Files: []string{files}, Connections: filepath.Join(t.TempDir(), "none")}))
	require.NoError(t, estateReady(config.Estate{Files: []string{files}, Connections: connections}))
}
