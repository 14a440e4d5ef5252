"""The independent checker: reads what a shard was told and what it answered, and judges.

It shares no code with the daemon and none with the harness. `data` holds what was read (`reader`
reads it from Kafka and Redis), `transactions` cuts the ledger into transactions, `story` retells
every appeal and agent from inputs and outputs, and `checks` compares all of it. The numbers of the
invariants (I1 to I13) are those of docs/architecture.md.
"""

from .checks import check
from .data import Board, DataSet, Partition, Record, Shard, Violation

__all__ = ["Board", "DataSet", "Partition", "Record", "Shard", "Violation", "check"]
