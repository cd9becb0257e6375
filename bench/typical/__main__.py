"""``python -m bench.typical DATABASE PORT PUBLIC_KEY``: one process of uvicorn, as our gateway is one."""

import json
import sys

import uvicorn

from bench.typical.app import create_app, engine_of


def main() -> None:
    """Serves on loopback until it is ended."""
    database, port, public_key = sys.argv[1:]
    app = create_app(engine_of(database), json.loads(public_key))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
