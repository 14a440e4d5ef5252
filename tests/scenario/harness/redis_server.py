"""A private Redis on a free port, that a test may kill, flush and start again empty."""

import pathlib
import shutil
import tempfile

import redis

from .process import Process, WaitTimeout, free_port, wait_until


class RedisServer:
    def __init__(self, folder):
        assert shutil.which("redis-server"), "no redis-server in PATH"
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        folder.mkdir(parents=True, exist_ok=True)
        self.socket_path = pathlib.Path(tempfile.mkdtemp(prefix="aro")) / "redis.sock"  # short enough
        self.process = None
        self.client = redis.Redis(port=self.port, decode_responses=True)

    def start(self):
        """Starts it with no data, on the same port as before."""
        arguments = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "",
                     "--appendonly", "no", "--dir", self.folder,
                     "--unixsocket", self.socket_path]  # fmt: skip
        self.process = Process(arguments, self.folder / "redis.log")
        wait_until(self._answers, 60, "Redis answers")

    def _answers(self):
        if not self.process.is_running():
            raise WaitTimeout(f"Redis ended at its start:\n{self.process.log_tail()}")
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False

    def kill(self):
        self.process.kill()
        self.client.connection_pool.disconnect()

    def close(self):
        self.kill()
        shutil.rmtree(self.socket_path.parent)

    def flush(self):
        self.client.flushall()
