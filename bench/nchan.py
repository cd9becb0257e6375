"""The peer of the fan-out: nginx with nchan, from the operating system's packages."""

import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.embedded import free_ports

MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"))
MODULE = "ngx_nchan_module.so"
START_SECONDS = 10.0
CONFIG = """
{user}
load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 12000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /up {{ return 204; }}
    location ~ ^/pub/(.+)$ {{ nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 100; }}
    location ~ ^/sub/(.+)$ {{ nchan_subscriber websocket; nchan_channel_id $1; }}
  }}
}}
"""


def missing() -> str:
    """Why there is no peer on this machine; empty where there is one."""
    if _nginx() is None:
        return "nginx is not installed (Debian: apt install nginx libnginx-mod-nchan)"
    if _module() is None:
        return f"nginx has no {MODULE} (Debian: apt install libnginx-mod-nchan)"
    return ""


def version() -> str:
    """Of nginx."""
    done = subprocess.run([str(_nginx()), "-v"], capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition(" ")[2]


@contextmanager
def running() -> Iterator[int]:
    """A server of our own; its port. ``/pub/<channel>`` takes messages, ``/sub/<channel>`` gives sockets."""
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="bench-nchan-") as folder:
        config = Path(folder) / "nginx.conf"
        user = "user root;" if Path(folder).owner() == "root" else ""
        config.write_text(CONFIG.format(user=user, module=_module(), folder=folder, port=port))
        process = subprocess.Popen(
            [str(_nginx()), "-c", str(config), "-p", folder], stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/up")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(url: str) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def _module() -> Path | None:
    return next((folder / MODULE for folder in MODULES if (folder / MODULE).exists()), None)
