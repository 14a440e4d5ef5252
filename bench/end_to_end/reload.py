"""A reload under load: how long until it is in force, and how long the loop stands still meanwhile."""

import copy
import itertools
import json
import mmap
import struct
import threading
import time

import yaml
from contenders import Router
from harness.daemon import build_folder
from harness.process import wait_until
from measure import Arrivals, send_all, send_paced
from workload import appeals, rulebook

RULES = 100_000
WAITING = 100_000  # appeals in a language that nobody speaks
PEOPLE = 10_000  # beside those of the workload, and all alike
SECONDS = 10  # of load at each kind of reload
CHANGES = {
    "rules": {},
    "choice": {"choose": ["fewest_open", "longest_idle"]},
    "seed": {"seed": 99},
    "teams": {"independence": ["agent", "team"]},
    "order": {"order": "deadline"},
}


def rulebook_text(version, seed=7, **terms):
    """The workload's, behind `RULES` others of which no appeal meets one."""
    book = rulebook()
    rules = book.pop("rules")
    book |= {"rulebook": f"bench.{version}", "seed": seed}
    for queue in book["queues"].values():
        queue |= copy.deepcopy(terms)  # or YAML would name the first and refer to it
    others = (f"- name: seller-{number}\n  when: {{ market: DE, reason: counterfeit, attributes.seller: s-{version}-{number} }}\n"
              f"  route: {{ queue: de-ip }}\n" for number in range(RULES))  # fmt: skip
    return yaml.safe_dump(book, sort_keys=False) + "rules:\n" + "".join(others) + yaml.safe_dump(rules, sort_keys=False)


class LoopTurns:
    """What loop_turns.c finds in the daemon that is started with these variables."""

    FORMAT = "ddQ"

    def __init__(self, path):
        path.write_bytes(bytes(struct.calcsize(self.FORMAT)))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        library = build_folder() / "bench" / "libloop_turns.so"
        self.wrapper = ("env", f"LD_PRELOAD={library}", f"LOOP_TURNS={path}")

    def take(self):
        """The longest turn since the last call; `own`: without what the thread waited for a core."""
        longest, longest_own, _ = struct.unpack(self.FORMAT, self._memory[:])
        self._memory[:] = bytes(len(self._memory))
        return {"longest_turn_ms": round(longest, 1), "longest_turn_own_ms": round(longest_own, 1)}


def silent(first, count):
    """Appeals that wait for ever."""
    for name, value in itertools.islice(appeals(first), count):
        yield name, json.dumps({**json.loads(value), "languages": ["ko"]}).encode()


def people():
    for number in range(PEOPLE):
        name = f"more-{number:05}"
        body = {"type": "agent.updated", "agent_id": name, "capacity": 1, "languages": ["ja"],
                "markets": ["*"], "team": f"team-{number // 20}"}  # fmt: skip
        yield name, json.dumps(body).encode()


def is_at_rest(process):
    assert process.is_running(), process.process.log_tail()
    if not process.status():
        return False
    [shard] = process.status()["shards"]
    return shard["state"] == "owner" and shard["waiting"] >= WAITING


def under_load(router, broker, process, first, rate, during):
    """Sends at `rate` for some seconds, meanwhile calls `during`; gives what it gave and its time."""
    took = {}

    def call():
        began = time.monotonic()
        during()
        took["in_force_s"] = round(time.monotonic() - began, 2)

    arrivals = Arrivals(broker.address, router.assignments, from_end=True)
    calling = threading.Timer(SECONDS / 5, call)
    calling.start()
    due = send_paced(broker.address, router.appeals, appeals(first), rate, SECONDS)
    calling.join()
    arrivals.wait(len(due), 30, process.is_running)
    arrivals.stop()
    return {**took, "missing": len(due) - len(arrivals.at), "repeated": arrivals.repeated}


def measure_reload(broker, folder, redis_url, rate):
    """Yields (kind, figures): without a reload, then for each kind."""
    router = Router(broker, folder, redis_url)
    turns = LoopTurns(folder / "turns")
    (folder / "rulebook.yaml").write_text(rulebook_text(0))
    send_all(broker.address, router.shard.agents, people())
    first = 10_000_000
    send_all(broker.address, router.appeals, silent(first, WAITING))
    process = router.start(wrapper=turns.wrapper)
    try:
        wait_until(lambda: is_at_rest(process), 300, "everything waits", pause=0.5)
        turns.take()
        yield "none", {**under_load(router, broker, process, 0, rate, lambda: None), **turns.take()}
        for number, (kind, change) in enumerate(CHANGES.items(), 1):
            (folder / "rulebook.yaml").write_text(rulebook_text(number, **change))

            def reload():
                answer = process.ask("reload", seconds=120)
                assert answer["ok"], answer

            figures = under_load(router, broker, process, number * rate * SECONDS, rate, reload)
            yield kind, {**figures, **turns.take()}
    finally:
        process.stop()
