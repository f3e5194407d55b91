# One image for every process; compose.yaml says which is which.
# docs/operations.md says how to renew the digest.
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENV_FILE=off \
    MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072 PYTHONFAULTHANDLER=1 \
    VAR_DIR=/var/lib/mooring STATIC_ROOT=/srv/mooring/static

WORKDIR /srv/mooring
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
RUN python manage.py collectstatic --noinput \
    && useradd --system mooring \
    && install --directory --owner=mooring --mode=0700 /var/lib/mooring
USER mooring
# What the fallback store holds outlives the container.
VOLUME /var/lib/mooring

EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.conf.py", "config.wsgi", "--bind", "0.0.0.0:8000"]
