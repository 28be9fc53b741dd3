package local

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// A port that was free a moment ago may be somebody's by now: the server starts on others. A port that stays taken is the error,
// and so is everything else, at once.
func TestAServerStartsOnOtherPortsWhereSomebodyWasFaster(t *testing.T) {
	t.Parallel()
	taken, broken := errors.New("listen tcp 127.0.0.1:28370: bind: address already in use"), errors.New("no such file")
	for name, c := range map[string]struct {
		answers []error
		starts  int
		err     error
	}{
		"free":               {[]error{nil}, 1, nil},
		"taken once":         {[]error{taken, nil}, 2, nil},
		"taken for good":     {[]error{taken, taken, taken}, 3, taken},
		"broken":             {[]error{broken}, 1, broken},
		"taken, then broken": {[]error{taken, broken}, 2, broken},
	} {
		starts := 0
		err := onFreePorts(func() error {
			starts++
			return c.answers[starts-1]
		})
		require.Equal(t, c.err, err, name)
		require.Equal(t, c.starts, starts, name)
	}
}
