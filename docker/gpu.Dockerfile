# The lab's image with XLA's plugin for CUDA 13, about 4 GB more. The machine needs NVIDIA's driver and its container toolkit.
#
#   docker build -t descent . && docker build -t descent:gpu -f docker/gpu.Dockerfile .
#   docker run --gpus all …
#
# The plugin is what pkg/accel/plugin installs too, in the versions and with the hashes of docker/cuda.lock.
ARG LAB=descent
FROM ${LAB} AS lab

FROM lab AS cuda
ARG PIP_INDEX_URL
# hadolint ignore=DL3002
USER 0
COPY docker/cuda.lock /tmp/
RUN --mount=type=cache,target=/root/.cache \
    /opt/descent/.lab/python/bin/python -m pip install --quiet --cache-dir /root/.cache/pip --disable-pip-version-check \
    --target /opt/cuda --no-deps --require-hashes --only-binary=:all: -r /tmp/cuda.lock \
 # the plugin looks for NVIDIA's libraries beside its own folder, and go-xla for a plugin under this name
 && ln -s xla_cuda_plugin.so /opt/cuda/jax_plugins/xla_cuda13/pjrt_c_api_cuda_plugin.so
# What others wrote of it: the list, a bill of materials, and the licenses' texts, beside those of the lab.
ARG GOPROXY
COPY docker/notices /tmp/notices
WORKDIR /tmp/notices
RUN --mount=type=cache,target=/root/.cache \
    GOMODCACHE=/root/.cache/notices GOCACHE=/root/.cache/go-build CGO_ENABLED=0 go build -o /tmp/list \
 && /tmp/list -python /opt/cuda -bom /usr/share/doc/descent/cuda.bom.cdx.json -texts /usr/share/doc/descent/licenses \
    >/usr/share/doc/descent/THIRD_PARTY_NOTICES.cuda

FROM lab
COPY --from=cuda /opt/cuda /opt/cuda
COPY --from=cuda /usr/share/doc/descent /usr/share/doc/descent
ENV PJRT_PLUGIN_LIBRARY_PATH=/opt/cuda/jax_plugins/xla_cuda13 \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
