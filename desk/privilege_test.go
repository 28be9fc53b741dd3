package desk_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/register"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// opinion is words that nobody outside of the circle may ever read.
const opinion = "Quagga says that we would lose in court"

// advised is a room whose counsel has named a circle with one more person in it and marked an opinion privileged.
func advised(t testing.TB, r *room) (item uuid.UUID, member access.Actor) {
	t.Helper()
	member = r.Person(t, "outside.counsel", access.Observer)
	_, err := r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{Members: []string{"outside.counsel"}})
	require.NoError(t, err)
	return r.advise(opinion, ""), member
}

func (r *room) advise(words, key string) uuid.UUID {
	r.t.Helper()
	receipt, err := r.Desk.RecordPrivileged(r.ctx, r.As(access.LegalCounsel), key, r.Case, desk.PrivilegedInput{Kind: "advice", Basis: "attorney_client", Text: desk.NewPrivilegedText(words)})
	require.NoError(r.t, err)
	return *receipt.ID
}

// words are the words of an item as a reader is given them.
func words(t testing.TB, view desk.PrivilegedView) string {
	t.Helper()
	body, err := json.Marshal(view)
	require.NoError(t, err)
	var said struct{ Text string }
	require.NoError(t, json.Unmarshal(body, &said))
	return said.Text
}

func TestTheLegalCircleReadsWhatIsPrivilegedAndEveryReadingLeavesATrace(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	item, member := advised(t, r)
	for _, who := range []access.Actor{r.As(access.LegalCounsel), member} {
		before := scan[int](t, r.Database.Superuser, `SELECT count(*)::int FROM access_event WHERE kind = 'privilege.read' AND principal_id = $1::uuid`, who.ID)
		view, err := r.Desk.Privileged(r.ctx, who, r.Case, item)
		require.NoError(t, err)
		require.Equal(t, opinion, words(t, view))
		require.Equal(t, "legal_counsel", view.Author)
		page, err := r.Desk.PrivilegeLog(r.ctx, who, r.Case, "", 0)
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, []string{"legal_counsel", "outside.counsel"}, page.Items[0].Recipients)
		circle, err := r.Desk.Circle(r.ctx, who, r.Case)
		require.NoError(t, err)
		require.Equal(t, []string{"legal_counsel", "outside.counsel"}, circle)
		require.Equal(t, before+3, scan[int](t, r.Database.Superuser, `SELECT count(*)::int FROM access_event WHERE kind = 'privilege.read' AND principal_id = $1::uuid`, who.ID))
	}
}

// Whatever the role, who is not in the circle finds nothing, in the words for a case that has no circle.
func TestOutsideOfTheCircleNothingIsFound(t *testing.T) {
	t.Parallel()
	r, bare := newRoom(t), (*room)(nil)
	other := r.Declared(t)
	bare = &room{House: r.House, t: t, ctx: t.Context(), Case: other.Case, Code: other.Code}
	item, _ := advised(t, r)
	everything := r.Person(t, "every.role", access.Roles()...)
	outsiders := []access.Actor{everything}
	for _, role := range access.Roles() {
		if role != access.LegalCounsel {
			outsiders = append(outsiders, r.As(role))
		}
	}
	for _, who := range outsiders {
		read := func(r *room) []error {
			_, log := r.Desk.PrivilegeLog(r.ctx, who, r.Case, "", 0)
			_, one := r.Desk.Privileged(r.ctx, who, r.Case, item)
			_, circle := r.Desk.Circle(r.ctx, who, r.Case)
			return []error{log, one, circle}
		}
		for i, err := range read(r) {
			code(t, problem.NotFound, err)
			require.Equal(t, read(bare)[i].Error(), err.Error(), "%s", who.Handle)
		}
	}
	for _, who := range []access.Actor{everything, r.As(access.PrivacyLead)} {
		_, err := r.Desk.RecordPrivileged(r.ctx, who, "", r.Case, desk.PrivilegedInput{Kind: "advice", Basis: "attorney_client", Text: desk.NewPrivilegedText("x")})
		code(t, problem.NotFound, err)
		_, err = r.Desk.NameCircle(r.ctx, who, "", r.Case, desk.CircleInput{})
		code(t, problem.NotFound, err)
	}
	// Counsel of another case is not of this one's circle, nor is an item found through another case.
	second := r.Person(t, "second.counsel", access.LegalCounsel)
	_, err := r.Desk.NameCircle(r.ctx, second, "", bare.Case, desk.CircleInput{})
	require.NoError(t, err)
	_, err = r.Desk.Privileged(r.ctx, second, bare.Case, item)
	code(t, problem.NotFound, err)
	_, err = r.Desk.NameCircle(r.ctx, second, "", r.Case, desk.CircleInput{})
	code(t, problem.NotFound, err)
	machine, err := r.Desk.Enroll(r.ctx, "a-machine", "machine", access.Roles())
	require.NoError(t, err)
	actor, err := r.Desk.Authenticate(r.ctx, machine)
	require.NoError(t, err)
	_, err = r.Desk.Privileged(r.ctx, actor, r.Case, item)
	code(t, problem.Forbidden, err)
	// Whoever is taken out of the circle is outside.
	_, err = r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{})
	require.NoError(t, err)
	_, err = r.Desk.Privileged(r.ctx, r.whoIs("outside.counsel"), r.Case, item)
	code(t, problem.NotFound, err)
}

