package duty

import "cmp"

// Place is where an act must be done: it decides what a local hour, a local day and a day off are.
type Place struct {
	// Zone is the IANA name; Calendar the calendar's name in the rule pack, "" where none is held for the place.
	Zone, Calendar string
}

// memberStates are the members of the European Economic Area, in which the GDPR applies (EEA Joint Committee Decision
// No 154/2018 for IS, LI and NO), with the place of their capital.
var memberStates = map[string]Place{
	"AT": {"Europe/Vienna", "AT"}, "BE": {"Europe/Brussels", "BE"}, "BG": {"Europe/Sofia", ""}, "HR": {"Europe/Zagreb", ""},
	"CY": {"Asia/Nicosia", ""}, "CZ": {"Europe/Prague", ""}, "DK": {"Europe/Copenhagen", ""}, "EE": {"Europe/Tallinn", ""},
	"FI": {"Europe/Helsinki", ""}, "FR": {"Europe/Paris", "FR"}, "DE": {"Europe/Berlin", "DE"}, "GR": {"Europe/Athens", ""},
	"HU": {"Europe/Budapest", ""}, "IE": {"Europe/Dublin", "IE"}, "IT": {"Europe/Rome", "IT"}, "LV": {"Europe/Riga", ""},
	"LT": {"Europe/Vilnius", ""}, "LU": {"Europe/Luxembourg", "LU"}, "MT": {"Europe/Malta", ""}, "NL": {"Europe/Amsterdam", "NL"},
	"PL": {"Europe/Warsaw", "PL"}, "PT": {"Europe/Lisbon", "PT"}, "RO": {"Europe/Bucharest", ""}, "SK": {"Europe/Bratislava", ""},
	"SI": {"Europe/Ljubljana", ""}, "ES": {"Europe/Madrid", "ES"}, "SE": {"Europe/Stockholm", "SE"}, "IS": {"Atlantic/Reykjavik", ""},
	"LI": {"Europe/Vaduz", ""}, "NO": {"Europe/Oslo", ""},
}

// britain is the place of the Information Commissioner.
var britain = Place{"Europe/London", "GB-ENG"}

// PlaceOf is the place of a country's authority, or of the company where the country is not known.
func PlaceOf(country string, company CompanyProfile) Place {
	if place, member := memberStates[country]; member {
		return place
	}
	if country == "GB" {
		return britain
	}
	if lead := company.EUMainEstablishment; lead != nil && memberStates[lead.Country] != (Place{}) {
		return memberStates[lead.Country]
	}
	return Place{Zone: cmp.Or(company.Zone, "UTC")}
}
