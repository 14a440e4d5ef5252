"""I13: does the board in Redis say what the shard's outputs add up to?"""

from .data import Violation


def check_board(board, shard, story, report):
    check_meta(board, shard, report)
    known = {name: agent for name, agent in story.agents.items() if agent.is_known}
    for name in sorted(board.agents.keys() - known.keys()):
        report(Violation("I13", name, "a row for an agent that is none"))
    for name, agent in sorted(known.items()):
        check_agent(name, agent, board.agents.get(name), report)
    check_queues(board, shard, story, report)
    check_free(board, shard, known, report)


def check_meta(board, shard, report):
    for name in ("epoch", "claim", "owner", "offset", "updated_at", "rulebook"):
        if not board.meta.get(name):
            report(Violation("I13", f"{shard.name}:meta", f"has no {name}"))


def check_agent(name, agent, row, report):
    if row is None:
        report(Violation("I13", name, "has no row"))
        return
    expected = {
        "capacity": str(agent.capacity),
        "used": str(agent.used),
        "open": str(agent.open),
        "status": agent.status,
    }
    for field, value in expected.items():
        if row.get(field) != value:
            report(Violation("I13", name, f"{field} is {row.get(field)} on the board, not {value}"))


def check_queues(board, shard, story, report):
    waiting = dict.fromkeys(shard.queues, 0)
    held = dict.fromkeys(shard.queues, 0)
    for appeal in story.appeals.values():
        if appeal.state in ("waiting", "new", "free"):
            count = held if appeal.is_held else waiting
            count[appeal.queue or ""] = count.get(appeal.queue or "", 0) + 1
    for name in sorted(waiting.keys() | board.queues.keys()):
        row = board.queues.get(name, {})
        for field, value in (("waiting", waiting.get(name, 0)), ("held", held.get(name, 0))):
            if row.get(field) != str(value):
                report(
                    Violation("I13", name, f"{field} is {row.get(field)} on the board, not {value}")
                )


def check_free(board, shard, known, report):
    for queue in sorted({*shard.queues, *board.free}):
        expected = {
            name: agent.capacity - agent.used
            for name, agent in known.items()
            if agent.status == "available"
            and agent.capacity > agent.used
            and (agent.queues is None or queue in agent.queues)
        }
        found = board.free.get(queue, {})
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                report(
                    Violation(
                        "I13",
                        f"free:{queue}",
                        f"'{name}' has {found.get(name)} on the board, not {expected.get(name)}",
                    )
                )
