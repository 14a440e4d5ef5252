"""Child processes with a log file, and waiting for a condition instead of sleeping."""

import contextlib
import os
import random
import socket
import subprocess
import time
from signal import SIGCONT, SIGSTOP, SIGTERM


class WaitTimeout(AssertionError):
    """What was waited for did not come in time."""


def wait_until(condition, seconds, what, pause=0.02):
    """Calls `condition` until it gives something true, and gives that back."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise WaitTimeout(f"{what}: not within {seconds} s")
        time.sleep(pause)


_given_ports = set()


def free_port():
    """A port that nobody listens on and that was not given before, below those that the kernel gives to
    outgoing connections: one of these would take it before the server that it is meant for has started."""
    while True:
        port = random.randrange(10_000, first_ephemeral_port())
        if port in _given_ports:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given_ports.add(port)
            return port


def first_ephemeral_port():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as ports:
        return max(10_001, int(ports.read().split()[0]))


class Process:
    """One child process; its output goes to a file that is kept until the folder goes."""

    def __init__(self, arguments, log_path, environment=None, folder=None):
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.child = subprocess.Popen(
                [str(word) for word in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=30):
        return "\n".join(self.log().splitlines()[-lines:])

    def signal(self, number):
        self.child.send_signal(number)

    def kill(self):
        """SIGKILL, and waits for the end. Also ends a process that SIGSTOP froze."""
        if self.is_running():
            self.child.kill()
        self.child.wait()

    def freeze(self):
        self.signal(SIGSTOP)

    def thaw(self):
        self.signal(SIGCONT)

    def stop(self, number=SIGTERM, seconds=60):
        """Asks it to end, and waits for that; gives the exit status. Kills what does not leave."""
        if self.is_running():
            self.signal(number)
        try:
            return self.child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise WaitTimeout(
                f"{self.child.args[0]} did not end {seconds} s after signal {number}:\n{self.log_tail()}"
            ) from None
