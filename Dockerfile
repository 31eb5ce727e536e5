# One image for every service of docker-compose.yml; each gives its own command.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONTINUITY_HOME=/var/lib/continuity

RUN useradd --system --create-home --uid 10001 continuity \
    && install --directory --owner=continuity --mode=0700 "$CONTINUITY_HOME" "$CONTINUITY_HOME/media"

WORKDIR /srv/continuity
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .

USER continuity
VOLUME ["/var/lib/continuity"]
EXPOSE 8000
# SIGTERM: a worker ends its task, the web server its requests.
STOPSIGNAL SIGTERM
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000"]
