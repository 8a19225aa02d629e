# One image for every stage: docker run synsift run fetch --port 9464
#
# EXTRAS are those of pyproject.toml: `--build-arg EXTRAS=fleet,thorough` for the stage `thorough`.
# BASE is any Debian (bookworm or newer); its Python must be 3.11 or newer. The installed packages are copied out of the
# first stage, so compilers and caches stay behind.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
ARG EXTRAS=fleet
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY crawler crawler
COPY dedupe dedupe
COPY pipelines pipelines
COPY src src
RUN python3 -m venv /opt/synsift \
 && /opt/synsift/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt ".[${EXTRAS}]" \
 && /opt/synsift/bin/python -m compileall -q /opt/synsift/lib \
 && /opt/synsift/bin/pip uninstall -y -q pip setuptools

FROM ${BASE}
LABEL org.opencontainers.image.title="synsift" \
      org.opencontainers.image.description="A distributed image crawler and near-duplicate filter" \
      org.opencontainers.image.licenses="Apache-2.0 AND LicenseRef-WordNet-3.0 AND (CC-BY-SA-3.0 OR GFDL-1.1-no-invariants-or-later) AND CC-BY-3.0 AND CC-BY-SA-4.0 AND LicenseRef-Chinese-Open-Wordnet AND CC-BY-4.0"
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin synsift \
 && install -d -o synsift -g synsift /data
COPY --from=build /opt/synsift /opt/synsift
ENV PATH=/opt/synsift/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    SYNSIFT_STORE__URL=/data \
    SYNSIFT_SERVICE__HOST=0.0.0.0 \
    SYNSIFT_SERVICE__PORT=9464
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 9464
# A worker that no longer polls is not healthy; commands that serve nothing are checked by nobody.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"SYNSIFT_SERVICE__PORT\"]}/healthz', timeout=4)"]
# SIGTERM drains within service.drain_s (25 s): give it a few seconds more, for example docker stop --time 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["synsift"]
CMD ["run", "all"]
