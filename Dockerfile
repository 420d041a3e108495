# The service alone. Its database stands beside it (docker-compose.yml) or anywhere else (DISPATCH_DATABASE_URL).
FROM python:3.13-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY migrations migrations
COPY src src
RUN uv build --wheel --out-dir /wheel \
 && uv venv --python /usr/local/bin/python /opt/dispatch \
 && uv pip install --python /opt/dispatch/bin/python --compile-bytecode --constraint requirements.lock /wheel/*.whl

FROM python:3.13-slim
RUN groupadd --gid 10001 dispatch \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/dispatch --shell /usr/sbin/nologin dispatch \
 && install -d -o dispatch -g dispatch -m 0700 /var/lib/dispatch
COPY --from=build /opt/dispatch /opt/dispatch
ENV PATH=/opt/dispatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DISPATCH_HOST=0.0.0.0 \
    DISPATCH_PORT=8911 \
    DISPATCH_DATA_DIR=/var/lib/dispatch \
    DISPATCH_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/dispatch
VOLUME /var/lib/dispatch
EXPOSE 8911
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8911/readyz', timeout=2)"]
ENTRYPOINT ["dispatch"]
CMD ["serve"]
