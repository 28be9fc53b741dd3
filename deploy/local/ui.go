package main

import (
	"fmt"
	"net"
	"time"

	ui "github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves Temporal's own web pages and returns their URL once they answer.
// They fetch nothing from outside.
func startUI(opt options, grpc string) (string, error) {
	port := opt.uiPort
	if port == 0 {
		free, err := freePorts(opt.ip, 1)
		if err != nil {
			return "", err
		}
		port = free[0]
	}
	// The UI server ends the process when it cannot bind; say why beforehand.
	where := address(opt.ip, port)
	probe, err := net.Listen("tcp", where)
	if err != nil {
		return "", fmt.Errorf("cannot serve the web UI: %w", err)
	}
	if err := probe.Close(); err != nil {
		return "", fmt.Errorf("cannot serve the web UI: %w", err)
	}
	server := ui.NewServer(server_options.WithConfigProvider(&config.Config{
		TemporalGRPCAddress: grpc,
		Host:                opt.ip,
		Port:                port,
		EnableUI:            true,
		DefaultNamespace:    opt.namespace,
		DisableNewsFetch:    true,
		HideLogs:            true,
		// The pages are served over plain HTTP on loopback.
		CORS: config.CORS{CookieInsecure: true},
	}))
	failed := make(chan error, 1)
	go func() { failed <- server.Start() }()

	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for giveUp := time.After(10 * time.Second); ; {
		conn, err := net.Dial("tcp", where)
		if err == nil {
			_ = conn.Close()
			return "http://" + where, nil
		}
		select {
		case err := <-failed:
			return "", fmt.Errorf("cannot serve the web UI: %w", err)
		case <-giveUp:
			return "", fmt.Errorf("the web UI does not answer: %w", err)
		case <-retry.C:
		}
	}
}
