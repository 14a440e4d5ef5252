"""Commands that ask a daemon: here one that answers whatever the test says."""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import threading

import pytest


class FakeDaemon:
    def __init__(self, folder, answer):
        self.path = os.path.join(folder, "control.sock")
        self.requests = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                with caller, caller.makefile("rw") as stream:
                    request = json.loads(stream.readline())
                    self.requests.append(request)
                    stream.write(self._answer(request))
                    stream.flush()

    def close(self):
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def daemon():
    """Starts a daemon that answers with the JSON given: a result (or what makes one of a request's args), or an error."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        def start(result=None, error=None, raw=None):
            def answer(request):
                if raw is not None:
                    return raw
                head = {"v": 1, "id": request["id"], "ok": error is None}
                found = result(request["args"]) if callable(result) else result
                return json.dumps({**head, **({"error": error} if error else {"result": found})}) + "\n"
            fake = FakeDaemon(folder, answer)
            stack.callback(fake.close)
            return fake
        yield start


@pytest.mark.parametrize("words, command, args", [
    (["status"], "status", {}),
    (["explain", "a-91"], "explain", {"appeal_id": "a-91"}),
    (["explain", "--", "-a"], "explain", {"appeal_id": "-a"}),
    (["explain", "a-91", "--agent", "ana"], "explain", {"appeal_id": "a-91", "agent_id": "ana"}),
    (["explain", "a-91", "--limit", "5", "--after", "ana"], "explain", {"appeal_id": "a-91", "limit": 5, "after": "ana"}),
    (["explain", "a-91", "--limit", "five"], "explain", {"appeal_id": "a-91", "limit": "five"}),
    (["agent", "ana"], "agent", {"agent_id": "ana"}),
    (["queues"], "queues", {}),
    (["pause", "BR"], "pause", {"market": "BR", "unseen": False}),
    (["pause", "--unseen", "BR"], "pause", {"market": "BR", "unseen": True}),
    (["resume", "BR"], "resume", {"market": "BR", "unseen": False}),
    (["reroute"], "reroute", {"apply": False}),
    (["reroute", "--apply", "--market", "BR", "--queue", "general"], "reroute",
     {"apply": True, "market": "BR", "queue": "general"}),
    (["reload"], "reload", {}),
    (["drain"], "drain", {}),
    (["log-level", "debug"], "log-level", {"level": "debug"}),
    (["start-shard", "main"], "start-shard", {"shard": "main", "new_ledger": False}),
    (["start-shard", "--new-ledger", "main"], "start-shard", {"shard": "main", "new_ledger": True}),
    (["accept-partitions", "main"], "accept-partitions", {"shard": "main"}),
])
def test_the_daemon_is_asked_what_the_command_says(appealctl, daemon, words, command, args):
    fake = daemon(result={"done": True})
    result = appealctl(words[0], "--socket", fake.path, *words[1:])
    assert (result.returncode, result.stdout) == (0, "done: yes\n")
    [request] = fake.requests
    assert request["v"] == 1
    assert request["command"] == command
    assert request.get("args", {}) == args


def test_with_json_the_result_comes_through_as_it_is(appealctl, daemon):
    answer = {"instance": "router-a", "shards": [{"name": "main", "waiting": 3, "owner": None}]}
    fake = daemon(result=answer)
    assert json.loads(appealctl("status", "--json", "--socket", fake.path).stdout) == answer


def test_explain_all_asks_page_after_page_until_nobody_is_left(appealctl, daemon):
    everybody = [{"agent_id": f"agent-{i}", "filter": "capacity"} for i in range(7)]

    def page(args):
        after = [agent["agent_id"] for agent in everybody].index(args["after"]) + 1 if "after" in args else 0
        rest = everybody[after:]
        more = {"agents_more": len(rest) - 3} if len(rest) > 3 else {}
        return {"appeal_id": args["appeal_id"], "agents": rest[:3], **more}

    fake = daemon(result=page)
    result = appealctl("explain", "a-91", "--all", "--json", "--socket", fake.path)
    assert json.loads(result.stdout) == {"appeal_id": "a-91", "agents": everybody}
    assert [request["args"].get("after") for request in fake.requests] == [None, "agent-2", "agent-5"]


def test_the_past_is_printed_a_line_a_move(appealctl, daemon):
    fake = daemon(result={"appeal_id": "a-91", "past": [
        {"at": "2026-11-22T10:00:00.000Z", "what": "submitted", "queue": "general", "rule": "rest"},
        {"at": "2026-11-22T10:00:07.000Z", "what": "overdue"},
        {"at": "2026-11-22T10:01:00.000Z", "what": "escalated", "reason": "time", "step": 4, "skipped": [2, 3]}]})
    lines = appealctl("explain", "a-91", "--socket", fake.path).stdout.splitlines()
    assert lines[:2] == ["appeal id: a-91", "past:"]
    assert [line.split(maxsplit=2) for line in lines[3:]] == [
        ["2026-11-22T10:00:00.000Z", "submitted", "queue general, rule rest"],
        ["2026-11-22T10:00:07.000Z", "overdue", "-"],
        ["2026-11-22T10:01:00.000Z", "escalated", "reason time, step 4, skipped 2, 3"]]


@pytest.mark.parametrize("code, exit_code", [
    ("not_found", 1), ("not_owner", 1), ("failed", 1), ("refused", 1), ("busy", 1),
    ("unknown_command", 1), ("bad_request", 2), ("configuration", 78)])
def test_an_error_is_told_and_its_code_decides_the_exit_code(appealctl, daemon, code, exit_code):
    fake = daemon(error={"code": code, "message": "it is so"})
    result = appealctl("queues", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (exit_code, "")
    assert result.stderr == "appealctl: it is so\n"


def test_one_who_is_turned_away_before_the_question_is_sent_is_told_why(appealctl, folder):
    """As by a daemon that has callers enough: it answers at once, and reads nothing. The question is longer than a
    socket takes unread, so that the end comes in the middle of it."""
    refusal = {"v": 1, "id": None, "ok": False, "error": {"code": "busy", "message": "too many callers at once"}}

    def turn_away():
        with server.accept()[0] as caller:
            caller.sendall(json.dumps(refusal).encode() + b"\n")

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "control.sock"))
        server.listen()
        thread = threading.Thread(target=turn_away)
        thread.start()
        result = appealctl("explain", "a" * 120_000, "--after", "b" * 120_000, "--socket", folder / "control.sock")
        thread.join()
    assert (result.returncode, result.stderr) == (1, "appealctl: too many callers at once\n")


def test_with_json_an_error_is_json_too(appealctl, daemon):
    error = {"code": "not_owner", "message": "a standby", "owner": "router-b"}
    fake = daemon(error=error)
    result = appealctl("explain", "a-1", "--json", "--socket", fake.path)
    assert json.loads(result.stdout) == {"error": error}
    assert result.stderr == "appealctl: a standby (the owner is router-b)\n"


@pytest.mark.parametrize("command", ["status", "queues"])
def test_watch_asks_again_and_again_though_nobody_answers_for_a_while(program, daemon, command):
    fake = daemon(result={"waiting": 3})
    process = subprocess.Popen([program, command, "--watch", "--json", "--socket", fake.path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert [json.loads(process.stdout.readline()) for _ in range(2)] == [{"waiting": 3}] * 2
        fake.close()
        assert "cannot reach" in process.stderr.readline()
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_bundle_is_written_to_a_file_whose_name_tells_instance_and_time(appealctl, daemon, tmp_path):
    fake = daemon(result={"status": {"instance": "router-a"}})
    result = appealctl("bundle", "--socket", fake.path, cwd=tmp_path)
    assert result.returncode == 0
    [written] = tmp_path.iterdir()
    assert result.stdout == f"{written.name}\n"
    assert re.fullmatch(r"appeal-router-router-a-\d{8}T\d{6}Z\.json", written.name)
    assert json.loads(written.read_text()) == {"status": {"instance": "router-a"}}


def test_figures_stand_in_a_bundle_as_people_write_them(appealctl, daemon, tmp_path):
    fake = daemon(result={"silent_seconds": {"the reader": 0.007}})
    assert appealctl("bundle", "--output", tmp_path / "bundle", "--socket", fake.path).returncode == 0
    assert '"the reader": 0.007\n' in (tmp_path / "bundle").read_text()


def test_a_bundle_that_cannot_be_written_is_a_failure_that_names_the_file(appealctl, daemon, tmp_path):
    fake = daemon(result={})
    result = appealctl("bundle", "--output", tmp_path / "no" / "where", "--socket", fake.path)
    assert result.returncode == 1
    assert f"cannot write '{tmp_path}/no/where'" in result.stderr


@pytest.mark.parametrize("raw", ["", "nonsense\n", "[]\n", '{"v":1}\n'])
def test_an_answer_that_is_none_is_a_failure(appealctl, daemon, raw):
    fake = daemon(raw=raw)
    result = appealctl("status", "--socket", fake.path)
    assert result.returncode == 1
    assert f"no answer from '{fake.path}'" in result.stderr


def test_a_daemon_that_is_not_there_is_a_failure_that_names_the_socket(appealctl, tmp_path):
    path = "no-such.sock"
    result = appealctl("status", "--json", "--socket", path, cwd=tmp_path)
    assert result.returncode == 1
    assert json.loads(result.stdout)["error"]["code"] == "unreachable"
    assert f"cannot reach '{path}'" in result.stderr


@pytest.mark.parametrize("words, said", [
    (["explain"], "APPEAL is missing"),
    (["explain", "a", "b"], "'b' is one word too many"),
    (["agent"], "AGENT is missing"),
    (["status", "--socket"], "'--socket' needs a PATH"),
    (["status", "--json=yes"], "'--json' takes no value"),
    (["start-shard", "main", "--new-ledger=1"], "'--new-ledger' takes no value"),
])
def test_a_wrong_command_line_asks_nothing_and_ends_with_2(appealctl, words, said):
    result = appealctl(*words)
    assert result.returncode == 2
    assert said in result.stderr
