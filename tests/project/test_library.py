"""libappealrouter decides and does nothing else: no sockets, clock, files, environment or logs.

Read from the compiled library, so that no macro or helper can hide a call.
"""

import fnmatch
import subprocess

import pytest

# Everything outside itself that the library may call. Pure functions, memory, and what ends the
# process on a mistake of our own; a name that is not here needs a reason, and a line.
ALLOWED = [
    # memory and texts
    "malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc", "posix_memalign",
    "mem*", "__mem*_chk", "str*", "__str*_chk", "__isoc99_strto*", "__isoc23_strto*", "stpcpy",
    "snprintf", "vsnprintf", "__snprintf_chk", "__vsnprintf_chk", "asprintf", "vasprintf",
    "__asprintf_chk", "__vasprintf_chk", "qsort", "qsort_r", "bsearch", "__ctype_*", "tolower", "toupper",
    # numbers, from the argument alone
    "floor*", "ceil*", "round*", "lround*", "llround*", "nearbyint", "nextafter", "trunc*", "fmod*", "pow*", "log*", "ldexp",
    "frexp", "modf", "div", "ldiv", "lldiv", "abs", "labs", "llabs", "isnan", "isinf", "finite",
    # what ends the process, and what compilers add
    "abort", "__assert_fail", "__stack_chk_fail", "__errno_location", "_GLOBAL_OFFSET_TABLE_",
    "__popcountdi2", "__cpu_model", "__cpu_indicator_init", "__tls_get_addr",
    # libraries that only compute: JSON from and into memory, YAML from memory, languages and calendars
    "json_*", "jsonp_*", "yaml_parser_*", "yaml_event_delete", "yaml_document_*", "yaml_token_delete",
    "ucal_*", "uloc_*", "ulocimp_*", "uenum_*", "u_*", "ucnv_*", "uscript_*", "ures_*",
    # only in builds with sanitizers or counters
    "__asan_*", "__ubsan_*", "__tsan_*", "__gcov_*", "__sanitizer_*",
]
# Reached by a pattern above, and not allowed all the same.
FORBIDDEN = [
    "json_load_file", "json_loadf*", "json_loadfd", "json_dumpf*", "json_dump_file", "json_load_callback",
    "yaml_parser_set_input_file", "yaml_parser_load", "ucal_getNow", "ucal_getDefaultTimeZone",
    "uloc_getDefault", "uloc_setDefault", "logb_",
]


def symbols(library, *options):
    listing = subprocess.run(["nm", "--format=posix", *options, library],
                             check=True, capture_output=True, text=True).stdout
    names = set()
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) >= 2:
            names.add(fields[0])
    return names


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def without_version(name):
    """ICU adds its version to each name: ucal_open_72."""
    stem, _, version = name.rpartition("_")
    return stem if stem and version.isdigit() else name


@pytest.fixture(scope="module")
def foreign(build):
    library = build / "lib" / "libappealrouter.a"
    defined = symbols(library, "--defined-only")
    return {without_version(name) for name in symbols(library, "--undefined-only") - defined}


def test_the_library_calls_nothing_that_could_reach_the_world(foreign):
    assert foreign
    unknown = sorted(name for name in foreign if not matches(name, ALLOWED))
    assert not unknown, f"not known to be pure: {unknown}"


def test_the_library_reads_no_file_and_no_clock_through_its_libraries(foreign):
    assert sorted(name for name in foreign if matches(name, FORBIDDEN)) == []
