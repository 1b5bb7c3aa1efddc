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
ENV WOOTBRIDGE_DATA_DIR=/data
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["wootbridge", "healthcheck"]
ENTRYPOINT ["wootbridge"]
CMD ["serve"]
