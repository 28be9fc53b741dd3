package packs

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/clock"
)

// dayForm is how a law names a day: it gives the day of a year, or none if the year has no such day.
type dayForm func(year int) (day clock.Date, exists bool)

// The forms in which calendars.yaml writes days; the file says what each means.
var (
	wholeDate       = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	monthAndDay     = regexp.MustCompile(`^(\d\d)-(\d\d)$`)
	aroundEaster    = regexp.MustCompile(`^easter([+-]\d{1,3})?$`)
	weekdayOfMonth  = regexp.MustCompile(`^(first|second|third|fourth|last) ([a-z]+) of ([a-z]+)$`)
	weekdayNearDate = regexp.MustCompile(`^([a-z]+) (before|from) (\d\d-\d\d)$`)
	eitherDay       = regexp.MustCompile(`^(.+) if ([a-z]+), otherwise (.+)$`)
)

var errNoDayForm = errors.New("is no form of a day")

// parseDay reads a day in one of the forms of calendars.yaml.
func parseDay(text string) (dayForm, error) {
	if parts := eitherDay.FindStringSubmatch(text); parts != nil {
		return parseEither(parts[1], parts[2], parts[3])
	}
	if wholeDate.MatchString(text) {
		return parseOnce(text)
	}
	if parts := monthAndDay.FindStringSubmatch(text); parts != nil {
		return parseYearly(parts[1], parts[2])
	}
	if parts := aroundEaster.FindStringSubmatch(text); parts != nil {
		return parseAroundEaster(parts[1])
	}
	if parts := weekdayOfMonth.FindStringSubmatch(text); parts != nil {
		return parseWeekdayOfMonth(parts[1], parts[2], parts[3])
	}
	if parts := weekdayNearDate.FindStringSubmatch(text); parts != nil {
		return parseWeekdayNear(parts[1], parts[2], parts[3])
	}
	return nil, errNoDayForm
}

func parseOnce(text string) (dayForm, error) {
	date, err := clock.ParseDate(text)
	if err != nil {
		return nil, errors.New(fromProblem(err).Detail)
	}
	return func(year int) (clock.Date, bool) { return date, date.Year == year }, nil
}

func parseYearly(month, day string) (dayForm, error) {
	// A leap year has every date that any year has.
	date, err := clock.ParseDate("2024-" + month + "-" + day)
	if err != nil {
		return nil, fmt.Errorf("no year has %s-%s", month, day)
	}
	return func(year int) (clock.Date, bool) {
		of := clock.Date{Year: year, Month: date.Month, Day: date.Day}
		return of, of == of.AddDays(0)
	}, nil
}

func parseAroundEaster(offset string) (dayForm, error) {
	days, err := strconv.Atoi(cmp.Or(offset, "0"))
	if err != nil {
		return nil, errNoDayForm
	}
	return func(year int) (clock.Date, bool) { return easterSunday(year).AddDays(days), true }, nil
}

func parseWeekdayOfMonth(which, weekdayName, monthName string) (dayForm, error) {
	weekday, err := parseWeekday(weekdayName)
	if err != nil {
		return nil, err
	}
	month, err := parseMonth(monthName)
	if err != nil {
		return nil, err
	}
	if which == "last" {
		return func(year int) (clock.Date, bool) {
			next := clock.Date{Year: year, Month: month, Day: 1}.AddMonths(1)
			return lastBefore(next, weekday), true
		}, nil
	}
	weeks := slices.Index([]string{"first", "second", "third", "fourth"}, which)
	return func(year int) (clock.Date, bool) {
		return firstFrom(clock.Date{Year: year, Month: month, Day: 1}, weekday).AddDays(7 * weeks), true
	}, nil
}

func parseWeekdayNear(weekdayName, side, date string) (dayForm, error) {
	weekday, err := parseWeekday(weekdayName)
	if err != nil {
		return nil, err
	}
	near, err := parseDay(date)
	if err != nil {
		return nil, err
	}
	find := firstFrom
	if side == "before" {
		find = lastBefore
	}
	return func(year int) (clock.Date, bool) {
		of, exists := near(year)
		return find(of, weekday), exists
	}, nil
}

func parseEither(text, weekdayName, otherwise string) (dayForm, error) {
	weekday, err := parseWeekday(weekdayName)
	if err != nil {
		return nil, err
	}
	preferred, err := parseDay(text)
	if err != nil {
		return nil, err
	}
	other, err := parseDay(otherwise)
	if err != nil {
		return nil, err
	}
	return func(year int) (clock.Date, bool) {
		if day, exists := preferred(year); exists && day.Weekday() == weekday {
			return day, true
		}
		return other(year)
	}, nil
}

func parseWeekday(name string) (time.Weekday, error) {
	for weekday := time.Sunday; weekday <= time.Saturday; weekday++ {
		if strings.ToLower(weekday.String()) == name {
			return weekday, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week", name)
}

func parseMonth(name string) (time.Month, error) {
	for month := time.January; month <= time.December; month++ {
		if strings.ToLower(month.String()) == name {
			return month, nil
		}
	}
	return 0, fmt.Errorf("%q is no month", name)
}

// firstFrom is the first such weekday on or after a day.
func firstFrom(day clock.Date, weekday time.Weekday) clock.Date {
	return day.AddDays((int(weekday-day.Weekday()) + 7) % 7)
}

// lastBefore is the last such weekday before a day.
func lastBefore(day clock.Date, weekday time.Weekday) clock.Date {
	return firstFrom(day.AddDays(-7), weekday)
}

// easterSunday is Easter Sunday in the Gregorian calendar, by the method of Oudin (1940): the paschal full moon from the
// year's place in the 19-year cycle, and the Sunday after it.
func easterSunday(year int) clock.Date {
	century, golden := year/100, year%19
	epact := (century - century/4 - (century-(century-17)/25)/3 + 19*golden + 15) % 30
	moon := epact - (epact/28)*(1-(epact/28)*(29/(epact+1))*((21-golden)/11))
	weekday := (year + year/4 + moon + 2 - century + century/4) % 7
	sunday := moon - weekday
	return clock.Date{Year: year, Month: time.March, Day: 28}.AddDays(sunday)
}
