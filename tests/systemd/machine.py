"""A system with systemd as its first process, in namespaces: the host sees but its processes.

Its end takes with it whatever it has begun: its processes end with its control group, its mounts with
its namespaces, its files lie in memory.
"""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess

from harness.process import wait_until

BOOT = pathlib.Path(__file__).with_name("boot.sh")
NAMESPACES = ["--mount", "--uts", "--ipc", "--pid", "--cgroup"]
ENVIRONMENT = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "SYSTEMD_PAGER=",
               "SYSTEMD_COLORS=0", "DEBIAN_FRONTEND=noninteractive"]  # fmt: skip
WAIT_S = 120
COMMAND_S = 600
PR_SET_PDEATHSIG = 1


def find_cgroups():
    """Where the one hierarchy of control groups is mounted, that systemd takes; None where there is none to write in."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, kind = line.partition(" - ")
        path = pathlib.Path(mount.split()[4])
        if kind.split()[0] == "cgroup2" and os.access(path / "cgroup.procs", os.W_OK):
            return path
    return None


def remove_group(path):
    for group, _, _ in os.walk(path, topdown=False):
        os.rmdir(group)


def remove_groups_of_the_dead():
    """Those of a run that was killed: its processes have ended with it, its empty groups have not."""
    for group in find_cgroups().glob("aro-*-machine*"):
        if not pathlib.Path(f"/proc/{group.name.split('-')[1]}").exists():
            with contextlib.suppress(OSError):  # another run is at it
                remove_group(group)


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    def __init__(self, root, folder):
        """Boots the Debian in `root`, which stays as it is, and waits until systemd is up."""
        self.folder = folder
        self.scratch = folder / "scratch"
        self.scratch.mkdir(parents=True)
        remove_groups_of_the_dead()
        self.cgroup = find_cgroups() / f"aro-{os.getpid()}-{folder.name}"
        self.cgroup.mkdir()
        enter = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
        with open(folder / "console", "wb") as console:
            self.process = subprocess.Popen(
                ["sh", "-c", enter, self.cgroup, "unshare", *NAMESPACES, "--fork", "--kill-child", "sh", BOOT, root, self.scratch],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, preexec_fn=end_with_parent)
        try:
            self.pid = wait_until(self._find_first_process, WAIT_S, "the system's first process")
            wait_until(self._is_up, WAIT_S, "systemd is up", pause=0.2)
        except BaseException:
            self.stop()
            raise

    def _find_first_process(self):
        pid = self.process.pid
        assert self.process.poll() is None, f"it did not boot:\n{(self.folder / 'console').read_text()}"
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return children and pathlib.Path(f"/proc/{children[0]}/comm").read_text() == "systemd\n" and int(children[0])

    def _is_up(self):
        return self.try_run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def command(self, *words):
        """What runs `words` inside."""
        return ["nsenter", "--target", self.pid, *NAMESPACES, "--root", "--wd", "env", "-i", *ENVIRONMENT, *words]

    def try_run(self, *words, **options):
        return subprocess.run([str(word) for word in self.command(*words)], capture_output=True, text=True,
                              check=False, timeout=COMMAND_S, **options)

    def run(self, *words, **options):
        """Gives what it printed; it must end well."""
        result = self.try_run(*words, **options)
        assert result.returncode == 0, f"{words} ended with {result.returncode}:\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def path(self, name):
        """A file of it, from here."""
        return pathlib.Path(f"/proc/{self.pid}/root") / name.lstrip("/")

    def processes(self, program):
        """{pid inside: its name} of those that run `program`."""
        listed = self.run("ps", "-A", "-o", "pid=,comm=").splitlines()
        return [int(line.split()[0]) for line in listed if line.split()[1] == program]

    def stop(self):
        """At once; nothing of it is left. What could not be ended is an error."""
        (self.cgroup / "cgroup.kill").write_text("1")
        self.process.wait(WAIT_S)
        wait_until(lambda: "populated 0" in (self.cgroup / "cgroup.events").read_text(), WAIT_S, "its processes have ended")
        remove_group(self.cgroup)
        with contextlib.suppress(FileNotFoundError):
            self.scratch.rmdir()
