package s3

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/atlascloudai/docket/core/estate"
)

// Check compares the estate with the live bucket:
//
//	unknown_bucket      the bucket is not there
//	invalid_prefix      a collection's prefix could mean more or less than one person's objects
//	invalid_strategy    a collection asks for what cannot be done to objects
//	missing_permission  the credentials may not list versions or uploads, or read the bucket's settings
//	object_lock         new objects are locked for a time, which erasure waits for: advice
//	mfa_delete          versions can be deleted only with a device's code, which nobody has here
//	undeclared_prefix   objects lie where no collection looks
//
// Whether the credentials may delete shows only when they do.
func (s *Store) Check(ctx context.Context, declared estate.Store) ([]estate.Finding, error) {
	var findings []estate.Finding
	add := func(advice bool, at, code, detail string, args ...any) {
		findings = append(findings, estate.Finding{At: at, Code: code, Detail: fmt.Sprintf(detail, args...), Advice: advice})
	}
	find := func(at, code, detail string, args ...any) { add(false, at, code, detail, args...) }
	advise := func(at, code, detail string, args ...any) { add(true, at, code, detail, args...) }
	for _, c := range declared.Collections {
		if c.NotSearchable != nil {
			continue
		}
		at := declared.ID + "/" + c.Name
		if err := template(c.Prefix).valid(); err != nil {
			find(at, "invalid_prefix", "%s", err.Detail)
		}
		if c.Strategy == estate.MaskFields || c.Retention != nil {
			find(at, "invalid_strategy", "objects can be deleted and not masked; a retention of the store's own is object lock")
		}
	}
	// What the calls below may not do is a finding; everything else that fails them is an error.
	may := func(call string, err error) (bool, error) {
		if err == nil {
			return true, nil
		}
		if code(err) != "AccessDenied" {
			return false, failed(call, err)
		}
		find(declared.ID, "missing_permission", "the credentials may not %s", call)
		return false, nil
	}
	tops, more, err := s.tops(ctx)
	if code(err) == "NoSuchBucket" {
		find(declared.ID, "unknown_bucket", "there is no bucket %q: correct its name, or make it", s.bucket)
		return findings, nil
	}
	if ok, err := may("list versions", err); err != nil {
		return nil, err
	} else if ok {
		named, unnamed := undeclared(declared, tops)
		for _, prefix := range named {
			find(declared.ID, "undeclared_prefix", "no collection looks under %q: declare it, or say why it cannot be searched", prefix)
		}
		if unnamed > 0 {
			find(declared.ID, "undeclared_prefix", "no collection looks at %d more prefixes or keys at the top of the bucket, whose names may be people's", unnamed)
		}
		if more {
			advise(declared.ID, "undeclared_prefix", "the bucket has more than a thousand prefixes or keys at its top, and only the first were looked at")
		}
	}
	_, err = s.client.ListMultipartUploads(ctx, &awss3.ListMultipartUploadsInput{Bucket: &s.bucket, MaxUploads: aws.Int32(1)})
	if _, err := may("list multipart uploads", err); err != nil {
		return nil, err
	}
	versions, err := s.client.GetBucketVersioning(ctx, &awss3.GetBucketVersioningInput{Bucket: &s.bucket})
	if ok, err := may("read the bucket's versioning", err); err != nil {
		return nil, err
	} else if ok && versions.MFADelete == types.MFADeleteStatusEnabled {
		find(declared.ID, "mfa_delete", "versions are deleted only with a device's code: switch MFA delete off, or erase by hand")
	}
	locks, err := s.client.GetObjectLockConfiguration(ctx, &awss3.GetObjectLockConfigurationInput{Bucket: &s.bucket})
	if unlocked[code(err)] {
		return findings, nil
	}
	if ok, err := may("read the bucket's object lock", err); err != nil {
		return nil, err
	} else if ok && locks.ObjectLockConfiguration != nil && locks.ObjectLockConfiguration.Rule != nil && locks.ObjectLockConfiguration.Rule.DefaultRetention != nil {
		kept := locks.ObjectLockConfiguration.Rule.DefaultRetention
		advise(declared.ID, "object_lock", "objects are locked (%s) for %d days and %d years from their writing: erasure is held until then",
			kept.Mode, aws.ToInt32(kept.Days), aws.ToInt32(kept.Years))
	}
	return findings, nil
}
