package samples

import _ "embed"

//go:embed estate/estate.yaml
var estate []byte

// Estate is the map of a fictional AI routing company's stores, as core/estate reads it: a PostgreSQL database, a bucket, an
// internal service and a system that only its owner can reach.
func Estate() []byte { return estate }

//go:embed estate/shop.sql
var shop string

// Shop is the schema of that company's database, with a few made-up people in it.
func Shop() string { return shop }
