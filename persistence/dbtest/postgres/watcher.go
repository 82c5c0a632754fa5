package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// watchScript waits until its standard input ends, which happens when the owner closes it and also when the owner
// dies in any way, kill -9 included; then it stops the server and removes the folder. $1 is pg_ctl, $2 the folder.
const watchScript = `
read -r _
"$1" stop --pgdata "$2/data" --mode immediate --wait --timeout 30
cd / && rm -rf "$2"
`

// watcher is the process that outlives the owner of a cluster just long enough to clean up after it.
type watcher struct {
	cmd  *exec.Cmd
	life *os.File // the write end of the watcher's standard input: as long as it is open, the cluster lives
}

// watch starts the watcher of c. It needs no server yet, so that there is no moment in which one runs unwatched.
func watch(ctx context.Context, c *Cluster) (*watcher, error) {
	input, life, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("watch over the cluster: %w", err)
	}
	// The context bounds the start of the cluster; the watcher lives as long as the cluster does.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", watchScript, "watch", filepath.Join(c.bin, "pg_ctl"), c.dir)
	cmd.Stdin = input
	cmd.Dir = c.dir
	// A session of its own: an interrupt typed at the terminal must reach the tests, not what cleans up after them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.as.become(cmd)
	startErr := cmd.Start()
	closeErr := input.Close()
	if startErr != nil {
		return nil, fmt.Errorf("watch over the cluster: %w", errors.Join(startErr, life.Close()))
	}
	return &watcher{cmd: cmd, life: life}, closeErr
}

// release lets the watcher do its work and waits for it. A second call does nothing.
func (w *watcher) release() error {
	if err := w.life.Close(); err != nil {
		if errors.Is(err, os.ErrClosed) {
			return nil
		}
		return err
	}
	return w.cmd.Wait()
}
