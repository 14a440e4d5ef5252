"""What `make check` makes of the reports of its suites."""

import subprocess

import pytest

CTEST = """<testsuite tests="3" failures="1" disabled="0" skipped="0">
<testcase name="unit.good" classname="unit.good" time="0.1" status="run"><system-out>fine</system-out></testcase>
<testcase name="unit.bad" classname="unit.bad" time="12.3" status="fail"><failure message=""/>
<system-out>passed
LeakSanitizer: it leaks
</system-out></testcase>
<testcase name="unit.off" classname="unit.off" time="0" status="run"><system-out></system-out></testcase>
</testsuite>"""
# Each fails the first time, and would pass the second.
ATTEMPTS = """
import subprocess, pytest
class WaitTimeout(AssertionError): pass
failed = set()
def fail_first(name, error):
    if name not in failed:
        failed.add(name)
        raise error
@pytest.fixture(scope="session")
def neighbour(): fail_first("neighbour", WaitTimeout("its neighbour"))
def test_with_it(neighbour): pass
def test_wait(): fail_first("wait", WaitTimeout("an owner"))
def test_answer(): fail_first("answer", TimeoutError("an answer"))
def test_end(): fail_first("end", subprocess.TimeoutExpired("appealctl", 60))
def test_whole(): fail_first("whole", pytest.fail.Exception("Timeout (>300.0s) from pytest-timeout."))
def test_wrong(): fail_first("wrong", AssertionError("a TimeoutError was not told of"))
"""


@pytest.fixture
def check(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "tests" / "setup")
    import check
    return check


def test_who_failed_is_told_with_the_last_that_was_said(check, tmp_path):
    report = tmp_path / "unit.xml"
    report.write_text(CTEST)
    assert check.read_report(report) == (2, 1, 0)
    assert list(check.failures(report)) == [
        ("unit.bad: unit.bad, after 12 s", ["passed", "LeakSanitizer: it leaks"])]
    assert list(check.failures(tmp_path / "none.xml")) == []


def test_who_ran_out_of_time_and_nobody_else_has_a_second_go(check, tmp_path):
    (tmp_path / "test_attempts.py").write_text(ATTEMPTS)
    report = tmp_path / "report.xml"
    command = [str(report) if word == "{report}" else word for word in check.pytest("test_attempts.py")]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert check.read_report(report) == (5, 1, 0)
    [(name, lines)] = check.failures(report)
    assert name.startswith("test_attempts: test_wrong, after ")
    assert "a TimeoutError was not told of" in "\n".join(lines)
