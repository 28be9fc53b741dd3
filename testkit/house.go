package testkit

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/store"
)

// House is a desk on a database of its own, with people of every role.
type House struct {
	Desk     *desk.Desk
	Store    *store.Store
	Database Database
	Keys     *seal.Keyring
	// Options is what the desk was put together from.
	Options desk.Options
	// Signing is the installation's key; its id is "test".
	Signing ed25519.PrivateKey
	// People by role; each holds that one role.
	People map[access.Role]access.Actor
	// key is the key-encryption key, for worker processes on the same database.
	key []byte
}

// What letters to people name, and what commitments to their identifiers are for: the same in a house and in its workers.
const (
	publicURL      = "https://privacy.example.test"
	privacyContact = "privacy@example.test"
	companyName    = "Example Cloud"
	lookupPurpose  = "people's identifiers"
)

// NewHouse puts a desk together on a fresh database.
func NewHouse(t testing.TB) *House {
	t.Helper()
	return houseOn(t, NewDatabase(t), company())
}

// NewHouseOf puts a desk of another company together on a fresh database.
func NewHouseOf(t testing.TB, company duty.CompanyProfile) *House {
	t.Helper()
	return houseOn(t, NewDatabase(t), company)
}

// NewHouseIn puts a desk together on a fresh database of a cluster of the test's own.
func NewHouseIn(t testing.TB, superuser string) *House {
	t.Helper()
	return houseOn(t, newDatabaseIn(t, superuser), company())
}

func houseOn(t testing.TB, database Database, company duty.CompanyProfile) *House {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{DSN: database.App, Conns: 10, Reserve: 3})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	pack, err := packs.Load()
	require.NoError(t, err)
	key := randomKey()
	h := &House{Store: s, Database: database, Keys: keyring(t, key), People: map[access.Role]access.Actor{}, key: key}
	lookup, err := seal.NewCommitKey(key, lookupPurpose)
	require.NoError(t, err)
	_, h.Signing, err = ed25519.GenerateKey(nil)
	require.NoError(t, err)
	h.Options = desk.Options{Store: s, Keys: h.Keys, Pack: pack, Company: company, Lookup: lookup, PublicURL: publicURL, Contact: privacyContact, CompanyName: companyName, Sign: signer(h.Signing)}
	h.Desk = desk.New(h.Options)
	_, err = h.Desk.Guard(ctx, audit.NewTrail(nil))
	require.NoError(t, err)
	for _, role := range access.Roles() {
		h.People[role] = h.Person(t, string(role), role)
	}
	return h
}

// signer signs with a key whose id is "test".
func signer(key ed25519.PrivateKey) audit.Signer {
	return func(typ string, payload []byte) (string, error) { return audit.SignJWS(key, "test", typ, payload) }
}

// company is the company whose incidents the tests play.
func company() duty.CompanyProfile {
	return duty.CompanyProfile{EUMainEstablishment: &duty.Establishment{Country: "IE", Authority: "IE"}}
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

func keyring(t testing.TB, key []byte) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring("test", map[string][]byte{"test": key})
	require.NoError(t, err)
	return keys
}

// Person makes a person with roles and every scope.
func (h *House) Person(t testing.TB, handle string, roles ...access.Role) access.Actor {
	t.Helper()
	token, err := h.Desk.Enroll(context.Background(), handle, "person", roles)
	require.NoError(t, err)
	actor, err := h.Desk.Authenticate(context.Background(), token)
	require.NoError(t, err)
	return actor
}

// As is the person who holds a role.
func (h *House) As(role access.Role) access.Actor { return h.People[role] }

// ImportSamples imports the fictional customers that the product ships.
func (h *House) ImportSamples(t testing.TB) {
	t.Helper()
	report, err := h.Desk.ImportAgreements(context.Background(), h.As(access.LegalCounsel), samples.Agreements())
	require.NoError(t, err)
	require.Empty(t, report.Errors)
}

// Declared opens a drill's incident and brings it to where parties and starts are recorded.
func (h *House) Declared(t testing.TB) desk.Receipt {
	t.Helper()
	return h.declared(t, true)
}

