"""I1, I8 in part, I9 and the form: is each input answered once, whole, and as the contract says?"""

import functools
import re

from .data import NEVER_READ, Violation, source_place

ERROR_CODES = {"json", "limit", "type", "field"}
VALUE_LENGTH_MAX = 256 * 1024
ASSIGNMENT_TYPES = {"assignment.created", "assignment.offered", "assignment.revoked"}
OUTCOME_TYPES = {
    "appeal.waiting",
    "appeal.escalated",
    "appeal.held",
    "appeal.resumed",
    "appeal.merged",
    "appeal.overdue",
    "appeal.rerouted",
    "appeal.closed",
    "event.ignored",
}
BOOKKEEPING_KEYS = {"owner", "positions", "topics"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def check_answers(data, transactions, report):
    outputs = list(data.records(data.shard.outputs))
    ledger = [record for record in data.ledger if record.key not in BOOKKEEPING_KEYS]
    inputs = {
        (record.topic, record.partition, record.offset): record
        for record in data.records(data.shard.inputs)
    }
    check_every_input_is_answered(data, inputs, outputs + ledger, transactions, report)
    check_one_transaction_each(data, inputs, ledger, transactions, report)
    for record in data.records([data.shard.dead_letters]):
        check_dead_letter(record, inputs, report)
    check_form(data, report)
    check_ids(data, report)


def check_every_input_is_answered(data, inputs, answers, transactions, report):
    answered = set()
    for answer in answers:
        place = source_place(answer.source)
        if place:
            answered.add(place)
            if place not in inputs:
                report(
                    Violation("I1", answer.place, f"answers {answer.source}, which is not there")
                )
            elif transactions.of_source(answer.source) is None:
                report(
                    Violation("I1", answer.place, f"answers {answer.source}, beyond the positions")
                )
        elif answer.source not in ("timer", "control"):
            report(Violation("I1", answer.place, f"aro-source '{answer.source}'"))
    for place in inputs:
        if place not in answered and (transactions.read_to(place[:2]) or 0) > place[2]:
            report(Violation("I1", "/".join(map(str, place)), "read, but nothing answers it"))
    for (topic, number), partition in data.partitions.items():
        if topic in data.shard.inputs:
            read_to = transactions.read_to((topic, number)) or partition.start
            if read_to > partition.end:
                report(
                    Violation("I1", f"{topic}/{number}", f"read to {read_to} of {partition.end}")
                )


def check_all_is_read(data, transactions, report):
    """For a shard that has had time to read everything: no input lies beyond the positions."""
    for record in data.records(data.shard.inputs):
        if (transactions.read_to((record.topic, record.partition)) or 0) <= record.offset:
            report(Violation("I1", record.place, NEVER_READ))


def check_one_transaction_each(data, inputs, ledger, transactions, report):
    for record in ledger:
        wrote, read = transactions.of_ledger(record.offset), transactions.of_source(record.source)
        if source_place(record.source) in inputs and wrote != read:
            message = f"read by transaction {read}, answered by {wrote} ({record.key})"
            report(Violation("I1", record.source, message))
    # Partitions of outputs carry no mark of their transactions, but these come in order.
    latest = {}
    for record in data.records(data.shard.outputs):
        read = transactions.of_source(record.source)
        if read is None:
            continue
        place = (record.topic, record.partition)
        if read < latest.get(place, 0):
            report(
                Violation(
                    "I1", record.source, f"{record.place} lies behind those of a later transaction"
                )
            )
        latest[place] = max(read, latest.get(place, 0))


def check_dead_letter(letter, inputs, report):
    source = inputs.get(source_place(letter.source))
    if letter.headers.get("aro-error-code") not in ERROR_CODES:
        code = letter.headers.get("aro-error-code")
        report(Violation("form", letter.place, f"aro-error-code '{code}'"))
    if not letter.headers.get("aro-error"):
        report(Violation("form", letter.place, "no aro-error"))
    if source is None:
        return  # reported already
    value, cut = source.value, letter.headers.get("aro-truncated")
    if value is not None and len(value) > VALUE_LENGTH_MAX:
        if cut != str(len(value)):
            report(Violation("form", letter.place, f"aro-truncated '{cut}' of {len(value)} bytes"))
        value = value[:VALUE_LENGTH_MAX]
    elif cut is not None:
        report(Violation("form", letter.place, "aro-truncated where nothing was cut"))
    if letter.value != value or letter.key != source.key:
        report(Violation("I1", letter.place, f"is not the record {letter.source} that it answers"))
    for name, text in source.headers.items():
        if letter.headers.get(name) != text:
            report(Violation("form", letter.place, f"lost the header '{name}'"))


def check_form(data, report):
    shard = data.shard
    allowed = {topic: ASSIGNMENT_TYPES for topic in shard.assignments}
    allowed[shard.outcomes] = OUTCOME_TYPES
    for record in data.records(allowed):
        for problem in form_problems(record, allowed[record.topic], f"/appeal-router/{shard.name}"):
            report(Violation("form", record.place, problem))
        if record.key is not None:
            partition = murmur2_partition(record.key.encode(), data.partition_count(record.topic))
            if record.partition != partition:
                report(
                    Violation("form", record.place, f"key '{record.key}' belongs to {partition}")
                )


def form_problems(record, types, ce_source):
    headers, body = record.headers, record.body
    if not isinstance(body, dict):
        yield "the value is no JSON object"
        return
    fixed = {"ce_specversion": "1.0", "ce_source": ce_source, "content-type": "application/json"}
    for name, text in fixed.items():
        if headers.get(name) != text:
            yield f"header {name} is '{headers.get(name)}', not '{text}'"
    if record.type not in types:
        yield f"'{record.type}' on this topic"
    if not TIME.fullmatch(headers.get("ce_time", "")):
        yield f"ce_time is '{headers.get('ce_time')}'"
    subject = body.get("appeal_id") or body.get("agent_id")
    if record.key != subject or headers.get("ce_subject") != subject:
        yield f"key '{record.key}' and ce_subject '{headers.get('ce_subject')}' of '{subject}'"


def check_ids(data, report):
    seen = {}
    for record in data.records([*data.shard.assignments, data.shard.outcomes]):
        name = record.headers.get("ce_id", "")
        if name in seen:
            report(Violation("I9", record.place, f"ce_id '{name}' is also that of {seen[name]}"))
        seen[name] = record.place
        if source_place(record.source) and not name.startswith(f"{record.source}/"):
            report(Violation("I9", record.place, f"ce_id '{name}' does not begin with its source"))
        elif not name:
            report(Violation("I9", record.place, "no ce_id"))


def murmur2_partition(key, count):
    """The partition Java's producers give to a key."""
    return (murmur2(key) & 0x7FFFFFFF) % count


@functools.cache
def murmur2(data):
    word, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * word & mask
        k = (k ^ k >> 24) * word & mask
        h = (h * word & mask) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * word & mask
    h = (h ^ h >> 13) * word & mask
    return h ^ h >> 15
