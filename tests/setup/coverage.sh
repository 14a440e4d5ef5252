#!/bin/bash
# Builds with branch counters, runs the unit tests, and prints what of lib/ they took: first the modules of the
# decisions themselves, of which every branch is to be taken, then all.
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
cd "$root"
cmake --preset coverage >/dev/null
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage --parallel "$(nproc)"
# Left out: the branch that an assert would take, a mistake of ours that no test can bring about, and the
# trees that a macro of libbsd generates.
build/venv/bin/gcovr --root . --object-directory build/coverage --filter lib/ \
    --exclude-throw-branches --exclude-branches-by-pattern '.*\b(assert|RB_GENERATE\w*)\(.*' \
    --txt build/coverage/all.txt --txt-metric branch --html-details build/coverage/index.html \
    --json-summary build/coverage/summary.json
status=0
build/venv/bin/python tests/setup/coverage_core.py build/coverage/summary.json || status=$?
cat build/coverage/all.txt
echo "line by line: build/coverage/index.html"
exit $status
