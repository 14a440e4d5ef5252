#!/usr/bin/env python3
"""Realistic appeals, or agents, for trying things out: JSON lines in the plain form.

The same arguments give the same bytes, on any machine. Agents and appeals fit config/rulebook.yaml:
an appeal's earlier decision was made by one of the agents, who must not get it again."""
import argparse
import datetime
import json
import random
import sys

# market, share of all appeals, languages of its sellers with their shares
MARKETS = [
    ("BR", 18, [("pt-BR", 92), ("es", 5), ("en", 3)]),
    ("US", 22, [("en-US", 80), ("es-US", 18), ("zh-Hans", 2)]),
    ("GB", 12, [("en-GB", 95), ("fr", 3), ("de", 2)]),
    ("DE", 12, [("de", 85), ("en", 10), ("fr", 5)]),
    ("FR", 9, [("fr", 90), ("en", 7), ("es", 3)]),
    ("ES", 8, [("es-ES", 82), ("ca", 10), ("en", 8)]),
    ("ID", 7, [("id", 90), ("en", 10)]),
    ("NO", 3, [("nb", 75), ("nn", 12), ("en", 13)]),
    ("SA", 4, [("ar", 85), ("en", 15)]),
    ("JP", 5, [("ja", 93), ("en", 7)]),
]
# reason, share, type of its subject, policies that the decision may cite
REASONS = [
    ("listing_removed", 26, "listing", ["listing-quality", "prohibited-items"]),
    ("late_shipment", 18, "account", ["seller-performance"]),
    ("account_suspended", 16, "account", ["seller-performance", "identity"]),
    ("fraud", 12, "account", ["payment-abuse", "identity"]),
    ("counterfeit", 10, "listing", ["authenticity"]),
    ("intellectual_property", 8, "listing", ["trademark", "copyright"]),
    ("review_manipulation", 6, "account", ["reviews"]),
    ("payout_held", 4, "payout", ["payment-abuse"]),
]
SELLER_TIERS = [("bronze", 60), ("silver", 28), ("gold", 12)]
CATEGORIES = ["electronics", "fashion", "home", "toys", "beauty", "sports", "books", "grocery"]
CHANNELS = ["web", "app", "api", "phone"]
STATEMENT = (
    "we sent the invoice and the tracking number to support last week but nobody answered and our "
    "account has been blocked since then please look at the documents again because the order was "
    "delivered on time and the customer confirmed it in writing thank you for your help"
).split()

# team, site, time zone, share of all agents, markets, languages with the level of a typical agent
TEAMS = [
    ("latam", "sao-paulo", "America/Sao_Paulo", 10, ["BR"], [("pt-BR", 5), ("es", 4), ("en", 3)]),
    ("north-america", "austin", "America/Chicago", 10, ["US", "GB"], [("en-US", 5), ("es-US", 4)]),
    ("britain", "manchester", "Europe/London", 6, ["GB", "US", "NO"], [("en-GB", 5), ("fr", 3)]),
    ("german", "berlin", "Europe/Berlin", 7, ["DE"], [("de", 5), ("en", 4)]),
    ("french", "lyon", "Europe/Paris", 6, ["FR", "GB", "DE"], [("fr", 5), ("en", 4)]),
    ("iberia", "madrid", "Europe/Madrid", 7, ["ES", "BR", "FR", "US"], [("es-ES", 5), ("ca", 4), ("en", 3)]),
    ("nordic", "oslo", "Europe/Oslo", 4, ["NO"], [("nb", 5), ("nn", 4), ("en", 4)]),
    ("indonesia", "jakarta", "Asia/Jakarta", 4, ["ID"], [("id", 5), ("en", 4)]),
    ("gulf", "riyadh", "Asia/Riyadh", 3, ["SA"], [("ar", 5), ("en", 4)]),
    ("japan", "osaka", "Asia/Tokyo", 3, ["JP"], [("ja", 5), ("en", 3)]),
]
SKILLS = ["fraud", "rights", "accounts"]


def choose(chance, rows):
    """One of the rows (value, share, ...), by share."""
    return chance.choices(rows, weights=[row[1] for row in rows])[0]


def team_sizes(count):
    """Splits @count over the teams by their shares, the largest remainders first."""
    total = sum(team[3] for team in TEAMS)
    exact = [count * team[3] / total for team in TEAMS]
    sizes = [int(size) for size in exact]
    by_remainder = sorted(range(len(TEAMS)), key=lambda i: (sizes[i] - exact[i], i))
    for i in by_remainder[: count - sum(sizes)]:
        sizes[i] += 1
    return sizes


def agent_ids(count):
    return [
        [f"{team[0]}-{number:03d}" for number in range(1, size + 1)]
        for team, size in zip(TEAMS, team_sizes(count))
    ]


