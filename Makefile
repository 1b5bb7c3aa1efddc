# make build           the programs, into bin/
# make test            everything, with -race, on its own Postgres and Redis
# make test PKG=./bridge/journal RUN=TestOrder   a part of it
# make crash           kill the program at random moments for some minutes, then compare both sides
# make crash SEED=42   the same chances again
# make crash SEEDS=kept   those that are kept for ever, one after the other
# make bench           ratios to the bare parts, written to docs/benchmarks.md
# make bench SCALE=0.2 FIGURE=receive   fewer messages, one figure; docs/benchmarks.md stays
# make services        a shell with those two running, for developers

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
PKG ?= ./...
RUN ?= .
SEED ?= 0
SEEDS ?= new
CHATS ?= 20
MESSAGES ?= 1000
KILLS ?= 30
SCALE ?= 1
FIGURE ?=

.PHONY: build test crash bench services
build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.release=$(VERSION)" -o bin/ ./cmd/...

test:
	.ci/test-services go test -race -parallel 4 -timeout 30m -run '$(RUN)' $(PKG)
	$(if $(filter ./... ./whatsapp,$(PKG)),go test -run TestAConnectionMayEndWhileARequestWaits ./whatsapp)

crash:
	.ci/test-services go test -count=1 -v -timeout 60m -run '$(RUN)' ./bridge/crashtest -args \
		-crash.seed $(SEED) -crash.seeds $(SEEDS) -crash.chats $(CHATS) -crash.messages $(MESSAGES) -crash.kills $(KILLS)

bench:
	TEST_FSYNC=on .ci/test-services go test -run '^$$' -bench 'Figures/$(FIGURE)' -benchtime 1x -timeout 60m ./bridge/benchtest -args \
		-scale $(SCALE) $(if $(FIGURE),,-output ../../docs/benchmarks.md)

services:
	.ci/test-services $${SHELL:-bash}
