package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
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
