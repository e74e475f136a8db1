# The web server, the worker and manage.py, in one small image that runs as nobody in particular.
#   docker build -t loyalty .            docker compose up           docs/operations.md says the rest
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements-server.txt ./
RUN python -m venv /venv && /venv/bin/pip install --quiet --require-hashes -r requirements-server.txt
COPY manage.py ./
COPY config config
COPY audit audit
COPY programs programs
COPY loyalty loyalty
COPY templates templates
# Static files are named by their content and compressed; the settings that this needs are no secrets.
RUN SECRET_KEY=of-the-build-alone ENCRYPTION_KEYS=of-the-build-alone-and-of-no-use-later DATABASE_URL=postgres://none@none/none \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 && /venv/bin/python -m compileall -q /app

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin loyalty
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["gunicorn", "--config", "python:config.gunicorn", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
