"""How the source is laid out: what is ours stays in shape, and arrows between parts point one way."""

import re
import subprocess
import sys

# A part may include itself and what stands in its row; daemon/ and cli/ are free in lib/.
MAY_INCLUDE = {
    "support": set(),
    "domain": {"support"},
    "codec": {"support", "domain"},
    "rules": {"support", "domain", "codec"},
    "routing": {"support", "domain", "codec", "rules", "ledger"},
    "ledger": {"support", "domain", "codec", "rules"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)
C_SUFFIXES = {".c", ".h", ".def"}


def test_c_files_are_laid_out_as_clang_format_says(root, tracked):
    files = [str(name) for name in tracked if name.suffix in C_SUFFIXES]
    clang_format = root / "build" / "venv" / "bin" / "clang-format"
    result = subprocess.run([clang_format, "--dry-run", "-Werror", *files],
                            cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, "run `make format`:\n" + result.stderr


def test_parts_of_the_library_include_only_what_lies_below_them(root, tracked):
    wrong = []
    for name in tracked:
        if name.suffix not in C_SUFFIXES or name.parts[0] != "lib":
            continue
        part = name.parts[1]
        for included in INCLUDE.findall((root / name).read_text()):
            other = included.split("/")[0]
            if other in ("daemon", "cli") or (
                    other in MAY_INCLUDE and other != part and other not in MAY_INCLUDE[part]):
                wrong.append(f"{name} includes {included}")
    assert not wrong, "\n".join(wrong)


def test_only_the_command_includes_the_command(root, tracked):
    wrong = [f"{name} includes {included}"
             for name in tracked if name.suffix in C_SUFFIXES and name.parts[0] in ("lib", "include", "daemon")
             for included in INCLUDE.findall((root / name).read_text())
             if included.split("/")[0] == "cli"]
    assert not wrong, "\n".join(wrong)


def test_each_public_header_compiles_alone(root, tracked):
    headers = [name for name in tracked if name.parts[:2] == ("include", "aro")]
    assert headers
    for header in headers:
        result = subprocess.run(
            ["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
             "-Iinclude", "-x", "c", "-"],
            cwd=root, input=f"#include <aro/{header.name}>\n", capture_output=True, text=True)
        assert result.returncode == 0, f"{header}:\n{result.stderr}"


def test_public_headers_need_no_private_one(root, tracked):
    wrong = [f"{name} includes {included}"
             for name in tracked if name.parts[:2] == ("include", "aro")
             for included in INCLUDE.findall((root / name).read_text())
             if included.split("/")[0] in MAY_INCLUDE]
    assert not wrong, "\n".join(wrong)


def test_no_file_names_a_folder_of_somebodys_machine(root, tracked):
    # Put together here, so that this file is no finding itself.
    folder = re.compile(r"(?<![\w.])/(?:" + "|".join(["wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers"]) + r")/\w")
    found = []
    for name in tracked:
        try:
            text = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{number}: {line.strip()[:100]}"
                  for number, line in enumerate(text.splitlines(), 1) if folder.search(line)]
    assert not found, "\n".join(found)


def test_scripts_are_executable(root, tracked):
    scripts = [name for name in tracked if name.suffix == ".sh" or name.parts[0] == ".ci"]
    assert scripts
    assert [name for name in scripts if not (root / name).stat().st_mode & 0o111] == []


def test_texts_end_in_a_newline_and_lines_in_no_blank(root, tracked):
    wrong = []
    for name in tracked:
        if name.suffix not in {".c", ".h", ".def", ".py", ".sh", ".md", ".yaml", ".cmake", ".txt"}:
            continue
        if "corpus" in name.parts or "golden" in name.parts:
            continue
        text = (root / name).read_text()
        if text and not text.endswith("\n"):
            wrong.append(f"{name}: no newline at its end")
        wrong += [f"{name}:{number}: blanks at its end"
                  for number, line in enumerate(text.splitlines(), 1) if line != line.rstrip()]
    assert not wrong, "\n".join(wrong)


def test_python_files_compile(root, tracked):
    files = [str(name) for name in tracked if name.suffix == ".py"]
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c",
         "import sys; [compile(open(f).read(), f, 'exec') for f in sys.argv[1:]]", *files],
        cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
