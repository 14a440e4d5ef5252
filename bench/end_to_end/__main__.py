"""The end-to-end benchmark: how many, how late, at what cost, and how long nobody works.

    make bench                                    the daemon alone
    build/venv/bin/python bench/end_to_end --help

It starts its own Kafka and Redis, and measures what reaches a read_committed consumer. Broker,
consumer and router share this machine's cores, so compare only figures of one run.
"""

import argparse
import itertools
import json
import os
import pathlib
import platform
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenario"))
os.environ.setdefault("ARO_BUILD_DIR", str(ROOT / "build" / "release"))

from contenders import Peer, Router  # noqa: E402
from harness import topics  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.kafka_broker import Broker  # noqa: E402
from harness.kafka_jars import Unavailable, wanted_version  # noqa: E402
from harness.redis_server import RedisServer  # noqa: E402
from harness.process import wait_until  # noqa: E402
from measure import (  # noqa: E402
    Arrivals,
    cpu_seconds,
    memory_mib,
    percentile,
    send_all,
    send_paced,
    warm_up,
)
from reload import measure_reload  # noqa: E402
from workload import appeals  # noqa: E402

WARM_SECONDS = 3  # sent at the same rate, not counted


def measure_drain(contender, broker, count):
    """Appeals that lie there when the program starts: how fast are they assigned?"""
    _, size = send_all(broker.address, contender.appeals, itertools.islice(appeals(), count))
    arrivals = Arrivals(broker.address, contender.assignments)
    started = time.monotonic()
    process = contender.start()
    complete = arrivals.wait(count, 60, process.is_running)
    arrivals.stop()
    pid = process.process.pid
    times = sorted(arrivals.at.values())
    figures = {"appeals": count, "bytes": size // count, "missing": count - len(times),
               "repeated": arrivals.repeated}  # fmt: skip
    if complete:
        tenth, ninth = percentile(times, 0.1), percentile(times, 0.9)
        figures["first_s"] = round(times[0] - started, 2)
        figures["drain_per_s"] = round(count / (times[-1] - started))
        figures["steady_per_s"] = round(0.8 * count / max(ninth - tenth, 1e-9))
        figures["cpu_us_per_appeal"] = round(cpu_seconds(pid) / count * 1e6, 1)
        figures["rss_mib"], figures["peak_mib"] = memory_mib(pid)
    return process, figures


def measure_latency(contender, broker, process, first, rate, seconds):
    """At a steady rate: from the moment an appeal was due to the arrival of its assignment."""
    arrivals = Arrivals(broker.address, contender.assignments, from_end=True)
    pid = process.process.pid
    cpu, begun = cpu_seconds(pid), time.monotonic()
    due = send_paced(
        broker.address, contender.appeals, appeals(first), rate, WARM_SECONDS + seconds
    )
    used, lasted = cpu_seconds(pid) - cpu, time.monotonic() - begun
    arrivals.wait(len(due), 15, process.is_running)
    arrivals.stop()
    counted = itertools.islice(due.items(), rate * WARM_SECONDS, None)
    late = sorted((arrivals.at[key] - at) * 1000 for key, at in counted if key in arrivals.at)
    figures = {
        "rate_per_s": rate,
        "missing": len(due) - len(arrivals.at),
        "repeated": arrivals.repeated,
        "core_percent": round(100 * used / lasted, 1),
    }
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1)):
        figures[f"{name}_ms"] = round(percentile(late, share), 1) if late else None
    return figures


def measure_take_over(router, broker, end, first, rate=200):
    """A standby waits; the owner ends by `end`: for how long does no assignment come?"""
    owner = router.start("owner")
    owner.wait_state("main", "owner")
    standby = router.start("standby")
    # Its arrival makes the group give out the shards anew, and the owner claims its own again.
    wait_until(lambda: (standby.status() or {}).get("member_id"), 20, "the standby is a member")
    owner.wait_state("main", "owner")
    arrivals = Arrivals(broker.address, router.assignments)
    send_paced(broker.address, router.appeals, appeals(first), rate, 2)
    arrivals.wait(2 * rate, 20, owner.is_running)
    ended = time.monotonic()
    end(owner)
    gone = time.monotonic()
    due = send_paced(broker.address, router.appeals, appeals(first + 2 * rate), rate, 10)
    arrivals.wait(12 * rate, 30, standby.is_running)
    arrivals.stop()
    after = min((at for key, at in arrivals.at.items() if key in due), default=None)
    standby.stop()
    return {
        "to_end_s": round(gone - ended, 3),
        "gap_s": round(after - ended, 3) if after else None,
        "missing": 12 * rate - len(arrivals.at),
        "repeated": arrivals.repeated,
    }


