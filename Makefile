# make build           the programs, into bin/
# make test            everything, with -race, on its own Postgres and Redis
# make test PKG=./bridge/journal RUN=TestOrder   a part of it
# make crash           kill the program at random moments for some minutes, then compare both sides
# make crash SEED=42   the same chances again
# make services        a shell with those two running, for developers

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
PKG ?= ./...
RUN ?= .
SEED ?= 0
CHATS ?= 20
MESSAGES ?= 1000
KILLS ?= 30

.PHONY: build test crash services
build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.release=$(VERSION)" -o bin/ ./cmd/...

test:
	.ci/test-services go test -race -timeout 40m -run '$(RUN)' $(PKG)

crash:
	.ci/test-services go test -count=1 -v -timeout 60m ./bridge/crashtest -args \
		-crash.seed $(SEED) -crash.chats $(CHATS) -crash.messages $(MESSAGES) -crash.kills $(KILLS)

services:
	.ci/test-services $${SHELL:-bash}
