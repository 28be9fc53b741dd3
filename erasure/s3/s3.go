// Package s3 erases from buckets of S3-compatible stores. A collection is a prefix; its records are all that lies below
// it: versions of objects, delete markers and unfinished multipart uploads, since each of them holds data or says that
// there was some. Object lock is never bypassed: what it refuses is held.
package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Options are how a store is reached.
type Options struct {
	// Endpoint is the store's URL; "" is AWS's own of the region.
	Endpoint string
	// Region signs the requests; stores that have none take "us-east-1".
	Region string
	// AccessKey and SecretKey need to list, read and delete versions, list and abort multipart uploads, and read the
	// locks of objects. Never the right to bypass governance.
	AccessKey, SecretKey string
	// CA is the PEM of the authorities that the endpoint's certificate is held against; nil takes the system's.
	CA []byte
}

// Store is one bucket.
type Store struct {
	client *awss3.Client
	http   *http.Client
	bucket string
}

var _ erasure.Store = (*Store)(nil)

// Open checks the options; nothing is asked of the store before the first call.
func Open(_ context.Context, opt Options, declared estate.Store) (*Store, error) {
	if declared.Bucket == "" {
		return nil, mismatch("the store declares no bucket")
	}
	if opt.Region == "" || opt.AccessKey == "" || opt.SecretKey == "" {
		return nil, errors.New("cannot open the object store: region, access key and secret key are needed")
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   lookers,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute, // a thousand deletions take some stores a while
	}
	if opt.CA != nil {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(opt.CA) {
			return nil, errors.New("cannot open the object store: the CA holds no certificate in PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	client := &http.Client{
		Transport: transport,
		// A redirect says that the bucket lies elsewhere; a signature is for one host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	options := awss3.Options{
		Region:      opt.Region,
		Credentials: credentials.NewStaticCredentialsProvider(opt.AccessKey, opt.SecretKey, ""),
		HTTPClient:  client,
		Retryer:     aws.NopRetryer{}, // whoever called decides when to come again
		// The newer checksums are unknown to many compatible stores.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if opt.Endpoint != "" {
		if endpoint, err := url.Parse(opt.Endpoint); err != nil || endpoint.Host == "" {
			return nil, errors.New("cannot open the object store: the endpoint is no URL with a host")
		}
		options.BaseEndpoint, options.UsePathStyle = &opt.Endpoint, true
	}
	return &Store{client: awss3.New(options), http: client, bucket: declared.Bucket}, nil
}

// Close lets go of idle connections.
func (s *Store) Close() {
	s.http.CloseIdleConnections()
}

// withMD5 adds the checksum that every compatible store knows to the one call that must have one.
func withMD5(o *awss3.Options) {
	o.APIOptions = append(o.APIOptions, smithyhttp.AddContentChecksumMiddleware)
}
