"""The release programs are hardened as OpenSSF's guide for compilers says."""

import subprocess

import pytest

PROGRAMS = ["daemon/appeal-routerd", "cli/appealctl"]


@pytest.fixture(params=PROGRAMS)
def program(root, request):
    return root / "build" / "release" / request.param


def read(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_it_can_be_loaded_anywhere(program):
    assert "Type:                              DYN" in read("readelf", "--file-header", "--wide", program)


def test_its_tables_are_read_only_and_bound_at_the_start(program):
    assert "GNU_RELRO" in read("readelf", "--program-headers", "--wide", program)
    assert "NOW" in read("readelf", "--dynamic", "--wide", program)


def test_no_memory_of_it_is_both_written_and_run(program):
    segments = read("readelf", "--program-headers", "--wide", program).splitlines()
    stack = [line for line in segments if "GNU_STACK" in line]
    assert stack and all("RWE" not in line for line in segments)


def test_its_stack_and_its_texts_are_guarded(program):
    calls = read("nm", "--dynamic", "--undefined-only", program)
    assert "__stack_chk_fail" in calls
    assert "_chk@" in calls.replace("__stack_chk_fail", "")


def test_it_keeps_its_asserts(program):
    assert "__assert_fail" in read("nm", "--dynamic", "--undefined-only", program)