func (r *room) whoIs(handle string) access.Actor {
	r.t.Helper()
	return r.Person(r.t, handle, access.Observer) // enrolling somebody who is known gives one more token
}

func TestTheCircleIsCounselsToName(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	_, err := r.Desk.NameCircle(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.CircleInput{})
	code(t, problem.Forbidden, err)
	_, err = r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{Members: []string{"nobody"}})
	names(t, "members", err)
	_, err = r.Desk.Enroll(r.ctx, "a-machine", "machine", access.Roles())
	require.NoError(t, err)
	_, err = r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{Members: []string{"a-machine"}})
	names(t, "members", err)
	for field, in := range map[string]desk.PrivilegedInput{
		"kind":  {Kind: "gossip", Basis: "attorney_client", Text: desk.NewPrivilegedText("x")},
		"basis": {Kind: "advice", Basis: "because", Text: desk.NewPrivilegedText("x")},
		"text":  {Kind: "advice", Basis: "attorney_client"},
	} {
		_, err := r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{})
		require.NoError(t, err)
		_, err = r.Desk.RecordPrivileged(r.ctx, r.As(access.LegalCounsel), "", r.Case, in)
		names(t, field, err)
	}
	// A circle does not open a restricted case to anybody.
	_, err = r.Desk.Restrict(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.RestrictInput{Restricted: true, Members: []string{"legal_counsel"}})
	require.NoError(t, err)
	_, err = r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{Members: []string{"privacy_lead"}})
	names(t, "members", err)
	item := r.advise(opinion, "")
	_, err = r.Desk.Restrict(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.RestrictInput{Restricted: true})
	require.NoError(t, err)
	_, err = r.Desk.Privileged(r.ctx, r.As(access.LegalCounsel), r.Case, item)
	code(t, problem.NotFound, err)
}

// The chain holds a commitment and nothing else of the words; the same key does nothing twice, without a digest from
// which words could be guessed.
func TestTheChainHoldsACommitmentAndNoDatabaseTheWords(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	advised(t, r)
	again := r.advise("yes", "key-0001")
	require.Equal(t, again, r.advise("yes", "key-0001"))
	_, err := r.Desk.RecordPrivileged(r.ctx, r.As(access.LegalCounsel), "key-0001", r.Case, desk.PrivilegedInput{Kind: "advice", Basis: "attorney_client", Text: desk.NewPrivilegedText("no")})
	code(t, problem.Mismatch, err)

	r.advise("yes", "key-0002")
	entries := r.entries("privilege.recorded")
	require.Len(t, entries, 3)
	seen := map[string]bool{}
	for _, e := range entries {
		var body map[string]string
		require.NoError(t, json.Unmarshal(e.Body, &body))
		require.Len(t, body, 3)
		require.Len(t, body["commitment"], 64)
		require.False(t, seen[body["commitment"]], "the same words twice do not look the same")
		seen[body["commitment"]] = true
		require.Empty(t, e.Content)
	}
	page, err := r.Desk.PrivilegeLog(r.ctx, r.As(access.LegalCounsel), r.Case, "", 0)
	require.NoError(t, err)
	require.Contains(t, string(entries[0].Body), page.Items[0].Commitment)
	for table, content := range rows(t, r.Database.Superuser) {
		all := strings.Join(content, "\n")
		for _, word := range []string{opinion, "Quagga", hex.EncodeToString([]byte("Quagga"))} {
			require.NotContains(t, all, word, table)
		}
	}
	ok, said := r.verify()
	require.True(t, ok, said)

	// The case's own key does not open it.
	scope := scan[uuid.UUID](t, r.Database.Superuser, `SELECT scope FROM privilege WHERE case_id = $1`, r.Case)
	require.NotEqual(t, r.Case, scope)
}

