// Package postgres starts throw-away PostgreSQL clusters for tests and benchmarks: a server of its own in a
// temporary folder, on a free loopback port, gone without a trace when its owner stops or dies.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// superuser is the role that owns a throw-away cluster.
	superuser = "rapport"
	// maintenanceDatabase exists in every new cluster; databases are created and dropped from there.
	maintenanceDatabase = "postgres"
	// maxConnections leaves room for several test packages at once, each with several parallel tests, some of them with
	// three processes, and pools of at most 16 connections, most of them idle.
	maxConnections = 400
	// bootAttempts bounds how often a cluster is moved to another port: a port that was free a moment ago can be
	// taken by the time the server asks for it.
	bootAttempts = 5
	// portAttempts is how many ports are tried for one that is free.
	portAttempts = 100
)

// Options says how a cluster differs from the fast default. The zero value is that default: nothing is forced to
// disk, because a machine that crashes in the middle of a test run needs the tests again anyway.
type Options struct {
	// Durable keeps PostgreSQL's own settings for fsync, synchronous_commit and full_page_writes. Benchmarks that
	// claim durability and tests that crash the server need it.
	Durable bool
	// Parent is the folder in which the cluster makes its own; empty means the system's folder for temporary
	// files. A test of a full disk points it to a small file system. When the cluster runs as another user (as it
	// does under root), that user must be able to reach it.
	Parent string
	// Settings are further lines for postgresql.conf, such as "work_mem = '8MB'". The last one of a name wins.
	Settings []string
}

// Cluster is one running server with its own data folder.
type Cluster struct {
	*Server
	bin      string
	dir      string
	as       *account
	password string
	port     int
	watcher  *watcher
}

// Start makes and boots a cluster. It takes one to three seconds. The caller stops it with Stop; if the calling
// process ends without that, in whatever way, a watching process stops the server and removes its folder.
//
// The errors name the step that failed, with what the program printed; ErrNotInstalled means that the server
// programs are missing.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder(options.Parent, as)
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, dir: dir, as: as, password: rand.Text()}
	c.watcher, err = watch(ctx, c)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.create(ctx, options); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	if err := c.boot(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// Stop ends the server at once, without a checkpoint, and removes everything that the cluster had on disk.
func (c *Cluster) Stop() error {
	if err := c.watcher.release(); err != nil {
		return fmt.Errorf("stop PostgreSQL in %s: %w", c.dir, err)
	}
	return nil
}

// Crash ends the server as a failing machine would: every connection breaks, and the next Resume has to recover
// from the write-ahead log. Only a Durable cluster promises that what was committed is still there.
func (c *Cluster) Crash(ctx context.Context) error {
	return c.control(ctx, "stop", "-m", "immediate")
}

// Shutdown ends the server in order, as a restart by its operator does: every connection breaks, after a checkpoint.
func (c *Cluster) Shutdown(ctx context.Context) error {
	return c.control(ctx, "stop", "-m", "fast")
}

// Resume boots the server again on the same port after Crash or Shutdown, so every URL given out stays right.
func (c *Cluster) Resume(ctx context.Context) error {
	return c.control(ctx, "start", "-l", c.logFile())
}

func (c *Cluster) dataFolder() string { return filepath.Join(c.dir, "data") }
func (c *Cluster) logFile() string    { return filepath.Join(c.dir, "server.log") }

// create lays out the data folder and writes the cluster's settings.
func (c *Cluster) create(ctx context.Context, options Options) error {
	passwordFile := filepath.Join(c.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(c.password), 0o600); err != nil {
		return fmt.Errorf("write the cluster's password: %w", err)
	}
	if err := c.as.own(passwordFile); err != nil {
		return err
	}
	// The C locale sorts text by its bytes, as SQLite does, on every machine alike.
	err := c.run(ctx, "initdb", "--pgdata", c.dataFolder(), "--username", superuser, "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	if err != nil {
		return err
	}
	return c.configure(settings(options))
}

// settings returns the lines for postgresql.conf that hold for every boot of the cluster.
func settings(options Options) []string {
	lines := []string{
		"listen_addresses = '127.0.0.1'",
		// A socket's path may not be longer than 107 bytes, and temporary folders may: loopback is enough.
		"unix_socket_directories = ''",
		fmt.Sprintf("max_connections = %d", maxConnections),
		"shared_buffers = '128MB'",
		// Not UTC, so that a query that leans on the server's zone shows.
		"timezone = 'Asia/Baku'",
	}
	if !options.Durable {
		lines = append(lines, "fsync = off", "synchronous_commit = off", "full_page_writes = off",
			"wal_level = minimal", "max_wal_senders = 0")
	}
	return append(lines, options.Settings...)
}

// boot starts the server on a free port and fills in c.Server.
func (c *Cluster) boot(ctx context.Context) error {
	var failures []error
	for range bootAttempts {
		port, err := freePort(ctx)
		if err != nil {
			return err
		}
		if err := c.configure([]string{fmt.Sprintf("port = %d", port)}); err != nil {
			return err
		}
		err = c.Resume(ctx)
		if err == nil {
			c.port = port
			c.Server = &Server{admin: c.adminURL(), owner: c}
			return nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil || !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	return errors.Join(failures...)
}

func (c *Cluster) adminURL() *url.URL {
	return &url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, c.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)),
		Path:     "/" + maintenanceDatabase,
		RawQuery: "sslmode=disable",
	}
}

// The ports of clusters lie below those that systems give to outgoing connections (from 32768 on under Linux, from 49152
// on elsewhere): while a server is down, one of the many that are made meanwhile would take its port sooner or later.
const lowestPort, highestPort = 15_000, 32_000

// freePort returns a loopback port that nobody listens on at this moment.
func freePort(ctx context.Context) (port int, err error) {
	var config net.ListenConfig
	for range portAttempts {
		port = lowestPort + mathrand.IntN(highestPort-lowestPort)
		listener, listenErr := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err = listenErr; err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			return 0, fmt.Errorf("give back port %d: %w", port, err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("look for a free port: %w", err)
}

// configure appends lines to postgresql.conf; of a setting given twice the last one holds.
func (c *Cluster) configure(lines []string) error {
	path := filepath.Join(c.dataFolder(), "postgresql.conf")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open the cluster's settings: %w", err)
	}
	_, writeErr := file.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	if err := errors.Join(writeErr, file.Close()); err != nil {
		return fmt.Errorf("write the cluster's settings: %w", err)
	}
	return nil
}

// control runs pg_ctl on the data folder and waits until what it asked for has happened.
func (c *Cluster) control(ctx context.Context, action string, arguments ...string) error {
	arguments = append([]string{action, "--pgdata", c.dataFolder(), "--wait", "--timeout", "300"}, arguments...)
	err := c.run(ctx, "pg_ctl", arguments...)
	if err == nil || action != "start" {
		return err
	}
	if log, readErr := os.ReadFile(c.logFile()); readErr == nil {
		return fmt.Errorf("%w; the server's log ends with:\n%s", err, tail(log))
	}
	return err
}

// run executes one of PostgreSQL's programs to its end, as the cluster's account.
func (c *Cluster) run(ctx context.Context, program string, arguments ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), arguments...)
	c.as.become(cmd)
	cmd.Dir = c.dir
	// Nothing of the caller's environment: PGDATA, PGPORT or a locale would change what is started.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "LC_ALL=C"}
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, arguments[0], err, tail(output))
	}
	return nil
}

// tail returns the last lines of what a program printed, enough to see why it failed.
func tail(output []byte) string {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
