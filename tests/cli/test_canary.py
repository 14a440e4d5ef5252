"""Nothing secret, and nothing that people wrote, is shown anywhere.

A word that occurs nowhere else is each password, and stands wherever an event may hold prose: then it is looked for in
the log of each form on its most talkative level, on every page, and in all that appealctl answers."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import tempfile
import threading

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from running_router import WAIT_S, Router, flush, wait_until
from stand_in_journal import StandInJournal

SECRET, PROSE, NEEDLESS = "s3cretcanary", "writtencanary", "needlesscanary"
TEXT = f"Mrs {PROSE}'s own words, \"and more\" of them\n"
NEEDLESS_TEXT = f"{TEXT}, which no rule looks at: {NEEDLESS}"  # nobody keeps it either
SECRET_SETTINGS = ("password", "key_password", "keystore_password")
TOPICS = {"appeal.submitted": "appeals", "appeal.updated": "appeals", "appeal.withdrawn": "appeals"}
MANY = 300
FORMS = ("text", "json", "journald")
AGENT = {"type": "agent.updated", "agent_id": "aino", "capacity": 1, "languages": ["fi"], "markets": ["FI"], "notes": NEEDLESS_TEXT}
APPEAL = {"type": "appeal.submitted", "appeal_id": "mine", "market": "FI", "languages": ["fi"], "reason": "other",
          "statement": NEEDLESS_TEXT,
          "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


# ---- what is sent ----

def topic_of(event_type):
    return TOPICS.get(event_type, "agents" if event_type.startswith("agent.") else "reviews")


def with_prose_in_each_place(value):
    """Copies of a JSON value, in each of which the prose stands in one place where something else belongs."""
    yield TEXT
    if isinstance(value, dict):
        for name in value:
            for changed in with_prose_in_each_place(value[name]):
                yield {**value, name: changed}
        yield {**value, TEXT: TEXT}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for changed in with_prose_in_each_place(item):
                yield [*value[:index], changed, *value[index + 1:]]


def broken_texts(text):
    """What is no JSON any more, broken right before, in and behind the prose."""
    at = text.index(PROSE)
    for cut in (at, at + len(PROSE), len(text) - 1):
        yield text[:cut]
        yield text[:cut] + "}" + text[cut:]
        yield text[:cut] + "\\x" + text[cut:]
        yield text[:cut] + "\x01" + text[cut:]
    yield text.replace('"', "'")
    yield text + text
    yield text[:-1] + ', ' + ', '.join([f'{json.dumps(TEXT)}: 1'] * 2) + '}'
    yield text.replace(PROSE, PROSE * 400)
    yield "[" * 20 + f'"{PROSE}"' + "]" * 20


def events(root):
    """(topic, key, value, headers) of every kind, good and bad; the prose is in each."""
    for path in sorted((root / "schemas" / "in").glob("*.json")):
        examples = json.loads(path.read_text())["examples"]
        for number, example in enumerate(examples):
            topic = topic_of(path.stem)
            event = {"type": path.stem, **example}
            for changed in with_prose_in_each_place(event):
                yield topic, None, json.dumps(changed).encode(), []
            id_name = "agent_id" if topic == "agents" else "appeal_id"
            fine = {**event, id_name: f"{path.stem}-{number}", "statement": NEEDLESS_TEXT, "notes": {"of": [NEEDLESS_TEXT]}}
            yield topic, None, json.dumps(fine).encode(), []
            yield topic, TEXT.encode(), json.dumps(fine).encode(), []
            yield topic, None, json.dumps(example).encode(), [("ce_type", TEXT.encode())]
            yield topic, None, json.dumps(fine).encode(), [("content-type", f"application/cloudevents+{PROSE}".encode())]
            yield topic, None, json.dumps(fine).encode(), [("traceparent", TEXT.encode()), (PROSE, TEXT.encode())]
            for broken in broken_texts(json.dumps(fine)):
                yield topic, None, broken.encode(), []
            yield topic, None, json.dumps(fine).encode().replace(PROSE.encode(), PROSE.encode() + b"\xff"), []
    yield "agents", TEXT.encode(), None, []


# ---- its neighbours ----

@contextlib.contextmanager
def telltale_redis():
    """Answers whatever it is sent by repeating it, as a Redis does that does not know a command."""
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while sent := connection.recv(65536):
                words = [word for word in sent.decode(errors="replace").split("\r\n") if word and word[0] not in "*$"]
                connection.sendall(f"-ERR unknown command '{words[0]}', with args beginning with: "
                                   f"{' '.join(map(repr, words[1:]))} \r\n".encode())

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


class Scene:
    """A daemon whose passwords are the secret, its log in one form, with a broker of its own."""

    def __init__(self, form, program, redis_port, stack):
        self.form, self.folder = form, pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aro")))
        self.journal = StandInJournal(self.folder / "journal")
        stack.callback(self.journal.close)
        sandbox = subprocess.Popen([program, "sandbox"], stdout=subprocess.PIPE, text=True)
        stack.callback(sandbox.stdout.close)
        stack.callback(sandbox.wait, WAIT_S)
        stack.callback(sandbox.send_signal, signal.SIGTERM)
        self.broker = sandbox.stdout.readline().strip()
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n")
        secret.chmod(0o600)
        # So librdkafka tells each property that it is given; a socket would not take that many lines.
        debug = "" if form == "journald" else "debug: 'conf,security,broker', "
        self.router = Router(
            program, self.folder, self.broker, more=(
                f"log: {{ level: debug, format: {form}, journal_socket: journal }}\n"
                f"redis: {{ url: 'redis://127.0.0.1:{redis_port}', username: router, password_file: secret }}\n"),
            kafka=f"properties: {{ {debug}sasl.mechanisms: PLAIN, sasl.username: router }}, "
                  + ", ".join(f"{name}_file: secret" for name in SECRET_SETTINGS),
            environment={**os.environ, "ASAN_OPTIONS": "disable_coredump=0:" + os.environ.get("ASAN_OPTIONS", "")},
            cwd=self.folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))

    def send(self, root):
        self.producer, sent = Producer({"bootstrap.servers": self.broker}), list(events(root))
        for topic, key, value, headers in sent:
            self.producer.produce(topic, value, key, headers=headers)
        flush(self.producer)
        wait_until(lambda: self.router.metrics().get(("appeal_router_inputs_total", ("shard", "main")), 0) >= len(sent))
        self.send_event("agents", json.dumps(AGENT))
        self.send_event("appeals", json.dumps(APPEAL))
        wait_until(lambda: self.router.ask("explain", APPEAL["appeal_id"])[1].get("agent_id") == AGENT["agent_id"])
        self.send_event("reviews", json.dumps({"type": "assignment.returned", "appeal_id": APPEAL["appeal_id"], "epoch": 1,
                                               "agent_id": AGENT["agent_id"], "reason": NEEDLESS_TEXT}))
        wait_until(lambda: self.router.ask("explain", APPEAL["appeal_id"])[1]["state"] == "waiting")

    def send_event(self, topic, value):
        self.producer.produce(topic, value)
        flush(self.producer)

    def log(self):
        """What it has said; a socket in place of the journal's may have refused some of it."""
        return self.router.read_log() + b"\n".join(self.journal.entries).decode()

    def answers(self):
        """All that it shows to those who ask, by where."""
        for page in ("/", "/metrics", "/healthz", "/readyz"):
            yield page, self.router.get(page)[2]
        bundle = self.folder / "bundle.json"
        for words in [["status"], ["queues"], ["bundle", "--output", bundle], ["agent", "agent.updated-0"], ["reroute"],
                      ["explain", "appeal.submitted-0"], ["explain", APPEAL["appeal_id"]], ["reload"], ["log-level", "debug"]]:
            for more in ([], ["--json"]):
                result = subprocess.run([self.router.program, *words, *more, "--socket", self.router.socket],
                                        capture_output=True, text=True, timeout=WAIT_S, check=False)
                yield f"appealctl {words[0]}", result.stdout + result.stderr
        yield "the bundle", bundle.read_text()

    def read(self, topic, count):
        """All records that lie in the topic, once there are that many."""
        consumer = Consumer({"bootstrap.servers": self.broker, "group.id": "reasons", "enable.partition.eof": True})
        partitions = consumer.list_topics(topic, WAIT_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        records, ended = [], set()
        while len(ended) < len(partitions) or len(records) < count:
            record = consumer.poll(WAIT_S)
            assert record is not None
            if record.error():
                assert record.error().code() == KafkaError._PARTITION_EOF
                ended.add(record.partition())
            else:
                records.append(record)
        consumer.close()
        return records


@pytest.fixture(scope="module")
def scenes(root, program):
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(telltale_redis())
        made = {form: Scene(form, program, port, stack) for form in FORMS}
        try:
            with concurrent.futures.ThreadPoolExecutor() as pool:
                list(pool.map(lambda scene: (scene.router.find_address(), scene.send(root)), made.values()))
            yield made
        finally:
            for scene in made.values():
                scene.router.kill()


@pytest.fixture(scope="module", params=FORMS)
def scene(scenes, request):
    return scenes[request.param]


# ---- what is found ----

def test_no_line_of_the_log_has_it(scene):
    def has_said_all():
        scene.send_event("appeals", json.dumps(APPEAL))
        scene.send_event("appeals", TEXT)
        return all(code in scene.log() for code in ("event-published", "record-refused", "ERR unknown command 'AUTH'"))

    wait_until(has_said_all)
    log = scene.log()
    if scene.form != "journald":
        assert log.count("record-refused") > 50
        assert "sasl.password = [redacted]" in log, "librdkafka no longer tells its properties: then this proves less"
    assert [line for line in log.splitlines() if SECRET in line or PROSE in line] == []


def test_no_page_and_no_answer_has_it(scene):
    for place, text in scene.answers():
        assert text, place
        assert SECRET not in text and PROSE not in text, place


def test_no_reason_of_a_dead_letter_has_it(scenes):
    """The log leaves out what comes too often; these are the same sentences, all of them."""
    letters = scenes["text"].read("appeals.dead-letter", MANY)
    assert [reason for letter in letters if PROSE in (reason := dict(letter.headers())["aro-error"].decode())] == []


@pytest.mark.parametrize("topic, count", [("assignments", 1), ("outcomes", 10), ("appeal-router.ledger", 10)])
def test_no_record_has_what_routing_does_not_need(scenes, topic, count):
    """An appeal, an agent and a review had it. Which of the examples are assigned too is a matter of whose topic came first."""
    assert [record.value() for record in scenes["text"].read(topic, count) if NEEDLESS.encode() in (record.value() or b"")] == []


@pytest.mark.parametrize("wrong", [
    f"kafka: {{ properties: {{ sasl.password: {SECRET} }} }}",
    f"kafka: {{ properties: {{ ssl.key.password: {SECRET} }} }}",
    f"kafka: {{ properties: {{ sasl.passwort: {SECRET} }} }}",
    f"kafka: {{ properties: {{ sasl.jaas.config: 'required password=\"{SECRET}\"' }} }}",
    f"kafka: {{ properties: {SECRET} }}",
    f"kafka: 'sasl.password={SECRET}'",
    f"kafka: {{ password: {SECRET} }}",
    f"kafka: {{ password_file: [{SECRET}] }}",
    "kafka: { password_file: two-lines }",
    f"redis: {{ url: 'redis://router:{SECRET}@127.0.0.1/0' }}",
    f"redis: {{ url: 'rediss://:{SECRET}@127.0.0.1/0' }}",
    f"redis: {{ url: 'router:{SECRET}@127.0.0.1' }}",
    f"redis: 'redis://:{SECRET}@127.0.0.1/0'",
    f"redis: {{ password: {SECRET} }}",
    f"redis: {{ url: 'redis://127.0.0.1', password: \"{SECRET} }}",
    f"password: {SECRET}",
])
def test_a_refused_setting_is_told_without_it(program, tmp_path, wrong):
    settings = tmp_path / "router.yaml"
    settings.write_text(wrong + "\n")
    (tmp_path / "two-lines").write_text(f"{SECRET}\n{SECRET}\n")
    (tmp_path / "two-lines").chmod(0o600)
    result = subprocess.run([program.parents[1] / "daemon" / "appeal-routerd", "--check", "--config", settings],
                            capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert result.returncode == 78
    assert "router.yaml:" in result.stderr
    assert SECRET not in result.stderr


def test_a_key_whose_passphrase_is_wrong_is_told_without_it(program, folder):
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-aes256", "-pass", "pass:right", "-out", folder / "key"],
                   check=True, capture_output=True)
    (folder / "phrase").write_text(SECRET + "\n")
    for name in ("key", "phrase"):
        (folder / name).chmod(0o600)
    router = Router(program, folder, "127.0.0.1:1", kafka="properties: { security.protocol: SSL, ssl.key.location: key }, "
                    "key_password_file: phrase", more="log: { level: debug }\n")
    assert router.process.wait(WAIT_S) != 0
    assert "ssl.key.location" in router.read_log()
    assert SECRET not in router.read_log()


def core_after(process, number):
    """Whether the process leaves a core when it is ended by the signal."""
    os.kill(process, number)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number
    return os.WCOREDUMP(status)


def test_a_crash_leaves_no_core_with_it(scenes):
    """Last of all, since the daemon ends here. A host that keeps no cores at all proves less, so its limit is looked at too."""
    scene = scenes["text"]
    process = scene.router.process.pid
    with open(f"/proc/{process}/limits", encoding="ascii") as limits:
        [limit] = [line.split()[4:6] for line in limits if line.startswith("Max core file size")]
    assert limit == ["0", "0"]
    assert not core_after(process, signal.SIGABRT)
    assert list(scene.folder.glob("*core*")) == []
