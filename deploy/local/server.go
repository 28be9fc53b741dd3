package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/primitives/timestamp"
	schema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// retention is how long a closed workflow can be looked at in the web UI.
const retention = 7 * 24 * time.Hour

// clusterName is Temporal's customary name for a cluster that has no other.
const clusterName = "active"

type server struct {
	temporal temporal.Server
	level    zap.AtomicLevel
	grpc     string
	ui       string
}

// start brings up the four services and the web UI and returns when both answer.
func start(opt options) (*server, error) {
	logger, level, err := newLogger(opt.logLevel)
	if err != nil {
		return nil, err
	}
	database, err := openDatabase(opt.database)
	if err != nil {
		return nil, err
	}
	cfg, err := newConfig(opt, database)
	if err != nil {
		return nil, err
	}
	if err := createNamespace(database, opt.namespace); err != nil {
		return nil, damaged(opt.database, err)
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, service := range cfg.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(address(opt.ip, service.RPC.GRPCPort))
	}
	srv, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(limits(opt)),
	)
	if err != nil {
		return nil, fmt.Errorf("cannot configure the Temporal server: %w", err)
	}
	if err := srv.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the Temporal server on %s: %w (if it is damaged, it may be deleted: Docket goes on from PostgreSQL)", opt.database, err)
	}
	s := &server{temporal: srv, level: level, grpc: cfg.PublicClient.HostPort}
	if err := serving(s.grpc, 30*time.Second); err != nil {
		return nil, err
	}
	if opt.uiPort >= 0 {
		if s.ui, err = startUI(opt, s.grpc); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ready is the line that a parent waits for.
func (s *server) ready() string {
	line := "ready grpc=" + s.grpc
	if s.ui != "" {
		line += " ui=" + s.ui
	}
	return line
}

// stop ends the services, or gives up after limit: SQLite's file is whole at any instant.
func (s *server) stop(limit time.Duration) {
	// While its parts end one by one the server reports each cut call as an error.
	s.level.SetLevel(zapcore.FatalLevel + 1)
	stopped := make(chan struct{})
	go func() {
		_ = s.temporal.Stop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(limit):
	}
}

func newLogger(level string) (log.Logger, zap.AtomicLevel, error) {
	at, err := zap.ParseAtomicLevel(level)
	if err != nil {
		return nil, at, fmt.Errorf("--log-level %q is not one of debug, info, warn, error", level)
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	zl, err := zap.Config{
		Level:            at,
		Encoding:         "json",
		EncoderConfig:    encoder,
		OutputPaths:      []string{"stderr"},
		ErrorOutputPaths: []string{"stderr"},
	}.Build()
	if err != nil {
		return nil, at, fmt.Errorf("cannot build the logger: %w", err)
	}
	return log.NewZapLogger(zl), at, nil
}

func newConfig(opt options, database *config.SQL) (*config.Config, error) {
	internal, err := freePorts(opt.ip, 4)
	if err != nil {
		return nil, err
	}
	port := opt.port
	if port == 0 {
		port = internal[3]
	}
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: opt.ip}}
	}
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: opt.ip},
		},
		Persistence: config.Persistence{
			DefaultStore:     sqlite.PluginName,
			VisibilityStore:  sqlite.PluginName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{sqlite.PluginName: {SQL: database}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address(opt.ip, port)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(port),
			string(primitives.HistoryService):  service(internal[0]),
			string(primitives.MatchingService): service(internal[1]),
			string(primitives.WorkerService):   service(internal[2]),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{
			Archival: config.ArchivalNamespaceDefaults{
				History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
				Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
			},
		},
		PublicClient: config.PublicClient{HostPort: address(opt.ip, port)},
	}, nil
}

// limits raises what Temporal sets for a cluster that many tenants share, and
// gives each task queue one partition: one process gains nothing by more, and
// with one a task is handed out in the order it came.
func limits(opt options) dynamicconfig.StaticClient {
	set := dynamicconfig.StaticClient{
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		dynamicconfig.FrontendRPS.Key():                                  20_000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():           20_000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 1_000,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    20_000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     50_000,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                    20_000,
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key():              20_000,
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key():             20_000,

		// Every test registers a namespace of its own.
		dynamicconfig.FrontendNamespaceReplicationInducingAPIsRPS.Key():                        1_000,
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(): 1_000,
	}
	if opt.database == memory {
		// A test uses the namespace or attribute that it registered a moment ago.
		set[dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key()] = true
		set[dynamicconfig.NamespaceCacheRefreshInterval.Key()] = 500 * time.Millisecond
	}
	return set
}

func createNamespace(database *config.SQL, name string) error {
	namespace, err := schema.NewNamespaceConfig(clusterName, name, false, nil)
	if err != nil {
		return fmt.Errorf("cannot describe the namespace %s: %w", name, err)
	}
	namespace.Detail.Config.Retention = timestamp.DurationPtr(retention)
	return schema.CreateNamespaces(database, namespace)
}

// serving returns when the frontend says that it serves.
func serving(hostPort string, limit time.Duration) error {
	conn, err := grpc.NewClient(hostPort, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("cannot reach the Temporal server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	health := grpc_health_v1.NewHealthClient(conn)
	request := &grpc_health_v1.HealthCheckRequest{Service: "temporal.api.workflowservice.v1.WorkflowService"}
	for {
		answer, err := health.Check(ctx, request, grpc.WaitForReady(true))
		if err == nil && answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Temporal server does not answer on %s after %s: %w", hostPort, limit, err)
		case <-retry.C:
		}
	}
}

func address(ip string, port int) string { return net.JoinHostPort(ip, strconv.Itoa(port)) }
