# One image for web, worker and migrate. Two stages, so that what builds is not what runs.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements-run.lock pyproject.toml README.md ./
RUN python -m venv /app && /app/bin/pip install --no-cache-dir --require-hashes -r requirements-run.lock
COPY src src
COPY workers workers
COPY config config
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home publisher
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PUBLISHER_CONFIG=/config PUBLISHER_DATA=/data PYTHONUNBUFFERED=1
USER publisher
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "-m", "publisher.web", "--host", "0.0.0.0", "--port", "8000"]
