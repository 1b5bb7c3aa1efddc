package benchtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// row is a line of the table, as text. verdict is "" where there is no aim.
type row struct{ figure, against, bare, bridge, ratio, aim, verdict string }

func (r row) String() string {
	return strings.Join([]string{r.figure, "against " + r.against, r.bare, r.bridge, r.ratio, r.aim, r.verdict}, " | ")
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// table collects the rows of a run.
type table struct{ rows []row }

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) markdown() string {
	var b strings.Builder
	b.WriteString("| figure | against | that | the bridge | ratio | aim | |\n|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.figure, r.against, r.bare, r.bridge, r.ratio, r.aim, r.verdict)
	}
	return b.String()
}

const (
	tableBegins = "<!-- table -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// writeTo replaces the table in a page, and says how it came about.
func (t *table) writeTo(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(page, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ends {
		return fmt.Errorf("%s has no place for the table", path)
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(tableBegins)
	fmt.Fprintf(&b, "`make bench SCALE=%g` on %s, %s\n\n", *scale, time.Now().UTC().Format("2006-01-02 15:04 UTC"), machine())
	b.WriteString(t.markdown())
	b.WriteString(tableEnds)
	b.Write(after)
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// machine describes what this runs on, and how busy that is.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "unknown"
	if average, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(average), " ")
	}
	commit := "unknown"
	if out, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("%s, %d cores (%s), load %s at the end, commit %s", runtime.Version(), runtime.NumCPU(), model, load, commit)
}