// DeclaredInEarnest does so with one that is no exercise.
func (h *House) DeclaredInEarnest(t testing.TB) desk.Receipt {
	t.Helper()
	return h.declared(t, false)
}

func (h *House) declared(t testing.TB, drill bool) desk.Receipt {
	t.Helper()
	ctx := context.Background()
	opened, err := h.Desk.Open(ctx, h.As(access.Responder), "", desk.OpenInput{Title: "Storage bucket was public", Severity: "high", SuspectedBreach: true, Drill: drill})
	require.NoError(t, err)
	_, err = h.Desk.Triage(ctx, h.As(access.Responder), "", opened.Case, desk.TriageInput{Severity: "high"})
	require.NoError(t, err)
	_, err = h.Desk.Declare(ctx, h.As(access.IncidentCommander), "", opened.Case, desk.DeclareInput{})
	require.NoError(t, err)
	return opened
}

// Aware records that the company became aware and confirmed, at an instant before now.
func (h *House) Aware(t testing.TB, caseID uuid.UUID, at time.Time) {
	t.Helper()
	for _, word := range []string{"aware_processor", "confirmed_processor"} {
		_, err := h.Desk.RecordStart(context.Background(), h.As(access.PrivacyLead), "", caseID, desk.StartInput{
			Word: word, At: at, Zone: "Europe/Berlin", Evidence: "alert 4711 was read by the engineer on call",
		})
		require.NoError(t, err)
	}
}

// Parties records a wave of customers.
func (h *House) Parties(t testing.TB, caseID uuid.UUID, refs ...string) desk.Receipt {
	t.Helper()
	in := desk.PartiesInput{}
	for _, ref := range refs {
		in.Parties = append(in.Parties, desk.PartyInput{Customer: ref, Service: "chat", Touched: []string{"customer_content", "customer_personal_data"}})
	}
	receipt, err := h.Desk.RecordParties(context.Background(), h.As(access.PrivacyLead), "", caseID, in)
	require.NoError(t, err)
	return receipt
}

// Text is a complete notice in English.
func Text() letters.Notice {
	elements := map[string]letters.Fill{}
	for _, required := range letters.Required(letters.IncidentCustomer) {
		elements[required.ID] = letters.Fill{State: letters.Filled, Text: "About " + required.Title + "."}
	}
	return letters.Notice{
		Template: letters.IncidentCustomer, TemplateVersion: letters.LatestTemplate(letters.IncidentCustomer), Version: 1, Fallback: "en",
		Languages: map[string]letters.Content{"en": {Subject: "Security incident", Elements: elements}},
	}
}

// Approved drafts, submits, previews and approves a notice for everybody who is owed one.
func (h *House) Approved(t testing.TB, caseID uuid.UUID) uuid.UUID {
	t.Helper()
	return h.approved(t, caseID, Text())
}

func (h *House) approved(t testing.TB, caseID uuid.UUID, text letters.Notice) uuid.UUID {
	t.Helper()
	ctx := context.Background()
	drafted, err := h.Desk.DraftNotice(ctx, h.As(access.CommsLead), "", caseID, desk.NoticeInput{Content: &text})
	require.NoError(t, err)
	_, err = h.Desk.SubmitNotice(ctx, h.As(access.CommsLead), "", caseID, *drafted.ID, desk.SubmitInput{})
	require.NoError(t, err)
	preview, err := h.Desk.Preview(ctx, h.As(access.PrivacyLead), caseID, *drafted.ID, 0)
	require.NoError(t, err)
	_, err = h.Desk.ApproveNotice(ctx, h.As(access.PrivacyLead), "", caseID, *drafted.ID, desk.ApproveInput{Digest: preview.Digest})
	require.NoError(t, err)
	return *drafted.ID
}

// Released releases an approved notice and answers its campaign.
func (h *House) Released(t testing.TB, caseID uuid.UUID) uuid.UUID {
	t.Helper()
	receipt, err := h.Desk.ReleaseNotice(context.Background(), h.As(access.CommsLead), "", caseID, h.Approved(t, caseID), desk.ReleaseInput{})
	require.NoError(t, err)
	return *receipt.ID
}
