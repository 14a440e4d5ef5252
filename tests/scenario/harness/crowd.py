"""Twenty thousand appeals for two hundred people: the load of the long scenarios.

What the people may hold at once is far less than what waits, so capacity always binds: appeals
move only as decisions come back.
"""

import os

from . import events
from .agent_queue import AgentQueue
from .daemon import patience

APPEALS = int(os.environ.get("ARO_CROWD", "20000"))
AGENTS = 200


class Crowd:
    """Sends everybody and everything, and lets the people decide until all is closed."""

    def __init__(self, world, count=APPEALS):
        self.world, self.count = world, count
        world.send("agents", events.agents(AGENTS))
        world.send("appeals", events.appeals(count))
        self.people = AgentQueue(world.broker.address, world.main, world.own_topics)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.people.stop()

    def send_more(self, count):
        self.world.send("appeals", events.appeals(count, first=self.count))
        self.count += count

    def wait_share(self, share, seconds=60):
        """Until this share (0 to 1) of the appeals is closed."""
        self.people.wait_closed(int(self.count * share), seconds * patience())

    def wait_more(self, count=200, seconds=60):
        """Until so many more are closed than now: the shard works."""
        self.people.wait_closed(
            min(self.count, len(self.people.closed) + count), seconds * patience()
        )

    def finish(self, seconds=180):
        """Until everything is closed; then the checker judges."""
        self.wait_share(1, seconds)
        self.world.assert_faultless(seconds=60)
        twice = [name for name, times in self.people.closed.items() if times > 1]
        assert not twice, f"closed twice: {twice[:5]}"
        assert len(self.people.closed) == self.count
