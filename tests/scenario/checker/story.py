"""Retells every appeal and agent of a shard from its inputs and outputs, in the ledger's order.

The ledger is one partition, so it orders what the shard did: everything that one input caused lies
where the first ledger record with that source lies, and inside of it by the number at the end of
`ce_id`. What happened is taken from inputs and outputs alone; the ledger's own account of it is
compared in `checks`.
"""

import collections
import dataclasses

from .data import Violation, source_place

OPEN_WITH_AGENT = ("offered", "assigned")
OPEN = ("offered", "assigned", "delivered")
GIVES_BACK = ("assignment.returned", "assignment.declined")
NEEDED = {  # members that the story is told by; an output without them is reported and left out
    "assignment.created": ("appeal_id", "agent_id", "epoch", "effort", "queue"),
    "assignment.offered": ("appeal_id", "agent_id", "epoch", "effort", "queue"),
    "assignment.revoked": ("appeal_id", "epoch"),
    "appeal.waiting": ("appeal_id", "queue"),
    "appeal.rerouted": ("appeal_id", "to"),
    "appeal.closed": ("appeal_id", "reason"),
}


@dataclasses.dataclass
class Appeal:
    state: str = "new"  # waiting, offered, assigned, delivered, free (given back), closed, merged
    epoch: int = 0
    agent: str | None = None
    effort: int = 1
    queue: str | None = None
    topic: str | None = None  # that got the open assignment
    is_held: bool = False
    submitted_at: str | None = None
    deadline: str | None = None
    subject: tuple | None = None
    barred: set = dataclasses.field(default_factory=set)  # who must not judge it
    lead: str | None = None  # the appeal that it was merged into
    has_withdrawn: bool = False  # and goes on for those merged into it


@dataclasses.dataclass
class Agent:
    capacity: int = 0
    used: int = 0
    open: int = 0
    status: str = "available"
    queues: list[str] | None = None  # None: every queue
    is_known: bool = False


@dataclasses.dataclass
class Step:
    """Everything one source caused at one place of the ledger."""

    ledger_offset: int
    source: str
    outputs: list
    ledger: list


