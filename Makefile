# make test            everything, with -race, on its own Postgres and Redis
# make test PKG=./bridge/journal RUN=TestOrder   a part of it
# make services        a shell with those two running, for developers

PKG ?= ./...
RUN ?= .

.PHONY: build test services
build:
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...

test:
	.ci/test-services go test -race -timeout 20m -run '$(RUN)' $(PKG)

services:
	.ci/test-services $${SHELL:-bash}
