# The image of the application. `make start` builds it; docker-compose.yml says how it runs.
ARG PYTHON=python:3.13-slim-trixie

# ---- Build: dependencies and static files; nothing of pip or its caches goes further -------------------------------
FROM ${PYTHON} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN python -m venv --without-pip /opt/venv
# The requirements come before the source, so that a change of the source installs nothing again.
COPY requirements/base.txt requirements/base.txt
RUN pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r requirements/base.txt
COPY . .
# Settings for this one command: production needs a secret and a host to start, and gets ones that nobody will use.
RUN DJANGO_ENV=production \
    DJANGO_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_hex(48))')" \
    DJANGO_ALLOWED_HOSTS=build.invalid \
    VAR_DIR=/tmp/var \
    /opt/venv/bin/python manage.py collectstatic --no-input \
    && python -m compileall -q .

# ---- Run -----------------------------------------------------------------------------------------------------------
FROM ${PYTHON}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_ENV=production \
    VAR_DIR=/var/lib/finances \
    HOME=/tmp
# By number, so that orchestrators can see that it is not root. The one place it may write to is VAR_DIR, and /tmp.
RUN groupadd --gid 10001 finances \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin finances \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/finances
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
WORKDIR /app
USER 10001:10001
VOLUME /var/lib/finances
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=4 CMD ["python", "scripts/health.py", "/health/live"]
CMD ["gunicorn", "--config", "config/gunicorn.py", "--bind", "0.0.0.0:8000"]
