"""How the web server runs, here and in production: `gunicorn --config python:config.gunicorn`.

docs/performance.md says by what measurements workers and threads were chosen.
"""

import gc
import os
from pathlib import Path
from typing import Any

import environ

env = environ.Env()
environ.Env.read_env(Path(__file__).resolve().parent.parent / ".env")  # before the settings do

wsgi_app = "config.wsgi"
worker_class = "gthread"
workers = env.int("WEB_WORKERS", default=2)
threads = env.int("WEB_THREADS", default=8)
loglevel = "warning"
control_socket_disable = True


def post_worker_init(_worker: Any) -> None:
    """What was loaded stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that has ended leaves its counters, but no gauges, to /metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess  # noqa: PLC0415 - it reads the variable when it is imported

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
