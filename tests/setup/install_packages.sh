#!/bin/bash
# Installs the Debian packages of LIST (packages.txt) that are not there yet. Does nothing, and asks for
# nothing, where all are; otherwise it needs root (or sudo without a password) and the network.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
list=${1:-$here/packages.txt}

fail() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
while read -r package unless command; do
    case $package in '' | '#'*) continue ;; esac
    if [ "$unless" = unless ] && command -v "$command" >/dev/null; then
        continue
    fi
    is_installed "$package" || missing+=("$package")
done <"$list"
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null ||
    fail "this is no Debian; install by hand what stands for: ${missing[*]}"
as_root=()
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null ||
        fail "packages are missing and this is not root; run: sudo apt-get install ${missing[*]}"
    as_root=(sudo -n)
fi

apt() {
    # Services that a package brings stay stopped: every test starts its own, on a free port.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
install_missing() {
    apt install --no-install-recommends "${missing[@]}"
}

printf 'set-up: installing %s\n' "${missing[*]}"
# The lists may be absent or older than the archive: ask for new ones only then.
install_missing || {
    apt update || fail "apt-get update failed; is there a network? missing: ${missing[*]}"
    install_missing || fail "apt-get could not install: ${missing[*]}"
}
