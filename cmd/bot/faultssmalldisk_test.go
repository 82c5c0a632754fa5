package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// diskOfTest is the environment variable that makes the test binary hold a small file system, mounted where it says,
// until its standard input ends.
const diskOfTest = "RAPPORT_TEST_SMALL_DISK"

// sizeOfDisk has room for a PostgreSQL cluster and a little more.
const sizeOfDisk = "size=160m,mode=1777"

func init() {
	at := os.Getenv(diskOfTest)
	if at == "" {
		return
	}
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, sizeOfDisk); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("mounted")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// smallDisk mounts a small file system until the test ends, and answers where. Root mounts it for everybody. Anybody
// else has a process of their own mount it, in a name space where they are root, and reaches it through that process.
func smallDisk(t *testing.T) (string, error) {
	t.Helper()
	dir := t.TempDir()
	small := filepath.Join(dir, "small")
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o755), os.Mkdir(small, 0o755)); err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		if err := syscall.Mount("tmpfs", small, "tmpfs", 0, sizeOfDisk); err != nil {
			return "", err
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(small, 0); err != nil {
				t.Error(err)
			}
		})
		return small, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	holder := exec.Command(exe)
	holder.Env = append(os.Environ(), diskOfTest+"="+small)
	holder.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	in, inErr := holder.StdinPipe()
	out, outErr := holder.StdoutPipe()
	if err := errors.Join(inErr, outErr, holder.Start()); err != nil {
		return "", fmt.Errorf("a process with a file system of its own: %w", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), holder.Wait()); err != nil {
			t.Error(err)
		}
	})
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || said != "mounted\n" {
		return "", fmt.Errorf("a process with a file system of its own says %q: %w", said, err)
	}
	return fmt.Sprintf("/proc/%d/root%s", holder.Process.Pid, small), nil
}
