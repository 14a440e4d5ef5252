"""What the demo has seen: where each appeal is, what each agent holds, and whether promises were kept."""

import collections
import statistics
from dataclasses import dataclass, field

from traffic import DEAD_LETTER

INBOX = "inbox"  # of the queue's team, where no agent is chosen


@dataclass
class Appeal:
    market: str
    sent_at: float
    effort: int = 1
    queue: str = ""
    agent: str = ""
    hand_outs: int = 0
    handed_out_at: str = ""
    first_out_after: float = 0.0
    has_answer: bool = False
    why_waiting: dict | None = None  # its appeal.waiting, while it is in line
    is_decided: bool = False


@dataclass
class Tally:
    capacities: dict
    appeals: dict = field(default_factory=dict)
    used: collections.Counter = field(default_factory=collections.Counter)
    ignored: collections.Counter = field(default_factory=collections.Counter)
    dead_letters: list = field(default_factory=list)
    broken_promises: list = field(default_factory=list)

    def submit(self, event, now):
        self.appeals[event["appeal_id"]] = Appeal(event["market"], now, event.get("effort", 1))

    def see(self, kind, at, event, now):
        """Takes in one answer, decided @at and read @now; gives the appeal where it is handed out."""
        if kind == DEAD_LETTER:
            self.dead_letters.append(event)
            return None
        appeal = self.appeals[event["appeal_id"]]
        appeal.has_answer = True
        appeal.queue = event.get("queue") or appeal.queue
        if kind == "assignment.created":
            return self._hand_out(appeal, at, event, now)
        # Read from another topic, so it may come behind the hand-out that ended it.
        if kind == "appeal.waiting" and at > appeal.handed_out_at:
            appeal.why_waiting = event
        elif kind == "appeal.closed":
            appeal.is_decided, appeal.why_waiting = True, None
        elif kind == "event.ignored":
            self.ignored[event["reason"]] += 1
        return None

    def _hand_out(self, appeal, at, event, now):
        if appeal.agent:
            self.broken_promises.append(f"{event['appeal_id']} has two open assignments")
        if appeal.hand_outs == 0:
            appeal.first_out_after = now - appeal.sent_at
        appeal.hand_outs += 1
        appeal.handed_out_at = at
        appeal.why_waiting = None
        appeal.agent = event["agent_id"] or INBOX
        if event["agent_id"]:
            self.used[event["agent_id"]] += appeal.effort
            if self.used[event["agent_id"]] > self.capacities[event["agent_id"]]:
                self.broken_promises.append(f"{event['agent_id']} was given more than their capacity")
        return appeal

    def give_back(self, appeal_id):
        """The agent has answered: their capacity is free from here, at the earliest."""
        appeal = self.appeals[appeal_id]
        if appeal.agent in self.capacities:
            self.used[appeal.agent] -= appeal.effort
        appeal.agent = ""

    def progress(self):
        appeals = self.appeals.values()
        return {"submitted": len(appeals), "assigned": sum(appeal.hand_outs > 0 for appeal in appeals),
                "waiting": len(self.waiting()), "decided": sum(appeal.is_decided for appeal in appeals)}

    def waiting(self):
        """The appeal.waiting of each that is in line now."""
        return [appeal.why_waiting for appeal in self.appeals.values() if appeal.why_waiting]

    def unanswered(self):
        return sorted(name for name, appeal in self.appeals.items() if not appeal.has_answer)

    def rows(self, by):
        """(name, submitted, assigned, decided, waiting, median ms) of each group that @by tells."""
        groups = collections.defaultdict(list)
        for appeal in self.appeals.values():
            groups[by(appeal) or "(none)"].append(appeal)
        for name, members in sorted(groups.items()):
            out = [appeal for appeal in members if appeal.hand_outs]
            delays = [appeal.first_out_after * 1000 for appeal in out]
            yield (name, len(members), len(out), sum(appeal.is_decided for appeal in members),
                   sum(appeal.why_waiting is not None for appeal in members),
                   statistics.median(delays) if delays else None)
