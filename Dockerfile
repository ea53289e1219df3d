# An image of k8scale: the program, the libraries that it needs and certificate authorities. It has no shell.
# `./dev image` builds it.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /source
COPY dev ./
RUN ./dev setup build && apt-get install -qy --no-install-recommends ca-certificates
COPY . .
ARG COMMIT=unknown
RUN cmake --preset release -D K8SCALE_TESTS=OFF -D "K8SCALE_COMMIT=${COMMIT}" && ./dev build release
RUN ./dev image-root /image

FROM scratch
ARG COMMIT=unknown
ARG VERSION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="k8scale" \
      org.opencontainers.image.description="Measures the Kubernetes API machinery" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /image /
# Where drivers and loggers write: where the root file system is read-only, a volume belongs here.
WORKDIR /tmp
USER 65532:65532
ENTRYPOINT ["/k8scale"]
