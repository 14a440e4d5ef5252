#!/usr/bin/env python3
"""Writes what a built package is made of as SPDX 2.3 (JSON): its files, and what they were linked with.

Each shared library that a program asks for is told as the Debian package and version that the build
had; headers that are compiled in stand there too. The same build gives the same bytes.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess

# Libraries that are headers only: no program names them, and yet their code is in it.
COMPILED_IN = ["uthash-dev", "libbsd-dev"]
ELF = b"\x7fELF"


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def changelog(field):
    return output_of("dpkg-parsechangelog", "-S", field).strip()


def installed_version(package):
    return output_of("dpkg-query", "--show", "--showformat=${Version}", package)


def owner(library):
    """The package that a file belongs to; it may be known under another name of the same folder."""
    path = pathlib.Path(library)
    for name in dict.fromkeys([str(path), str(path.resolve()), str(path).removeprefix("/usr"), f"/usr{path}"]):
        result = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return re.split(r"[:,]", result.stdout)[0]
    raise SystemExit(f"no package owns {library}")


def linked_packages(programs):
    """{package} of the libraries that the programs themselves ask for."""
    owners = set()
    for program in programs:
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "--dynamic", program)))
        paths = dict(re.findall(r"^\s*(\S+) => (\S+)", output_of("ldd", program), re.MULTILINE))
        owners |= {owner(paths[name]) for name in needed if name in paths}
    return owners


def spdx_id(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def dependency(name):
    version = installed_version(name)
    return {"SPDXID": spdx_id("Package", name), "name": name, "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{version}"}]}


def file_entry(root, path):
    content = path.read_bytes()
    name = f"./{path.relative_to(root)}"
    return {"SPDXID": spdx_id("File", name[2:]), "fileName": name, "copyrightText": "NOASSERTION",
            "licenseConcluded": "NOASSERTION",
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                          {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}]}


def verification_code(files):
    sums = sorted(entry["checksums"][0]["checksumValue"] for entry in files)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def document(package, root):
    version = changelog("Version")
    created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    paths = sorted(path for path in (root / "usr").rglob("*") if path.is_file() and not path.is_symlink())
    files = [file_entry(root, path) for path in paths]
    programs = [path for path in paths if path.open("rb").read(4) == ELF]
    this = spdx_id("Package", package)
    linked, compiled_in = sorted(linked_packages(programs)), sorted(COMPILED_IN)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{package}-{version}",
        "documentNamespace": f"https://appeal-router.example/spdx/{package}-{version}-{verification_code(files)}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: make_sbom.py"]},
        "packages": [
            {"SPDXID": this, "name": package, "versionInfo": version, "downloadLocation": "NOASSERTION",
             "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
             "filesAnalyzed": True, "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)}},
            *map(dependency, linked + compiled_in)],
        "files": files,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": this},
            *({"spdxElementId": this, "relationshipType": "CONTAINS", "relatedSpdxElement": entry["SPDXID"]}
              for entry in files),
            *({"spdxElementId": this, "relationshipType": "DYNAMIC_LINK", "relatedSpdxElement": spdx_id("Package", name)}
              for name in linked),
            *({"spdxElementId": this, "relationshipType": "STATIC_LINK", "relatedSpdxElement": spdx_id("Package", name)}
              for name in compiled_in)],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", required=True)
    parser.add_argument("--root", required=True, type=pathlib.Path, help="the package's files, as they will be installed")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    text = json.dumps(document(options.package, options.root), indent=1) + "\n"
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
