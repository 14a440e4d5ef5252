"""The benchmark's work: appeals of about 380 bytes, 47 rules, 38 queues, 300 people. Seeded.

Nothing gives capacity back, so that what is measured is routing and not waiting: the people of a
queue are as many as its share of the appeals asks for.
"""

import collections
import itertools
import json
import random

NATIVE = {"DE": "de", "FR": "fr", "IT": "it", "ES": "es", "PL": "pl", "NL": "nl", "SE": "sv",
          "UK": "en"}  # fmt: skip
MARKETS = {**NATIVE, "TR": "tr", "BE": "fr"}
REASONS = ["counterfeit", "account_suspension", "listing_removed", "payment_hold", "review_abuse",
           "restricted_product"]  # fmt: skip
STATEMENT = ("The goods were bought from an authorised distributor. " * 4)[:162]
AGENTS = 300
CAPACITY = 1000  # the most that a person may have
SEED = 7


def market_rules():
    """(market, language, reason) -> queue, None: any. First match decides."""
    for market, language in NATIVE.items():
        name = market.lower()
        yield (market, language, "counterfeit"), f"{name}-ip"
        yield (market, None, "counterfeit"), "eu-ip"
        yield (market, language, "account_suspension"), f"{name}-accounts"
        yield (market, language, "listing_removed"), f"{name}-listings"
        yield (market, language, None), f"{name}-general"
    yield (None, "en", "account_suspension"), "en-accounts"
    yield (None, "en", "listing_removed"), "en-listings"
    yield (None, "de", None), "de-general"
    yield (None, "fr", None), "fr-general"
    yield (None, "en", None), "en-general"
    yield (None, None, "payment_hold"), "global-payments"
    yield (None, None, None), "global-general"


RULES = list(market_rules())
QUEUES = list(dict.fromkeys(queue for _, queue in RULES))


def rulebook():
    rules = []
    for number, (when, queue) in enumerate(RULES):
        named = zip(("market", "languages", "reason"), when, strict=True)
        conditions = {field: value for field, value in named if value is not None}
        rules.append({"name": f"rule-{number}", "when": conditions, "route": {"queue": queue}})
        if not conditions:
            del rules[-1]["when"]
    queues = {queue: {"choose": ["lowest_load", "longest_idle"]} for queue in QUEUES}
    return {"rulebook": "bench.1", "seed": SEED, "queues": queues, "rules": rules}


def appeals(first=0):
    """Endless (id, value) pairs; number n is the same whatever `first` is."""
    for number in itertools.count(first):
        chance = random.Random(SEED * 1_000_000_007 + number)
        market = chance.choice(list(MARKETS))
        native = MARKETS[market]
        languages = chance.choice(
            [[native], [native, "en"], ["en"], [chance.choice(list(MARKETS.values())), "en", "fr"]]
        )
        name = f"A{number:010}"
        body = {
            "type": "appeal.submitted",
            "appeal_id": name,
            "market": market,
            "languages": list(dict.fromkeys(languages)),
            "reason": chance.choice(REASONS),
            "deadline": f"2027-02-{chance.randint(1, 28):02}T12:00:00Z",
            "attributes": {"seller_tier": chance.choice(["bronze", "silver", "gold"]),
                           "value": chance.randint(0, 999999) / 100},
            "statement": STATEMENT,
        }  # fmt: skip
        yield name, json.dumps(body, separators=(",", ":")).encode()


def queue_of(value):
    body = json.loads(value)
    facts = (body["market"], body["languages"], body["reason"])
    for (market, language, reason), queue in RULES:
        is_served = language is None or language in facts[1]
        if is_served and market in (None, facts[0]) and reason in (None, facts[2]):
            return queue
    raise AssertionError("the last rule matches everything")


def agents(count=AGENTS, sample=20_000):
    """`count` people over the queues, each queue at least one, the rest by its share of appeals."""
    share = collections.Counter(queue_of(value) for _, value in itertools.islice(appeals(), sample))
    spare = count - len(QUEUES)
    people = {queue: 1 + int(spare * share[queue] / sample) for queue in QUEUES}
    for queue, _ in share.most_common(count - sum(people.values())):
        people[queue] += 1
    languages = sorted(set(MARKETS.values()))
    number = itertools.count()
    for queue, size in people.items():
        for _ in range(size):
            name = f"ag-{next(number):04}"
            body = {"type": "agent.updated", "agent_id": name, "capacity": CAPACITY,
                    "languages": languages, "markets": ["*"], "queues": [queue]}  # fmt: skip
            yield name, json.dumps(body).encode()
