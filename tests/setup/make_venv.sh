#!/bin/bash
# Makes build/venv with the packages of requirements.txt, once; again when that file changes.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
venv=$root/build/venv
stamp=$venv/requirements.txt

cmp -s "$here/requirements.txt" "$stamp" && exit 0

# Debian's python3 has no ensurepip without python3-venv, and another python3 may come first in
# PATH: whichever makes a venv with a working pip will do.
make_venv() {
    local python
    for python in python3 /usr/bin/python3; do
        rm -rf "$venv"
        if "$python" -m venv "$venv" >"$root/build/venv.log" 2>&1 &&
            "$venv/bin/python" -m pip --version >>"$root/build/venv.log" 2>&1; then
            return 0
        fi
    done
    return 1
}

mkdir -p "$root/build"
exec 9>"$root/build/venv.lock"
flock 9
cmp -s "$here/requirements.txt" "$stamp" && exit 0
make_venv || {
    cat "$root/build/venv.log" >&2
    echo "set-up: no python3 here makes a virtual environment; install python3-venv" >&2
    exit 1
}
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$here/requirements.txt" || {
    echo "set-up: pip could not install $here/requirements.txt; is there a network?" >&2
    exit 1
}
cp "$here/requirements.txt" "$stamp"