class Story:
    def __init__(self, data, report):
        self.appeals = {}
        self.agents = {}
        self.deciders = collections.defaultdict(set)  # subject -> who has decided on it
        self.report = report
        self._inputs = {record.place: record for record in data.records(data.shard.inputs)}
        self._ignored = {
            record.source
            for record in data.records([data.shard.outcomes])
            if record.type == "event.ignored"
        }
        self._refused = {record.source for record in data.records([data.shard.dead_letters])}
        self.steps = order_steps(data, report)
        for step in self.steps:
            self._tell(step)

    def agent(self, name):
        return self.agents.setdefault(name, Agent())

    def _tell(self, step):
        touched = set()
        record = self._inputs.get(step.source)
        if record is not None and not {step.source} & (self._ignored | self._refused):
            self._apply_input(record, touched)
        for output in step.outputs:
            self._apply_output(output, touched)
        for name in sorted(touched):
            appeal = self.appeals[name]
            if appeal.state in ("new", "free") and not appeal.is_held:
                self._violation("I7", name, f"after {step.source} it is nowhere ('{appeal.state}')")
        for entry in step.ledger:
            self._forget(entry)

    def _violation(self, invariant, subject, message):
        self.report(Violation(invariant, subject, message))

    def _forget(self, entry):
        """A tombstone ends the story of a closed appeal or a removed agent; none other may."""
        kind, _, name = entry.key.partition(":")
        if entry.value is not None or kind != "appeal":
            return
        appeal = self.appeals.pop(name, None)
        if appeal is None or appeal.state not in ("closed", "merged"):
            self._violation("I7", name, "a tombstone for an appeal that is not closed")

    # --- what inputs say ---

    def _apply_input(self, record, touched):
        kind, body = input_event(record)
        if kind == "appeal.submitted":
            name = body["appeal_id"]
            if name in self.appeals:
                self._violation(
                    "I7", name, f"submitted a second time by {record.place}, not ignored"
                )
                return
            subject = body.get("subject")
            self.appeals[name] = Appeal(
                effort=body.get("effort") or 1,
                subject=(subject["type"], subject["id"]) if subject else None,
                barred=named_in(body),
            )
            touched.add(name)
        elif kind == "appeal.updated" and body["appeal_id"] in self.appeals:
            appeal = self.appeals[body["appeal_id"]]
            self.appeals.get(appeal.lead, appeal).barred |= named_in(body)
        elif kind in GIVES_BACK:
            self._give_back(body, record, touched)
        elif kind and kind.startswith("agent."):
            self._apply_agent(kind, body)

    def _give_back(self, body, record, touched):
        appeal = self.appeals.get(body["appeal_id"])
        if appeal is None or appeal.state not in OPEN or appeal.epoch != body["epoch"]:
            self._violation(
                "I7", body["appeal_id"], f"{record.place} is stale, but was not ignored"
            )
            return
        self._release(appeal)
        appeal.state = "free"
        touched.add(body["appeal_id"])

    def _apply_agent(self, kind, body):
        agent = self.agent(body["agent_id"])
        if kind == "agent.updated":
            agent.capacity = body["capacity"]
            agent.queues = body.get("queues")
            agent.status = body.get("status") or (agent.status if agent.is_known else "available")
            agent.is_known = True
        elif kind == "agent.status":
            agent.status = body["status"]
        elif kind == "agent.removed":
            agent.is_known = False

    # --- what outputs say ---

    def _apply_output(self, output, touched):
        name = output.body["appeal_id"]
        appeal = self.appeals.get(name)
        if appeal is None:
            self._violation("I7", name, f"{output.type} of an appeal that nobody submitted")
            return
        touched.add(name)
        apply = {
            "assignment.created": self._create,
            "assignment.offered": self._create,
            "assignment.revoked": self._revoke,
            "appeal.waiting": self._wait,
            "appeal.closed": self._close,
        }.get(output.type)
        if apply:
            apply(name, appeal, output)
        elif output.type in ("appeal.held", "appeal.resumed"):
            appeal.is_held = output.type == "appeal.held"
            if not appeal.is_held and appeal.state in ("new", "free"):
                appeal.state = "waiting"  # in line; said only where it stays there
        elif output.type == "appeal.merged":
            self._merge(appeal, output.body["lead"])
        elif output.type == "appeal.rerouted":
            appeal.queue = output.body["to"]

    def _merge(self, appeal, lead_name):
        appeal.state, appeal.lead = "merged", lead_name
        if lead_name in self.appeals:
            self.appeals[lead_name].barred |= appeal.barred

    def _create(self, name, appeal, output):
        body = output.body
        offered = output.type == "assignment.offered"
        accepted = appeal.state == "offered" and not offered
        if accepted:
            if (appeal.epoch, appeal.agent) != (body["epoch"], body["agent_id"]):
                self._violation(
                    "I7", name, f"accepted as epoch {body['epoch']} of {body['agent_id']}"
                )
            appeal.state = "assigned"
            return
        if appeal.state in OPEN:
            self._violation(
                "I2", name, f"epoch {body['epoch']} is given out while {appeal.epoch} is open"
            )
            self._release(appeal)
        elif appeal.state in ("closed", "merged"):
            self._violation("I7", name, f"given out although '{appeal.state}'")
            return
        elif appeal.is_held:
            self._violation("I7", name, "given out although held")
        if body["agent_id"] in appeal.barred | self.deciders.get(appeal.subject, set()):
            self._violation("I6", name, f"given to '{body['agent_id']}', who must not judge it")
        if body["epoch"] != appeal.epoch + 1:
            self._violation("I7", name, f"epoch {body['epoch']} follows {appeal.epoch}")
        appeal.epoch, appeal.agent, appeal.topic = body["epoch"], body["agent_id"], output.topic
        appeal.queue, appeal.effort = body["queue"], body["effort"]
        appeal.state = "delivered" if appeal.agent is None else "offered" if offered else "assigned"
        if appeal.agent is not None:
            self._take(name, appeal)

    def _take(self, name, appeal):
        agent = self.agent(appeal.agent)
        agent.used += appeal.effort
        agent.open += 1
        if not agent.is_known:
            self._violation("I3", appeal.agent, f"given '{name}' but not an agent")
        elif agent.used > agent.capacity:
            self._violation(
                "I3", appeal.agent, f"given '{name}': {agent.used} used of {agent.capacity}"
            )
        if agent.status != "available":
            self._violation("I7", appeal.agent, f"given '{name}' while {agent.status}")

    def _release(self, appeal):
        if appeal.agent is not None:
            agent = self.agent(appeal.agent)
            agent.used -= appeal.effort
            agent.open -= 1
        appeal.agent = None

    def _revoke(self, name, appeal, output):
        if appeal.state not in OPEN or appeal.epoch != output.body["epoch"]:
            self._violation("I7", name, f"epoch {output.body['epoch']} revoked, not open")
            return
        if output.topic != appeal.topic:
            self._violation("I7", name, f"revoked on {output.topic}, given out on {appeal.topic}")
        self._release(appeal)
        appeal.state = "free"

    def _wait(self, name, appeal, output):
        if appeal.state in OPEN or appeal.state in ("closed", "merged"):
            self._violation("I7", name, f"waits although '{appeal.state}'")
            return
        appeal.state, appeal.queue = "waiting", output.body["queue"]
        appeal.deadline = output.body.get("deadline")

    def _close(self, name, appeal, output):
        body = output.body
        if appeal.state == "closed":
            self._violation("I7", name, "closed a second time")
        elif (
            appeal.state in OPEN
            and body["reason"] == "withdrawn"
            and not self._has_appellants(name)
        ):
            self._violation("I7", name, "withdrawn without its assignment being revoked")
        elif appeal.state in OPEN and body.get("epoch") not in (None, appeal.epoch):
            self._violation(
                "I7", name, f"closed with epoch {body['epoch']}, {appeal.epoch} is open"
            )
        if body["reason"] == "decided" and body.get("agent_id") and appeal.subject:
            self.deciders[appeal.subject].add(body["agent_id"])
        if body["reason"] == "withdrawn" and self._has_appellants(name):
            appeal.has_withdrawn = True
            return
        self._release(appeal)
        appeal.state = "closed"
        lead = self.appeals.get(appeal.lead)
        if lead and lead.has_withdrawn and not self._has_appellants(appeal.lead):
            self._release(lead)
            lead.state = "closed"
        if lead:
            appeal.epoch = body.get("epoch") or 0  # of the review that it was part of

    def _has_appellants(self, name):
        return any(one.lead == name and one.state == "merged" for one in self.appeals.values())


