"""A stand-in for one of our processes: `/ready` on a port, log lines, and faults on request.

python stand_in.py <name> <admin port> [--never-ready] [--ignore-term] [--crash-once FILE] [--journal FILE]
"""

import argparse
import http.server
import json
import os
import signal
import sys
import threading
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("port", type=int)
    parser.add_argument("--never-ready", action="store_true")
    parser.add_argument("--ignore-term", action="store_true")
    parser.add_argument("--crash-once", type=Path)
    parser.add_argument("--journal", type=Path)
    words = parser.parse_args()

    def note(what: str) -> None:
        print(
            json.dumps({"event": what, "level": "info", "service": words.name, "pid": os.getpid()}),
            flush=True,
        )
        if words.journal:
            with words.journal.open("a") as file:
                file.write(f"{words.name} {what}\n")

    if words.crash_once and not words.crash_once.exists():
        words.crash_once.touch()
        sys.exit("a planted crash")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if words.never_ready else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence: the journal is the log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", words.port), Handler)
    done = threading.Event()
    stop = signal.SIG_IGN if words.ignore_term else (lambda *_: done.set())
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    note("started")
    done.wait()
    note("stopped")


main()
