// Package acceptance_test holds the product's promises on its real parts: PostgreSQL, Temporal, SMTP and
// workers that are killed. Every test ends with the oracle.
package acceptance_test

import (
	"testing"

	"github.com/atlascloudai/docket/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
