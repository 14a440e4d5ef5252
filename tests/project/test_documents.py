"""What people read: links lead somewhere, and what is named exists."""

import re

import pytest

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def documents(tracked):
    return [name for name in tracked if name.suffix == ".md"]


def test_every_link_between_documents_leads_to_a_file(root, tracked):
    broken = []
    for name in documents(tracked):
        for target in LINK.findall(FENCE.sub("", (root / name).read_text())):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            path = (root / name).parent / target.split("#")[0]
            if not path.exists():
                broken.append(f"{name}: {target}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("needed", [
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "docs/security.md", "docs/architecture.md"])
def test_a_newcomer_finds(root, needed):
    assert (root / needed).stat().st_size > 0


def test_every_folder_of_the_code_stands_in_the_code_map(root, tracked):
    map_of_code = (root / "docs" / "architecture.md").read_text()
    folders = {"/".join(name.parts[:2]) for name in tracked
               if name.parts[0] in ("lib", "daemon") and len(name.parts) > 2}
    missing = sorted(folder for folder in folders if f"`{folder}/`" not in map_of_code)
    assert not missing, f"docs/architecture.md does not tell of {missing}"


def test_every_folder_in_the_code_map_is_there(root):
    map_of_code = (root / "docs" / "architecture.md").read_text().split("## Code map")[1].split("\n## ")[0]
    named = re.findall(r"`([a-z_/]+/)`", map_of_code)
    assert named
    assert [folder for folder in named if not (root / folder).is_dir()] == []
