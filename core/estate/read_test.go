package estate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/samples"
)

func TestWhatIsUnknownOrEmptyIsRefusedByLineAndMember(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]struct{ file, field, detail string }{
		"an unknown member":       {"version: a\nstores:\n  - id: app\n    kindd: s3\n", "stores[0].kindd", "line 4: is unknown here; the members are id, kind, owner, bucket, schema, collections"},
		"deep down":               {"stores:\n  - collections:\n      - fields:\n          - name: a\n            mask: {wiht: hash}\n", "stores[0].collections[0].fields[0].mask.wiht", "line 5: is unknown here; the members are with, value"},
		"what Docket adds itself": {"findings: []\n", "findings", "line 1: is unknown here; the members are version, stores"},
		"given twice":             {"version: a\nversion: b\n", "version", "line 2: is given twice"},
		"no value":                {"version:\n", "version", "line 1: has no value: give one or leave the member out"},
		"a text for a list":       {"stores: app\n", "stores", "line 1: must be a list"},
		"a list for a text":       {"version: [a]\n", "version", "line 1: must be one value, not a list or a mapping"},
		"no mapping":              {"stores:\n  - app\n", "stores[0]", "line 2: must be a mapping"},
		"an alias":                {"version: &a x\nstores: *a\n", "version", "line 1: is an anchor or alias: write it out, so that a reader sees what holds"},
		"an alias of itself":      {"stores: &a\n  - *a\n", "stores", "line 1: is an anchor or alias: write it out, so that a reader sees what holds"},
		"no truth":                {"stores:\n  - collections:\n      - root: ana@example.test\n", "estate", "line 3 is not YAML that can be read as an estate: check the indentation and the kind of value"},
		"broken":                  {"stores: [\n", "estate", "line 1 is not YAML that can be read as an estate: check the indentation and the kind of value"},
		"a merge":                 {"<<: {version: a}\n", "<<", "line 1: is unknown here; the members are version, stores"},
		"empty":                   {"# nothing\n", "estate", "is empty: begin with version and stores"},
		"a list":                  {"- a\n", "estate", "must be a mapping with version and stores, or with dataset"},
		"two documents":           {"version: a\n---\nversion: b\n", "estate", "holds more than one YAML document: keep one in a file"},
	} {
		_, err := estate.Read([]byte(refused.file))
		require.Equal(t, problem.InvalidField(refused.field, "%s", refused.detail), err, name)
	}
	_, err := estate.Read(samples.Estate(), samples.Estate())
	require.ErrorContains(t, err, "invalid stores: file 2, line 3: a second file of Docket's own")
}

func TestNullMayBeWrittenWithoutQuotes(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"null", "~", `"null"`} {
		read, err := estate.Read([]byte("stores: [{collections: [{fields: [{name: a, mask: {with: " + written + "}}]}]}]\n"))
		require.NoError(t, err, written)
		if written == "~" {
			written = "null"
		}
		require.Equal(t, estate.Null, read.Stores[0].Collections[0].Fields[0].Mask.With)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(samples.Estate())
	f.Add([]byte(shop))
	f.Add([]byte("stores: &a\n  - *a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := estate.Read(file)
		if err != nil {
			require.Equal(t, problem.Invalid, problem.CodeOf(err))
			return
		}
		_ = read.Validate()
		if _, err := read.Order(read.Identities()); err != nil {
			require.Equal(t, problem.Conflict, problem.CodeOf(err))
		}
		written, err := estate.Write(read)
		require.NoError(t, err)
		again, err := estate.Read(written)
		require.NoError(t, err)
		twice, err := estate.Write(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(twice))
	})
}
