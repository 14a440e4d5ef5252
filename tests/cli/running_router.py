"""A running daemon, as those who look at it from outside see it."""

import inspect
import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

WAIT_S = 60
CONNECTIONS = 4
started = []  # every router, in order
RULEBOOK = "rulebook: '\"quoted\" <one>'\nqueues: { general: {} }\nrules: [ { name: rest, route: { queue: general } } ]\n"


def wait_until(is_so, seconds=WAIT_S):
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= deadline:
            raise TimeoutError(f"not within {seconds} s: {inspect.getsource(is_so).strip()}")
        time.sleep(0.05)


def flush(producer):
    """Until Kafka has all that was produced."""
    left = producer.flush(WAIT_S)
    if left:
        raise TimeoutError(f"{left} records not taken within {WAIT_S} s")


class Router:
    """A daemon as a child process, its settings in `folder`; `more` is YAML added to these, `kafka` to those of Kafka."""

    def __init__(self, program, folder, broker, listen="127.0.0.1:0", group="appeal-router", ledger="appeal-router.ledger",
                 more="", environment=None, kafka="create_topics: false", **process):
        self.program, self.folder, self.socket = program, folder, folder / "control.sock"
        (folder / "rulebook.yaml").write_text(RULEBOOK)
        settings = folder / "router.yaml"
        settings.write_text(
            f"instance: router-a\nkafka: {{ bootstrap_servers: '{broker}', group: {group}, {kafka} }}\nledger: {{ topic: {ledger} }}\nrulebook: rulebook.yaml\n"
            f"control: {{ socket: control.sock }}\nhttp: {{ listen: '{listen}' }}\n"
            f"limits: {{ connections: {CONNECTIONS} }}\n{more}")
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen([program.parents[1] / "daemon" / "appeal-routerd", "--config", settings],
                                        stderr=self.log, env=environment, **process)
        started.append(self)

    def ask(self, *words):
        """Runs appealctl against it; gives the exit code and the JSON."""
        result = subprocess.run([self.program, *words, "--json", "--socket", self.socket],
                                capture_output=True, text=True, timeout=WAIT_S, check=False)
        return result.returncode, json.loads(result.stdout)

    def status(self):
        code, answer = self.ask("status")
        return answer if code == 0 else None

    def find_address(self):
        wait_until(lambda: self.process.poll() is not None or self.status())
        self.address = self.status()["http"]
        return self

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=WAIT_S)

    def get(self, path, **request):
        """Status, headers and text of a page."""
        try:
            with urllib.request.urlopen(
                    urllib.request.Request(f"http://{self.address}{path}", **request), timeout=WAIT_S) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def send(self, data):
        """What comes back for raw bytes, up to the end of the connection."""
        with self.connect() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def reasons(self):
        """The code of /readyz, and why it is not ready: reasons by their codes."""
        code, _, text = self.get("/readyz")
        return code, {reason["code"]: reason for reason in json.loads(text)["reasons"]}

    def metrics(self):
        """Every sample by name and labels."""
        return {(sample.name, *sorted(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(self.get("/metrics")[2]) for sample in family.samples}

    def read_log(self):
        return (self.folder / "log").read_text()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_S)
        assert code == 0, f"ended with {code}:\n{self.read_log()}"
        self.log.close()
        assert "Sanitizer" not in self.read_log()

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)
        self.log.close()

    def abandon(self):
        """Ends it where that is still to do, so that it leaves its group."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
