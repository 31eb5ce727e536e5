# One image for every service of docker-compose.yml; each gives its own command.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONTINUITY_HOME=/var/lib/continuity

RUN useradd --system --no-create-home --uid 10001 continuity \
    && install --directory --owner=continuity --mode=0700 "$CONTINUITY_HOME" "$CONTINUITY_HOME/media"

WORKDIR /srv/continuity
# What seldom changes comes first, so that a new version of the code is one small layer.
# TELEMETRY=1 adds OpenTelemetry (docs/operations.md).
ARG TELEMETRY=
COPY requirements.txt ./
COPY requirements/telemetry.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r requirements.txt ${TELEMETRY:+-r requirements/telemetry.txt}
COPY . .

# Code belongs to root: whoever breaks into a process cannot change it.
USER continuity
EXPOSE 8000
# SIGTERM: a worker ends its task, the web server its requests.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/health/live', timeout=4)"]
CMD ["python", "-m", "config.web", "--host", "0.0.0.0", "--port", "8000"]
