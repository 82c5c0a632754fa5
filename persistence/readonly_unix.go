//go:build unix

package persistence

import (
	"errors"
	"syscall"
)

// isReadOnlyFS says that the file system as a whole is read-only.
func isReadOnlyFS(err error) bool { return errors.Is(err, syscall.EROFS) }
