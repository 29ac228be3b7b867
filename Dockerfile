# The image: Node and one file.

# Both can be given with --build-arg, say as a mirror's name or pinned by digest. The second needs Node 26, be it named
# gcr.io/distroless/nodejs26-debian13 or node:26-trixie-slim.
ARG BUILD_IMAGE=node:26-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot

# The bundle is the same for all architectures, so it is built on the builder's own. BuildKit and buildah say which that is. Docker without
# BuildKit does not, and takes "linux" for the same; buildah before 1.29 takes neither: --build-arg BUILDPLATFORM=linux/amd64.
FROM --platform=${BUILDPLATFORM:-linux} ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No script of a dependency runs: the node package would download a Node that the image brings already, and esbuild's is a shortcut.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# Readable for every user, whatever the umask; COPY --chmod would take BuildKit.
RUN node scripts/build.ts && chmod 0444 dist/operator.cjs dist/LICENSES.txt dist/sbom.cdx.json

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="influxdb-token-operator" \
      org.opencontainers.image.description="Makes InfluxDB Clustered tokens declarative: apply a token, get a Secret; delete it, and the token is revoked." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /build/dist/operator.cjs /operator.cjs
COPY --from=build /build/dist/LICENSES.txt /build/dist/sbom.cdx.json /
# V8 sizes its heap when it starts: by default for half of the container's memory, and it ends the process when that is full, though the
# other half is free. At 512 MiB the operator needs less than a quarter of it for young objects, code, buffers and TLS.
# With a young generation of 16 MiB the garbage of a burst dies young: measured, the memory at its highest is a seventh less.
# The pieces in which long answers come go back to the system as soon as they are free: between others they would stay,
# measured, 46 MiB of them after a start with ten thousand tokens.
ENV NODE_OPTIONS="--max-old-space-size-percentage=60 --max-semi-space-size=16" \
    MALLOC_MMAP_THRESHOLD_=16384 \
    PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
# By number, or Kubernetes could not tell that it is not root.
USER 65532:65532
EXPOSE 8080 8081
# V8 would collect the whole heap each time it grows by some megabytes; up to here it may grow first, which saves a burst an eighth of its CPU.
# Once there is nothing to do the operator has it collected, for which Node has to hand it the means.
# (Node does not take the first flag from NODE_OPTIONS.)
ENTRYPOINT ["node", "--initial-old-space-size=96", "--expose-gc", "/operator.cjs"]
