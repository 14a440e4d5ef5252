"""A socket in place of the journal's, which keeps what it is sent."""

import contextlib
import socket
import struct
import threading


class StandInJournal:
    """Binds `path`; `entries` are the datagrams so far. It takes some at a time, as the journal does: more are dropped."""

    def __init__(self, path):
        self.entries = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.thread = threading.Thread(target=self.receive)
        self.thread.start()

    def receive(self):
        with contextlib.suppress(OSError):
            while entry := self.socket.recv(65536):
                self.entries.append(entry)

    def fields(self):
        """Each entry's fields, as https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ has them."""
        return [dict(read_fields(entry)) for entry in self.entries[:]]

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


def read_fields(entry):
    while entry:
        line, _, rest = entry.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            [length] = struct.unpack("<Q", rest[:8])
            value, end, rest = rest[8:8 + length], rest[8 + length:9 + length], rest[9 + length:]
            assert end == b"\n"
        yield name.decode(), value.decode()
        entry = rest
