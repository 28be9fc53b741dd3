package letters_test

import (
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/letters"
)

func recipients(t require.TestingT) []letters.RecipientKey {
	var all []letters.RecipientKey
	for i := range 3 {
		v := values(t)
		v.Customer = fmt.Sprintf("Customer %d", i)
		all = append(all, letters.RecipientKey{
			DutyID: fmt.Sprintf("duty-%d", i), ContactID: fmt.Sprintf("contact-%d", i),
			Channel: "email", Address: fmt.Sprintf("n%d@example.test", i), Values: v,
		})
	}
	return all
}

func digest(n letters.Notice, all []letters.RecipientKey) [32]byte {
	a := letters.NewApproval(n)
	for _, r := range all {
		a.Add(r)
	}
	return a.Sum()
}

func TestAnApprovalHoldsForExactlyWhatWasApproved(t *testing.T) {
	approved := digest(notice(), recipients(t))
	require.Equal(t, approved, digest(notice(), recipients(t)))

	for name, change := range map[string]func(*letters.Notice){
		"the subject": func(n *letters.Notice) {
			n.Languages["de"] = letters.Content{Subject: "x", Elements: n.Languages["de"].Elements}
		},
		"an element": func(n *letters.Notice) {
			n.Languages["en"].Elements[letters.Nature] = letters.Fill{State: letters.Filled, Text: "x"}
		},
		"a state": func(n *letters.Notice) {
			n.Languages["en"].Elements[letters.Nature] = letters.Fill{State: letters.NotApplicable, Text: "text of nature"}
		},
		"a language":            func(n *letters.Notice) { delete(n.Languages, "de") },
		"the version":           func(n *letters.Notice) { n.Version++ },
		"the fallback":          func(n *letters.Notice) { n.Fallback = "de" },
		"the template":          func(n *letters.Notice) { n.TemplateVersion++ },
		"the reason of a delay": func(n *letters.Notice) { n.DelayReason = map[string]string{"en": "x", "de": "x"} },
	} {
		n := notice()
		change(&n)
		require.NotEqual(t, approved, digest(n, recipients(t)), name)
	}
	for name, change := range map[string]func([]letters.RecipientKey) []letters.RecipientKey{
		"one less":        func(r []letters.RecipientKey) []letters.RecipientKey { return r[:2] },
		"one more":        func(r []letters.RecipientKey) []letters.RecipientKey { return append(r, r[0]) },
		"another order":   func(r []letters.RecipientKey) []letters.RecipientKey { slices.Reverse(r); return r },
		"another address": func(r []letters.RecipientKey) []letters.RecipientKey { r[1].Address += "x"; return r },
		"a moved letter": func(r []letters.RecipientKey) []letters.RecipientKey {
			r[1].DutyID, r[1].ContactID = r[1].DutyID+"c", r[1].ContactID[1:]
			return r
		},
	} {
		require.NotEqual(t, approved, digest(notice(), change(recipients(t))), name)
	}
}

// TestEveryValueIsPartOfTheApproval changes each field of Values by reflection, so
// that a field added later cannot be forgotten.
func TestEveryValueIsPartOfTheApproval(t *testing.T) {
	all := recipients(t)
	all[1].Values.Change = &letters.ChangeDates{}
	approved := digest(notice(), all)
	checked := map[string]bool{}
	var walk func(path string, v reflect.Value, again func() [32]byte)
	walk = func(path string, v reflect.Value, again func() [32]byte) {
		old := reflect.ValueOf(v.Interface())
		switch value := v.Interface().(type) {
		case string:
			v.SetString(value + "x")
		case bool:
			v.SetBool(!value)
		case time.Time:
			v.Set(reflect.ValueOf(value.Add(time.Nanosecond)))
		case []string:
			v.Set(reflect.ValueOf(append(slices.Clone(value), "x")))
		case *int64:
			other := int64(7)
			v.Set(reflect.ValueOf(&other))
		case *letters.ChangeDates:
			walk(path, v.Elem(), again)
			v.SetZero()
		case *time.Location:
			return // the data of Zone, which is checked by its name
		default:
			require.Equal(t, reflect.Struct, v.Kind(), "no way to change %s", path)
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i), again)
			}
			return
		}
		require.NotEqual(t, approved, again(), path)
		v.Set(old)
		checked[path] = true
	}
	walk("", reflect.ValueOf(&all[1]).Elem(), func() [32]byte { return digest(notice(), all) })
	require.Equal(t, approved, digest(notice(), all))
	require.Len(t, checked, 24, "%v", slices.Sorted(maps.Keys(checked)))
}

// What was approved before notices of change had dates stands: a digest is kept with every approval.
func TestAnApprovalWithoutDatesOfAChangeKeepsItsDigest(t *testing.T) {
	sum := digest(notice(), recipients(t))
	require.Equal(t, "347a660fbc90d2b6", fmt.Sprintf("%x", sum[:8]))
}

func TestPartsOfAnApprovalDoNotRunTogether(t *testing.T) {
	text := rapid.StringMatching(`[a-c]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) letters.RecipientKey {
			return letters.RecipientKey{
				DutyID: text.Draw(t, name+" duty"), ContactID: text.Draw(t, name+" contact"), Address: text.Draw(t, name+" address"),
				Values: letters.Values{Customer: text.Draw(t, name+" customer"), Resources: rapid.SliceOfN(text, 0, 2).Draw(t, name+" resources")},
			}
		}
		one, two := draw("one"), draw("two")
		equal := reflect.DeepEqual(one, two)
		require.Equal(t, equal, digest(notice(), []letters.RecipientKey{one}) == digest(notice(), []letters.RecipientKey{two}))
	})
}

func TestAHundredThousandRecipientsNeedNoMoreMemoryThanOne(t *testing.T) {
	a := letters.NewApproval(notice())
	r := recipients(t)[0]
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	a.Add(r)
	before := held()
	sums := map[[32]byte]bool{}
	for i := range 100_000 {
		r.Address = fmt.Sprintf("n%d@example.test", i)
		a.Add(r)
		if i%10_000 == 0 {
			sums[a.Sum()] = true
		}
	}
	require.Len(t, sums, 10, "asking for the sum does not end it")
	require.Less(t, held(), before+1<<20)
	runtime.KeepAlive(a)
}
