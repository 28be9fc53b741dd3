package desk

import (
	"context"
	"strings"

	"github.com/atlascloudai/docket/core/changelog"
)

// ChangeLog is what is public of changes. It asks for no actor, because it gives nothing that is not for everybody.
func (d *Desk) ChangeLog(context.Context) (changelog.Log, error) {
	return changelog.Log{Company: d.companyName, Base: strings.TrimSuffix(d.publicURL, "/") + "/changes"}, nil
}
