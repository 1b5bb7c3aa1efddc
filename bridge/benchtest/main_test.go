package benchtest

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

var (
	scale  = flag.Float64("scale", 1, "how much of the full counts is measured")
	output = flag.String("output", "", "the page whose table is replaced")
)

func TestMain(m *testing.M) {
	flag.Parse()
	whatsapptest.TrustRoot()
	code := m.Run()
	if code == 0 && *output != "" {
		if err := measured.writeTo(*output); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			code = 1
		}
	}
	processtest.Clean()
	os.Exit(code)
}

// figure is one thing to measure. It gives one row for each of its variants.
type figure struct {
	name    string
	measure func(tb testing.TB, s size) []row
}

var figures = []figure{
	{"receive", receive},
	{"send", send},
	{"delay", delay},
	{"reply", reply},
	{"webhook", webhook},
	{"journal", journalJobs},
	{"growth", growth},
	{"backlog", backlog},
	{"refused", refused},
	{"live", live},
	{"reconcile", reconcile},
	{"troubled", troubled},
	{"failing", failing},
	{"hung", hung},
	{"besides", besides},
	{"busy", busy},
	{"memory", memory},
}

// size scales counts.
type size float64

// of is the full count scaled, at least least.
func (s size) of(full, least int) int { return max(int(float64(full)*float64(s)), least) }

// measured is the table of this run.
var measured table

func BenchmarkFigures(b *testing.B) {
	for _, f := range figures {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				for _, r := range f.measure(b, size(*scale)) {
					b.Log(r)
					measured.add(r)
				}
			}
		})
	}
}

// The figures that need no long waits are measured with a few messages, so that
// a change that breaks them is seen when it is made.
func TestFiguresAreMeasured(t *testing.T) {
	for _, f := range figures {
		switch f.name {
		case "delay", "reply", "webhook", "journal", "reconcile", "busy":
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				rows := f.measure(t, 0)
				require.NotEmpty(t, rows)
				for _, r := range rows {
					require.NotEmpty(t, r.bridge, r.figure)
				}
			})
		}
	}
}
