#!/bin/sh
# Makes sure that this machine has what the tests need, and installs what it lacks.
#
#   scripts/need.sh [postgres] [chromium] [cc]
#
# postgres  the server programs, for throw-away test clusters (no server of the machine's own is used)
# chromium  the browser and two fonts, for the tests of the sandbox's page and the cockpit
# cc        a C compiler with its headers, for Go's race detector
#
# Asks nothing and changes nothing when everything is there. Installs with apt-get, as root or through sudo.
# Ends with 1 and the names of what is still missing when something could not be had, 2 for a wrong argument.
set -eu

say() { printf 'need: %s\n' "$*"; }
die() { printf 'need: %s\n' "$*" >&2; exit 1; }

has() { command -v "$1" >/dev/null 2>&1; }

# has_package says whether dpkg knows the package as installed; off Debian it is taken as there.
has_package() {
	has dpkg-query || return 0
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

has_postgres() {
	has initdb && return 0
	for program in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /opt/homebrew/opt/postgresql@*/bin/initdb; do
		[ -x "$program" ] && return 0
	done
	return 1
}

has_chromium() {
	has chromium || has chromium-browser || has google-chrome || [ -d '/Applications/Google Chrome.app' ]
}

# has_cc compiles a program: a compiler without the C library's headers is of no use.
has_cc() {
	has "${CC:-cc}" || return 1
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' |
		"${CC:-cc}" -x c -o /dev/null - 2>/dev/null
}

# lacking prints the Debian packages that are missing for one need.
lacking() {
	case "$1" in
	postgres)
		has_postgres || echo postgresql
		;;
	chromium)
		has_chromium || echo chromium
		for font in fonts-dejavu-core fonts-noto-color-emoji; do
			has_package "$font" || echo "$font"
		done
		;;
	cc)
		has_cc || echo gcc libc6-dev
		;;
	esac
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		env "$@"
	else
		sudo env "$@"
	fi
}

for need in "$@"; do
	case "$need" in
	postgres | chromium | cc) ;;
	*)
		printf 'need: unknown: %s (known: postgres chromium cc)\n' "$need" >&2
		exit 2
		;;
	esac
done

packages=
for need in "$@"; do
	packages="$packages $(lacking "$need" | tr '\n' ' ')"
done
packages=$(printf '%s' "$packages" | tr -s ' ' | sed 's/^ //; s/ $//')
[ -n "$packages" ] || exit 0

has apt-get || die "missing here: $packages (Debian's names). There is no apt-get; install them with this system's own tool."
if [ "$(id -u)" -ne 0 ]; then
	has sudo || die "missing here: $packages. Install them as root: apt-get install -y $packages"
	say "missing here: $packages. Installing them through sudo."
else
	say "missing here: $packages. Installing them."
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# apt runs apt-get without a question or a word; what it said is shown when it fails. The lock is waited for: another
# apt may be at work on a machine that has just been made.
apt() {
	as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq "$@" \
		</dev/null >"$log" 2>&1 && return 0
	cat "$log" >&2
	say "apt-get $1 ended with an error"
}

apt update
# shellcheck disable=SC2086 # a list of words
apt install -y --no-install-recommends $packages

missing=
for need in "$@"; do
	left=$(lacking "$need" | tr '\n' ' ' | sed 's/ $//')
	[ -z "$left" ] || missing="$missing $need ($left)"
done
[ -z "$missing" ] || die "could not be installed:$missing"
say "installed: $packages"
