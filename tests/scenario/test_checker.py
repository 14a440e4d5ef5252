"""The checker on trial: it finds nothing in a good data set, and names each corruption."""

import copy
import json

import pytest
from checker import Record, Violation, check
from checker.answers import murmur2
from checker.story import Step, place_timed
from good_data import good_shard


@pytest.fixture(scope="module")
def good():
    return good_shard().data()


def find(data, topic, **wanted):
    """The first record of a topic with these members (or type, key, source)."""
    for (name, _), partition in sorted(data.partitions.items()):
        for record in partition.records if name == topic else ():
            facts = {**(record.body if isinstance(record.body, dict) else {})}
            facts |= {"type": record.type or facts.get("type"), "key": record.key}
            facts |= {"source": record.source}
            if all(facts.get(key) == value for key, value in wanted.items()):
                return partition.records, record
    raise AssertionError(f"no {wanted} in {topic}")


def remove(data, topic, **wanted):
    records, record = find(data, topic, **wanted)
    records.remove(record)


def change(data, topic, new, **wanted):
    """Changes members of a record's body."""
    _, record = find(data, topic, **wanted)
    record.value = json.dumps({**record.body, **new}).encode()
    del record.body


def relabel(data, topic, headers, **wanted):
    _, record = find(data, topic, **wanted)
    record.headers.update(headers)


def repeat(data, topic, headers=None, **wanted):
    """Writes a record a second time, at the end of its partition."""
    records, record = find(data, topic, **wanted)
    again = copy.deepcopy(record)
    partition = data.partitions[(record.topic, record.partition)]
    again.offset = partition.end
    partition.end += 1
    again.headers.update(headers or {})
    records.append(again)


def exchange(data, topic, first, second):
    """Two records change places in their partition."""
    records, one = find(data, topic, **first)
    _, other = find(data, topic, **second)
    at, to = records.index(one), records.index(other)
    records[at], records[to] = other, one
    one.offset, other.offset = other.offset, one.offset


def unread_input(data):
    records, record = find(data, "reviews", key="p-0")
    late = copy.deepcopy(record)
    late.offset = data.partitions[("reviews", record.partition)].end
    records.append(late)


def board_row(data, name, field, value):
    data.board.agents[name][field] = value


def give_to_a_full_agent(data):
    """p-4 has to wait; here ana, who is full, gets it, in both of the shard's accounts."""
    records, record = find(data, "outcomes", type="appeal.waiting", appeal_id="p-4")
    records.remove(record)
    body = {"appeal_id": "p-4", "agent_id": "ana", "epoch": 1, "effort": 1, "queue": "general"}
    _, later = find(data, "assignments", type="assignment.created", appeal_id="p-4")
    later.headers.update({"aro-source": record.source, "ce_id": record.headers["ce_id"]})
    later.value = json.dumps(body).encode()
    change(data, "ledger", {"state": "assigned", "agent_id": "ana", "epoch": 1},
           key="appeal:p-4", source=record.source)  # fmt: skip


DECIDED = {"type": "appeal.closed", "appeal_id": "p-0"}
P1_SECOND = {"type": "assignment.created", "appeal_id": "p-1", "epoch": 2}

