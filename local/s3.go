package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// S3Options describe an embedded S3 server.
type S3Options struct {
	// Dir is where buckets lie, made when it does not exist; "" is a temporary place that goes with the server.
	Dir string
	// Port is where it answers; 0 takes a free one.
	Port int
	// AccessKey and SecretKey are the root account's, which may do everything.
	AccessKey, SecretKey string
	// UserAccessKey and UserSecretKey are those of an account that may do what buckets' policies permit; "" for none.
	UserAccessKey, UserSecretKey string
	// Log receives the server's own log; nil drops it.
	Log io.Writer
}

// S3 is a running embedded S3 server (deploy/s3). It ends with this process, however this process ends.
type S3 struct {
	// URL is where it answers.
	URL string

	*server
}

// FindS3 is the path of docket-s3: what DOCKET_S3_BINARY names, else the file beside the running program, else bin/ of
// the Go module around the working directory. The error says how to build it.
func FindS3() (string, error) { return findServer("docket-s3", "DOCKET_S3_BINARY", "make s3") }

// StartS3 starts the server and returns when it answers.
func StartS3(ctx context.Context, opt S3Options) (*S3, error) {
	binary, err := FindS3()
	if err != nil {
		return nil, err
	}
	if opt.Log == nil {
		opt.Log = io.Discard
	}
	var child *server
	var line string
	err = onFreePorts(func() error {
		port := opt.Port
		if port == 0 {
			free, err := FreePorts(1)
			if err != nil {
				return err
			}
			port = free[0]
		}
		cmd := exec.Command(binary, "--dir", opt.Dir, "--port", strconv.Itoa(port))
		// In the environment, since everybody on the machine reads command lines.
		cmd.Env = append(os.Environ(), "S3_ACCESS_KEY="+opt.AccessKey, "S3_SECRET_KEY="+opt.SecretKey,
			"S3_USER_ACCESS_KEY="+opt.UserAccessKey, "S3_USER_SECRET_KEY="+opt.UserSecretKey)
		child, line, err = startServer(ctx, cmd, opt.Log)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start the S3 server %s: %w", binary, err)
	}
	url, _ := strings.CutPrefix(strings.TrimSpace(line), "ready s3=")
	return &S3{URL: url, server: child}, nil
}
