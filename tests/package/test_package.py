"""The Debian packages: the same bytes each time, nothing for lintian to say, and gone after a purge."""

import hashlib
import json
import re
import shutil

import pytest
from clean_root import MAKE_DEB, run

pytestmark = pytest.mark.timeout(1800)


def test_another_build_in_another_folder_gives_the_same_bytes(packages, tmp_path):
    folder = tmp_path / "a-longer-name-than-the-first" / "second"
    run(MAKE_DEB, folder)
    again = {file.name: file.read_bytes() for file in folder.glob("*.deb")}
    assert packages
    assert {file.name: file.read_bytes() for file in packages.values()} == again


def test_lintian_has_nothing_to_say(packages):
    (changes,) = next(iter(packages.values())).parent.glob("*.changes")
    assert run("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", changes) == ""


def test_the_version_is_that_of_the_programs(packages, root):
    project = re.search(r"^project\(appeal-router VERSION (\S+)", (root / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    assert run("dpkg-deb", "--field", packages["appeal-router"], "Version").strip().split("-")[0] == project


@pytest.fixture(scope="module")
def unpacked(packages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "--extract", packages["appeal-router"], folder)
    return folder


@pytest.fixture(scope="module")
def sbom(unpacked):
    return json.loads((unpacked / "usr/share/doc/appeal-router/appeal-router.spdx.json").read_text())


def test_the_list_of_parts_has_what_spdx_asks_for(sbom):
    assert (sbom["spdxVersion"], sbom["dataLicense"]) == ("SPDX-2.3", "CC0-1.0")
    assert {"SPDXID", "name", "documentNamespace", "creationInfo"} <= sbom.keys()
    ids = [entry["SPDXID"] for entry in [sbom, *sbom["packages"], *sbom["files"]]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids)
    named = {entry[side] for entry in sbom["relationships"] for side in ("spdxElementId", "relatedSpdxElement")}
    assert named <= set(ids)


def test_the_list_of_parts_names_every_library_with_its_version(sbom, packages):
    parts = {part["name"]: part.get("versionInfo") for part in sbom["packages"]}
    depends = run("dpkg-deb", "--field", packages["appeal-router"], "Depends")
    libraries = set(re.findall(r"(?<![\w-])lib[a-z0-9.+-]+", depends))
    assert libraries
    assert {name for name in libraries if not parts.get(name)} == set()
    assert parts["uthash-dev"]


def test_the_sums_in_the_list_of_parts_are_those_of_the_files(sbom, unpacked):
    assert sbom["files"]
    for entry in sbom["files"]:
        sums = {one["algorithm"]: one["checksumValue"] for one in entry["checksums"]}
        assert sums["SHA256"] == hashlib.sha256((unpacked / entry["fileName"]).read_bytes()).hexdigest(), entry["fileName"]


@pytest.fixture(scope="module")
def installed(packages, clean_root):
    """A clean Debian 12 with the package in it."""
    debian = clean_root("bookworm")
    debian.install(*debian.put(packages["appeal-router"]))
    return debian


def test_it_is_enabled(installed):
    assert installed.path("/etc/systemd/system/multi-user.target.wants/appeal-routerd.service").is_symlink()


def test_its_user_and_its_group_are_there(installed):
    for name in ("passwd", "group"):
        assert re.search(r"^appeal-router:", installed.path(f"/etc/{name}").read_text(), re.MULTILINE)


def test_its_settings_lie_in_etc_and_are_fine_as_they_are(installed):
    installed.run("appeal-routerd", "--check", "--config", "/etc/appeal-router/appeal-router.yaml")


def test_its_programs_answer(installed):
    assert installed.run("appeal-routerd", "--version").startswith("appeal-routerd ")
    assert "rulebook: " in installed.run("appealctl", "check", "/etc/appeal-router/rulebook.yaml")


def test_settings_that_somebody_changed_survive_an_upgrade(installed, packages):
    settings = installed.path("/etc/appeal-router/appeal-router.yaml")
    settings.write_text(settings.read_text() + "# ours\n")
    installed.run("dpkg", "--install", *installed.put(packages["appeal-router"]))
    assert settings.read_text().endswith("# ours\n")


def test_a_purge_leaves_nothing_behind(installed):
    """The last of those in this root: dpkg's own record of what was purged apart, nothing is left."""
    installed.run("dpkg", "--purge", "appeal-router")
    left = [str(path.relative_to(installed.folder)) for folder in ("etc", "usr", "var/lib", "run")
            for path in installed.path(folder).rglob("*appeal-router*")]
    assert left == []


def test_it_builds_and_passes_its_unit_tests_on_debian_13(clean_root, root):
    debian = clean_root("trixie")
    source = debian.path("/source")
    listing = run("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listing.split("\0")):
        if (root / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, source / name)
    debian.install("build-essential", "debhelper")
    debian.run("sh", "-c", "cd /source && apt-get -q -y --no-install-recommends build-dep ./")
    log = debian.run("sh", "-c", "cd /source && dpkg-buildpackage --unsigned-source --unsigned-changes --build=binary 2>&1")
    assert "100% tests passed" in log
    (package,) = debian.folder.glob("appeal-router_*.deb")
    debian.install(f"/{package.name}")
    assert debian.run("appeal-routerd", "--version").startswith("appeal-routerd ")
