"""make demo: 1,000 appeals of ten markets, given to 60 agents before your eyes. Ends by itself.

Starts an embedded broker, a redis-server and the daemon, all private to this run; publishes the
sample agents and generated appeals, plays the agents, and shows what comes out.
"""

import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import redis

import neighbours
import traffic
from neighbours import CONFIG, DemoError, wait_until
from tally import Tally

APPEAL_COUNT = 1000
APPEALS_PER_SECOND = 150
STILL_S = 60  # nothing has moved for so long: nothing will
QUIET_S = 1.5  # nothing came for so long after all answers: what appeals can be given out are
SAMPLES = 6
# Events that are no new appeal: what comes of them belongs to the picture.
BROKEN = [("demo-1", '{"type": "appeal.submitted", "appeal_id": "demo-1", '),
          ("demo-2", {"type": "appeal.submitted", "appeal_id": "demo-2", "market": "BR", "reason": "fraud"})]
REPEATED = 3


def say(text=""):
    print(text, flush=True)


def load_agents():
    with open(CONFIG / "agents.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def generate_appeals():
    output = subprocess.run(
        [sys.executable, CONFIG / "generate_appeals.py", "--count", str(APPEAL_COUNT),
         "--rate", str(APPEALS_PER_SECOND), "--start-time", traffic.now_text()],
        check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def removed(why):
    counts = sorted(why["by_filter"].items(), key=lambda item: -item[1])
    return ", ".join(f"{count} by {name}" for name, count in counts if count) or "nobody"


def print_assignment(event):
    why = event["why"]
    say(f"  {event['appeal_id']} ({event['market']}, {event['language']}) -> {event['agent_id'] or 'inbox'} "
        f"in {event['queue']} by rule '{event['rule']}'")
    if event["agent_id"]:
        decision = f"decided by {why['criterion']}; second came {why['runner_up']}" if {"criterion", "runner_up"} <= why.keys() else \
            "nobody else was left"
        say(f"      of {why['pool']} agents removed: {removed(why)}; {decision}")


def print_waiting(event):
    say(f"  {event['appeal_id']} ({event['market']}, {event['language']}) waits in {event['queue']}: "
        f"of {event['why']['pool']} agents removed: {removed(event['why'])}")


def print_table(title, rows):
    say(f"{title:<22}{'submitted':>10}{'assigned':>10}{'decided':>10}{'waiting':>10}{'median ms':>11}")
    for name, submitted, assigned, decided, waiting, median in rows:
        shown = "-" if median is None else f"{median:.0f}"
        say(f"{name:<22}{submitted:>10}{assigned:>10}{decided:>10}{waiting:>10}{shown:>11}")
    say()


class Demo:
    """The appeals on their way: published at an even pace, decided by agents, tallied as answers come."""

    def __init__(self, bootstrap, answers, agents, on_half):
        self._on_half = on_half
        self.tally = Tally({agent["agent_id"]: agent["capacity"] for agent in agents})
        self._publisher = traffic.Publisher(bootstrap)
        self._people = traffic.Agents(self._publisher, on_answer=self.tally.give_back)
        self._answers = answers
        self._samples = SAMPLES
        self._shown_at, self._shown = 0, None

    def publish_agents(self, agents):
        for agent in agents:
            self._publisher.publish(traffic.AGENTS, agent["agent_id"], agent)
        self._publisher.flush()

    def publish_odd_events(self, appeals):
        for key, event in BROKEN:
            self._publisher.publish(traffic.APPEALS, key, event)
        for appeal in appeals[:REPEATED]:
            self._publisher.publish(traffic.APPEALS, appeal["appeal_id"], appeal)

    def run(self, appeals, daemon):
        """Until every appeal is answered, and every one that is assigned is decided."""
        started = moved = now = time.monotonic()
        while not self._is_done(appeals, now - moved):
            now = time.monotonic()
            daemon.check()
            self._submit(appeals, int((now - started) * APPEALS_PER_SECOND), now)
            if self._take_answers() + self._people.work(now) > 0:
                moved = now
            self._show_progress(now - started)
            if now - moved > STILL_S:
                raise DemoError(f"nothing has come for {STILL_S} s: {self.tally.progress()}")
        self._publisher.flush()

    def _is_done(self, appeals, quiet_seconds):
        return (len(self.tally.appeals) == len(appeals) and not self._people.is_busy()
                and quiet_seconds >= QUIET_S and not self.tally.unanswered())

    def _submit(self, appeals, due, now):
        """What is due of them; at half the board is shown, at the end come the odd events."""
        sent = len(self.tally.appeals)
        for appeal in appeals[sent:due]:
            self.tally.submit(appeal, now)
            self._publisher.publish(traffic.APPEALS, appeal["appeal_id"], appeal)
        if sent < len(appeals) // 2 <= due:
            self._on_half()
        if sent < len(appeals) <= due:
            self.publish_odd_events(appeals)

    def _take_answers(self):
        count = 0
        for kind, at, event in self._answers.read(0.005):
            count += 1
            appeal = self.tally.see(kind, at, event, time.monotonic())
            if appeal is None:
                continue
            self._people.take(event, time.monotonic())
            if self._samples > 0 and appeal.hand_outs == 1 and count % 7 == 1:
                self._samples -= 1
                print_assignment(event)
        return count

    def _show_progress(self, seconds):
        """Once a second, as long as anything changes."""
        progress = self.tally.progress()
        if seconds < self._shown_at + 1 or progress == self._shown:
            return
        self._shown_at, self._shown = seconds, progress
        say(f"{seconds:5.1f} s  " + "   ".join(f"{name} {count:>4}" for name, count in progress.items()))


def show_board(folder, prefix="aro:{main}"):
    """The busiest agents, as the agent-queue systems read them from Redis."""
    board = redis.Redis(unix_socket_path=str(folder / neighbours.REDIS_SOCKET), decode_responses=True)
    epoch = wait_until("beginning the board in Redis", lambda: board.hget(f"{prefix}:meta", "epoch"))
    rows = wait_until("writing the board in Redis", lambda: {
        key.rsplit(":", 1)[1]: board.hgetall(key) for key in board.scan_iter(f"{prefix}:{epoch}:agent:*", count=500)})
    say(f"\nthe board in Redis has {len(rows)} agents; the busiest of them now:")
    for name, row in sorted(rows.items(), key=lambda item: -int(item[1]["used"]))[:5]:
        say(f"  HGETALL {prefix}:{epoch}:agent:{name:<18} used {row['used']:>2} of {row['capacity']:>2}, "
            f"{row['open']} appeals, {row['status']}")
    say()


def judge(tally, seconds):
    """The promises, looked at from outside. Raises where one was broken."""
    broken = tally.broken_promises + [f"{name} got no answer" for name in tally.unanswered()]
    if broken:
        raise DemoError("a promise was broken: " + "; ".join(broken[:10]))
    for event in tally.waiting()[:3]:
        print_waiting(event)
    for reason, count in tally.ignored.items():
        say(f"  {count} submissions were ignored ({reason}), and said so")
    for letter in tally.dead_letters:
        say(f"  a dead letter ({letter['code']}): {letter['reason']}")
    progress = tally.progress()
    say(f"\nAll {progress['submitted']} appeals are answered, none was with two agents at a time, nobody got more "
        f"than their capacity:\n{progress['assigned']} were assigned and {progress['decided']} of them decided, "
        f"{progress['waiting']} wait for somebody who may take them. {seconds:.0f} s in all.")


def run_demo(stack, folder):
    started = time.monotonic()
    agents, appeals = load_agents(), generate_appeals()

    broker, address = neighbours.start_broker(folder)
    stack.enter_context(broker)
    stack.enter_context(neighbours.start_redis(folder))
    bootstrap = wait_until("starting the embedded broker", address)
    say(f"broker on {bootstrap}, redis-server on a socket, both only for this run")
    daemon = stack.enter_context(neighbours.start_daemon(folder, bootstrap))
    say("appeal-routerd started; the embedded broker takes its time to form a group ...")
    wait_until("taking over the shard", lambda: neighbours.is_owner(daemon, folder))
    say(f"appeal-routerd owns the shard and routes, after {time.monotonic() - started:.0f} s")

    answers = stack.enter_context(traffic.Answers(bootstrap))
    demo = Demo(bootstrap, answers, agents, on_half=lambda: show_board(folder))
    demo.publish_agents(agents)
    say(f"{len(agents)} agents are at work; {len(appeals)} appeals come in, {APPEALS_PER_SECOND} a second\n")
    demo.run(appeals, daemon)
    say()
    print_table("market", demo.tally.rows(lambda appeal: appeal.market))
    print_table("queue", demo.tally.rows(lambda appeal: appeal.queue))
    judge(demo.tally, time.monotonic() - started)


def main():
    try:
        with tempfile.TemporaryDirectory(prefix="appeal-router-demo-") as folder, contextlib.ExitStack() as stack:
            run_demo(stack, pathlib.Path(folder))
    except DemoError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("demo: stopped")


if __name__ == "__main__":
    main()
