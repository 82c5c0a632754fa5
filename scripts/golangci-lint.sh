#!/bin/sh
# Runs golangci-lint in the version that this repository is checked with, building it the first time.
#
#   scripts/golangci-lint.sh run ./...
#
# The program is kept beside Go's build cache, by version, so that a fresh clone finds it built.
set -eu

version=v2.15.0

# A linter refuses code of a newer Go than it was built with, so the Go release is part of the place.
folder="$(dirname "$(go env GOCACHE)")/rapport-tools/golangci-lint-$version-$(go env GOVERSION)"
program="$folder/golangci-lint"

if [ ! -x "$program" ]; then
	printf 'golangci-lint %s is not here yet; building it takes some minutes, once\n' "$version" >&2
	mkdir -p "$folder"
	# Built aside and moved into place: a build that is stopped half-way must not leave a broken program behind.
	new=$(mktemp -d "$folder/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	(cd / && GOFLAGS= CGO_ENABLED=0 GOBIN="$new" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version")
	mv "$new/golangci-lint" "$program"
	rm -rf "$new"
	trap - EXIT
fi

exec "$program" "$@"
