"""Cuts the ledger into the transactions it was written in.

Each transaction's first ledger record is `positions`: how far it has read each source. A term
begins with `owner`, whose transaction has read nothing.
"""

import bisect
import dataclasses

from .data import Violation, source_place


@dataclasses.dataclass
class Transaction:
    index: int
    ledger_offset: int  # of its positions record
    claim: str
    seq: int
    time: str
    positions: dict[tuple[str, int], int]  # (topic, partition) -> next offset


class Transactions:
    """All transactions of a ledger, and which of them read what."""

    def __init__(self, ledger, report):
        self.all = []
        claim = None
        for record in ledger:
            if record.key == "owner":
                claim = (record.body or {}).get("claim")
            elif record.key == "positions":
                self._add(record, claim, report)
        self._ledger_offsets = [transaction.ledger_offset for transaction in self.all]
        self._read_to = {}
        for transaction in self.all:
            for place, offset in transaction.positions.items():
                self._read_to.setdefault(place, ([], []))
                self._read_to[place][0].append(offset)
                self._read_to[place][1].append(transaction.index)

    def _add(self, record, claim, report):
        try:
            body = record.body
            positions = {
                (source["topic"], source["partition"]): source["next_offset"]
                for source in body["sources"]
            }
            transaction = Transaction(
                len(self.all), record.offset, body["claim"], body["seq"], body["time"], positions
            )
        except (TypeError, KeyError):
            report(Violation("I10", record.place, "a positions record that cannot be read"))
            return
        if transaction.claim != claim:
            report(
                Violation(
                    "I10", record.place, f"claim '{transaction.claim}', the owner's is '{claim}'"
                )
            )
        if self.all:
            self._compare(self.all[-1], transaction, record.place, report)
        self.all.append(transaction)

    @staticmethod
    def _compare(before, after, place, report):
        for source, offset in before.positions.items():
            now = after.positions.get(source)
            if now is None or now < offset:
                name = f"{source[0]}/{source[1]}"
                report(Violation("I10", place, f"position of {name} goes back: {offset} to {now}"))
        if after.time < before.time:
            report(Violation("I10", place, f"time goes back: {before.time} to {after.time}"))
        expected = before.seq + 1
        if after.claim == before.claim and after.seq != expected:
            report(Violation("I10", place, f"seq {after.seq}, expected {expected}"))

    def read_to(self, place):
        """The next offset of a source partition by the last transaction; None where unread."""
        offsets, _ = self._read_to.get(place, ([], []))
        return offsets[-1] if offsets else None

    def of_source(self, source):
        """The index of the transaction that read the record an aro-source names, or None."""
        place = source_place(source)
        if place is None:
            return None
        offsets, indexes = self._read_to.get(place[:2], ([], []))
        at = bisect.bisect_right(offsets, place[2])
        return indexes[at] if at < len(indexes) else None

    def of_ledger(self, offset):
        """The index of the transaction that a ledger record lies in, or None before the first."""
        at = bisect.bisect_right(self._ledger_offsets, offset) - 1
        return at if at >= 0 else None
