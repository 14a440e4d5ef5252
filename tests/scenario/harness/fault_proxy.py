"""Stands between the daemon and the broker and loses what it is told to lose.

It reads the head of each Kafka request (length, API key, version, correlation id), so that a fault can
be aimed: the answer to a commit that took place, a request that arrives long after its sender
has given it up.
"""

import contextlib
import socket
import struct
import threading
import time

PRODUCE, INIT_PRODUCER_ID, ADD_PARTITIONS, ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT = 0, 22, 24, 25, 26, 28


class Fault:
    """One fault, for the next `count` requests of `api_key`.

    cut: the request never arrives. swallow: it arrives, and its answer is lost. hold: it arrives
    `seconds` later, however its sender has fared. withhold: it arrives, and its answer comes when the
    test lets it.
    """

    def __init__(self, kind, api_key, count=1, seconds=0.0):
        self.kind, self.api_key, self.count, self.seconds = kind, api_key, count, seconds
        self.met = 0
        self._is_answered = threading.Event()

    def answer(self):
        """What was withheld comes."""
        self._is_answered.set()

    def wait_answered(self):
        self._is_answered.wait()


def _read_exactly(source, length):
    data = b""
    while len(data) < length:
        piece = source.recv(length - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


def _read_frame(source):
    head = _read_exactly(source, 4)
    return head + _read_exactly(source, struct.unpack(">i", head)[0])


def _close(*sockets):
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


class FaultProxy:
    def __init__(self, port, target_port):
        self.target = ("127.0.0.1", target_port)
        self.faults = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._start(self._accept)

    def _start(self, function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def add(self, kind, api_key, count=1, seconds=0.0):
        fault = Fault(kind, api_key, count, seconds)
        with self._lock:
            self.faults.append(fault)
        return fault

    def stop(self):
        _close(self._listener)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                broker = socket.create_connection(self.target)
                for one in (client, broker):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lost = {}  # the faults of answers, by their correlation ids
                self._start(self._forward_requests, client, broker, lost)
                self._start(self._forward_answers, broker, client, lost)

    def _meet(self, api_key):
        with self._lock:
            for fault in self.faults:
                if fault.api_key == api_key and fault.met < fault.count:
                    fault.met += 1
                    return fault
        return None

    def _forward_requests(self, client, broker, lost):
        try:
            while True:
                frame = _read_frame(client)
                api_key, _, correlation = struct.unpack(">hhi", frame[4:12])
                fault = self._meet(api_key)
                if fault and fault.kind == "cut":
                    break
                if fault and fault.kind in ("swallow", "withhold"):
                    lost[correlation] = fault
                if fault and fault.kind == "hold":
                    time.sleep(fault.seconds)  # of the wire, not of the test
                broker.sendall(frame)
        except OSError:
            pass
        _close(client, broker)

    def _forward_answers(self, broker, client, lost):
        try:
            while True:
                frame = _read_frame(broker)
                fault = lost.pop(struct.unpack(">i", frame[4:8])[0], None)
                if fault and fault.kind == "swallow":
                    break
                if fault:
                    fault.wait_answered()
                client.sendall(frame)
        except OSError:
            pass
        _close(client, broker)
