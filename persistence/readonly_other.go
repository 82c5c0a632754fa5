//go:build !unix

package persistence

// isReadOnlyFS says that the file system as a whole is read-only; elsewhere that is a missing permission.
func isReadOnlyFS(error) bool { return false }