CORRUPTIONS = {
    "an input that nothing answers": (
        lambda data: remove(data, "outcomes", type="event.ignored", appeal_id="p-x"),
        "I1", "read, but nothing answers it"),
    "an answer to a record that is not there": (
        lambda data: remove(data, "reviews", key="p-x"), "I1", "which is not there"),
    "an answer to a record that is not read yet": (
        lambda data: repeat(data, "outcomes", {"aro-source": "reviews/1/3"}, **DECIDED) or
        unread_input(data), "I1", "beyond the positions"),
    "an input that is never read": (unread_input, "I1", "never read"),
    "a ledger record in another transaction than its input": (
        lambda data: exchange(data, "ledger", {"key": "appeal:p-9"}, {"key": "appeal:p-2",
                                                                       "state": "closed"}),
        "I1", "answered by"),
    "an output behind a later transaction's": (
        lambda data: exchange(data, "outcomes", {"type": "appeal.waiting", "appeal_id": "p-9"},
                              {"type": "appeal.closed", "appeal_id": "p-2"}),
        "I1", "behind those of a later transaction"),
    "positions beyond the end of the input": (
        lambda data: setattr(data.partitions[("agents", 0)], "end", 1), "I1", "read to 2 of 1"),
    "a dead letter with another value": (
        lambda data: setattr(find(data, "dead-letters")[1], "value", b"yy"), "I1",
        "is not the record"),
    "a dead letter without its code": (
        lambda data: find(data, "dead-letters")[1].headers.pop("aro-error-code"), "form",
        "aro-error-code"),
    "a dead letter that lost a header": (
        lambda data: find(data, "dead-letters")[1].headers.pop("made-by"), "form", "made-by"),
    "an output without a source": (
        lambda data: find(data, "outcomes", **DECIDED)[1].headers.pop("aro-source"), "I1",
        "aro-source"),
    "an assignment given out twice": (
        lambda data: repeat(data, "assignments", {"ce_id": "reviews/0/0/9"}, **P1_SECOND), "I2",
        "while 2 is open"),
    "an assignment published twice": (
        lambda data: repeat(data, "assignments", **P1_SECOND), "I8", "repeats"),
    "a ce_id used twice": (
        lambda data: relabel(data, "outcomes", {"ce_id": "reviews/1/0/0"}, appeal_id="p-x"), "I9",
        "is also that of"),
    "a ce_id that is not its source's": (
        lambda data: relabel(data, "outcomes", {"ce_id": "reviews/9/9/0"}, **DECIDED), "I9",
        "does not begin"),
    "an appeal given to who must not judge it": (
        lambda data: change(data, "appeals", {"exclude": ["ana", "rui"]}, appeal_id="p-3"), "I6",
        "must not judge"),
    "an agent given more than the capacity": (give_to_a_full_agent, "I3", "3 used of 2"),
    "an agent's load wrong in the ledger": (
        lambda data: change(data, "ledger", {"effort": 5}, key="appeal:p-3"), "I4",
        "6 used by the ledger, 3 by outputs"),
    "an appeal in another state in the ledger": (
        lambda data: change(data, "ledger", {"state": "waiting"}, key="appeal:p-3"), "I8",
        "'waiting' in the ledger, 'assigned' by outputs"),
    "an appeal that the ledger has lost": (
        lambda data: remove(data, "ledger", key="appeal:p-9"), "I8", "unknown to the ledger"),
    "an epoch left out": (
        lambda data: change(data, "assignments", {"epoch": 3}, **P1_SECOND), "I7",
        "epoch 3 follows 1"),
    "an appeal closed twice": (
        lambda data: repeat(data, "outcomes", {"ce_id": "reviews/1/0/7"}, **DECIDED), "I7",
        "closed a second time"),
    "a decision without effect": (
        lambda data: remove(data, "outcomes", **DECIDED), "I7", "had no effect"),
    "a withdrawal without revocation": (
        lambda data: remove(data, "assignments", type="assignment.revoked"), "I7",
        "without its assignment being revoked"),
    "a valid return ignored as stale": (
        lambda data: change(data, "reviews", {"epoch": 2}, source=None, key="p-1") or
        change(data, "reviews", {"epoch": 2}, key="p-1", epoch=1), "I7", "its epoch was open"),
    "a known appeal ignored as unknown": (
        lambda data: change(data, "outcomes", {"reason": "unknown"}, reason="closed"), "I7",
        "the appeal was there"),
    "an open appeal ignored as closed": (
        lambda data: change(data, "outcomes", {"reason": "closed"}, reason="stale"), "I7",
        "it was open"),
    "an appeal left nowhere": (
        lambda data: remove(data, "outcomes", type="appeal.waiting", appeal_id="p-9"), "I7",
        "it is nowhere"),
    "an assignment that the ledger does not know": (
        lambda data: remove(data, "ledger", key="appeal:p-4", state="assigned"), "I8",
        "not in the ledger"),
    "an assignment in the ledger that was never published": (
        lambda data: remove(data, "assignments", type="assignment.created", appeal_id="p-4"), "I8",
        "never published"),
    "an assignment to another agent than the ledger's": (
        lambda data: change(data, "assignments", {"agent_id": "rui"}, **P1_SECOND), "I8",
        "not in the ledger"),
    "a position that goes back": (
        lambda data: change(data, "ledger", {"sources": [{"topic": "agents", "partition": 0,
                                                          "next_offset": 1}]},
                            key="positions", claim="b-1", seq=2), "I10", "goes back: 2 to 1"),
    "a transaction lost between two": (
        lambda data: remove(data, "ledger", key="positions", claim="b-1", seq=2), "I10",
        "seq 3, expected 2"),
    "a transaction of a claim that does not own the shard": (
        lambda data: change(data, "ledger", {"claim": "a-1"}, key="positions", claim="b-1", seq=3),
        "I10", "the owner's is 'b-1'"),
    "a board row with another load": (
        lambda data: board_row(data, "ana", "used", "1"), "I13", "used is 1 on the board, not 2"),
    "a board row of nobody": (
        lambda data: data.board.agents.update(eva={}), "I13", "an agent that is none"),
    "a board without an agent": (lambda data: data.board.agents.pop("rui"), "I13", "has no row"),
    "a wrong number of waiting appeals on the board": (
        lambda data: data.board.queues["general"].update(waiting="0"), "I13", "waiting is 0"),
    "a full agent offered as free on the board": (
        lambda data: data.board.free["general"].update(ana=1.0), "I13", "'ana' has 1.0"),
    "no board at all": (lambda data: setattr(data, "board", None), "I13", "there is no board"),
    "a record in the wrong partition": (
        lambda data: setattr(find(data, "outcomes", **DECIDED)[1], "key", "p-1"), "form",
        "belongs to"),
    "an event of another topic": (
        lambda data: relabel(data, "outcomes", {"ce_type": "assignment.created"}, **DECIDED),
        "form", "on this topic"),
}  # fmt: skip


