#!/bin/sh
# Runs go generate and fails if that changes any file: what is generated must be committed as it comes out.
# What was changed before the run does not count, so it also works in a tree with work in progress.
set -eu

# state describes every difference between the tree and the last commit, untracked files included.
state() {
	git diff HEAD
	git ls-files --others --exclude-standard -z | xargs -0 -r sha256sum
}

before=$(state | git hash-object --stdin)
go generate ./...
if [ "$(state | git hash-object --stdin)" != "$before" ]; then
	echo "generated files are not fresh; run 'make generate' and commit:" >&2
	git --no-pager diff --stat HEAD >&2
	git ls-files --others --exclude-standard >&2
	exit 1
fi
