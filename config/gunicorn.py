"""How the web server runs; used by `make run`, `make demo` and `make bench`: gunicorn --config config/gunicorn.py."""

import os
from typing import Any

from prometheus_client import multiprocess

wsgi_app = "config.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
loglevel = "warning"
control_socket_disable = True


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that has ended leaves its counters, but no gauges, to /metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
