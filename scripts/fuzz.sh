#!/bin/sh
# Runs every fuzz test of the module, one after the other, each for the given time.
#
#   scripts/fuzz.sh 10s [PACKAGE...]
#
# Ends with 1 at the first input that breaks something; go test has then kept it under testdata/fuzz.
set -eu

time=${1:?"usage: scripts/fuzz.sh TIME [PACKAGE...]"}
shift
[ $# -gt 0 ] || set -- ./...

found=0
for package in $(go list "$@"); do
	listed=$(go test -list '^Fuzz' "$package")
	# The list ends with the closing line of the package; only the names of fuzz tests begin with Fuzz.
	for name in $(printf '%s\n' "$listed" | grep '^Fuzz' || true); do
		found=$((found + 1))
		echo "== $package $name, $time"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package"
	done
done
echo "$found fuzz tests ran"
