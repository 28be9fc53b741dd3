#!/usr/bin/env bash
# deploy/packages.sh [PACKAGE...] installs the system packages that Docket's make
# targets need (all of them, or those named) where they are missing. It says and
# does nothing when none is. Known: postgresql.
#
# On Debian and its relatives it installs them (as root or with sudo). Elsewhere
# it names them and exits 1.
set -euo pipefail

oldest_postgresql=15

# The newest PostgreSQL server on this machine is new enough.
have_postgresql() {
	local postgres version
	for postgres in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /opt/homebrew/opt/postgresql@*/bin/postgres; do
		[ -x "$postgres" ] || continue
		# "postgres (PostgreSQL) 15.18 (Debian ...)"
		version=$("$postgres" --version 2>/dev/null) || continue
		version=${version#*"(PostgreSQL) "}
		[ "${version%%[!0-9]*}" -ge "$oldest_postgresql" ] 2>/dev/null && return 0
	done
	return 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
	local options=(--yes --quiet --no-install-recommends)
	# A fresh machine has no package lists, and old lists name files that are gone.
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" 2>/dev/null ||
		{ as_root apt-get update --quiet && as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"; }
}

# Docket runs a PostgreSQL of its own: the package must not make and start one for the machine.
install_postgresql() {
	local settings=/etc/postgresql-common/createcluster.conf
	apt_install postgresql-common
	if ! grep -Eqs '^[[:space:]]*create_main_cluster' "$settings"; then
		echo 'create_main_cluster = false' | as_root tee -a "$settings" >/dev/null
		echo "set create_main_cluster = false in $settings: no database server is started for the whole machine"
	fi
	apt_install postgresql
}

install_openssl() { apt_install openssl; }

[ $# -gt 0 ] || set -- postgresql openssl
missing=""
for package in "$@"; do
	case $package in
	postgresql) have_postgresql || missing="$missing postgresql" ;;
	openssl) command -v openssl >/dev/null || missing="$missing openssl" ;;
	*)
		echo "deploy/packages.sh: unknown package $package; known: postgresql, openssl" >&2
		exit 2
		;;
	esac
done
missing=${missing# }
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "deploy/packages.sh: please install: $missing (PostgreSQL $oldest_postgresql or newer, server and client programs)" >&2
	echo "  (Fedora: dnf install postgresql-server; Arch: pacman -S postgresql; macOS: brew install postgresql@17)" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
	echo "deploy/packages.sh: missing: $missing; as root run: apt-get install $missing" >&2
	exit 1
fi
echo "installing $missing"
for package in $missing; do
	"install_$package"
done
if [[ $missing == *postgresql* ]] && ! have_postgresql; then
	echo "deploy/packages.sh: this system offers only a PostgreSQL older than $oldest_postgresql; install postgresql-$oldest_postgresql or newer from apt.postgresql.org" >&2
	exit 1
fi
