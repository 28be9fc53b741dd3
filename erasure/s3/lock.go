package s3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// lock is what keeps a version from being deleted.
type lock struct {
	stands bool
	// until is when it ends by itself; nil for a legal hold, which somebody has to take away.
	until  *time.Time
	detail string
}

// lockOn asks the store what keeps a version at an instant. Not even a lock that these credentials could bypass is bypassed.
func (s *Store) lockOn(ctx context.Context, a artefact, at time.Time) (lock, error) {
	if a.kind != version {
		return lock{}, nil // neither delete markers nor uploads can be locked
	}
	hold, err := s.client.GetObjectLegalHold(ctx, &awss3.GetObjectLegalHoldInput{Bucket: &s.bucket, Key: &a.key, VersionId: &a.id})
	if err != nil && !unlocked[code(err)] {
		return lock{}, failed("read a legal hold", err)
	}
	if err == nil && hold.LegalHold != nil && hold.LegalHold.Status == types.ObjectLockLegalHoldStatusOn {
		return lock{stands: true, detail: "legal hold"}, nil
	}
	kept, err := s.client.GetObjectRetention(ctx, &awss3.GetObjectRetentionInput{Bucket: &s.bucket, Key: &a.key, VersionId: &a.id})
	if err != nil && !unlocked[code(err)] {
		return lock{}, failed("read a retention", err)
	}
	if err == nil && kept.Retention != nil && aws.ToTime(kept.Retention.RetainUntilDate).After(at) {
		return lock{stands: true, until: kept.Retention.RetainUntilDate, detail: "object lock, " + string(kept.Retention.Mode)}, nil
	}
	return lock{}, nil
}

// unlocked are the answers of a bucket or an object without locks.
var unlocked = map[string]bool{
	"NoSuchObjectLockConfiguration":        true,
	"ObjectLockConfigurationNotFoundError": true,
	"InvalidRequest":                       true, // Bucket is missing Object Lock Configuration
	"NotImplemented":                       true,
	"NoSuchKey":                            true,
	"NoSuchVersion":                        true,
}
