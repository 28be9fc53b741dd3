package local

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldestPostgres is the oldest major version that Docket runs on.
const oldestPostgres = 15

// errNoPostgres names the remedy for a machine without PostgreSQL.
var errNoPostgres = errors.New("PostgreSQL 15 or newer is not installed; install the package postgresql (Debian, Ubuntu: `make packages` does it), postgresql-server (Fedora) or postgresql@17 (Homebrew)")

// postgresPrograms are the programs of one installed version.
type postgresPrograms struct {
	dir   string
	major int
}

func (b postgresPrograms) program(name string) string { return filepath.Join(b.dir, name) }

// FindPostgres is the directory with the programs (postgres, initdb, pg_dump, …)
// that a new cluster would use.
func FindPostgres() (string, error) {
	bin, err := findPostgres("")
	return bin.dir, err
}

// findPostgres finds the programs for a cluster of the named major version, or
// for a new cluster when major is "": those on the PATH, else the newest.
func findPostgres(major string) (postgresPrograms, error) {
	var found []postgresPrograms
	for _, dir := range programDirs() {
		if bin, ok := examine(dir); ok && !slices.Contains(found, bin) {
			found = append(found, bin)
		}
	}
	for _, bin := range found {
		if major == "" && bin.major >= oldestPostgres || strconv.Itoa(bin.major) == major {
			return bin, nil
		}
	}
	if major == "" || len(found) == 0 {
		return postgresPrograms{}, errNoPostgres
	}
	var installed []string
	for _, bin := range found {
		installed = append(installed, strconv.Itoa(bin.major))
	}
	return postgresPrograms{}, fmt.Errorf("it was made by PostgreSQL %s, and only %s is installed; install postgresql-%s, or dump and restore it", major, strings.Join(installed, ", "), major)
}

// programDirs are the places to look, in order of preference.
func programDirs() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// initdb finds its share directory beside the real program.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		dirs = append(dirs, filepath.Dir(path))
	}
	var versioned []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		matches, err := filepath.Glob(pattern)
		if err == nil {
			versioned = append(versioned, matches...)
		}
	}
	slices.SortStableFunc(versioned, func(a, b string) int { return versionIn(b) - versionIn(a) })
	dirs = append(dirs, versioned...)
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	return dirs
}

var digits = regexp.MustCompile(`[0-9]+`)

func versionIn(path string) int {
	version, err := strconv.Atoi(digits.FindString(path))
	if err != nil {
		return 0
	}
	return version
}

// examine asks the programs in dir for their version. Client programs alone do not count.
func examine(dir string) (postgresPrograms, bool) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return postgresPrograms{}, false
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return postgresPrograms{}, false
	}
	// "postgres (PostgreSQL) 15.18 (Debian …)"
	_, version, ok := strings.Cut(string(out), "(PostgreSQL) ")
	if !ok {
		return postgresPrograms{}, false
	}
	return postgresPrograms{dir: dir, major: versionIn(version)}, true
}
