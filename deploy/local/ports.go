package main

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// freePorts returns n different ports on ip on which nobody listens. They are
// below the range from which the kernel takes ports for outgoing connections,
// so that none of those can take one before the server binds it.
func freePorts(ip string, n int) ([]int, error) {
	const low, high = 15_000, 32_000
	ports := make([]int, 0, n)
	for range 1000 {
		port := low + rand.IntN(high-low)
		listener, err := net.Listen("tcp", address(ip, port))
		if err != nil {
			continue
		}
		// Held until all are found, so that none is found twice.
		defer func() { _ = listener.Close() }()
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("cannot find %d free ports on %s between %d and %d", n, ip, low, high)
}

func isLoopback(ip string) bool {
	parsed := net.ParseIP(ip)
	return parsed != nil && parsed.IsLoopback()
}
