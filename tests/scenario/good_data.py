"""A data set as a faultless shard would leave it, made by hand: the checker's own test needs one.

A tiny router of one queue: the first agent with room gets the appeal, others wait in line. It is no
model of the daemon's choices, only of what it promises to write.
"""

import json

from checker import Board, DataSet, Partition, Record, Shard
from checker.answers import murmur2_partition

TIME = "2026-11-22T10:00:{:02d}.000Z"
COUNTS = {"appeals": 2, "agents": 1, "reviews": 2, "assignments": 2, "outcomes": 2,
          "dead-letters": 1, "ledger": 1}  # fmt: skip


class GoodShard:
    """Feed it events with tell(), close transactions with commit(); then take data()."""

    def __init__(self, prefix=""):
        self.prefix = prefix  # of every topic's name
        self.partitions = {
            (prefix + topic, number): Partition(0, 0, [])
            for topic, count in COUNTS.items()
            for number in range(count)
        }
        self.agents, self.appeals, self.line = {}, {}, []
        self.unread, self.positions, self.seq = [], {}, 0
        self.claim, self.clock = None, 0

    # --- what a test says ---

    def begin_term(self, claim):
        self.claim, self.seq = claim, 0
        owner = {
            "v": 1,
            "instance": claim,
            "group": "g",
            "claim": claim,
            "time": TIME.format(self.clock),
        }
        self._ledger("owner", owner, None)
        self._mark(["ledger"])

    def tell(self, topic, key, value, headers=None):
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        partition = murmur2_partition((key or "").encode(), COUNTS[topic])
        record = self._append(topic, partition, key, raw, headers or {})
        self.unread.append(record)
        return record

    def commit(self):
        """Reads all that was told since, in one transaction."""
        self.seq += 1
        self.clock += 1
        for record in self.unread:
            self.positions[(record.topic, record.partition)] = record.offset + 1
        body = {"v": 1, "claim": self.claim, "seq": self.seq, "time": TIME.format(self.clock)}
        body["sources"] = [
            {"topic": topic, "partition": number, "next_offset": offset}
            for (topic, number), offset in sorted(self.positions.items())
        ]
        self._ledger("positions", body, None)
        for record in self.unread:
            self._apply(record)
        self.unread = []
        outputs = ("assignments", "outcomes", "dead-letters", "ledger")
        self._mark(outputs)

    def data(self):
        at = self.prefix
        shard = Shard(
            name="main",
            appeals=[at + "appeals"],
            agents=[at + "agents"],
            reviews=[at + "reviews"],
            assignments=[at + "assignments"],
            outcomes=at + "outcomes",
            dead_letters=at + "dead-letters",
            ledger=at + "ledger",
            ledger_partition=0,
            queues=["general"],
        )
        return DataSet(shard, self.partitions, self._board(), board_is_expected=True)

    # --- what the shard does ---

    def _apply(self, record):
        self.number = 0
        try:
            event = json.loads(record.value)
            kind = event["type"]
        except ValueError:
            self._refuse(record)
            return
        handle = {"appeal.submitted": self._submit, "agent.updated": self._update_agent,
                  "appeal.decided": self._decide, "assignment.returned": self._return,
                  "appeal.withdrawn": self._withdraw}[kind]  # fmt: skip
        handle(event, record)

    def _refuse(self, record):
        headers = {**record.headers, "aro-source": record.place, "aro-error-code": "json",
                   "aro-error": "a value begins with 'x'"}  # fmt: skip
        self._append("dead-letters", 0, record.key, record.value, headers)

    def _update_agent(self, event, record):
        name = event["agent_id"]
        self.agents.setdefault(name, {"used": 0, "open": 0})["capacity"] = event["capacity"]
        profile = {"v": 1, "status": "available", "capacity": event["capacity"]}
        self._ledger(f"agent:{name}", profile, record.place)
        self._drain(record)

    def _submit(self, event, record):
        name = event["appeal_id"]
        if name in self.appeals:
            self._ignore(event, record, "repeat")
            return
        self.appeals[name] = {"state": "waiting", "epoch": 0, "agent": None,
                              "effort": event.get("effort", 1)}  # fmt: skip
        self.line.append(name)
        self._drain(record)
        if name in self.line:
            self._outcome("appeal.waiting", name, {"queue": "general"}, record)
            self._record_appeal(name, record)

    def _drain(self, record):
        for name in list(self.line):
            appeal = self.appeals[name]
            for agent, load in sorted(self.agents.items()):
                if load["used"] + appeal["effort"] <= load["capacity"]:
                    self._give(name, agent, record)
                    break

    def _give(self, name, agent, record):
        appeal = self.appeals[name]
        self.line.remove(name)
        appeal.update(state="assigned", agent=agent, epoch=appeal["epoch"] + 1)
        self.agents[agent]["used"] += appeal["effort"]
        self.agents[agent]["open"] += 1
        body = {"appeal_id": name, "agent_id": agent, "epoch": appeal["epoch"],
                "effort": appeal["effort"], "queue": "general"}  # fmt: skip
        self._publish("assignments", "assignment.created", name, body, record)
        self._record_appeal(name, record)

    def _take_back(self, name):
        appeal = self.appeals[name]
        if appeal["agent"]:
            self.agents[appeal["agent"]]["used"] -= appeal["effort"]
            self.agents[appeal["agent"]]["open"] -= 1
        appeal["agent"] = None

    def _decide(self, event, record):
        self._close(event, record, "decided", event.get("epoch"))

    def _withdraw(self, event, record):
        name = event["appeal_id"]
        appeal = self.appeals.get(name)
        if appeal and appeal["state"] == "assigned":
            body = {"appeal_id": name, "agent_id": appeal["agent"], "epoch": appeal["epoch"]}
            self._publish("assignments", "assignment.revoked", name, body, record)
        self._close(event, record, "withdrawn", None)

    def _close(self, event, record, reason, epoch):
        name = event["appeal_id"]
        appeal = self.appeals.get(name)
        if appeal is None or appeal["state"] == "closed" or epoch not in (None, appeal["epoch"]):
            state = "unknown" if appeal is None else "closed"
            self._ignore(event, record, state if state != "closed" else self._why(appeal))
            return
        self._take_back(name)
        if name in self.line:
            self.line.remove(name)
        appeal["state"] = "closed"
        self._outcome("appeal.closed", name, {"reason": reason, "epoch": epoch}, record)
        self._record_appeal(name, record)
        self._drain(record)

    @staticmethod
    def _why(appeal):
        return "closed" if appeal["state"] == "closed" else "stale"

    def _return(self, event, record):
        name = event["appeal_id"]
        appeal = self.appeals.get(name)
        if appeal is None or appeal["state"] != "assigned" or appeal["epoch"] != event["epoch"]:
            self._ignore(event, record, "unknown" if appeal is None else "stale")
            return
        self._take_back(name)
        appeal["state"] = "waiting"
        self.line.insert(0, name)
        self._outcome("appeal.waiting", name, {"queue": "general"}, record)
        self._record_appeal(name, record)
        self._drain(record)

    # --- how it is written ---

    def _record_appeal(self, name, record):
        appeal = self.appeals[name]
        body = {"v": 1, "state": appeal["state"], "epoch": appeal["epoch"]}
        if appeal["state"] == "assigned":
            body |= {"agent_id": appeal["agent"], "effort": appeal["effort"]}
        self._ledger(f"appeal:{name}", body, record.place)

    def _ignore(self, event, record, reason):
        body = {"event_type": event["type"], "reason": reason}
        self._outcome("event.ignored", event["appeal_id"], body, record)

    def _outcome(self, kind, name, body, record):
        self._publish("outcomes", kind, name, {"appeal_id": name, **body}, record)

    def _publish(self, topic, kind, name, body, record):
        headers = {
            "ce_specversion": "1.0",
            "ce_id": f"{record.place}/{self.number}",
            "ce_source": "/appeal-router/main",
            "ce_type": kind,
            "ce_subject": name,
            "ce_time": TIME.format(self.clock),
            "content-type": "application/json",
            "aro-source": record.place,
        }
        self.number += 1
        partition = murmur2_partition(name.encode(), COUNTS[topic])
        self._append(topic, partition, name, json.dumps(body).encode(), headers)

    def _ledger(self, key, body, source):
        headers = {"aro-source": source} if source else {}
        self._append("ledger", 0, key, json.dumps(body).encode(), headers)

    def _append(self, topic, number, key, value, headers):
        topic = self.prefix + topic
        partition = self.partitions[(topic, number)]
        record = Record(topic, number, partition.end, key, value, headers)
        partition.records.append(record)
        partition.end += 1
        return record

    def _mark(self, topics):
        """A transaction's marker takes an offset that no reader sees."""
        for topic in topics:
            for number in range(COUNTS[topic]):
                self.partitions[(self.prefix + topic, number)].end += 1

    def _board(self):
        meta = {
            name: "1" for name in ("epoch", "claim", "owner", "offset", "updated_at", "rulebook")
        }
        agents = {
            name: {"status": "available", **{field: str(load[field]) for field in load}}
            for name, load in self.agents.items()
        }
        free = {
            name: float(load["capacity"] - load["used"])
            for name, load in self.agents.items()
            if load["capacity"] > load["used"]
        }
        queue = {"waiting": str(len(self.line)), "held": "0"}
        return Board(meta, agents, {"general": queue}, {"general": free})