def agent(chance, team, agent_id, number):
    name, site, zone, _, markets, languages = team
    spoken = [
        {"tag": tag, "level": max(1, level - chance.choice([0, 0, 0, 1]))}
        for i, (tag, level) in enumerate(languages)
        if i == 0 or chance.random() < 0.8
    ]
    # The first three of a team cover its skills, so that no queue is without anybody.
    known = SKILLS if number <= 3 else chance.sample(SKILLS, chance.choice([1, 1, 2]))
    return {
        "type": "agent.updated",
        "agent_id": agent_id,
        "capacity": chance.choice([4, 6, 6, 8, 10]),
        "languages": spoken,
        "markets": markets,
        "skills": {"appeals": chance.randint(1, 5), **{skill: chance.randint(2, 5) for skill in known}},
        "team": name,
        "site": site,
        "lead": f"lead-{name}-{1 + number % 2}",
        "time_zone": zone,
        "status": "available",
    }


def agents(seed, count):
    chance = random.Random(f"agents {seed}")
    for team, ids in zip(TEAMS, agent_ids(count)):
        for number, agent_id in enumerate(ids, 1):
            yield agent(chance, team, agent_id, number)


def timestamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def languages_of(chance, spoken):
    first = choose(chance, spoken)[0]
    rest = [tag for tag, _ in spoken if tag != first]
    return [first] + ([chance.choice(rest)] if rest and chance.random() < 0.25 else [])


def attributes_of(chance):
    return {
        "value": round(chance.lognormvariate(4.6, 1.3), 2),
        "seller_tier": choose(chance, SELLER_TIERS)[0],
        "category": chance.choice(CATEGORIES),
        "repeat_offender": chance.random() < 0.15,
        "channels": sorted(chance.sample(CHANNELS, chance.choice([1, 1, 2]))),
        "statement": " ".join(chance.choices(STATEMENT, k=chance.randint(6, 36)))[:256],
    }


def decided_by(chance, market, ids_by_team):
    """The agent who made the decision that is appealed: of a team that works for the market."""
    teams = [ids for team, ids in zip(TEAMS, ids_by_team) if market in team[4] and ids]
    return chance.choice(chance.choice(teams)) if teams else "automatic"


def appeal(chance, seed, number, submitted, ids_by_team):
    market, _, spoken = choose(chance, MARKETS)
    reason, _, subject_type, policies = choose(chance, REASONS)
    decided = submitted - datetime.timedelta(minutes=chance.randint(30, 14 * 24 * 60))
    event = {
        "type": "appeal.submitted",
        "appeal_id": f"appeal-{seed}-{number:07d}",
        "market": market,
        "languages": languages_of(chance, spoken),
        "reason": reason,
        "tier": chance.choices([1, 2, 3], weights=[91, 7, 2])[0],
        "subject": {"type": subject_type, "id": f"{subject_type}-{seed}-{number}"},
        "decision": {
            "id": f"decision-{seed}-{number}",
            "decided_by": decided_by(chance, market, ids_by_team),
            "decided_at": timestamp(decided),
            "policy": chance.choice(policies),
        },
        "submitted_at": timestamp(submitted),
        "effort": chance.choices([1, 2, 3], weights=[80, 15, 5])[0],
        "attributes": attributes_of(chance),
    }
    if chance.random() < 0.1:
        event["deadline"] = timestamp(submitted + datetime.timedelta(hours=chance.randint(12, 96)))
    if chance.random() < 0.05:
        event["priority"] = chance.randint(1, 9)
    return event


def appeals(seed, count, start, rate, agent_count):
    chance = random.Random(f"appeals {seed}")
    ids_by_team = agent_ids(agent_count)
    submitted = start
    for number in range(1, count + 1):
        yield appeal(chance, seed, number, submitted, ids_by_team)
        submitted += datetime.timedelta(milliseconds=round(chance.expovariate(rate) * 1000))


def parse_time(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(datetime.timezone.utc)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="which appeals (default 7)")
    parser.add_argument("--count", type=int, default=1000, help="how many appeals (default 1000)")
    parser.add_argument("--start-time", type=parse_time, default=parse_time("2026-11-22T10:00:00Z"),
                        help="when the first is submitted, RFC 3339 (default 2026-11-22T10:00:00Z)")
    parser.add_argument("--rate", type=float, default=5.0, help="appeals a second (default 5)")
    parser.add_argument("--agents", type=int, metavar="N",
                        help="write N agents instead; config/agents.jsonl is --agents 60")
    parser.add_argument("--decided-by", type=int, metavar="N", default=60,
                        help="how many agents there are to have made the decisions (default 60)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.agents is not None:
        events = agents(arguments.seed, arguments.agents)
    else:
        events = appeals(arguments.seed, arguments.count, arguments.start_time, arguments.rate,
                         arguments.decided_by)
    for event in events:
        sys.stdout.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
