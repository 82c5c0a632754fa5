package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNotInstalled says that this machine has no PostgreSQL server programs. scripts/need.sh postgres installs them.
var ErrNotInstalled = errors.New("no PostgreSQL server programs on this machine; run scripts/need.sh postgres")

// serverPrograms are the programs that a cluster needs side by side in one folder.
var serverPrograms = []string{"initdb", "postgres", "pg_ctl"}

// findBinaries returns the folder that holds the server programs: the one behind PATH first, then the newest
// version where Debian's and the PostgreSQL project's own packages keep them, out of PATH.
func findBinaries() (string, error) {
	var candidates []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			candidates = append(candidates, filepath.Dir(resolved))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("look for PostgreSQL in %s: %w", pattern, err)
		}
		candidates = append(candidates, newestFirst(found)...)
	}
	for _, dir := range candidates {
		if hasServerPrograms(dir) {
			return dir, nil
		}
	}
	return "", ErrNotInstalled
}

func hasServerPrograms(dir string) bool {
	for _, name := range serverPrograms {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// newestFirst orders folders by the number in their path, so that version 15 comes before 9 and before 14.
func newestFirst(dirs []string) []string {
	sorted := slices.Clone(dirs)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(versionIn(b), versionIn(a)) })
	return sorted
}

// versionIn returns the first whole number in path, or 0.
func versionIn(path string) int {
	start := strings.IndexAny(path, "0123456789")
	if start < 0 {
		return 0
	}
	digits := path[start:]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	version, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return version
}
