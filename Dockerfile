# One image for every process; compose.yaml says which is which.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENV_FILE=off \
    VAR_DIR=/var/lib/mooring STATIC_ROOT=/srv/mooring/static

WORKDIR /srv/mooring
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
RUN python manage.py collectstatic --noinput \
    && useradd --system mooring \
    && install --directory --owner=mooring /var/lib/mooring
USER mooring

EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.conf.py", "config.wsgi", "--bind", "0.0.0.0:8000"]
