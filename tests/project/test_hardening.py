"""The release programs are hardened as OpenSSF's guide for compilers says."""

import json
import pathlib
import platform
import re
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


def test_it_finds_its_libraries_in_the_system_only_and_never_rewrites_its_code(program):
    dynamic = read("readelf", "--dynamic", "--wide", program)
    assert not re.search(r"\((RPATH|RUNPATH|TEXTREL)\)", dynamic)


def ours(where):
    """Of the release build's objects, those of the programs and the library."""
    return [one for one in where if one.split("/")[0] in ("daemon", "cli", "lib")]


def test_calls_and_jumps_of_every_object_are_checked_where_the_processor_can(root):
    """A single object without would switch it off for the whole program."""
    build = root / "build" / "release"
    objects = ours((str(path.relative_to(build)) for path in build.rglob("*.o")))
    assert len(objects) > 100
    if platform.machine() == "x86_64":
        notes = read("readelf", "--notes", "--wide", *(build / name for name in objects))
        assert notes.count("IBT, SHSTK") == len(objects)


def test_every_file_is_compiled_with_all_guards(root):
    """A target that forgot them would show in no other test."""
    build = root / "build" / "release"
    commands = {entry["file"]: entry["command"] for entry in json.loads((build / "compile_commands.json").read_text())}
    files = [file for file in commands if ours([str(pathlib.Path(file).relative_to(root))])]
    assert len(files) > 100
    for flag in ["-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=3", "-ftrivial-auto-var-init=zero",
                 "-fno-delete-null-pointer-checks", "-fno-strict-overflow", "-UNDEBUG", "-O2"]:
        assert [file for file in files if flag not in commands[file].split()] == [], flag
    weakened = [file for file in files if re.search(r"-fno-stack-protector|-fcf-protection=none|-D_FORTIFY_SOURCE=0", commands[file])]
    assert weakened == []
