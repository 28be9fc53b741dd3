package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/s3"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/testkit/scale"
)

const (
	objectsARound = 3000
	// lookers is how many objects are looked at side by side (erasure/s3).
	lookers = 8
)

// objectsErased is R11 for objects, as rowsErased is for rows: the bare loop lists versions and deletes them in batches.
func objectsErased(t *stand, h *testkit.House, _ int) ratio {
	return objectsOver(t, h, ratio{name: "R11 objects erased", unit: "objects/s", target: 0.7}, false)
}

// objectsSeenGone carries the plan to its end over a loop that asks for each object again.
func objectsSeenGone(t *stand, h *testkit.House, _ int) ratio {
	return objectsOver(t, h, ratio{name: "objects erased, seen gone", unit: "objects/s"}, true)
}

func objectsOver(t *stand, h *testkit.House, r ratio, seen bool) ratio {
	b := newBucket(t)
	declared := estate.Store{ID: "files", Kind: estate.S3, Bucket: b.name, Collections: []estate.Collection{{Name: "uploads", Class: estate.CustomerContent, Prefix: "t/{account_id}/"}}}
	place, err := s3.Open(t.ctx, s3.Options{Endpoint: b.url, Region: "us-east-1", AccessKey: testkit.S3Root.AccessKey, SecretKey: testkit.S3Root.SecretKey}, declared)
	require.NoError(t, err)
	t.Cleanup(place.Close)
	watched := &watched{Store: place}
	worker := scale.Worker{Desk: desk.New(scale.Eraser(h, declared)), Place: scale.Place{Store: watched}}
	account := int64(0)
	r.floor = func() float64 {
		account++
		b.fill(t, account)
		return perSecond(objectsARound, func() { b.bare(t, account, seen) })
	}
	r.product = func() float64 {
		account++
		b.fill(t, account)
		speed := watched.carry(t, h, worker, account, objectsARound, seen)
		require.Empty(t, b.versions(t, account))
		return speed
	}
	return r
}

// bucket is one with versions on a real server.
type bucket struct {
	*awss3.Client
	url, name string
}

func newBucket(t *stand) bucket {
	url := testkit.SharedS3(t)
	b := bucket{name: "b-" + uuid.NewString(), url: url, Client: awss3.New(awss3.Options{
		Region: "us-east-1", BaseEndpoint: &url, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(testkit.S3Root.AccessKey, testkit.S3Root.SecretKey, ""),
	})}
	_, err := b.CreateBucket(t.ctx, &awss3.CreateBucketInput{Bucket: &b.name})
	require.NoError(t, err)
	_, err = b.PutBucketVersioning(t.ctx, &awss3.PutBucketVersioningInput{Bucket: &b.name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	require.NoError(t, err)
	return b
}

func (b bucket) fill(t *stand, account int64) {
	var puts errgroup.Group
	puts.SetLimit(lookers)
	for i := range objectsARound {
		puts.Go(func() error {
			key := fmt.Sprintf("t/%d/%05d", account, i)
			_, err := b.PutObject(t.ctx, &awss3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader("a small file")})
			return err
		})
	}
	require.NoError(t, puts.Wait())
}

func (b bucket) versions(t *stand, account int64) []types.ObjectVersion {
	prefix := fmt.Sprintf("t/%d/", account)
	page, err := b.ListObjectVersions(t.ctx, &awss3.ListObjectVersionsInput{Bucket: &b.name, Prefix: &prefix})
	require.NoError(t, err)
	return page.Versions
}

// bare lists an account's versions and deletes each page of them in one call, and where it re-reads asks for each again.
func (b bucket) bare(t *stand, account int64, reread bool) {
	for {
		found := b.versions(t, account)
		if len(found) == 0 {
			return
		}
		deletion := &types.Delete{}
		for _, v := range found {
			deletion.Objects = append(deletion.Objects, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		_, err := b.DeleteObjects(t.ctx, &awss3.DeleteObjectsInput{Bucket: &b.name, Delete: deletion})
		require.NoError(t, err)
		if reread {
			b.gone(t, found)
		}
	}
}

func (b bucket) gone(t *stand, deleted []types.ObjectVersion) {
	var looks errgroup.Group
	looks.SetLimit(lookers)
	for _, v := range deleted {
		looks.Go(func() error {
			_, err := b.HeadObject(t.ctx, &awss3.HeadObjectInput{Bucket: &b.name, Key: v.Key, VersionId: v.VersionId})
			if _, missing := errors.AsType[*types.NotFound](err); !missing {
				return fmt.Errorf("an object is not seen to be gone: %w", err)
			}
			return nil
		})
	}
	require.NoError(t, looks.Wait())
}
