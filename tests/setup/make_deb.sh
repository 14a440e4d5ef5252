#!/bin/bash
# Builds the Debian packages of this tree, as it lies here, into FOLDER (build/deb). Needs the build
# dependencies of debian/control, which it installs where it may.
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
folder=$(realpath -m "${1:-$root/build/deb}")
cd "$root"

missing=$(dpkg-checkbuilddeps 2>&1 >/dev/null) || {
    [ "$(id -u)" = 0 ] || {
        printf 'deb: %s\n' "$missing" >&2
        exit 1
    }
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y --no-install-recommends build-dep ./ >/dev/null
}
rm -rf "$folder"
mkdir -p "$folder/source"
# What git knows of, changed or new; never what a build left behind.
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' name; do [ ! -e "$name" ] || printf '%s\0' "$name"; done |
    xargs -0 cp --parents --preserve=mode --target-directory "$folder/source"
(cd "$folder/source" && dpkg-buildpackage --unsigned-source --unsigned-changes --build=binary >"$folder/build.log" 2>&1) || {
    tail -n 60 "$folder/build.log" >&2
    exit 1
}
rm -rf "$folder/source"
ls "$folder"/*.deb
