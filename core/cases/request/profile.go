package request

import (
	"maps"
	"slices"
)

// Regime is the law under which a person asks.
type Regime string

// The regimes that have a profile.
const (
	GDPR        Regime = "gdpr"
	UKGDPR      Regime = "uk_gdpr"
	CCPA        Regime = "ccpa"
	LGPD        Regime = "lgpd"
	PIPEDA      Regime = "pipeda"
	Quebec      Regime = "quebec"
	Colorado    Regime = "colorado"
	Virginia    Regime = "virginia"
	Connecticut Regime = "connecticut"
	Texas       Regime = "texas"
	Iowa        Regime = "iowa"
)

// Profile names the rules of a pack by which a regime's requests are counted. What resets, pauses and extends a clock the
// rules know themselves.
type Profile struct {
	// Answer is the rule of the answer.
	Answer string
	// Of are rights with an answer of their own.
	Of map[Right]string
	// Acknowledge are the rules of the acknowledgement, for the rights for which the law asks for one beside the answer.
	Acknowledge map[Right]string
	// Countries are where the regime's people live, for the regime that intake proposes.
	Countries []string
}

// profiles is a table, so that a regime is one row.
var profiles = map[Regime]Profile{
	GDPR: {Answer: "gdpr-12-3"},
	// DPA 2018 s.164A(4) names no number for the outcome of a complaint: it is told within the month of a request.
	UKGDPR: {Answer: "uk-gdpr-12-3", Acknowledge: map[Right]string{Complaint: "uk-dpa-164a-acknowledge"}, Countries: []string{"GB"}},
	CCPA: {Answer: "ccpa-7021-respond", Of: map[Right]string{OptOut: "ccpa-7026-opt-out"}, Countries: []string{"US-CA"},
		Acknowledge: map[Right]string{Erasure: "ccpa-7021-acknowledge", Access: "ccpa-7021-acknowledge", Portability: "ccpa-7021-acknowledge"}},
	LGPD:     {Answer: "lgpd-18-deletion", Of: map[Right]string{Access: "lgpd-19-access"}, Countries: []string{"BR"}},
	PIPEDA:   {Answer: "pipeda-8-3", Countries: []string{"CA"}},
	Quebec:   {Answer: "quebec-32", Countries: []string{"CA-QC"}},
	Colorado: {Answer: "colorado-1306", Of: map[Right]string{Appeal: "colorado-1306-appeal"}, Countries: []string{"US-CO"}},
	Virginia: {Answer: "virginia-577-respond", Of: map[Right]string{Appeal: "virginia-577-appeal"}, Countries: []string{"US-VA"}},
	Connecticut: {Answer: "connecticut-42-518-respond", Of: map[Right]string{Appeal: "connecticut-42-518-appeal"},
		Countries: []string{"US-CT"}},
	Texas: {Answer: "texas-541-052-respond", Of: map[Right]string{Appeal: "texas-541-053-appeal"}, Countries: []string{"US-TX"}},
	Iowa:  {Answer: "iowa-715d-3-respond", Of: map[Right]string{Appeal: "iowa-715d-3-appeal"}, Countries: []string{"US-IA"}},
}

// ProfileOf is the profile of a regime; false for one without.
func ProfileOf(regime Regime) (Profile, bool) {
	profile, known := profiles[regime]
	return profile, known
}

// Regimes are all regimes with a profile, sorted.
func Regimes() []Regime { return slices.Sorted(maps.Keys(profiles)) }

// RegimeOf proposes the regime of somebody who lives in a country ("DE") or a part of one ("US-CA"). Where no other claims
// the place it is the GDPR: the company gives everybody what it gives there, and a person may say otherwise.
func RegimeOf(place string) Regime {
	for _, regime := range Regimes() {
		if slices.Contains(profiles[regime].Countries, place) {
			return regime
		}
	}
	return GDPR
}

// Rule is the rule by which the answer to a right is counted.
func (p Profile) Rule(right Right) string {
	if rule, own := p.Of[right]; own {
		return rule
	}
	return p.Answer
}
