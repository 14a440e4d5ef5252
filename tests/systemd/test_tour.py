"""The tour of docs/service.md does what it shows, on a Debian that has never had the package."""

import os
import subprocess

import pytest
from conftest import PACKAGE, PASSWORD
from console import check

pytestmark = pytest.mark.timeout(1800)  # the first builds the package


@pytest.fixture
def shell(new_machine, broker, redis_server):
    """A bash inside, that ends with the system."""
    addresses = [f"KAFKA={broker.address}", f"REDIS=127.0.0.1:{redis_server.port}", f"PASSWORD={PASSWORD}"]
    machine = new_machine()
    process = subprocess.Popen([str(word) for word in machine.command(*addresses, "bash", "--norc")], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.stdin.write(f"cd {os.path.dirname(PACKAGE)}\n")
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait(60)


def test_what_the_tour_shows_is_what_comes_out(root, shell):
    """Leaves what was typed and came out in build/tour.txt."""
    _, _, tour = (root / "docs/service.md").read_text().partition("\n## A tour\n")
    with open(root / "build/tour.txt", "w", encoding="utf-8") as transcript:
        for typed, lines in check(shell, tour, "docs/service.md"):
            transcript.write(f"$ {typed}\n" + "".join(f"{line}\n" for line in lines if line))
            transcript.flush()
