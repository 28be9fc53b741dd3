package estate

import (
	"regexp"
	"strconv"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// period is an ISO 8601 period of whole years, months, weeks and days.
var period = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?$`)

// Until is the first instant at which the ground no longer holds for a record whose From field says from, in from's zone. Years
// and months come first, a day that the month does not have becomes its last; then weeks and days. A period that is not
// ISO 8601 is a problem.Invalid.
func (r Retention) Until(from time.Time) (time.Time, error) {
	parts := period.FindStringSubmatch(r.Period)
	if parts == nil || len(r.Period) < 3 {
		return time.Time{}, problem.InvalidField("period", "must be an ISO 8601 period of years, months, weeks or days, e.g. P10Y or P6M")
	}
	var n [4]int
	for i, part := range parts[1:] {
		n[i], _ = strconv.Atoi(part) // Digits, or empty for none.
	}
	if r.YearEnd {
		from = time.Date(from.Year()+1, time.January, 1, 0, 0, 0, 0, from.Location())
	}
	months := n[0]*12 + n[1]
	first := time.Date(from.Year(), from.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	day := min(from.Day(), first.AddDate(0, 1, -1).Day())
	return time.Date(first.Year(), first.Month(), day+7*n[2]+n[3], from.Hour(), from.Minute(), from.Second(), from.Nanosecond(), from.Location()), nil
}
