# make build           the programs, into bin/
# make test            everything, with -race, on its own Postgres and Redis
# make test PKG=./bridge/journal RUN=TestOrder   a part of it
# make services        a shell with those two running, for developers

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
PKG ?= ./...
RUN ?= .

.PHONY: build test services
build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.release=$(VERSION)" -o bin/ ./cmd/...

test:
	.ci/test-services go test -race -timeout 20m -run '$(RUN)' $(PKG)

services:
	.ci/test-services $${SHELL:-bash}
