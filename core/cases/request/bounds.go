package request

// Bounds are how much a plan may reach before a second person has to approve it, with a sample shown.
type Bounds struct {
	// Records are how many records of one person; Accounts how many root records.
	Records, Accounts int64
	// Share is how much of a collection, in thousandths, where the store tells its size.
	Share int64
}

// DefaultBounds are those that no setting replaced.
var DefaultBounds = Bounds{Records: 10_000, Accounts: 1, Share: 50}

// Reach is what one target of a plan reaches.
type Reach struct {
	Located int64
	// Total is how many records the collection has; zero where the store does not say.
	Total int64
	Root  bool
}

// Beyond names the bounds that a plan goes beyond. shared says that an identity looks like no single person's: a role's
// address, or one of the company's own staff.
func (b Bounds) Beyond(reaches []Reach, shared bool) (wide []string) {
	var records, accounts int64
	share := false
	for _, r := range reaches {
		records += r.Located
		if r.Root {
			accounts += r.Located
		}
		// A small table says nothing about shares: a tenth of thirty rows is three.
		share = share || r.Total >= 1000 && r.Located*1000 > b.Share*r.Total
	}
	if records > b.Records {
		wide = append(wide, "records")
	}
	if accounts > b.Accounts {
		wide = append(wide, "accounts")
	}
	if share {
		wide = append(wide, "share")
	}
	if shared {
		wide = append(wide, "shared_address")
	}
	return wide
}
