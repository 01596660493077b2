"""The HTTP server that the lesson's cells call: on this machine, so that no network is measured."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Items(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one packet; in two, the system's delayed acknowledgement could cost 40 ms.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """`/items/<number>` answers with `{"id": <number>, "name": …}`."""
        number = self.path.removeprefix("/items/")
        if not number.isdecimal():
            self.send_error(404)
            return
        body = json.dumps({"id": int(number), "name": f"item {number}"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: requests are no news."""


@contextmanager
def pages() -> Iterator[str]:
    """Runs the server on a free port, and gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Items)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