def measure_reloads(options, broker, redis_url, folder):
    results = {}
    for kind, figures in measure_reload(broker, folder / "reload", redis_url, options.rate):
        results[f"reload {kind}"] = figures
        show(f"reload under load, what changes: {kind}", figures)
    return results


def run(options, broker, redis_url, folder):
    results = {}
    topics.create(broker.admin, [topics.NewTopic("warm-up", 4, 1)])
    warm_up(broker.address, "warm-up", itertools.islice(appeals(), 100_000))
    contenders = {"appeal-routerd": lambda at: Router(broker, at, redis_url)}
    for peer in options.peer:
        name, _, command = peer.partition("=")
        contenders[name] = lambda at, command=command: Peer(
            broker, at, command, options.peer_folder
        )
    for name, make in contenders.items():
        contender = make(folder / f"{name}-load")
        process, drain = measure_drain(contender, broker, options.appeals)
        results[name] = {"drain": drain}
        show(f"{name}: drain", drain)
        if process.is_running():
            latency = measure_latency(
                contender, broker, process, options.appeals, options.rate, options.seconds
            )
            results[name]["latency"] = latency
            show(f"{name}: latency", latency)
            process.stop()
        else:
            print(process.process.log_tail())
    if not options.no_take_over:
        ways = {"SIGKILL": Daemon.kill, "SIGTERM": Daemon.stop}
        for way, end in ways.items():
            router = Router(broker, folder / f"take-over-{way}", redis_url, options.session_timeout)
            figures = measure_take_over(router, broker, end, 0)
            results[f"take-over {way}"] = figures
            show(f"take-over after {way}, session timeout {options.session_timeout}", figures)
    return results


def show(title, figures):
    print(
        f"{title}: " + ", ".join(f"{name} {value}" for name, value in figures.items()), flush=True
    )


def show_table(results):
    columns = [
        ("drain", "first_s"),
        ("drain", "drain_per_s"),
        ("drain", "steady_per_s"),
        ("drain", "cpu_us_per_appeal"),
        ("drain", "peak_mib"),
        ("latency", "p50_ms"),
        ("latency", "p99_ms"),
        ("latency", "max_ms"),
        ("latency", "core_percent"),
        ("drain", "missing"),
        ("drain", "repeated"),
    ]
    print("\n| | " + " | ".join(name for _, name in columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    for name, result in results.items():
        if "drain" in result:
            cells = [str(result.get(part, {}).get(column, "-")) for part, column in columns]
            print(f"| {name} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(prog="bench/end_to_end", description=__doc__.splitlines()[0])
    parser.add_argument("--appeals", type=int, default=200_000, help="preloaded; default: 200000")
    parser.add_argument("--rate", type=int, default=500, help="appeals/s; default: 500")
    parser.add_argument("--seconds", type=int, default=20, help="of latency; default: 20")
    parser.add_argument("--session-timeout", default="6s", help="of the take-over; default: 6s")
    parser.add_argument("--no-take-over", action="store_true")
    parser.add_argument("--reload", action="store_true", help="measure reloads of 100,000 rules under load, nothing else")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="another program, side by side; {broker} in COMMAND is the address",
    )
    parser.add_argument("--peer-folder", default=".", help="where peers' commands run")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there too")
    options = parser.parse_args()
    try:
        version = wanted_version()
        with tempfile.TemporaryDirectory(prefix="appeal-router-bench-") as folder:
            folder = pathlib.Path(folder)
            broker = Broker(version, folder / "kafka")
            redis = RedisServer(folder / "redis")
            redis.start()
            print(f"Kafka {version}, {os.cpu_count()} cores, {platform.machine()},"
                  f" load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
            try:
                measure = measure_reloads if options.reload else run
                results = measure(options, broker, redis.url, folder / "run")
            finally:
                redis.kill()
                broker.stop()
    except Unavailable as reason:
        print(f"bench: no Kafka: {reason}")
        return 0
    if not options.reload:
        show_table(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
