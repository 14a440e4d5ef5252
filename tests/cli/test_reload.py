"""A reload while it lasts: the rulebook is a pipe, so the test says when the reading of it ends."""

import concurrent.futures
import os
import signal

import pytest
from running_router import RULEBOOK, WAIT_S, Router, wait_until
from test_supervision import Supervisor


@pytest.fixture
def systemd(folder):
    systemd = Supervisor(folder)
    yield systemd
    systemd.close()


@pytest.fixture
def router(program, folder, broker, systemd):
    router = Router(program, folder, broker, environment=systemd.environment())
    systemd.wait_count("READY", 1)
    wait_until(lambda: router.ask("queues")[0] == 0)
    yield router
    if router.process.poll() is None:
        router.end()


@pytest.fixture
def later():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        yield pool.submit


class Pipe:
    """Stands where the rulebook was. Whoever reads it waits for what is written here."""

    def __init__(self, folder):
        self.path = folder / "rulebook.yaml"
        self.path.unlink()
        os.mkfifo(self.path)
        self.end = None

    def is_being_read(self):
        try:
            self.end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads
            return False
        return True

    def close(self, text=""):
        """What is read is `text`."""
        os.write(self.end, text.encode())
        os.close(self.end)

    def replace(self, text):
        """Who opens the rulebook from now on finds this."""
        self.path.unlink()
        self.path.write_text(text)


def named(name):
    return RULEBOOK.replace("'\"quoted\" <one>'", name)


@pytest.fixture
def under_way(router, folder, later, systemd):
    """A reload that reads, and the pipe that it reads from."""
    pipe = Pipe(folder)
    answer = later(router.ask, "reload")
    wait_until(pipe.is_being_read)
    return pipe, answer


def test_while_a_rulebook_is_read_everything_else_goes_on(router, under_way, systemd):
    pipe, answer = under_way
    systemd.wait_count("RELOADING", 1)
    systemd.wait_count("WATCHDOG", systemd.count("WATCHDOG") + 3)
    assert router.ask("status")[1]["rulebook"] == '"quoted" <one>'
    assert not answer.done(), "it is answered before it is read"
    assert systemd.count("READY") == 1, "it is told to be over"
    pipe.close(named("two"))
    assert answer.result(WAIT_S) == (0, {"rulebook": "two"})
    systemd.wait_count("READY", 2)
    assert router.ask("status")[1]["rulebook"] == "two"


def test_who_asks_while_a_rulebook_is_read_gets_what_is_there_after_it(router, under_way, later):
    pipe, first = under_way
    second, third = later(router.ask, "reload"), later(router.ask, "reload")
    wait_until(lambda: router.ask("status")[0] == 0)
    pipe.replace(named("three"))
    pipe.close(named("two"))
    assert first.result(WAIT_S) == (0, {"rulebook": "two"})
    assert second.result(WAIT_S) == third.result(WAIT_S) == (0, {"rulebook": "three"})


def test_a_broken_rulebook_leaves_the_one_before_and_the_next_reload_is_taken(router, under_way, systemd):
    pipe, answer = under_way
    pipe.replace(named("three"))
    pipe.close(named("two").replace("queue: general", "queue: other"))
    code, refusal = answer.result(WAIT_S)
    assert (code, refusal["error"]["code"]) == (78, "configuration")
    assert f"{pipe.path}:3:" in refusal["error"]["message"]
    systemd.wait_count("READY", 2)
    assert router.ask("status")[1]["rulebook"] == '"quoted" <one>'
    assert router.ask("reload") == (0, {"rulebook": "three"})


@pytest.fixture
def without_threads(program, folder, systemd):
    """The environment of a daemon that can start no thread while the second, a file, is there."""
    scarce, preload = folder / "scarce", program.parents[1] / "tests" / "libscarce.so"
    return systemd.environment(LD_PRELOAD=str(preload), SCARCE_FILE=str(scarce)), scarce


def test_a_host_that_allows_no_thread_ends_the_start_and_tells_which(program, folder, broker, without_threads):
    environment, scarce = without_threads
    scarce.touch()
    router = Router(program, folder, broker, environment=environment)
    assert router.process.wait(WAIT_S) == 1
    router.log.close()
    log = router.read_log()
    assert "cannot start: cannot start the writer's thread: Resource temporarily unavailable" in log
    assert "Sanitizer" not in log


def test_a_host_that_allows_no_more_threads_refuses_a_reload_and_everything_goes_on(program, folder, broker, without_threads):
    environment, scarce = without_threads
    router = Router(program, folder, broker, environment=environment)
    wait_until(lambda: router.ask("queues")[0] == 0)
    (folder / "rulebook.yaml").write_text(named("two"))
    scarce.touch()
    code, refusal = router.ask("reload")
    assert (code, refusal["error"]["code"]) == (1, "failed")
    assert "not reloaded: cannot start the thread that reads settings and rulebook: Resource temporarily unavailable" in \
        refusal["error"]["message"]
    router.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "everything goes on as before: cannot start the thread" in router.read_log())
    assert router.ask("status")[1]["rulebook"] == '"quoted" <one>'
    scarce.unlink()
    assert router.ask("reload") == (0, {"rulebook": "two"})
    router.end()


def test_a_stop_while_a_rulebook_is_read_is_a_clean_end(router, under_way, later):
    pipe, answer = under_way
    router.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "leaving the group" in router.read_log())
    pipe.close(named("two"))
    assert router.process.wait(WAIT_S) == 0
    assert answer.result(WAIT_S)[0] != 0, "it is told to be in force"
    log = router.read_log()
    if "gave up" in log:  # after the seconds that it gives itself, which a busy machine may take
        raise TimeoutError(log)
    assert "Sanitizer" not in log


def test_a_hang_up_reads_again_and_one_in_the_middle_is_not_lost(router, under_way):
    pipe, answer = under_way
    router.process.send_signal(signal.SIGHUP)
    router.process.send_signal(signal.SIGHUP)
    wait_until(lambda: router.ask("status")[0] == 0)
    pipe.replace(named("three"))
    pipe.close(named("two"))
    assert answer.result(WAIT_S) == (0, {"rulebook": "two"})
    wait_until(lambda: router.ask("status")[1]["rulebook"] == "three")
