"""The built daemon as a child process: its settings, its signals, what it says of itself."""

import http.client
import json
import os
import pathlib
import signal
import socket
import urllib.request

import yaml
from prometheus_client.parser import text_string_to_metric_families

from .process import Process, WaitTimeout, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
# A report of a sanitizer must end the process, and be told from its own exit statuses.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1",
    "TSAN_OPTIONS": "exitcode=99:halt_on_error=1",
}
GAVE_UP = "gave up waiting for a clean end"
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
           "WARNING: ThreadSanitizer")  # fmt: skip


def build_folder():
    """ARO_BUILD_DIR, or the preset ARO_BUILD (asan) of this checkout."""
    folder = os.environ.get("ARO_BUILD_DIR")
    return pathlib.Path(folder) if folder else ROOT / "build" / os.environ.get("ARO_BUILD", "asan")


def program(name):
    folder = {"appeal-routerd": "daemon", "appealctl": "cli"}[name]
    return build_folder() / folder / name


class Daemon:
    """One instance; start() and the signals may be called again and again."""

    def __init__(self, folder, settings):
        self.folder = folder
        self.name = settings["instance"]
        self.socket_path = folder / f"{self.name}.sock"
        self.settings_path = folder / f"{self.name}.yaml"
        self.log_path = folder / f"{self.name}.log"
        self.settings = {**settings, "control": {"socket": str(self.socket_path)}}
        self.write_settings()
        self.process = None

    def write_settings(self):
        self.settings_path.write_text(yaml.safe_dump(self.settings, sort_keys=False))

    def start(self, wrapper=()):
        arguments = [*wrapper, program("appeal-routerd"), "--config", self.settings_path]
        self.process = Process(arguments, self.log_path, SANITIZERS, self.folder)
        return self

    def is_running(self):
        return self.process is not None and self.process.is_running()

    def kill(self):
        self.process.kill()

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def stop(self, number=signal.SIGTERM):
        """Asks it to end; the exit status. Whoever does not leave within 10 s, as is promised, ends itself."""
        status = self.process.stop(number, seconds=60 * patience())
        if GAVE_UP in self.process.log_tail(1):
            raise WaitTimeout(f"{self.name} did not leave in time:\n{self.process.log_tail()}")
        return status

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, text, seconds=60):
        """Until its log holds `text`."""
        wait_until(lambda: text in self.log(), seconds * patience(), f"'{text}' in {self.log_path}")

    def sanitizer_report(self):
        log = self.log()
        at = min((log.find(mark) for mark in REPORTS if mark in log), default=None)
        return None if at is None else log[at : at + 4000]

    # --- what it says of itself ---

    def ask(self, command, seconds=30, **arguments):
        """One request on the control socket; gives {"ok": ..., "result" or "error": ...}."""
        request = {"v": 1, "id": 1, "command": command, "args": arguments}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(self.socket_path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answers:
                return json.loads(answers.readline())

    def status(self):
        """The result of `status`, None where nobody answers."""
        try:
            answer = self.ask("status", seconds=10)
        except (OSError, ValueError):
            return None
        return answer.get("result")

    def page(self, path):
        """Status and JSON of a page over HTTP; (None, None) where nobody answers yet."""
        address = (self.status() or {}).get("http")
        if not address:
            return None, None
        host, port = address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def metrics(self):
        """Every sample of /metrics by name and labels."""
        status = wait_until(self.status, 60 * patience(), f"{self.name} answers")
        with urllib.request.urlopen(f"http://{status['http']}/metrics", timeout=60 * patience()) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        return {(sample.name, *sorted(sample.labels.items())): sample.value
                for family in families for sample in family.samples}  # fmt: skip

    def shard(self, name):
        """What `status` says of a shard, waiting for an answer."""
        status = wait_until(self.status, 60 * patience(), f"{self.name} answers")
        [shard] = [shard for shard in status["shards"] if shard["name"] == name]
        return shard

    def shard_state(self, name):
        """None where nobody answers, too."""
        for shard in (self.status() or {}).get("shards", []):
            if shard["name"] == name:
                return shard["state"]
        return None

    def wait_state(self, shard, *states, seconds=60):
        """Until `shard` is in one of `states` here; gives the state."""

        def state():
            if not self.is_running():
                raise WaitTimeout(f"{self.name} ended:\n{self.process.log_tail()}")
            now = self.shard_state(shard)
            return now if now in states else None

        try:
            return wait_until(state, seconds * patience(), f"{self.name}: {shard} {states}")
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}\n{self.process.log_tail()}") from None


def patience():
    """How much longer than usual a program may take here: sanitizers and valgrind are slow."""
    return float(os.environ.get("ARO_PATIENCE", "1"))
