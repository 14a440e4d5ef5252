"""What the daemon forbids itself: a preloaded library tries it in the daemon's own threads.

The release programs, since a build with sanitizers may do more. Where this kernel lacks a part of it,
the tests hold the daemon to what it says of that."""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import re
import signal
import tempfile

import pytest
from running_router import RULEBOOK, WAIT_S, Router, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
APPEALCTL = ROOT / "build" / "release" / "cli" / "appealctl"
LIBC = ctypes.CDLL(None, use_errno=True)
LANDLOCK_CREATE_RULESET, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 444, 22, 2

# Refused by Landlock, whose answer comes where the call is allowed; by the filter; and what ends the process.
FILES = {"read": "EACCES", "write": "EACCES", "remove": "EACCES"}
CALLS = {
    "make": "EACCES", "rename": "ENOSYS", "make-folder": "ENOSYS", "fork": "ENOSYS", "signal-parent": "ENOSYS",
    "use-netlink": "EAFNOSUPPORT", "listen": "ENOSYS", "make-code": "ENOSYS",
}
DEADLY = ["start-program", "trace", "unshare", "become-root"]


def landlock_version():
    """Of this kernel; 0 where it has none, for us."""
    return max(LIBC.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1), 0)


def takes_filters():
    """A kernel that does would read the filter, which is nowhere."""
    return LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, None, 0, 0) < 0 and ctypes.get_errno() == errno.EFAULT


class Trespasser(Router):
    """A daemon that does what it is told, in one of its threads; `outside` is a folder none of its settings names."""

    def __init__(self, program, folder, broker, outside, environment=(), **options):
        self.deed_file, self.outside = folder / "deed", outside
        (outside / "file").write_text("not for the daemon")
        super().__init__(APPEALCTL, folder, broker, environment={
            **os.environ, "LD_PRELOAD": str(program.parents[1] / "tests" / "libtrespass.so"),
            "TRESPASS_FILE": str(self.deed_file), **dict(environment)}, **options)

    def wait_log(self, text):
        """Until its log has `text`, a pattern; gives the match."""
        wait_until(lambda: re.search(text, self.read_log()) or self.process.poll() is not None)
        found = re.search(text, self.read_log())
        assert found, f"'{text}' is not in the log of a daemon that ended:\n{self.read_log()}"
        return found

    def tell(self, thread, deed, argument):
        """A deed; whole, since the daemon looks all the time."""
        scratch = self.folder / "deed-new"
        scratch.write_text(f"{thread} {deed} {argument}\n")
        scratch.rename(self.deed_file)

    def do(self, thread, deed, argument):
        """What came of it: "done" or the name of an errno."""
        before = len(self.read_log())
        self.tell(thread, deed, argument)
        came = re.compile(rf"^trespass: {thread} {deed}: (\w+)$", re.MULTILINE)
        wait_until(lambda: came.search(self.read_log()[before:]) or self.process.poll() is not None)
        assert self.process.poll() is None, self.read_log()
        return came.search(self.read_log()[before:])[1]


@contextlib.contextmanager
def trespasser(program, broker, **options):
    with tempfile.TemporaryDirectory(prefix="aro") as folder, tempfile.TemporaryDirectory(prefix="aro") as outside:
        router = Trespasser(program, pathlib.Path(folder), broker, pathlib.Path(outside), **options)
        try:
            yield router
        finally:
            router.kill()


@pytest.fixture(scope="module")
def confined(program, broker):
    with trespasser(program, broker) as router:
        router.wait_log("confined")
        router.find_address()
        yield router


def test_it_says_what_this_kernel_lets_it_do(confined):
    confined.wait_log("makes the system calls that routing takes" if takes_filters() else "takes no filter of system calls")
    confined.wait_log(f"Landlock {landlock_version()}" if landlock_version() else "this kernel has no Landlock for us")


def test_it_tells_each_folder_once(confined):
    if landlock_version():
        folders = confined.wait_log("confined: opens files below (.*) only")[1].split(" ")
        assert str(confined.folder) in folders
        assert len(set(folders)) == len(folders)


