package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
)

// FreePorts returns n different TCP ports on 127.0.0.1 on which nobody listens.
// They lie below the range from which the kernel takes ports for outgoing
// connections, so that none of those can take one before the caller binds it.
// Another program still can; a caller whose bind fails asks again.
func FreePorts(n int) ([]int, error) {
	const low, high = 15_000, 32_000
	ports := make([]int, 0, n)
	for range 100 + 100*n {
		port := low + rand.IntN(high-low)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		// Held until all are found, so that none is found twice.
		defer func() { _ = listener.Close() }()
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("cannot find %d free ports on 127.0.0.1 between %d and %d", n, low, high)
}

// onFreePorts starts a server that listens on ports that were free a moment ago. Where somebody else was faster it starts it on
// others, a few times; a port that was asked for and is taken stays the error.
func onFreePorts(start func() error) (err error) {
	for range 3 {
		if err = start(); err == nil || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
	return err
}
