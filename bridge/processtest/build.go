package processtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/wootbridge/wootbridge/"

// The programs, built once for all tests of a process.
var (
	build    sync.Once
	built    string // the folder they are in
	buildErr error
)

func buildAll() {
	if built, buildErr = os.MkdirTemp("", "wootbridge-bin-"); buildErr != nil {
		return
	}
	compile := exec.Command("go", "build", "-o", built, module+"cmd/wootbridge", module+"cmd/wootbridge-demo")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		buildErr = fmt.Errorf("build the programs: %w\n%s", err, out)
	}
}

// Binary builds the programs, if they are not built yet, and gives the path of
// one: wootbridge or wootbridge-demo. The short tests do without.
func Binary(t testing.TB, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds and runs the programs: make test runs this test")
	}
	build.Do(buildAll)
	require.NoError(t, buildErr)
	return filepath.Join(built, name)
}

// Clean removes the built programs. Call it from TestMain, after the tests.
func Clean() {
	if built != "" {
		_ = os.RemoveAll(built)
	}
}
