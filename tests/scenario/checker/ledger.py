"""I4 and I8: the ledger's own account of appeals and agents against the outputs'."""

import collections

from .data import Violation, source_place
from .story import OPEN

GIVEN_OUT = {"assignment.created", "assignment.offered"}


def check_ledger(data, story, report):
    for entry in data.ledger:
        if entry.value is not None and (not isinstance(entry.body, dict) or "v" not in entry.body):
            report(Violation("I8", entry.place, f"'{entry.key}' has no format version"))
    check_assignments(data, report)
    last = last_appeals(data.ledger)
    check_loads(last, story, report)
    check_last_appeals(last, story, report)


def check_assignments(data, report):
    """Each assignment that went out is in the ledger with the same source, and the reverse."""
    recorded = recorded_assignments(data.ledger)
    published = {}
    for record in data.records(data.shard.assignments):
        if record.type not in GIVEN_OUT or not isinstance(record.body, dict):
            continue
        body = record.body
        # An accepted offer is published under the same epoch: one record of each type at most.
        key = (body.get("appeal_id"), body.get("epoch"), body.get("agent_id"))
        if (key, record.type) in published:
            other = published[(key, record.type)]
            report(Violation("I8", record.place, f"repeats {other} ({describe(key)})"))
        published[(key, record.type)] = record.place
        if key not in recorded:
            report(Violation("I8", record.place, f"not in the ledger: {describe(key)}"))
        elif source_place(record.source) and record.source not in recorded[key]:
            report(
                Violation("I8", record.place, f"caused by {record.source}, the ledger says other")
            )
    given_out = {key for key, _ in published}
    for key in recorded.keys() - given_out:
        report(Violation("I8", key[0], f"in the ledger, but never published: {describe(key)}"))


def recorded_assignments(ledger):
    """(appeal, epoch, agent) -> the sources of the ledger records that say it is open."""
    recorded = {}
    for entry in ledger:
        kind, _, name = entry.key.partition(":")
        if kind == "appeal" and isinstance(entry.body, dict) and entry.body.get("state") in OPEN:
            key = (name, entry.body.get("epoch"), entry.body.get("agent_id"))
            recorded.setdefault(key, set()).add(entry.source)
    return recorded


def describe(key):
    return f"epoch {key[1]} of '{key[0]}' with '{key[2]}'"


def last_appeals(ledger):
    """appeal -> the body of its last record; those forgotten since are left out."""
    last = {}
    for entry in ledger:
        kind, _, name = entry.key.partition(":")
        if kind == "appeal":
            last[name] = entry.body
    return {name: body for name, body in last.items() if isinstance(body, dict)}


def check_loads(last, story, report):
    """What the ledger's open appeals add up to for each agent is what the outputs gave them."""
    used = collections.Counter()
    for body in last.values():
        if body.get("state") in OPEN and body.get("agent_id"):
            used[body["agent_id"]] += body.get("effort", 1)
    for name in sorted(used.keys() | story.agents.keys()):
        holds = story.agents[name].used if name in story.agents else 0
        if used[name] != holds:
            message = f"{used[name]} used by the ledger, {holds} by outputs"
            report(Violation("I4", name, message))


def check_last_appeals(last, story, report):
    for name, body in sorted(last.items()):
        appeal = story.appeals.get(name)
        state = appeal.state if appeal else "unknown"
        if state in ("new", "free"):
            state = "waiting"  # held at once
        epoch = body.get("epoch", 0)
        if body.get("state") != state:
            message = f"'{body.get('state')}' in the ledger, '{state}' by outputs"
            report(Violation("I8", name, message))
        elif appeal.epoch != epoch:
            report(Violation("I8", name, f"epoch {epoch} in the ledger, {appeal.epoch} by outputs"))
