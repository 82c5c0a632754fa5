package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// lesserAccounts are the accounts that a cluster may run as when the tests run as root, which PostgreSQL refuses to.
var lesserAccounts = []string{"postgres", "nobody"}

// account is the system account that a cluster runs as. A nil account means the caller's own.
type account struct {
	uid, gid int
}

// serverAccount returns the account to run a cluster as: the caller's own, or a lesser one when that is root.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var failures []error
	for _, name := range lesserAccounts {
		entry, err := user.Lookup(name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		uid, uidErr := strconv.Atoi(entry.Uid)
		gid, gidErr := strconv.Atoi(entry.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			failures = append(failures, err)
			continue
		}
		return &account{uid: uid, gid: gid}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no account to run it as: %w", errors.Join(failures...))
}

// become makes cmd run as the account.
func (a *account) become(cmd *exec.Cmd) {
	if a == nil {
		return
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// own gives path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to the cluster's account: %w", path, err)
	}
	return nil
}

// makeFolder makes the cluster's own folder inside parent and gives it to the account.
func makeFolder(parent string, as *account) (string, error) {
	dir, err := os.MkdirTemp(parent, "rapport-postgres-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the cluster: %w", err)
	}
	if err := as.own(dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}