def test_a_good_data_set_has_no_violation(good):
    assert check(good) == []


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_named(good, name):
    corrupt, invariant, message = CORRUPTIONS[name]
    data = copy.deepcopy(good)
    corrupt(data)
    found = check(data)
    assert any(one.invariant == invariant and message in one.message for one in found), (
        f"not named; found: {[str(one) for one in found]}"
    )


def by_timer(topic, offset, number, kind, **body):
    headers = {"aro-source": "timer", "ce_type": kind, "ce_id": f"p-1/appeals/0/0/timer/{number}"}
    return Record(topic, 0, offset, "p-1", json.dumps({"appeal_id": "p-1", **body}).encode(), headers)


def in_ledger(offset, **body):
    entry = Record("ledger", 0, offset, "appeal:p-1", json.dumps(body).encode(), {"aro-source": "timer"})
    return Step(offset, "timer", [], [entry])


def test_what_timers_did_to_an_appeal_is_told_where_the_ledger_has_it():
    outputs = [
        by_timer("assignments", 1, 2, "assignment.revoked", epoch=1),
        by_timer("assignments", 2, 4, "assignment.offered", epoch=2),
        by_timer("assignments", 3, 5, "assignment.revoked", epoch=2),
        by_timer("assignments", 4, 6, "assignment.offered", epoch=3),
        by_timer("outcomes", 1, 1, "appeal.overdue"),
        by_timer("outcomes", 2, 3, "appeal.waiting"),
    ]
    steps = [
        in_ledger(10, state="waiting"),
        in_ledger(20, state="waiting", epoch=1),
        in_ledger(30, state="offered", epoch=2),
        in_ledger(40, state="offered", epoch=3),
    ]
    found = []
    place_timed(outputs, steps, found.append)
    assert [[output.type.partition(".")[2] for output in step.outputs] for step in steps] == [
        ["overdue"], ["revoked", "waiting"], ["offered"], ["revoked", "offered"],
    ]  # fmt: skip
    assert found == []


def test_an_output_of_a_timer_that_the_ledger_has_nothing_of_is_named():
    found = []
    place_timed([by_timer("assignments", 1, 1, "assignment.offered", epoch=2)],
                [in_ledger(10, state="waiting", epoch=1)], found.append)  # fmt: skip
    assert [one.invariant for one in found] == ["I8"]


def test_a_violation_reads_as_one_line():
    assert str(Violation("I2", "p-1", "given out twice")) == "I2 p-1: given out twice"


VECTORS = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}


@pytest.mark.parametrize("text", VECTORS)
def test_murmur2_is_that_of_java_producers(text):
    assert murmur2(text.encode()) == VECTORS[text] & 0xFFFFFFFF
