package acceptance_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// What a store's own lock keeps is waited for until its date: everything else goes, the person is told until when, and on the date
// the same request takes the object too and is certified.
func TestALockedObjectIsWaitedForAndGoesOnItsDate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	l := newLive(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	e.StartWorker(t)
	until := time.Now().Add(coolingOff + 48*time.Hour).Truncate(time.Second).UTC()
	lock := func(until time.Time) {
		_, err := l.objects.PutObjectRetention(ctx, &awss3.PutObjectRetentionInput{Bucket: &l.bucket, Key: aws.String("u/1/a"), BypassGovernanceRetention: aws.Bool(true),
			Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeGovernance, RetainUntilDate: &until}})
		require.NoError(t, err)
	}
	lock(until)
	caseID := asked(t, e)
	later(t, e, caseID, coolingOff)
	attested(t, e, caseID, ana)
	awaitStatus(t, e, caseID, "awaiting_expiry")
	targets := request(t, e, caseID).Targets
	uploads := targets[slices.IndexFunc(targets, func(target desk.TargetView) bool { return target.Address == "files/uploads" })]
	require.Len(t, uploads.Kept, 1)
	require.Equal(t, "store_lock", uploads.Kept[0].Ground)
	require.Equal(t, until, uploads.Kept[0].Until.UTC())
	require.Equal(t, []string{"u/1/a", "u/10/a"}, l.keys(t))
	require.Zero(t, request(t, e, caseID).State.Certificate, "nothing is certified that is not over")
	_, err := e.Desk.DraftLetter(ctx, e.As(access.Responder), "", caseID, desk.LetterInput{Kind: "answer"})
	require.NoError(t, err)
	approvesLetter(t, e, caseID, "answer")
	testkit.Await(t, "she is told until when it stays", func() bool {
		return slices.ContainsFunc(mailsTo(t, e, ana), func(mail string) bool {
			return strings.Contains(mail, "files/uploads") && strings.Contains(mail, until.Format("2 January 2006"))
		})
	})

	soon := time.Now().Add(2 * time.Second)
	lock(soon)
	later(t, e, caseID, 47*time.Hour)
	require.Equal(t, "awaiting_expiry", request(t, e, caseID).Status, "nobody asks before the date that the store gave")
	testkit.Await(t, "on the store's own clock the date comes", func() bool { return time.Now().After(soon.Add(time.Second)) })
	later(t, e, caseID, 2*time.Hour)
	awaitStatus(t, e, caseID, "completed")
	l.erased(t, e, caseID)
	require.Equal(t, 1, request(t, e, caseID).State.Certificate)
}
