package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

// office is people who work through the command line on one installation: each is a token.
type office struct {
	url           string
	first, second string
}

// types runs docket as a person, in this process, and answers what the API said.
func (o office) types(t *testing.T, token string, args ...string) typed {
	t.Helper()
	return enter(t, append(args, "--url", o.url, "--token", token, "--retry", "30s", "--json")...)
}

// decides is types for what has to succeed.
func (o office) decides(t *testing.T, token string, args ...string) desk.Receipt {
	t.Helper()
	return answer[desk.Receipt](t, o.types(t, token, args...))
}

func answer[T any](t *testing.T, said typed) (out T) {
	t.Helper()
	require.Zero(t, said.code, said.problems)
	require.NoError(t, json.Unmarshal([]byte(said.out), &out), said.out)
	return out
}

// importSamples imports the customers that the product ships.
func (o office) importSamples(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	agreements := samples.Agreements()
	args := []string{"agreement", "import"}
	for _, name := range slices.Sorted(maps.Keys(agreements)) {
		args = append(args, filepath.Join(dir, name))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), agreements[name], 0o600))
	}
	said := o.types(t, o.first, args...)
	require.Zero(t, said.code, said.problems)
}

// declares opens an incident that these customers are affected by, and answers its code. The company
// has known since an instant.
func (o office) declares(t *testing.T, since time.Time, drill bool, customers string) string {
	t.Helper()
	open := []string{"case", "open", "Storage bucket was public", "--severity", "high", "--breach"}
	if drill {
		open = append(open, "--drill")
	}
	code := o.decides(t, o.first, open...).Code
	o.decides(t, o.first, "case", "triage", code, "--severity", "high", "--breach")
	o.decides(t, o.first, "case", "declare", code)
	at := since.Format(time.RFC3339)
	o.decides(t, o.first, "case", "aware", code, "--at", at, "--zone", "Europe/Berlin", "--evidence", "alert 4711 was read")
	o.decides(t, o.first, "case", "confirm", code, "--at", at, "--zone", "Europe/Berlin", "--evidence", "access log of the bucket")
	o.decides(t, o.first, "case", "parties", code, "--customer", customers, "--touched", "customer_content,customer_personal_data")
	return code
}

// approves drafts a notice and has the second person approve what the preview shows.
func (o office) approves(t *testing.T, code string) (notice string) {
	t.Helper()
	text, err := json.Marshal(testkit.Text())
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "notice.json")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	notice = o.decides(t, o.first, "case", "notice", "draft", code, "--file", file).ID.String()
	o.decides(t, o.first, "case", "notice", "submit", code, notice)
	preview := answer[desk.PreviewView](t, o.types(t, o.second, "case", "notice", "preview", code, notice))
	o.decides(t, o.second, "case", "notice", "approve", code, notice, "--digest", preview.Digest)
	return notice
}

// notifies approves a notice and starts the sending.
func (o office) notifies(t *testing.T, code string) (campaign string) {
	t.Helper()
	return o.decides(t, o.first, "case", "notice", "release", code, o.approves(t, code)).ID.String()
}

func (o office) deliveries(t *testing.T, code string) []desk.DeliveryView {
	t.Helper()
	return answer[desk.Page[desk.DeliveryView]](t, o.types(t, o.first, "case", "deliveries", code, "--all")).Items
}

// delivery is the one delivery to a customer.
func (o office) delivery(t *testing.T, code, customer string) desk.DeliveryView {
	t.Helper()
	all := o.deliveries(t, code)
	i := slices.IndexFunc(all, func(d desk.DeliveryView) bool { return d.Customer == customer })
	require.GreaterOrEqual(t, i, 0, "%s has no delivery", customer)
	return all[i]
}

func (o office) duties(t *testing.T, code string) []desk.DutyView {
	t.Helper()
	return answer[desk.Page[desk.DutyView]](t, o.types(t, o.first, "case", "duties", code, "--all")).Items
}

func (o office) view(t *testing.T, code string) desk.CaseView {
	t.Helper()
	return answer[desk.CaseView](t, o.types(t, o.first, "case", "show", code))
}

// holds checks the case's chain.
func (o office) holds(t *testing.T, code string) {
	t.Helper()
	said := o.types(t, o.first, "audit", "verify", code)
	require.Zero(t, said.code, said.out+said.problems)
}

// everyRole is what whoever tries the product out holds.
func everyRole() string {
	text := ""
	for _, role := range access.Roles() {
		text += string(role) + ","
	}
	return text[:len(text)-1]
}
