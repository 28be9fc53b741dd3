package duty_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/duty"
)

func hour(n int) *time.Time {
	at := incident.Add(time.Duration(n) * time.Hour)
	return &at
}

func mail(contact string, transport duty.Transport) duty.DeliveryState {
	return duty.DeliveryState{Contact: contact, Channel: duty.Email, Transport: transport, DispatchedAt: hour(0)}
}

func TestWhatAReplyProves(t *testing.T) {
	t.Parallel()
	direct, relay, manual := mail("c1", duty.Direct), mail("c1", duty.Relay), mail("c1", duty.Manual)
	manual.Channel = duty.ByHand
	with := func(d duty.DeliveryState, change func(*duty.DeliveryState)) duty.DeliveryState { change(&d); return d }
	// reached is the highest evidence that the delivery proves, "" for none; at is the hour of it.
	cases := map[string]struct {
		delivery duty.DeliveryState
		reached  duty.Evidence
		at       int
	}{
		"an attempt without a reply":                {direct, "", 0},
		"the recipient's server said 250":           {with(direct, func(d *duty.DeliveryState) { d.AcceptedAt = hour(1) }), duty.Acceptance, 1},
		"our relay said 250":                        {with(relay, func(d *duty.DeliveryState) { d.HandedOnAt = hour(1) }), duty.Dispatch, 1},
		"our relay's 250, recorded as acceptance":   {with(relay, func(d *duty.DeliveryState) { d.AcceptedAt = hour(1) }), "", 0},
		"a delivery report after our relay's 250":   {with(relay, func(d *duty.DeliveryState) { d.HandedOnAt, d.DeliveredAt = hour(1), hour(2) }), duty.Receipt, 2},
		"an acknowledgement":                        {with(relay, func(d *duty.DeliveryState) { d.AcknowledgedAt = hour(3) }), duty.Acknowledgement, 3},
		"filed by hand, not confirmed":              {with(manual, func(d *duty.DeliveryState) { d.FiledAt = hour(1) }), "", 0},
		"filed by hand and confirmed later":         {with(manual, func(d *duty.DeliveryState) { d.FiledAt, d.FilingConfirmedAt = hour(1), hour(9) }), duty.Receipt, 1},
		"accepted, then a late bounce":              {with(direct, func(d *duty.DeliveryState) { d.AcceptedAt, d.BouncedAt = hour(1), hour(70) }), "", 0},
		"handed on, then a bounce":                  {with(relay, func(d *duty.DeliveryState) { d.HandedOnAt, d.BouncedAt = hour(1), hour(2) }), "", 0},
		"bounced, then sent again and accepted":     {with(direct, func(d *duty.DeliveryState) { d.BouncedAt, d.AcceptedAt = hour(1), hour(2) }), duty.Acceptance, 2},
		"acknowledged, then a bounce of a copy":     {with(direct, func(d *duty.DeliveryState) { d.AcceptedAt, d.AcknowledgedAt, d.BouncedAt = hour(1), hour(2), hour(3) }), duty.Acknowledgement, 2},
		"a transport that nobody knows, with reply": {with(mail("c1", "pigeon"), func(d *duty.DeliveryState) { d.AcceptedAt = hour(1) }), "", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for rung, asked := range duty.Evidences {
				met, at, by := duty.Meets(duty.Terms{
					Channels: []duty.Channel{duty.Email, duty.ByHand}, Contacts: duty.AnyContact, Evidence: asked,
				}, []duty.DeliveryState{c.delivery})
				require.Equal(t, rung <= slices.Index(duty.Evidences, c.reached), met, asked)
				if met && asked == c.reached {
					require.Equal(t, *hour(c.at), at)
					require.Equal(t, []duty.Proof{{Contact: "c1", Channel: c.delivery.Channel, Evidence: c.reached, At: at}}, by)
				}
			}
		})
	}
}

func TestAnyAndAllOfTheContacts(t *testing.T) {
	t.Parallel()
	accepted := func(contact string, at int) duty.DeliveryState {
		d := mail(contact, duty.Direct)
		d.AcceptedAt = hour(at)
		return d
	}
	copyOnly := accepted("c1", 1)
	copyOnly.Channel = duty.Slack
	terms := duty.Terms{Channels: []duty.Channel{duty.Email}, Evidence: duty.Acceptance}
	cases := map[string]struct {
		contacts   duty.ContactsRule
		owed       []string
		deliveries []duty.DeliveryState
		met        bool
		at         int
	}{
		"any: the earliest counts":                  {duty.AnyContact, nil, []duty.DeliveryState{accepted("c1", 5), accepted("c2", 3)}, true, 3},
		"any: one bounced of two":                   {duty.AnyContact, nil, []duty.DeliveryState{mail("c1", duty.Direct), accepted("c2", 3)}, true, 3},
		"all: the last one counts":                  {duty.AllContacts, nil, []duty.DeliveryState{accepted("c1", 5), accepted("c2", 3)}, true, 5},
		"all: one is missing":                       {duty.AllContacts, nil, []duty.DeliveryState{accepted("c1", 5), mail("c2", duty.Direct)}, false, 0},
		"all: one has no delivery yet":              {duty.AllContacts, []string{"c1", "c2"}, []duty.DeliveryState{accepted("c1", 5)}, false, 0},
		"all: a second address of one contact":      {duty.AllContacts, nil, []duty.DeliveryState{mail("c1", duty.Direct), accepted("c1", 4)}, true, 4},
		"a copy on a channel that does not count":   {duty.AnyContact, nil, []duty.DeliveryState{copyOnly}, false, 0},
		"a copy beside does not hold up all":        {duty.AllContacts, nil, []duty.DeliveryState{accepted("c2", 2), copyOnly}, true, 2},
		"somebody who is not owed":                  {duty.AnyContact, []string{"c1"}, []duty.DeliveryState{accepted("c9", 2)}, false, 0},
		"nobody at all":                             {duty.AllContacts, nil, nil, false, 0},
		"a rule that nobody knows is read as all":   {"most", nil, []duty.DeliveryState{accepted("c1", 5), mail("c2", duty.Direct)}, false, 0},
		"all, each owed contact met by its channel": {duty.AllContacts, []string{"c1", "c2"}, []duty.DeliveryState{accepted("c1", 1), accepted("c2", 2), accepted("c3", 9)}, true, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := terms
			asked.Contacts, asked.Owed = c.contacts, c.owed
			met, at, by := duty.Meets(asked, c.deliveries)
			require.Equal(t, c.met, met)
			if met {
				require.Equal(t, *hour(c.at), at)
			} else {
				require.Empty(t, by)
				require.True(t, at.IsZero())
			}
		})
	}
}