def good_shard(prefix=""):
    """Ten appeals, two agents, every kind of event and of answer, two owners, five transactions."""
    shard = GoodShard(prefix)
    shard.begin_term("a-1")
    for agent, capacity in (("ana", 2), ("rui", 3)):
        shard.tell(
            "agents", agent, {"type": "agent.updated", "agent_id": agent, "capacity": capacity}
        )
    for number in range(10):
        name = f"p-{number}"
        shard.tell("appeals", name, {"type": "appeal.submitted", "appeal_id": name,
                                     "effort": 2 if number == 3 else 1})  # fmt: skip
    shard.commit()
    shard.tell("appeals", "p-0", {"type": "appeal.submitted", "appeal_id": "p-0"})
    shard.tell("appeals", None, b"xx", {"made-by": "the test"})
    shard.tell("reviews", "p-0", {"type": "appeal.decided", "appeal_id": "p-0", "outcome": "upheld",
                                  "epoch": 1, "agent_id": "ana"})  # fmt: skip
    shard.commit()
    shard.begin_term("b-1")
    shard.tell("reviews", "p-1", {"type": "assignment.returned", "appeal_id": "p-1", "epoch": 1,
                                  "agent_id": "ana"})  # fmt: skip
    shard.commit()
    shard.tell("reviews", "p-1", {"type": "assignment.returned", "appeal_id": "p-1", "epoch": 1,
                                  "agent_id": "ana"})  # fmt: skip
    shard.tell(
        "reviews", "p-x", {"type": "appeal.decided", "appeal_id": "p-x", "outcome": "upheld"}
    )
    shard.commit()
    shard.tell("appeals", "p-2", {"type": "appeal.withdrawn", "appeal_id": "p-2"})
    shard.tell(
        "reviews", "p-0", {"type": "appeal.decided", "appeal_id": "p-0", "outcome": "upheld"}
    )
    shard.commit()
    return shard
