package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if scratch != "" {
		os.RemoveAll(scratch)
	}
	os.Exit(code)
}

// scratch is where the program under test was built; empty while no test needed it.
var scratch string

// program builds docket once, as it is shipped, for the tests that run it as a process.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "docket-program-")
	if err != nil {
		return "", err
	}
	scratch = dir
	path := filepath.Join(dir, "docket")
	if said, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build docket: %w: %s", err, said)
	}
	return path, nil
})

// docket is the program with arguments, in this environment and these variables.
func docket(t *testing.T, variables map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	cmd := exec.Command(path, args...)
	cmd.Env = os.Environ()
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs the program to its end and answers what it said, on both of its outputs, and its exit code.
func run(t *testing.T, variables map[string]string, args ...string) typed {
	t.Helper()
	cmd := docket(t, variables, args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	_ = cmd.Run() // the exit code says it
	return typed{out.String(), problems.String(), cmd.ProcessState.ExitCode()}
}
