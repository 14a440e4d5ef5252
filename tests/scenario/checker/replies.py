"""I7, seen from the inputs: was each event given the answer that the table of states asks for?

What was done is in `story`. Here is what was *not* done: an event answered `event.ignored` must
have had a reason, and one that was not must have had its effect.
"""

from .data import Violation
from .story import GIVES_BACK, input_event

EXPECTED = {  # an event that was not ignored causes one of these for its appeal
    "appeal.submitted": {"assignment.created", "assignment.offered", "appeal.waiting",
                         "appeal.merged", "appeal.held"},
    "appeal.withdrawn": {"appeal.closed"},
    "appeal.decided": {"appeal.closed"},
}  # fmt: skip

MAY_REPEAT = {"appeal.submitted", "appeal.updated", "assignment.accepted"}


def check_replies(data, transactions, story, report):
    effects, ignored, refused = {}, {}, set()
    for record in data.records([*data.shard.assignments, data.shard.outcomes]):
        body = record.body if isinstance(record.body, dict) else {}
        if record.type == "event.ignored":
            ignored[record.source] = body
        else:
            # What closes an appeal merged into another is an effect on that one too.
            for name in filter(None, (body.get("appeal_id"), body.get("lead"))):
                effects.setdefault(record.source, set()).add((name, record.type))
    refused = {record.source for record in data.records([data.shard.dead_letters])}
    lives = tell_lives(story, transactions)

    for record in data.records(data.shard.inputs):
        place = record.place
        if transactions.of_source(place) is None or place in refused:
            continue
        kind, body = input_event(record)
        if place in ignored:
            check_ignored(record, kind, body, ignored[place], lives, transactions, report)
        elif kind in EXPECTED:
            done = {done for name, done in effects.get(place, ()) if name == body["appeal_id"]}
            if not done & EXPECTED[kind]:
                report(Violation("I7", body["appeal_id"], f"{kind} ({place}) had no effect"))


def tell_lives(story, transactions):
    """appeal -> [(transaction, type of output, epoch, agent)], in order."""
    lives = {}
    for step in story.steps:
        at = transactions.of_ledger(step.ledger_offset)
        for output in step.outputs:
            body = output.body if isinstance(output.body, dict) else {}
            life = lives.setdefault(body.get("appeal_id"), [])
            life.append((at, output.type, body.get("epoch"), body.get("agent_id")))
    return lives


def check_ignored(record, kind, body, answer, lives, transactions, report):
    def complain(message):
        report(
            Violation("I7", record.place, f"{kind} ignored as '{answer.get('reason')}': {message}")
        )

    if answer.get("event_type") != kind:
        complain(f"the answer names {answer.get('event_type')}")
    if not isinstance(body, dict) or "appeal_id" not in body:
        return
    at = transactions.of_source(record.place)
    life = lives.get(body["appeal_id"], [])
    known = [step for step in life if step[0] <= at]
    reason = answer.get("reason")
    if reason == "unknown" and any(step[0] < at for step in life):
        complain("the appeal was there")
    elif reason in ("repeat", "stale", "closed") and not known:
        complain("there was no such appeal")
    elif reason == "closed" and not any(step[1] == "appeal.closed" for step in known):
        complain("it was open")
    elif reason == "repeat" and kind not in MAY_REPEAT:
        complain("no such answer to this event")
    elif kind in GIVES_BACK or kind == "appeal.decided":
        check_stale(body, life, at, reason, complain)


def check_stale(body, life, at, reason, complain):
    """An epoch that was open before the transaction began, and still is after it, is not stale."""
    if reason != "stale" or body.get("epoch") is None:
        return
    before = open_assignment([step for step in life if step[0] < at])
    after = open_assignment([step for step in life if step[0] <= at])
    given = (body["epoch"], body.get("agent_id", before and before[1]))
    if before == after == given:
        complain("its epoch was open")


def open_assignment(life):
    """(epoch, agent) of what is open at the end of `life`, None where nothing is."""
    if not life or life[-1][1] not in ("assignment.created", "assignment.offered"):
        return None
    return life[-1][2:]
