"""Somebody who answers in a broker's or a Redis' place over TLS, and keeps what is said to them."""

import contextlib
import socket
import ssl
import threading


class TlsServer:
    def __init__(self, certificate):
        self.received = b""  # once a caller trusts the certificate; nothing is ever answered
        self.caller_count = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.both)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return  # closed
            self.caller_count += 1
            connection.settimeout(5)
            with connection, contextlib.suppress(OSError):  # ssl.SSLError is one
                with self._context.wrap_socket(connection, server_side=True) as stream:
                    while received := stream.recv(4096):
                        self.received += received

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
