"""The manual pages: whole, sound, and with the very examples of the documents that they are made of."""

import re
import subprocess

import pytest

# Each page, and the documents that it is made of.
PAGES = {
    "appeal-routerd.8": ["appeal-routerd", "service"],
    "appealctl.1": ["appealctl"],
    "appeal-router.yaml.5": ["configuration"],
    "appeal-rulebook.5": ["rulebook"],
}
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LITERAL = re.compile(r"^\.nf\n(.*?)^\.fi$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@pytest.fixture(params=PAGES)
def page(root, request):
    return root / "build" / "release" / "docs" / request.param


def document(root, name):
    return (root / "docs" / f"{name}.md").read_text()


def literals(text):
    """The blocks of a page that stand as they were typed."""
    lines = lambda block: re.sub(r"^\\&", "", block, flags=re.MULTILINE)
    return [lines(block).replace("\\-", "-").replace("\\e", "\\") for block in LITERAL.findall(text)]


def shown(page):
    """What a reader sees of it, on one line."""
    result = subprocess.run(["mandoc", "-Tutf8", "-Owidth=200", page], check=True, capture_output=True, text=True)
    return " ".join(re.sub(".\x08", "", result.stdout).split())


def test_mandoc_finds_nothing_wrong_with_it(page):
    result = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


def test_it_has_a_line_for_whatis(page):
    name = page.name.rsplit(".", 1)[0].replace("-", r"\-")
    assert re.search(rf"^\.SH NAME\n{re.escape(name)} \\- \w+", page.read_text(), re.MULTILINE)


def test_its_examples_are_those_of_its_documents(root, page):
    examples = [block for name in PAGES[page.name] for block in FENCED.findall(document(root, name))]
    assert examples
    assert literals(page.read_text())[:len(examples)] == examples


def test_no_markdown_is_left_in_it(page):
    text = LITERAL.sub("", page.read_text())
    assert re.findall(r"`|\*\*|\]\(|^#|^\|", text, re.MULTILINE) == []


def test_every_setting_stands_in_the_manual_of_the_settings(root):
    told = subprocess.run([root / "build/release/cli/appealctl", "settings"], check=True, capture_output=True, text=True)
    names = re.findall(r"^(\S+): ", told.stdout, re.MULTILINE)
    manual = shown(root / "build/release/docs/appeal-router.yaml.5")
    assert names
    assert [name for name in names if f" {name} " not in manual] == []


def test_every_command_stands_in_the_manual_of_appealctl_with_its_own_help(root):
    program = root / "build/release/cli/appealctl"
    told = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    names = re.findall(r"^  ([a-z-]+)  +", told, re.MULTILINE)
    blocks = literals((root / "build/release/docs/appealctl.1").read_text())
    assert names
    for name in names:
        assert subprocess.run([program, name, "--help"], check=True, capture_output=True, text=True).stdout in blocks


def test_the_manual_of_the_daemon_has_the_options_of_its_help_and_no_others(root):
    told = subprocess.run([root / "build/release/daemon/appeal-routerd", "--help"], check=True, capture_output=True, text=True)
    assert set(OPTION.findall(document(root, "appeal-routerd"))) == set(OPTION.findall(told.stdout))


def test_the_examples_of_settings_are_settings(root, tmp_path):
    examples = re.findall(r"^```yaml\n(.*?)^```", document(root, "configuration"), re.MULTILINE | re.DOTALL)
    assert len(examples) > 1
    (tmp_path / "rulebook.yaml").write_text((root / "config/rulebook.yaml").read_text())
    for name in ["kafka-password", "redis-password"]:
        (tmp_path / name).write_text("placeholder\n")
        (tmp_path / name).chmod(0o600)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=appeal-router", "-keyout", "kafka-client.key", "-out", "client.pem"],
                   cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "ca.pem").write_bytes((tmp_path / "client.pem").read_bytes())
    for number, example in enumerate(examples):
        settings = tmp_path / f"{number}.yaml"
        settings.write_text(example)
        result = subprocess.run([root / "build/release/daemon/appeal-routerd", "--check", "--config", settings],
                                capture_output=True, text=True)
        # What the librdkafka of this host cannot do with a newer Kafka is no mistake of the example.
        told = [line for line in result.stderr.splitlines() if "librdkafka" not in line]
        assert (result.returncode, told) == (0, []), example
