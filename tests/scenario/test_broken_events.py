"""Events that cannot be read: each is answered by a dead letter, and good ones go by unharmed."""

import base64
import json
import pathlib

from harness import events

TABLE = pathlib.Path(__file__).resolve().parents[1] / "data" / "broken_events.json"
GOOD_EVERY = 5  # an appeal that is in order after each fifth that is not


def value_of(row):
    if "value_base64" in row:
        return base64.b64decode(row["value_base64"])
    if "value_parts" in row:
        return "".join(text * times for text, times in row["value_parts"]).encode()
    return None if row["value"] is None else row["value"].encode()


def test_each_broken_event_is_answered_and_good_ones_around_it_are_routed(world):
    rows = json.loads(TABLE.read_text())
    good = events.appeals(len(rows) // GOOD_EVERY + 1)
    world.start()
    world.send("agents", [events.agent("zoe", capacity=len(good) * 2)])
    for number, row in enumerate(rows):
        headers = {**row.get("headers", {}), "test-row": str(number)}
        topic = getattr(world.main, row["topic"])
        world.sender.send_raw(topic, row.get("key"), value_of(row), headers)
        if number % GOOD_EVERY == 0:
            appeal = good[number // GOOD_EVERY]
            value = json.dumps(appeal).encode()
            world.sender.send_raw(world.main.appeals, appeal["appeal_id"], value)
    world.sender.flush()

    with world.watch() as watch:
        watch.wait_until(lambda: len(dead_letters(watch)) == len(rows), "all dead letters")
        watch.wait_count("assignment.created", len(good))
        letters = dead_letters(watch)
    wrong = [problem for number, row in enumerate(rows) for problem in judge(row, letters[number])]
    assert not wrong, "\n".join(wrong)
    world.assert_faultless()
    assert not leaks(world.instances["a"].log(), rows)


def dead_letters(watch):
    return {int(one.headers["test-row"]): one for one in watch.seen if one.type is None}


def judge(row, letter):
    code, error = letter.headers["aro-error-code"], letter.headers["aro-error"]
    if code != row["code"]:
        yield f"{row['name']}: code '{code}', not '{row['code']}' ({error})"
    if row["field"] not in error:
        yield f"{row['name']}: '{error}' does not name '{row['field']}'"
    head, _, rest = error.partition(": ")
    if rest.startswith(head):
        yield f"{row['name']}: '{error}' names '{head}' twice"


def leaks(log, rows):
    """Values of refused events that show in the log: they may hold what people wrote."""
    texts = [row["value"] for row in rows if len(row.get("value") or "") > 20]
    return [text for text in texts if text in log]
