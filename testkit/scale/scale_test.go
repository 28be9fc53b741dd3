package scale_test

import (
	"os"
	"testing"

	"github.com/atlascloudai/docket/testkit/scale"
)

func TestMain(m *testing.M) {
	scale.ServeOutside()
	os.Exit(m.Run())
}

// A hundredth of what `make scale` plays: a customer costs as much among two thousand as among one thousand.
func TestACustomerCostsTheSameAmongMany(t *testing.T) {
	few, some, many := scale.Play(t, 100), scale.Play(t, 1000), scale.Play(t, 2000)
	t.Log(few, some, many)
	scale.RequireSame(t, scale.Between(few, some), scale.Between(some, many), 0.2)
}

// A hundredth of what `make scale` plays: agreements that differ are resolved in one decision and counted again in one
// more, at the same cost for each customer.
func TestARecountCostsTheSameAmongMany(t *testing.T) {
	few, some, many := scale.PlayRecount(t, 102), scale.PlayRecount(t, 1002), scale.PlayRecount(t, 2004)
	t.Log(few, some, many)
	each := func(less, more scale.Recount) map[string]scale.Cost {
		return scale.Further(less.Stages(), more.Stages(), more.Customers-less.Customers)
	}
	scale.RequireSame(t, each(few, some), each(some, many), 0.2)
}

// A hundredth of what `make scale` plays: a record costs as much to find and to erase among thirty thousand as among twenty
// thousand, although the worker is lost in the middle.
func TestARecordCostsTheSameAmongMany(t *testing.T) {
	few, some, many := scale.PlayErasure(t, 10_000), scale.PlayErasure(t, 20_000), scale.PlayErasure(t, 40_000)
	t.Log(few, some, many)
	each := func(less, more scale.Erasing) map[string]scale.Cost {
		return scale.Further(less.Stages(), more.Stages(), more.Records-less.Records)
	}
	scale.RequireSame(t, each(few, some), each(some, many), 0.2)
}

// A tenth of what `make scale` plays: a notice of change that is stopped on its way has an exact split, and another notice reaches
// exactly those who are left.
func TestAStoppedChangeSaysExactlyWhoWasTold(t *testing.T) {
	t.Log(scale.PlayChange(t, 1000, 450))
}
