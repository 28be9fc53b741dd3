package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
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

// A circumstance is one that a rule knows, and none that is chosen for a single computation: it would move clocks later.
func TestACircumstanceThatNoRuleKnowsIsRefused(t *testing.T) {
	t.Parallel()
	pack, err := packs.Load()
	require.NoError(t, err)
	company, err := profile(config.Company{Circumstances: []string{"small_agent", "weekend_relief"}, Traits: []string{"nis2-entity"}, MainEstablishment: "IE"}, pack)
	require.NoError(t, err)
	require.True(t, slices.Contains(company.Traits, duty.NIS2Entity))
	require.Equal(t, "IE", company.EUMainEstablishment.Country)
	for _, wrong := range []string{"smal_agent", "extended", "include_not_in_force", "internal_target"} {
		_, err := profile(config.Company{Circumstances: []string{wrong}}, pack)
		require.ErrorContains(t, err, "DOCKET_COMPANY_CIRCUMSTANCES names \""+wrong+"\", which no rule knows; they are ")
	}
}
