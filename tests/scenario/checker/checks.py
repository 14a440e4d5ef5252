"""The judge: every check over one data set."""

from .answers import check_all_is_read, check_answers
from .board import check_board
from .data import Violation
from .ledger import check_ledger
from .replies import check_replies
from .story import Story
from .transactions import Transactions


def check(data, everything_is_read=True):
    """All violations in `data`, in the order found. `everything_is_read`: the shard has had time
    to read all of its input, so that what it has not read is one."""
    found = []
    transactions = Transactions(data.ledger, found.append)
    check_answers(data, transactions, found.append)
    if everything_is_read:
        check_all_is_read(data, transactions, found.append)
    story = Story(data, found.append)
    check_ledger(data, story, found.append)
    check_replies(data, transactions, story, found.append)
    if data.board is not None:
        check_board(data.board, data.shard, story, found.append)
    elif data.board_is_expected:
        found.append(Violation("I13", data.shard.name, "there is no board"))
    return found