@pytest.mark.parametrize("thread", ["loop", "kafka"])
@pytest.mark.parametrize("deed", [*FILES, *CALLS])
def test_what_routing_does_not_take_is_refused(confined, thread, deed):
    if deed in FILES and not landlock_version():
        confined.wait_log("this kernel has no Landlock for us")
    elif deed in CALLS and not takes_filters():
        confined.wait_log("takes no filter of system calls")
    else:
        name = "file" if deed in ("read", "write", "remove", "rename") else "new"
        assert confined.do(thread, deed, confined.outside / name) == {**FILES, **CALLS}[deed]


def test_it_reads_its_own_folder_and_writes_nothing_there(confined):
    settings = confined.folder / "router.yaml"
    assert confined.do("loop", "read", settings) == "done"
    if landlock_version():
        assert confined.do("kafka", "write", settings) == "EACCES"


@pytest.mark.parametrize(("thread", "deed"), [("loop", DEADLY[0]), *(("kafka", deed) for deed in DEADLY)])
def test_what_only_an_intruder_does_ends_the_process(program, broker, thread, deed):
    with trespasser(program, broker) as router:
        router.wait_log("confined: makes" if takes_filters() else "takes no filter of system calls")
        if takes_filters():
            router.tell(thread, deed, "/bin/true")
            assert router.process.wait(WAIT_S) == -signal.SIGSYS


def test_a_daemon_that_is_told_so_forbids_itself_nothing(program, broker):
    with trespasser(program, broker, more="security: { confinement: off }\n") as router:
        router.wait_log("not confined: security.confinement is off")
        for deed in ("read", "fork", "make-folder"):
            assert router.do("kafka", deed, router.outside / ("file" if deed == "read" else "new")) == "done"


def test_without_landlock_it_goes_on_and_says_so(program, broker):
    with trespasser(program, broker, environment={"TRESPASS_NO_LANDLOCK": "1"}) as router:
        router.wait_log("warning: not confined: this kernel has no Landlock for us.*Function not implemented")
        assert router.do("kafka", "read", router.outside / "file") == "done"


def test_without_landlock_it_does_not_start_where_that_must_be(program, broker):
    with trespasser(program, broker, environment={"TRESPASS_NO_LANDLOCK": "1"},
                    more="security: { confinement: on }\n") as router:
        assert router.process.wait(WAIT_S) == 78
        assert "security.confinement is on, but this kernel has no Landlock for us" in router.read_log()


@pytest.mark.parametrize("asked", ["auto", "on"])
def test_kerberos_which_starts_a_program_is_not_hindered_and_that_is_said(program, broker, asked):
    with trespasser(program, broker, group="trial, properties: { security.protocol: sasl_plaintext }",
                    more=f"security: {{ confinement: {asked} }}\n") as router:
        said = router.wait_log(r"(\w+): .*Kerberos \(GSSAPI\) starts kinit")
        assert said[1] == {"auto": "warning", "on": "error"}[asked]
        assert asked == "auto" or router.process.wait(WAIT_S) == 78


def replace(path, text):
    """As editors and configuration management do: a new file takes the name."""
    fresh = path.with_name("fresh")
    fresh.write_text(text)
    fresh.chmod(0o600)
    fresh.rename(path)


def test_a_reload_reads_what_is_new_in_the_folders_that_were_named_and_nowhere_else(program, broker):
    with tempfile.TemporaryDirectory(prefix="aro") as named:
        secret = pathlib.Path(named) / "password"
        replace(secret, "secret")
        with trespasser(program, broker, more=f"redis: {{ url: 'redis://127.0.0.1:1/', password_file: {secret} }}\n") as router:
            router.find_address()
            replace(secret, "secret")
            replace(router.folder / "rulebook.yaml", RULEBOOK.replace("quoted", "second"))
            assert router.ask("reload")[0] == 0
            replace(router.outside / "rulebook.yaml", RULEBOOK.replace("quoted", "third"))
            settings = router.folder / "router.yaml"
            settings.write_text(settings.read_text().replace("rulebook.yaml", f"{router.outside}/rulebook.yaml"))
            code, answer = router.ask("reload")
            if landlock_version():
                assert code == 78
                assert "reads only in the folders that its settings named" in json.dumps(answer)
            else:
                assert code == 0
