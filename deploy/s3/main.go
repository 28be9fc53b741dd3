// Command docket-s3 is an S3 server (versitygw on its posix backend) in one process, for one machine: development, the
// demo and tests. It keeps versions, delete markers, multipart uploads and object locks as the protocol says. What it
// knows lies below one directory, on a file system with extended attributes (ext4, xfs, btrfs, apfs; tmpfs from Linux 6.6):
// its other way to keep attributes, files beside the objects, answers InternalError to a second deletion of a version.
//
// It is its own Go module so that the product does not carry the server's dependencies.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

const usage = `docket-s3 runs an S3 server on this machine.

The environment names its root account (S3_ACCESS_KEY, S3_SECRET_KEY) and, if wanted, one that may do only what
buckets' policies permit (S3_USER_ACCESS_KEY, S3_USER_SECRET_KEY).

When it answers, it prints one line on standard output:
  ready s3=http://127.0.0.1:PORT
It ends on SIGTERM and SIGINT and, when its standard input is a pipe, as soon as that pipe is closed: a parent that
holds the other end cannot leave it behind.

Flags:
`

func main() {
	flags := flag.NewFlagSet("docket-s3", flag.ExitOnError)
	port := flags.Int("port", 7070, "`port` on 127.0.0.1")
	dir := flags.String("dir", "", "`directory` for buckets and versions, made when it does not exist; \"\" takes one that goes with the server")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	_ = flags.Parse(os.Args[1:]) // ends the process itself
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go endWithPipe(os.Stdin, stop)
	if err := run(ctx, *dir, *port); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "docket-s3:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, dir string, port int) error {
	root := auth.Account{Access: os.Getenv("S3_ACCESS_KEY"), Secret: os.Getenv("S3_SECRET_KEY"), Role: auth.RoleAdmin}
	if root.Access == "" || root.Secret == "" {
		return errors.New("S3_ACCESS_KEY and S3_SECRET_KEY are needed")
	}
	if dir == "" {
		var err error
		if dir, err = temporary(); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	dir, err := filepath.Abs(dir) // the backend changes the working directory
	if err != nil {
		return err
	}
	place := map[string]string{}
	for _, name := range []string{"buckets", "versions", "accounts"} {
		place[name] = filepath.Join(dir, name)
		if err := os.MkdirAll(place[name], 0o700); err != nil {
			return err
		}
	}
	if err := (meta.XattrMeta{}).Test(place["buckets"]); err != nil {
		return fmt.Errorf("%s: %w; name another --dir", dir, err)
	}
	backend, err := posix.New(place["buckets"], meta.XattrMeta{}, posix.PosixOpts{VersioningDir: place["versions"], Concurrency: 100})
	if err != nil {
		return err
	}
	accounts, err := auth.NewInternal(root, place["accounts"])
	if err != nil {
		return err
	}
	if user := os.Getenv("S3_USER_ACCESS_KEY"); user != "" {
		err := accounts.CreateAccount(auth.Account{Access: user, Secret: os.Getenv("S3_USER_SECRET_KEY"), Role: auth.RoleUser})
		if err != nil && !errors.Is(err, auth.ErrUserExists) {
			return err
		}
	}
	address := net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
	go announce(ctx, "http://"+address)
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess:    root.Access,
		RootUserSecret:    root.Secret,
		IAMService:        accounts,
		Ports:             []string{address},
		MaxConnections:    1000,
		MaxRequests:       1000,
		MultipartMaxParts: 10_000,
		KeepAlive:         true,
		Quiet:             true,
		HealthPath:        "/healthz",
	})
}

// temporary makes a directory where extended attributes can be kept.
func temporary() (string, error) {
	var errs []error
	for _, parent := range []string{"", "/var/tmp", "."} {
		dir, err := os.MkdirTemp(parent, "docket-s3-")
		if err == nil {
			if err = (meta.XattrMeta{}).Test(dir); err == nil {
				return dir, nil
			}
			_ = os.Remove(dir)
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// announce prints the ready line once the server answers.
func announce(ctx context.Context, url string) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		answer, err := http.Get(url + "/healthz")
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			fmt.Println("ready s3=" + url)
			return
		}
	}
}

// endWithPipe calls end when f is a pipe and its writing end is gone. It never does for a terminal or /dev/null, so that
// the server can be started by hand.
func endWithPipe(f *os.File, end func()) {
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		_, _ = io.Copy(io.Discard, f)
		end()
	}
}