func TestATermAsksForItsOwnChannelsContactsAndEvidence(t *testing.T) {
	t.Parallel()
	require.Equal(t, duty.Terms{
		Channels: []duty.Channel{duty.Email}, Contacts: duty.AnyContact, Evidence: duty.Acceptance, Owed: []string{"c1"},
	}, term("dpa", 48).Asks([]string{"c1"}))
}

func anyInstant(t *rapid.T, name string) *time.Time {
	if rapid.Bool().Draw(t, name+" known") {
		return hour(rapid.IntRange(0, 100).Draw(t, name))
	}
	return nil
}

func anyDelivery(t *rapid.T) duty.DeliveryState {
	return duty.DeliveryState{
		Contact:   rapid.SampledFrom([]string{"c1", "c2", "c3"}).Draw(t, "contact"),
		Channel:   rapid.SampledFrom(duty.Channels).Draw(t, "channel"),
		Transport: rapid.SampledFrom([]duty.Transport{duty.Direct, duty.Relay, duty.Manual}).Draw(t, "transport"), DispatchedAt: hour(0),
		HandedOnAt: anyInstant(t, "handed on"), AcceptedAt: anyInstant(t, "accepted"), DeliveredAt: anyInstant(t, "delivered"),
		AcknowledgedAt: anyInstant(t, "acknowledged"), BouncedAt: anyInstant(t, "bounced"),
		FiledAt: anyInstant(t, "filed"), FilingConfirmedAt: anyInstant(t, "confirmed"),
	}
}

func TestEvidenceIsNeverHigherThanWhatIsHeld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		deliveries := rapid.SliceOfN(rapid.Custom(anyDelivery), 0, 5).Draw(t, "deliveries")
		terms := duty.Terms{
			Channels: rapid.SliceOfDistinct(rapid.SampledFrom(duty.Channels), rapid.ID[duty.Channel]).Draw(t, "channels"),
			Contacts: duty.AnyContact, Evidence: rapid.SampledFrom(duty.Evidences).Draw(t, "evidence"),
		}
		met, at, by := duty.Meets(terms, deliveries)
		for _, proof := range by {
			require.GreaterOrEqual(t, slices.Index(duty.Evidences, proof.Evidence), slices.Index(duty.Evidences, terms.Evidence))
			require.True(t, slices.ContainsFunc(deliveries, func(d duty.DeliveryState) bool { return holds(d, proof) }), "%+v is in no row", proof)
		}

		// What is met for all contacts is met for any of them, and not later.
		all := terms
		all.Contacts = duty.AllContacts
		if metAll, last, _ := duty.Meets(all, deliveries); metAll {
			require.True(t, met)
			require.False(t, at.After(last))
		}
		// What is met by high evidence is met by lower, and not later.
		for _, lower := range duty.Evidences[:slices.Index(duty.Evidences, terms.Evidence)] {
			weaker := terms
			weaker.Evidence = lower
			metLower, earlier, _ := duty.Meets(weaker, deliveries)
			require.True(t, !met || metLower && !earlier.After(at))
		}
		// A bounce never makes it met, and never makes it earlier.
		for i := range deliveries {
			bounced := slices.Clone(deliveries)
			bounced[i].BouncedAt = hour(rapid.IntRange(0, 100).Draw(t, "bounce"))
			if old := deliveries[i].BouncedAt; old != nil && old.After(*bounced[i].BouncedAt) {
				continue
			}
			metAfter, later, _ := duty.Meets(terms, bounced)
			require.True(t, !metAfter || met && !later.Before(at))
		}
	})
}

// holds says, in the words of the ladder, whether the row holds what the proof claims.
func holds(d duty.DeliveryState, proof duty.Proof) bool {
	is := func(at *time.Time) bool { return at != nil && at.Equal(proof.At) }
	if d.Contact != proof.Contact || d.Channel != proof.Channel {
		return false
	}
	switch proof.Evidence {
	case duty.Acknowledgement:
		return is(d.AcknowledgedAt)
	case duty.Receipt:
		return is(d.DeliveredAt) && d.Transport != duty.Manual || is(d.FiledAt) && d.FilingConfirmedAt != nil && d.Transport == duty.Manual
	case duty.Acceptance:
		return is(d.AcceptedAt) && d.Transport == duty.Direct
	default:
		return is(d.HandedOnAt) && d.Transport == duty.Relay
	}
}
