"""Builds and runs every test, and closes with what failed and why, and one line: how many passed, failed,
were skipped.

A build that fails ends the run at once; a suite that fails does not, so that one run tells of all.
With CI=true in the environment a skipped test is a failure: there, every neighbour can be had.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "results"
REASON_LINES_MAX = 60
CPUS = str(len(os.sched_getaffinity(0)))


# A test that ran out of time has a second go, and is listed: the machine may have been busy. What
# came out wrong never has. So whatever waits in vain raises one of these.
OUT_OF_TIME = "^(WaitTimeout|TimeoutExpired|TimeoutError|Failed: Timeout|KafkaException: .*_TIMED_OUT)"
def ctest(preset, *options):
    return ["ctest", "--preset", preset, "--parallel", CPUS, "--no-tests=error",
            "--repeat", "after-timeout:2", "--output-junit", "{report}", *options]


def pytest(folder, *options):
    return [sys.executable, "-m", "pytest", folder, "-raR", "--reruns", "1",
            "--only-rerun", OUT_OF_TIME,
            "--junitxml", "{report}", *options]


def having(command, **environment):
    return ["env", *(f"{name}={value}" for name, value in environment.items()), *command]


# Cheapest first, so that a plain mistake shows early.
FAST_SUITES = {
    "unit": ctest("asan"),
    "project": pytest("tests/project"),
    "schema": pytest("tests/schema"),
    "cli": pytest("tests/cli"),
}
ALL_SUITES = {
    **FAST_SUITES,
    "threads": ctest("tsan", "--label-regex", "threads"),
    "scenario": pytest("tests/scenario"),
    # The older of the two Kafkas that are promised, and a smaller crowd.
    "scenario-kafka-3.9": having(pytest("tests/scenario", "-m", "every_kafka"),
                                 KAFKA_VERSION="3.9", ARO_CROWD=5000),
    # The daemon itself under the thread sanitizer, which makes it several times slower.
    "scenario-threads": having(pytest("tests/scenario", "-m", "every_kafka"),
                               ARO_BUILD_DIR=ROOT / "build" / "tsan", ARO_CROWD=2000, ARO_PATIENCE=3),
}


def fetch_kafka():
    """The jars, before anything is built: no network is told in seconds, not after minutes."""
    sys.path.insert(0, str(ROOT / "tests" / "scenario"))
    from harness import kafka_jars
    try:
        kafka_jars.find_jars(kafka_jars.wanted_version())
    except kafka_jars.Unavailable as reason:
        if os.environ.get("CI") == "true":
            sys.exit(f"check: no Kafka: {reason}")
        print(f"check: the tests with Kafka will be skipped: {reason}", flush=True)


def build(preset):
    print(f"== build {preset}", flush=True)
    subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", preset, "--parallel", CPUS], cwd=ROOT, check=True)


def run(name, command):
    """Runs one suite; gives its counts. A runner that fails and counts no failure is one itself."""
    report = RESULTS / f"{name}.xml"
    print(f"== {name}", flush=True)
    started = time.monotonic()
    command = [str(report) if word == "{report}" else word for word in command]
    environment = {**os.environ, "ARO_BUILD_DIR": str(ROOT / "build" / "asan")}
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    passed, failed, skipped = read_report(report)
    if status != 0 and failed == 0:
        print(f"{name}: its runner ended with status {status}", flush=True)
        failed = 1
    print(f"== {name}: {passed} passed, {failed} failed, {skipped} skipped"
          f" in {time.monotonic() - started:.0f} s", flush=True)
    return passed, failed, skipped


def read_report(report):
    if not report.exists():
        return 0, 0, 0
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0, "disabled": 0}
    root = xml.parse(report).getroot()
    for suite in [root] if root.tag == "testsuite" else root.iter("testsuite"):
        for key in counts:
            counts[key] += int(suite.get(key, 0))
    failed = counts["failures"] + counts["errors"]
    skipped = counts["skipped"] + counts["disabled"]
    return counts["tests"] - failed - skipped, failed, skipped


def failures(report):
    """Each test that failed: its name and how long it took, and the last lines of what it said."""
    for case in xml.parse(report).getroot().iter("testcase") if report.exists() else []:
        reasons = [*case.iter("failure"), *case.iter("error")]
        if reasons:
            said = [part.text or "" for part in [*reasons, *case.iter("system-out")]]
            lines = "\n".join(said).strip("\n").splitlines()
            yield (f"{case.get('classname')}: {case.get('name')}, after {float(case.get('time')):.0f} s",
                   lines[-REASON_LINES_MAX:])


def tell_failures(suites):
    """Once more and last, since a long output may be cut before its end or lose its middle."""
    for suite in suites:
        for name, lines in failures(RESULTS / f"{suite}.xml"):
            print(f"== failed in {suite}: {name}", *lines, sep="\n    ", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="only what needs no Kafka")
    options = parser.parse_args()

    if not options.fast:
        fetch_kafka()
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    try:
        for preset in ["asan", "release"] if options.fast else ["asan", "release", "tsan"]:
            build(preset)
    except subprocess.CalledProcessError as error:
        sys.exit(f"check: {' '.join(error.cmd)} failed")

    suites = FAST_SUITES if options.fast else ALL_SUITES
    counts = [run(name, command) for name, command in suites.items()]
    passed, failed, skipped = map(sum, zip(*counts))
    tell_failures(suites)
    if os.environ.get("CI") == "true" and skipped:
        print("check: with CI=true a skipped test is a failure", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed or (skipped and os.environ.get("CI") == "true") else 0)


if __name__ == "__main__":
    main()