def named_in(body):
    """Who must not judge the appeal by the words of its own event."""
    decider = (body.get("decision") or {}).get("decided_by")
    return {*(body.get("exclude") or []), *([decider] if decider else [])}


def input_event(record):
    """(type, body) of an input in any of its three forms; (None, None) where it is none."""
    if record.value is None:
        return "agent.removed", {"agent_id": record.key}
    body = record.body
    if not isinstance(body, dict):
        return None, None
    if record.headers.get("content-type", "").startswith("application/cloudevents+json"):
        return body.get("type"), body.get("data")
    return record.headers.get("ce_type") or body.get("type"), body


def order_steps(data, report):
    """The shard's steps in the ledger's order."""
    by_source, timed_steps, timed_outputs = {}, [], []
    for entry in data.ledger:
        if source_place(entry.source):
            step = by_source.setdefault(entry.source, Step(entry.offset, entry.source, [], []))
            step.ledger.append(entry)
        elif entry.source:
            timed_steps.append(Step(entry.offset, entry.source, [], [entry]))
    for output in data.records([*data.shard.assignments, data.shard.outcomes]):
        if output.type == "event.ignored":
            continue
        body = output.body if isinstance(output.body, dict) else {}
        missing = [name for name in NEEDED.get(output.type, ("appeal_id",)) if name not in body]
        if missing:
            report(Violation("form", output.place, f"{output.type} without {', '.join(missing)}"))
        elif not source_place(output.source):
            timed_outputs.append(output)
        elif output.source in by_source:
            by_source[output.source].outputs.append(output)
        else:
            report(
                Violation(
                    "I8", output.place, f"{output.type} of {output.source}, unknown to the ledger"
                )
            )
    for step in by_source.values():
        step.outputs.sort(key=number_of_output)
    place_timed(timed_outputs, timed_steps, report)
    return sorted([*by_source.values(), *timed_steps], key=lambda step: step.ledger_offset)


def number_of_output(output):
    last = output.headers.get("ce_id", "").rpartition("/")[2]
    return int(last) if last.isdigit() else 0


def can_be_of(output, entry):
    """Is `entry` as an appeal is after `output`? More may have happened to it in the same step."""
    if not isinstance(entry.body, dict):
        return True
    epoch = entry.body.get("epoch", 0)
    if output.type in ("assignment.created", "assignment.offered"):
        return epoch == output.body["epoch"]
    if output.type == "assignment.revoked":
        is_open = entry.body.get("state") in OPEN
        return epoch > output.body["epoch"] or (epoch == output.body["epoch"] and not is_open)
    if output.type == "appeal.waiting":
        return entry.body.get("state") == "waiting"
    if output.type in ("appeal.held", "appeal.resumed"):
        return entry.body.get("held_announced", False) == (output.type == "appeal.held")
    return True


def place_timed(outputs, steps, report):
    """Puts each output of a timer or command to the ledger record that can be its own, in the order in
    which the appeal's outputs are numbered: to the record of the one before, or to a later one."""
    steps_of, outputs_of = collections.defaultdict(list), collections.defaultdict(list)
    for step in steps:
        steps_of[step.ledger[0].key, step.source].append(step)
    for output in outputs:
        outputs_of[f"appeal:{output.key}", output.source].append(output)
    for of_one, own in outputs_of.items():
        left = collections.deque(steps_of[of_one])
        for output in sorted(own, key=number_of_output):
            at = next((i for i, step in enumerate(left) if can_be_of(output, step.ledger[0])), None)
            if at is None:
                report(
                    Violation(
                        "I8", output.place, f"{output.type} by {output.source}, unknown to the ledger"
                    )
                )
                continue
            for _ in range(at):
                left.popleft()
            left[0].outputs.append(output)
