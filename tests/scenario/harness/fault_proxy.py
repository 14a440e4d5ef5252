"""Stands between the daemon and the broker and loses what it is told to lose.

It reads the head of each Kafka request (length, API key, version, correlation id), so that a fault can
be aimed: the answer to a commit that took place, a request that arrives long after its sender
has given it up. It can also cut the wires of all connections that there are, or be out of reach.
"""

import contextlib
import ctypes
import socket
import struct
import threading
import time

PRODUCE, FETCH, INIT_PRODUCER_ID, ADD_PARTITIONS, ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT = 0, 1, 22, 24, 25, 26, 28


SO_ATTACH_FILTER = 26


def _drop_all_packets(connection):
    """The kernel takes none for this socket any more, and so answers none. (The one instruction: take 0 bytes.)"""
    program = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 1, ctypes.addressof(program)))


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
        self._is_away = False  # who connects is turned away
        self._clients = {}  # the API keys that each has sent
        self._cut = set()  # of these, those whose wires are
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

    def cut_wires(self, api_key):
        """Nothing gets through by the connections that such requests came by, and neither end is told. New ones
        are fine. Gives how many there were."""
        with self._lock:
            chosen = {client for client, api_keys in self._clients.items() if api_key in api_keys}
            self._cut |= chosen
            for client in chosen:
                _drop_all_packets(client)
            return len(chosen)

    def leave(self):
        """The broker is out of reach until come_back()."""
        with self._lock:
            self._is_away = True
            for client in self._clients:
                with contextlib.suppress(OSError):  # it may have gone by itself
                    client.shutdown(socket.SHUT_RDWR)

    def come_back(self):
        with self._lock:
            self._is_away = False

    def stop(self):
        _close(self._listener)
        self.leave()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if not self._admit(client):
                    client.close()
                    continue
                broker = socket.create_connection(self.target)
                for one in (client, broker):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lost = {}  # the faults of answers, by their correlation ids
                self._start(self._forward_requests, client, broker, lost)
                self._start(self._forward_answers, broker, client, lost)

    def _admit(self, client):
        with self._lock:
            if not self._is_away:
                self._clients[client] = set()
            return not self._is_away

    def _end(self, client, broker):
        with self._lock:
            self._clients.pop(client, None)
        _close(client, broker)

    def _meet(self, client, api_key):
        with self._lock:
            self._clients.get(client, set()).add(api_key)  # its answers' end may have ended it
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
                fault = self._meet(client, api_key)
                if fault and fault.kind == "cut":
                    break
                if fault and fault.kind in ("swallow", "withhold"):
                    lost[correlation] = fault
                if fault and fault.kind == "hold":
                    time.sleep(fault.seconds)  # of the wire, not of the test
                broker.sendall(frame)
        except OSError:
            pass
        self._end(client, broker)

    def _forward_answers(self, broker, client, lost):
        try:
            while True:
                frame = _read_frame(broker)
                fault = lost.pop(struct.unpack(">i", frame[4:8])[0], None)
                if fault and fault.kind == "swallow":
                    break
                if fault:
                    fault.wait_answered()
                if client not in self._cut:
                    client.sendall(frame)
        except OSError:
            pass
        self._end(client, broker)
