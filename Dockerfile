# The lab as an image: what `lab setup` makes, read-only, with warm caches; it runs without a network.
#
#   docker build -t descent .
#
# For an image that can be made again, give both bases by their digests:
# --build-arg BASE=debian:bookworm-slim@sha256:… --build-arg GO=golang:1.26.8-bookworm@sha256:…
ARG BASE=debian:bookworm-slim
ARG GO=golang:1.26.8-bookworm

FROM ${GO} AS go

FROM ${BASE} AS base
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends procps python3 tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old

FROM base AS tools
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates gcc git libc6-dev python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH GOTOOLCHAIN=local

FROM tools AS build
# Mirrors, if you need them: --build-arg GOPROXY=… --build-arg PIP_INDEX_URL=…
ARG GOPROXY
ARG PIP_INDEX_URL
ENV PATH=/opt/descent/.lab/bin:$PATH GOMODCACHE=/opt/cache/mod XDG_CACHE_HOME=/opt/cache PIP_CACHE_DIR=/root/.cache/pip
WORKDIR /opt/descent
COPY go.mod go.sum LICENSE ./
COPY tools tools
COPY internal internal
COPY pkg pkg
COPY cmd cmd
COPY docker/notices docker/notices
COPY docker/settle docker/settle
COPY docker/install docker/
RUN --mount=type=cache,target=/root/.cache GOCACHE=/root/.cache/go-build docker/install
COPY notebooks notebooks
COPY docker/warm docker/caches docker/
RUN GOCACHE=/tmp/cache/go-build docker/warm

FROM base
COPY --from=build /usr/local/go /usr/local/go
COPY --from=build /opt /opt
COPY --from=build /usr/share/doc/descent /usr/share/doc/descent
COPY --from=build /usr/local/share/descent/gcc /usr/local/bin/gcc
RUN useradd --uid 1000 --no-create-home --home-dir /tmp lab && install -d -o lab -g lab /work
COPY docker/lab /usr/local/bin/lab
COPY docker/caches /usr/local/bin/descent-caches
COPY docker/jupyter_server_config.json /etc/xdg/jupyter/
ENV PATH=/usr/local/go/bin:$PATH HOME=/tmp GOTOOLCHAIN=local GOMODCACHE=/opt/cache/mod GOCACHE=/tmp/cache/go-build XDG_CACHE_HOME=/tmp/cache
WORKDIR /opt/descent
USER 1000
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["/opt/descent/.lab/python/bin/python", "-I", "-c", "import urllib.request as r; r.urlopen('http://localhost:8888/api', timeout=4)"]
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Descent" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.description="A lab for optimizers and ReLU networks, as Go notebooks" \
      org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["tini", "--", "lab"]
CMD ["--no-browser", "--port", "8888"]