// Whatever holds privileged words, they show in no text, log or JSON; one view says them, and one file knows how.
func TestPrivilegedWordsShowThemselvesNowhere(t *testing.T) {
	t.Parallel()
	in := desk.PrivilegedInput{Kind: "advice", Text: desk.NewPrivilegedText(opinion)}
	careless := struct {
		Inner  any
		Direct desk.PrivilegedText
		Point  *desk.PrivilegedText
		Listed []desk.PrivilegedText
	}{in, in.Text, &in.Text, []desk.PrivilegedText{in.Text}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "in", in, "text", in.Text, "careless", careless)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "in", in, "text", in.Text, "careless", careless)
	body, err := json.Marshal(careless)
	require.NoError(t, err)
	all := log.String() + string(body)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		all += fmt.Sprintf(verb, in) + fmt.Sprintf(verb, in.Text) + fmt.Sprintf(verb, careless)
	}
	require.Contains(t, all, "(privileged)")
	require.NotContains(t, all, "Quagga")
	require.NotContains(t, all, fmt.Sprintf("%x", "Quagga"))

	var named []string
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, name := range []string{"PrivilegedText", "PrivilegedView", "privilegedView", "store.Privileged"} {
			if strings.Contains(string(source), name) && !slices.Contains(named, path) {
				named = append(named, path)
			}
		}
		return err
	}))
	slices.Sort(named)
	require.Equal(t, []string{"../api/desk.go", "../api/legal.go", "../desk/counsel.go", "../desk/privilege.go"}, named,
		"what is privileged stays out of every other view by its type")
}

// Neither customers, authorities, the register, the review, the timeline nor a page gets to see what is privileged.
func TestNoOutputSaysWhatIsPrivileged(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	_, member := advised(t, r)
	var letters []desk.Job
	r.send(r.Released(t, r.Case), "direct", func(j desk.Job) desk.Answer { letters = append(letters, j); return accepted })
	require.NotEmpty(t, letters)
	everything := r.Person(t, "every.role", access.Roles()...)
	said := map[string]any{"letters": letters}
	keep := func(name string) func(any, error) {
		return func(v any, err error) { require.NoError(t, err, name); said[name] = v }
	}
	_, register := book(t, h, everything)
	said["register"], said["csv"] = register, sheet(t, h, everything)
	note := func(name string, v any, err error) { keep(name)(v, err) }
	view, err := h.Desk.Case(r.ctx, everything, r.Code)
	note("case", view, err)
	timeline, err := h.Desk.Timeline(r.ctx, everything, r.Case, "", 500)
	note("timeline", timeline, err)
	feed, err := h.Desk.Feed(r.ctx, everything, "", 500)
	note("feed", feed, err)
	duties, err := h.Desk.Duties(r.ctx, everything, r.Case, "", "", 500)
	note("duties", duties, err)
	pack, err := h.Desk.ByHand(r.ctx, everything, r.Case, duties.Items[0].ID)
	note("what is filed by hand", pack, err)
	deliveries, err := h.Desk.Deliveries(r.ctx, everything, r.Case, "", "", 500)
	note("deliveries", deliveries, err)
	notices, err := h.Desk.Notices(r.ctx, everything, r.Case)
	note("notices", notices, err)
	raises, err := h.Desk.Raises(r.ctx, everything, r.Case)
	note("raises", raises, err)
	var out bytes.Buffer
	require.NoError(t, h.Desk.ExportForCounsel(r.ctx, everything, r.Case, false, newSigning(t).sign, &out))
	said["export for counsel"] = out.String()
	for name, v := range said {
		body, err := json.Marshal(v)
		require.NoError(t, err)
		require.NotContains(t, string(body)+fmt.Sprintf("%+v", v), "Quagga", name)
		if name != "export for counsel" { // A privilege log names recipients.
			require.NotContains(t, string(body), member.ID, "%s names the circle", name)
			require.NotContains(t, string(body), member.Handle, "%s names the circle", name)
		}
	}
	require.Contains(t, fmt.Sprintf("%+v", said["timeline"]), "privilege.recorded", "that there is something is said")
}

