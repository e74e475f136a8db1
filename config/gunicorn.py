"""How the web server runs, here and in production: `gunicorn --config python:config.gunicorn`.

docs/performance.md says by what measurements workers and threads were chosen.
"""

import os
from typing import Any

wsgi_app = "config.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
loglevel = "warning"
control_socket_disable = True


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that has ended leaves its counters, but no gauges, to /metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess  # noqa: PLC0415 - it reads the variable when it is imported

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
