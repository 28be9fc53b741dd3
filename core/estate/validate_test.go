package estate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/samples"
)

func codes(findings []estate.Finding) []string {
	var found []string
	for _, f := range findings {
		found = append(found, f.At+" "+f.Code)
	}
	return found
}

func codesOnly(findings []estate.Finding) []string {
	var found []string
	for _, f := range findings {
		found = append(found, f.Code)
	}
	return found
}

// Each row changes the sample company's estate in one place.
func TestEachMistakeIsFoundWhereItIs(t *testing.T) {
	t.Parallel()
	const tickets = "      - name: support_tickets\n        class: account\n"
	for name, row := range map[string]struct {
		was, is string
		found   []string
	}{
		"no version":                    {"version: 2026-11-28\n", "", []string{" bad_version"}},
		"a version in words":            {"version: 2026-11-28\n", "version: after the summer\n", []string{" bad_version"}},
		"a name with a blank":           {"name: contacts", "name: our contacts", []string{"crm/our contacts bad_name"}},
		"words over two lines":          {"words: section 147(3) of the Fiscal Code (Abgabenordnung)", "words: |\n            section 147(3)\n            of the Fiscal Code", []string{"app/invoices bad_retention"}},
		"words with an address":         {"why: the events are counted per route and hour, and carry no identifier of a person", "why: ask ops@example.com", []string{"app/routing_events not_searchable_words"}},
		"an id that is none":            {"id: crm", "id: CRM_1", []string{"CRM_1 bad_id"}},
		"two stores of one id":          {"id: crm", "id: media", []string{"media duplicate"}},
		"an unknown kind":               {"kind: manual", "kind: fax", []string{"crm bad_kind"}},
		"a bucket is missing":           {"    bucket: media\n", "", []string{"media bad_bucket"}},
		"a bucket where there is none":  {"    owner: gus\n", "    owner: gus\n    bucket: crm\n", []string{"crm bad_bucket"}},
		"a schema where there is none":  {"    owner: gus\n", "    owner: gus\n    schema: crm\n", []string{"crm misplaced"}},
		"a name with a slash":           {"name: contacts", "name: con/tacts", []string{"crm/con/tacts bad_name"}},
		"two tables of one name":        {"name: api_keys", "name: support_tickets", []string{"app/support_tickets duplicate"}},
		"no class":                      {tickets, "      - name: support_tickets\n        class: \"\"\n", []string{"app/support_tickets bad_class"}},
		"a field's class":               {"- name: subject\n", "- {name: subject, class: secret}\n", []string{"app/support_tickets.subject bad_class"}},
		"two fields of one name":        {"- name: subject\n", "- name: body\n", []string{"app/support_tickets.body duplicate"}},
		"an unknown strategy":           {tickets, tickets + "        strategy: shred\n", []string{"app/support_tickets bad_strategy"}},
		"masks nothing":                 {tickets, tickets + "        strategy: mask\n", []string{"app/support_tickets bad_mask"}},
		"a mask on what is deleted":     {"- name: subject\n", "- {name: subject, mask: {with: hash}}\n", []string{"app/support_tickets.subject bad_mask"}},
		"an unknown mask":               {"with: fixed, value: removed", "with: rot13", []string{"app/invoices.avatar_url bad_mask"}},
		"fixed without a value":         {"with: fixed, value: removed", "with: fixed", []string{"app/invoices.avatar_url bad_mask"}},
		"a value without fixed":         {"with: fixed, value: removed", "with: hash, value: removed", []string{"app/invoices.avatar_url bad_mask"}},
		"a mask on a key":               {"key: [prompt_id, chunk]", "key: [prompt_id, chunk]\n        strategy: mask", []string{"app/prompt_embeddings bad_mask"}},
		"a key with a mask":             {"- name: chunk\n", "- {name: chunk, mask: {with: hash}}\n", []string{"app/prompt_embeddings.chunk bad_mask", "app/prompt_embeddings.chunk bad_mask"}},
		"a root's identity with a mask": {"identity: email\n          - name: display_name", "identity: email\n            mask: {with: hash}\n          - name: display_name", []string{"app/accounts.email bad_mask", "app/accounts.email bad_mask"}},
		"a guess at an identifier":      {"identity: account_id\n          - name: email", "identity: account_id?\n          - name: email", []string{"app/accounts.id bad_identity"}},
		"nobody to ask":                 {"    owner: gus\n", "", []string{"crm bad_owner"}},
		"an unknown signal":             {"signal: sole_owner", "signal: mood", []string{"app/accounts.sole_owner_of bad_signal"}},
		"a signal nobody can read":      {"    owner: gus\n    collections:\n      - name: contacts\n        class: account\n        fields:\n          - name: email\n", "    owner: gus\n    collections:\n      - name: contacts\n        class: account\n        fields:\n          - {name: vip, signal: sole_owner}\n          - name: email\n", []string{"crm/contacts.vip misplaced"}},
		"no key":                        {"key: [prompt_id, chunk]", "key: []", []string{"app/prompt_embeddings missing_key"}},
		"an unknown key":                {"key: [prompt_id, chunk]", "key: [prompt_id, part]", []string{"app/prompt_embeddings.part unknown_field"}},
		"a key names a field twice":     {"key: [prompt_id, chunk]", "key: [chunk, chunk]", []string{"app/prompt_embeddings duplicate"}},
		"an unknown ground":             {"ground: tax_law", "ground: we_like_it", []string{"app/invoices bad_retention"}},
		"no words":                      {"words: section 147(3) of the Fiscal Code (Abgabenordnung)", `words: ""`, []string{"app/invoices bad_retention"}},
		"no period":                     {"period: P10Y", "period: ten years", []string{"app/invoices bad_retention"}},
		"no beginning":                  {"from: issued_on", `from: ""`, []string{"app/invoices bad_retention"}},
		"an unknown beginning":          {"from: issued_on", "from: paid_on", []string{"app/invoices.paid_on unknown_field"}},
		"a beginning with a mask":       {"- name: issued_on\n", "- {name: issued_on, mask: {with: hash}}\n", []string{"app/invoices.issued_on bad_mask"}},
		"no words for why":              {"why: the events are counted per route and hour, and carry no identifier of a person", `why: ""`, []string{"app/routing_events not_searchable_words"}},
		"a prefix without its end":      {"prefix: t/{account_id}/", "prefix: t/{account_id}", []string{"media/uploads bad_prefix"}},
		"a prefix of everybody":         {"prefix: t/{account_id}/", "prefix: t/", []string{"media/uploads bad_prefix", "media/uploads.account_id misplaced", "media/uploads unreachable"}},
		"a prefix of part of a name":    {"prefix: t/{account_id}/", "prefix: t-{account_id}/", []string{"media/uploads bad_prefix"}},
		"a prefix with two names":       {"prefix: t/{account_id}/", "prefix: t/{account_id}/{email}/", []string{"media/uploads bad_prefix"}},
		"a prefix in a table":           {tickets, tickets + "        prefix: t/\n", []string{"app/support_tickets misplaced"}},
		"a mask on objects":             {"prefix: t/{account_id}/", "prefix: t/{account_id}/\n        strategy: mask", []string{"media/uploads misplaced", "media/uploads bad_mask"}},
		"an unknown table":              {"{collection: app/prompts, field: id}", "{collection: app/promts, field: id}", []string{"app/prompt_embeddings.prompt_id unknown_collection", "app/prompt_embeddings unreachable"}},
		"an unknown field":              {"{collection: app/prompts, field: id}", "{collection: app/prompts, field: uuid}", []string{"app/prompt_embeddings.prompt_id unknown_field"}},
		"an unknown direction":          {"{collection: app/prompts, field: id}", "{collection: app/prompts, field: id, direction: down}", []string{"app/prompt_embeddings.prompt_id bad_direction"}},
		"an unknown neighbour":          {tickets, tickets + "        after: [crm/people]\n        erase_after: [crm/people]\n", []string{"app/support_tickets unknown_collection", "app/support_tickets unknown_collection"}},
		"a second root":                 {tickets, tickets + "        root: true\n", []string{"app/support_tickets second_root"}},
		"a root that nobody can find":   {"key: [id]\n        not_searchable:", "key: [id]\n        root: true\n        not_searchable:", []string{"app/routing_events misplaced"}},
		"nothing leads there":           {"      - name: contacts\n        class: account\n        fields:\n          - name: email\n            identity: email", "      - name: contacts\n        class: account", []string{"crm/contacts unreachable"}},
	} {
		require.Equal(t, 1, strings.Count(string(samples.Estate()), row.was), name)
		read, err := estate.Read([]byte(strings.Replace(string(samples.Estate()), row.was, row.is, 1)))
		require.NoError(t, err, name)
		require.ElementsMatch(t, row.found, codes(read.Validate()), name)
	}
	require.Equal(t, []string{" bad_version", " empty"}, codes(estate.Estate{}.Validate()))
	require.Equal(t, []string{"a bad_kind", "a empty"}, codes(estate.Estate{Version: "1", Stores: []estate.Store{{ID: "a"}}}.Validate()))
}

// Two products of one company may each have their accounts.
func TestEachPartOfAnEstateMayHaveARoot(t *testing.T) {
	t.Parallel()
	e := tables(table("a", email()), table("b", email()), table("c", ref("a", "")))
	e.Stores[0].Collections[0].Root, e.Stores[0].Collections[1].Root = true, true
	require.Empty(t, e.Validate())
	got := order(t, e, "email")
	require.Equal(t, []estate.Address{"app/c"}, got["app/a"].EraseAfter)
	require.Equal(t, []estate.Address{"app/c"}, got["app/b"].EraseAfter)
}
