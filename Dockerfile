# syntax=docker/dockerfile:1
# `countersign serve`, as an image without a shell:
#
#   docker build -t countersign .
#   docker run -p 3000:3000 -e STRIPE_WEBHOOK_SECRET -v ./serve.toml:/etc/countersign/serve.toml:ro \
#     -v countersign:/var/lib/countersign countersign
#
# In `serve.toml`, `listen = "0.0.0.0:3000"`, so that the port can be reached from outside, and
# `store = "sqlite:/var/lib/countersign/events.db"`, so that a restart forgets no events.

FROM rust:1-slim-bookworm AS build
# A C compiler for ring and SQLite.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --package countersign-cli --features sqlite \
    && cp target/release/countersign /countersign && mkdir /store

FROM gcr.io/distroless/cc-debian12:nonroot
# For the health check only: the image has no other program.
COPY --from=busybox:1-musl /bin/busybox /busybox
COPY --from=build /countersign /countersign
# The folder of the store: a new volume gets its owner.
COPY --from=build --chown=nonroot:nonroot /store /var/lib/countersign
USER nonroot
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/healthz"]
# `docker stop` sends SIGTERM, which drains in-flight requests.
ENTRYPOINT ["/countersign"]
CMD ["serve", "--config", "/etc/countersign/serve.toml"]
