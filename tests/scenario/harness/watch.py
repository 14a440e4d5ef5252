"""Reads committed outputs as they come, until what a test waits for is there."""

import dataclasses
import json
import time

from .agent_queue import read_committed_consumer, take_batch
from .process import WaitTimeout


@dataclasses.dataclass
class Output:
    topic: str
    type: str | None  # None: a dead letter
    key: str | None
    value: bytes | None
    headers: dict[str, str]
    arrived: float  # time.monotonic()

    @property
    def body(self):
        return json.loads(self.value)


class Watch:
    def __init__(self, bootstrap, topics):
        self.seen = []
        self._consumer = read_committed_consumer(bootstrap, topics)

    def close(self):
        self._consumer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def find(self, kind=None, **members):
        """Those seen so far of a type, with these members."""
        return [
            one
            for one in self.seen
            if (kind is None or one.type == kind)
            and all(one.body.get(name) == value for name, value in members.items())
        ]

    def wait(self, kind, seconds=60, **members):
        """The first of a type with these members, waiting for it."""
        return self.wait_until(
            lambda: next(iter(self.find(kind, **members)), None), f"{kind} {members}", seconds
        )

    def wait_count(self, kind, count, seconds=60, **members):
        """Until `count` of a type with these members have come, and no more; gives them."""
        self.wait_until(
            lambda: len(self.find(kind, **members)) >= count, f"{count} {kind} {members}", seconds
        )
        found = self.find(kind, **members)
        assert len(found) == count, f"{len(found)} {kind} {members}"
        return found

    def wait_until(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() >= deadline:
                kinds = [(one.type, one.key) for one in self.seen[-20:]]
                raise WaitTimeout(f"{what}: not within {seconds} s; last seen: {kinds}")
            self._take(take_batch(self._consumer))

    def _take(self, messages):
        for message in messages:
            assert message.error() is None, message.error()
            headers = {name: (text or b"").decode() for name, text in message.headers() or []}
            key = message.key()
            self.seen.append(
                Output(
                    message.topic(),
                    headers.get("ce_type") if "aro-error-code" not in headers else None,
                    None if key is None else key.decode(),
                    message.value(),
                    headers,
                    time.monotonic(),
                )
            )
