"""Twenty thousand appeals for two hundred people: the load of the long scenarios.

What the people may hold at once is far less than what waits, so capacity always binds: appeals
move only as decisions come back.
"""

import itertools
import os

from . import events
from .agent_queue import AgentQueue
from .daemon import patience
from .process import WaitTimeout

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
        self._wait_closed(int(self.count * share), seconds)

    def wait_more(self, count=200, seconds=60):
        """Until so many more are closed than now: the shard works."""
        self._wait_closed(min(self.count, len(self.people.closed) + count), seconds)

    def _wait_closed(self, count, seconds):
        try:
            self.people.wait_closed(count, seconds * patience())
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}\n" + "\n".join(self._tell_open())) from None

    def _tell_open(self):
        """What people and instances know of some that are still open, and of the shard."""
        names = (f"a-{number}" for number in range(self.count))
        for name in itertools.islice((name for name in names if name not in self.people.closed), 3):
            yield f"{name}: its last epoch for people is {self.people.assigned.get(name)}"
            for instance in self.world.running():
                yield f"  {instance.name}: {instance.ask('explain', appeal_id=name, limit=3)}"
        for instance in self.world.running():
            yield f"{instance.name}: {instance.status()}"

    def finish(self, seconds=180):
        """Until everything is closed; then the checker judges."""
        self.wait_share(1, seconds)
        self.world.assert_faultless(seconds=60)
        twice = [name for name, times in self.people.closed.items() if times > 1]
        assert not twice, f"closed twice: {twice[:5]}"
        assert len(self.people.closed) == self.count