// Counsel's export has the facts and the log; the words are in it for members who ask for them, and for nobody else.
func TestTheExportForCounselWithholdsWordsAndLogsThem(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	r := inEarnest(t, h, desk.OpenInput{SuspectedBreach: true})
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	item, _ := advised(t, r)
	_, err := r.Desk.NameCircle(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.CircleInput{Members: []string{"executive_sponsor"}})
	require.NoError(t, err)
	s := newSigning(t)
	export := func(who access.Actor, content bool) (string, error) {
		var out bytes.Buffer
		err := h.Desk.ExportForCounsel(r.ctx, who, r.Case, content, s.sign, &out)
		return out.String(), err
	}
	type file struct {
		Counsel      register.Head
		Facts        []entered
		PrivilegeLog []desk.PrivilegeLogEntry `json:"privilege_log"`
		Privileged   []struct{ Text string }
	}
	outside := h.Person(t, "opposing.clerk", access.LegalCounsel)
	for _, who := range []access.Actor{r.As(access.LegalCounsel), outside} {
		text, err := export(who, false)
		require.NoError(t, err)
		seal, err := register.Verify(strings.NewReader(text), int64(len(text)), s.keys)
		require.NoError(t, err)
		require.Equal(t, "counsel", seal.What)
		var f file
		require.NoError(t, json.Unmarshal([]byte(text), &f))
		require.Equal(t, r.Code, f.Facts[0].Code)
		require.Len(t, f.Facts[0].Duties, 1)
		require.Len(t, f.PrivilegeLog, 1)
		log := f.PrivilegeLog[0]
		require.Equal(t, item, log.ID)
		require.Equal(t, "legal_counsel", log.Author)
		require.Equal(t, "advice", log.Kind)
		require.Equal(t, "attorney_client", log.Basis)
		require.Equal(t, []string{"executive_sponsor", "legal_counsel", "outside.counsel"}, log.Recipients, "everybody who could read it since")
		require.Len(t, log.Commitment, 64)
		require.False(t, log.At.IsZero())
		require.Empty(t, f.Privileged)
		require.NotContains(t, text, "Quagga")
	}
	text, err := export(r.As(access.LegalCounsel), true)
	require.NoError(t, err)
	var f file
	require.NoError(t, json.Unmarshal([]byte(text), &f))
	require.Equal(t, opinion, f.Privileged[0].Text)
	refusal, err := export(outside, true)
	code(t, problem.NotFound, err)
	require.Empty(t, refusal, "nothing is said before the refusal")
	_, err = export(r.As(access.Auditor), false)
	code(t, problem.Forbidden, err)
}

// A row that was changed behind the product's back no longer fits the chain.
func TestAChangedPrivilegedRowIsFound(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"another kind":   `UPDATE privileged SET kind = 'request' WHERE case_id = $1`,
		"another author": `UPDATE privileged SET author = gen_random_uuid() WHERE case_id = $1`,
		"another date":   `UPDATE privileged SET at = at - interval '1 year' WHERE case_id = $1`,
		"other words":    `UPDATE privileged SET sealed = set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256) WHERE case_id = $1`,
		"taken out":      `DELETE FROM privileged WHERE case_id = $1`,
		"put in":         `INSERT INTO privileged SELECT gen_random_uuid(), case_id, at, author, kind, basis, sealed, commitment FROM privileged WHERE case_id = $1`,
		"one more eye":   `INSERT INTO privilege_member SELECT $1, id FROM principal WHERE handle = 'auditor'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			advised(t, r)
			ok, said := r.verify()
			require.True(t, ok, said)
			r.tamper(statement)
			ok, said = r.verify()
			require.False(t, ok)
			require.Regexp(t, "privileged item|legal circle", said)
		})
	}
}
