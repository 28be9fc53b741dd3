package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/access"
)

// table shows who was told when, and what proves it.
func (p demonstration) table(ctx context.Context) error {
	p.act("Who was told when")
	report, err := p.Report(ctx)
	if err != nil {
		return err
	}
	report.Print(p.Out)
	if unmet := len(report.Duties) - report.Totals[drill.Met]; unmet > 0 {
		return fmt.Errorf("%d duties are not met", unmet)
	}
	return nil
}

// verify checks the case's chain and the ledger rows that it vouches for.
func (p demonstration) verify(ctx context.Context) error {
	p.act("Anyone can check")
	view, err := p.Desk.VerifyCase(ctx, p.As(access.Auditor), p.Case)
	if err != nil {
		return err
	}
	if !view.OK {
		return errors.New(view.Problem)
	}
	if _, err := p.heads.Publish(ctx); err != nil {
		return err
	}
	p.Say("  %d entries and %d ledger rows verified; head %s… is signed and published", view.Entries, view.Rows, view.Head[:16])
	return nil
}
