"""Offers and their time: an accept that came in time counts, whatever was slow."""

from datetime import UTC, datetime

import pytest
from harness import events
from harness.process import wait_until



def rulebook(expires):
    return {
        "rulebook": f"offers.{expires}",
        "queues": {"general": {"offer": {"expires": expires, "declines_max": 5, "misses_max": 3,
                                         "retry_after": "1h"}}},
        "rules": [{"name": "all", "route": {"queue": "general"}}],
    }  # fmt: skip


@pytest.fixture
def offering(request, world):
    """A world whose offers last as long as the test says: what has to be answered in time must be so on a
    busy machine too."""
    world.write_rulebook(rulebook(request.param))
    world.start().wait_state("main", "owner")
    return world


lasting = pytest.mark.parametrize("offering", ["1h"], indirect=True)
expiring = pytest.mark.parametrize("offering", ["6s"], indirect=True)


def answer(kind, offered, agent=None):
    body = offered.body
    return {
        "type": f"assignment.{kind}",
        "appeal_id": body["appeal_id"],
        "agent_id": agent or body["agent_id"],
        "epoch": body["epoch"],
    }


@lasting
def test_an_offer_that_is_accepted_becomes_an_assignment_of_the_same_epoch(offering):
    with offering.watch() as watch:
        offering.send("agents", [events.agent("ana")])
        offering.send("appeals", events.appeals(1))
        offered = watch.wait("assignment.offered", appeal_id="a-0")
        offering.send("reviews", [answer("accepted", offered)])
        created = watch.wait("assignment.created", appeal_id="a-0")
        assert (created.body["agent_id"], created.body["epoch"]) == ("ana", offered.body["epoch"])
    offering.assert_faultless()


@expiring
def test_an_offer_that_nobody_answers_goes_to_the_next(offering):
    with offering.watch() as watch:
        offering.send("agents", [events.agent("ana"), events.agent("rui")])
        offering.send("appeals", events.appeals(1))
        first = watch.wait("assignment.offered", appeal_id="a-0", epoch=1)
        offering.write_rulebook(rulebook("1h"))  # for the second, which is answered
        assert offering.owner().ask("reload", seconds=60)["ok"]
        watch.wait("assignment.revoked", appeal_id="a-0", reason="expired")
        second = watch.wait("assignment.offered", appeal_id="a-0", epoch=2)
        assert {first.body["agent_id"], second.body["agent_id"]} == {"ana", "rui"}
        offering.send("reviews", [answer("accepted", first), answer("accepted", second)])
        watch.wait("event.ignored", appeal_id="a-0", reason="stale")
        watch.wait("assignment.created", appeal_id="a-0", epoch=2)
    offering.assert_faultless()


@expiring
def test_an_accept_that_lay_unread_past_its_time_counts(offering):
    """The owner is away while the accept comes and while the offer's time passes."""
    with offering.watch() as watch:
        offering.send("agents", [events.agent("ana"), events.agent("rui")])
        offering.send("appeals", events.appeals(1))
        offered = watch.wait("assignment.offered", appeal_id="a-0")
        owner = offering.owner()
        owner.freeze()
        offering.send("reviews", [answer("accepted", offered)])
        expires = datetime.fromisoformat(offered.body["offer_expires_at"])
        wait_until(lambda: datetime.now(UTC) > expires, 60, "the offer's time is over")
        owner.thaw()
        created = watch.wait("assignment.created", appeal_id="a-0")
        assert created.body["epoch"] == offered.body["epoch"]
        assert not watch.find("assignment.revoked")
    offering.assert_faultless()
