# The image of the bridge: one static binary, ffmpeg for voice notes and
# videos, time zones and certificates. It runs without root and needs nothing
# writable but /data and /tmp.
#
#   docker build -t wootbridge .

FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.release=${VERSION}" \
    -o /out/wootbridge ./cmd/wootbridge

FROM alpine:3.22
RUN apk add --no-cache ca-certificates ffmpeg tzdata \
 && addgroup -g 10001 wootbridge \
 && adduser -D -H -h /data -u 10001 -G wootbridge wootbridge \
 && install -d -m 0700 -o wootbridge -g wootbridge /data
COPY --from=build /out/wootbridge /usr/local/bin/wootbridge
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
# The admin API is at a port of its own: publish it on the host's loopback address
# alone, as 127.0.0.1:8081. A container's own loopback address cannot be published.
# That the image says it is no choice of an admin, so WOOTBRIDGE_IMAGE says who it was.
ENV WOOTBRIDGE_DATA_DIR=/data WOOTBRIDGE_ADMIN_LISTEN=:8081 WOOTBRIDGE_IMAGE=true
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["wootbridge", "healthcheck"]
ENTRYPOINT ["wootbridge"]
CMD ["serve"]
