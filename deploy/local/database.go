package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	schema "go.temporal.io/server/schema/sqlite"
)

// lockWait is how long a start waits for the server before it, which may still
// be ending, to let go of the file.
const lockWait = 20 * time.Second

// openDatabase is the persistence configuration for path. A new file gets its
// schema under another name first, so that a start that was cut leaves no half
// file; one that exists is checked, since what is broken is better deleted
// (nothing in it is needed) than repaired. The lock lives as long as the process.
func openDatabase(path string) (*config.SQL, error) {
	if path == memory {
		return &config.SQL{
			PluginName:        sqlite.PluginName,
			DatabaseName:      "docket",
			ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
		}, nil
	}
	if err := lockFile(path + ".lock"); err != nil {
		return nil, err
	}
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = createDatabase(path)
	case err == nil:
		err = checkDatabase(path)
	}
	if err != nil {
		return nil, err
	}
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: path,
		// NORMAL under WAL loses nothing when the process is killed; a power cut
		// may take the last moments, which the bells bring back from PostgreSQL.
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "normal",
			"busy_timeout": "10000",
		},
	}, nil
}

func createDatabase(path string) error {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("cannot create %s: %w", path, err)
	}
	half := path + ".new"
	// A journal beside a file that was deleted would be played into the new one.
	for _, name := range []string{path + "-wal", path + "-shm", path + "-journal", half, half + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot create %s: %w", path, err)
		}
	}
	err := schema.SetupSchema(&config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      half,
		ConnectAttributes: map[string]string{"mode": "rwc", "synchronous": "off"},
	})
	if err != nil {
		return fmt.Errorf("cannot set up the schema of %s: %w", path, err)
	}
	if err := os.Rename(half, path); err != nil {
		return fmt.Errorf("cannot create %s: %w", path, err)
	}
	return nil
}

func checkDatabase(path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw&_pragma=busy_timeout=10000")
	if err != nil {
		return damaged(path, err)
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return damaged(path, err)
	}
	if verdict != "ok" {
		return damaged(path, errors.New(verdict))
	}
	var tables int
	const wanted = `SELECT count(*) FROM sqlite_master WHERE type = 'table'
		AND name IN ('namespaces', 'executions', 'shards', 'executions_visibility')`
	if err := db.QueryRow(wanted).Scan(&tables); err != nil {
		return damaged(path, err)
	}
	if tables != 4 {
		return damaged(path, errors.New("it does not hold Temporal's tables"))
	}
	return nil
}

func damaged(path string, err error) error {
	return fmt.Errorf("cannot use the database %s: %w; it may be deleted: Docket goes on from PostgreSQL", path, err)
}

// lockFile keeps two servers off one file. The kernel frees the lock with the process.
func lockFile(path string) error {
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the lock %s: %w", path, err)
	}
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for giveUp := time.After(lockWait); ; {
		err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("cannot lock %s: %w", path, err)
		}
		select {
		case <-retry.C:
		case <-giveUp:
			return fmt.Errorf("another docket-temporal holds %s", path)
		}
	}
}
