package s3

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/atlascloudai/docket/core/estate"
)

// tops are the bucket's first thousand top-level prefixes and keys, those with nothing but old versions included, and
// whether there are more.
func (s *Store) tops(ctx context.Context) (tops []string, more bool, err error) {
	answer, err := s.client.ListObjectVersions(ctx, &awss3.ListObjectVersionsInput{
		Bucket: &s.bucket, Delimiter: aws.String("/"), MaxKeys: aws.Int32(storePage),
	})
	if err != nil {
		return nil, false, err
	}
	for _, prefix := range answer.CommonPrefixes {
		tops = append(tops, aws.ToString(prefix.Prefix))
	}
	for _, v := range answer.Versions {
		tops = append(tops, aws.ToString(v.Key))
	}
	for _, m := range answer.DeleteMarkers {
		tops = append(tops, aws.ToString(m.Key))
	}
	return tops, aws.ToBool(answer.IsTruncated), nil
}

// structural is what a prefix looks like that names a part of a system; any other may name a person and is not repeated.
var structural = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,40}/$`)

// undeclared finds the tops at which no collection begins; the not searchable ones count as declared.
func undeclared(declared estate.Store, tops []string) (named []string, unnamed int) {
	var begins []*regexp.Regexp
	for _, c := range declared.Collections {
		top, _, below := strings.Cut(c.Prefix, "/")
		if below {
			top += "/"
		}
		begins = append(begins, template(top).regexp(!below))
	}
tops:
	for _, top := range tops {
		for _, begin := range begins {
			if begin.MatchString(top) {
				continue tops
			}
		}
		if structural.MatchString(top) {
			named = append(named, top)
		} else {
			unnamed++
		}
	}
	return named, unnamed
}
