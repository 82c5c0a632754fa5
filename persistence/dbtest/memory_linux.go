package dbtest

import "syscall"

const (
	// memory is where Linux keeps a file system in memory.
	memory = "/dev/shm"
	// tmpfs marks such a file system: TMPFS_MAGIC of statfs(2).
	tmpfs = 0x01021994
	// enoughMemory is how many bytes must be free there; a container may have a few MB only.
	enoughMemory = 512 << 20
)

// inMemory is a folder whose files lie in memory, if there is one with enough room.
func inMemory() (folder string, ok bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(memory, &s) != nil || s.Type != tmpfs {
		return "", false
	}
	return memory, s.Bavail*uint64(s.Bsize) >= enoughMemory
}
