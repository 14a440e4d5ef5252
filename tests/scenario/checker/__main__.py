"""python -m checker: judges what one shard did, from Kafka and Redis.

Run it from tests/scenario, with build/venv/bin/python. Exit status 0: nothing found; 1: violations,
one a line; 2: it could not read what it was to judge.
"""

import argparse
import sys

from . import check
from .reader import read_data, read_shard


def main():
    parser = argparse.ArgumentParser(prog="checker", description=__doc__.splitlines()[0])
    parser.add_argument("--settings", required=True, help="the daemon's settings file")
    parser.add_argument("--shard", default="main", help="default: main")
    parser.add_argument("--bootstrap", required=True, help="the broker's host:port")
    parser.add_argument("--redis", help="redis://host:port/0; without it the board is not judged")
    parser.add_argument("--prefix", default="aro", help="of the board's keys; default: aro")
    parser.add_argument("--unfinished", action="store_true", help="input may still be unread")
    options = parser.parse_args()
    try:
        shard = read_shard(options.settings, options.shard)
        data = read_data(options.bootstrap, shard, options.redis, options.prefix)
    except Exception as error:  # whatever went wrong, it says nothing about the shard
        print(f"checker: {error}", file=sys.stderr)
        return 2
    violations = check(data, everything_is_read=not options.unfinished)
    for violation in violations:
        print(violation)
    count = sum(len(partition.records) for partition in data.partitions.values())
    print(f"{count} records judged, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
