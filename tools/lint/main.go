// Command lint checks this repository with the analyzers that golangci-lint would
// run for us, without building golangci-lint. It is a tool of go vet, which runs
// it package by package and keeps what has not changed:
//
//	go -C tools build -o ../bin/lint ./lint && go vet -vettool=$PWD/bin/lint ./...
//
// go vet itself and staticcheck run beside it; make lint runs all three.
package main

import (
	"strings"

	"github.com/catenacyber/perfsprint/analyzer"
	"github.com/ldez/usetesting"
	"github.com/polyfloyd/go-errorlint/errorlint"
	sqlclose "github.com/ryanrolds/sqlclosecheck/pkg/analyzer"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"go-simpler.org/sloglint"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(
		// Errors are wrapped at each step, so they are compared with errors.Is and As.
		allow(errorlint.NewAnalyzer()),
		// A body or a row that stays open keeps a connection from everybody else.
		allow(bodyclose.Analyzer),
		allow(sqlclose.NewAnalyzer()),
		// A log's message is fixed, so that nothing of a customer gets into it, and its
		// keys look alike. The logger is injected.
		allow(sloglint.New(&sloglint.Options{NoMixedArguments: true, StaticMessage: true, NoGlobalLogger: "all", KeyNamingCase: "snake"})),
		// What a test changes ends with the test.
		allow(usetesting.NewAnalyzer()),
		allow(errorsOnly(analyzer.New())),
	)
}

// errorsOnly leaves of perfsprint what says that an error holds nothing to format.
// The rest trades a line that reads well for some nanoseconds.
func errorsOnly(a *analysis.Analyzer) *analysis.Analyzer {
	for _, off := range []string{"integer-format", "string-format", "bool-format", "hex-format", "concat-loop", "fiximports"} {
		if err := a.Flags.Set(off, "false"); err != nil {
			panic(err) // the analyzer has changed; decide anew
		}
	}
	return a
}

// exceptions are the findings that stay, each with its reason: an analyzer's name
// and the end of a file's name.
var exceptions = []struct{ analyzer, file, why string }{
	{"sloglint", "internal/guard/guard.go", "what the guard stands around is a constant of its caller"},
	{"sloglint", "bridge/daemon/welcome.go", "the sentence is one of a few constants, shown to people where there is a terminal"},
	{"sloglint", "whatsapp/logs.go", "it passes on the library's log, at debug, and names of events that are constants"},
	{"errorlint", "bridge/web/middleware.go", "it compares what a panic brought, which is http.ErrAbortHandler itself or something else"},
	{"usetesting", "bridge/processtest/postgres.go", "another user has to reach the folder, and a test's own is closed to others"},
	{"usetesting", "bridge/processtest/pgbouncer.go", "another user has to reach the folder, and a test's own is closed to others"},
	{"sqlclosecheck", "bridge/database/statements_test.go", "when rows are closed is what the test is about"},
	{"sqlclosecheck", "whatsapp/origin_test.go", "the rows of one table are closed before those of the next are read"},
	{"bodyclose", "chatwoot/cable.go", "the WebSocket library reads and closes the body of a refusal"},
	{"bodyclose", "chatwoot/chatwoottest/faults_test.go", "the request fails, so there is no body"},
	{"bodyclose", "whatsapp/reframe_internal_test.go", "a websocket's handshake has no body, and the other request fails"},
}

// allow makes an analyzer keep quiet about its exceptions.
func allow(a *analysis.Analyzer) *analysis.Analyzer {
	run := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			file := pass.Fset.Position(d.Pos).Filename
			for _, e := range exceptions {
				if e.analyzer == a.Name && strings.HasSuffix(file, "/"+e.file) {
					return
				}
			}
			report(d)
		}
		return run(pass)
	}
	return a
}
