package benchtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const megabyte = 1 << 20

// memory measures what the built program keeps resident.
func memory(tb testing.TB, s size) []row {
	sim := processtest.StartSimulators(tb)
	bridge := processtest.NewBridge(tb, sim)
	bridge.Start()
	rest := func() float64 {
		time.Sleep(3 * time.Second) // until it rests
		return resident(tb, bridge.PID(), "VmRSS")
	}
	limit := func(figure string, value, aim float64, unit string) row {
		return row{figure: figure, against: "–", bridge: fmt.Sprintf("%.1f MB", value), aim: unit, verdict: verdict(value < aim)}
	}
	start := rest()
	rows := []row{limit("resident after the start", start, 40, "< 40 MB")}
	number := func(i int) string { return fmt.Sprintf("55119999%05d", i) }
	bridge.Pair(bridge.CreateLine("Shop 0"), number(0))
	bridge.Pair(bridge.CreateLine("Shop 1"), number(1))
	two := rest()
	lines := s.of(100, 5)
	for i := 2; i < lines; i++ {
		bridge.Pair(bridge.CreateLine(fmt.Sprint("Shop ", i)), number(i))
	}
	all := rest()
	perLine := (all - two) / float64(lines-2)
	rows = append(rows,
		limit(fmt.Sprintf("one more idle line, of %d", lines), perLine, 3, "< 3 MB"),
		limit(fmt.Sprintf("resident with %d idle lines", lines), all, 300*float64(lines)/100, fmt.Sprintf("< %d MB", 3*lines)))
	return append(rows, largeFiles(tb, s)...)
}

// largeFiles measures how much more the program takes at its peak for a file of
// 200 MB, each way.
func largeFiles(tb testing.TB, s size) []row {
	const shop, customer = "5511999990001", "5511888880002"
	length := int64(s.of(200, 20)) * megabyte
	sim := processtest.StartSimulators(tb)
	bridge := processtest.NewBridge(tb, sim)
	bridge.Start()
	bridge.Pair(bridge.CreateLine("Shop"), shop)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := sim.WhatsApp.NewPeer(ctx, customer, "Alice")
	require.NoError(tb, err)
	_, err = sim.WhatsApp.SendText(ctx, customer, shop, "hello")
	require.NoError(tb, err)
	hello, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Text == "hello" })
	require.NoError(tb, err)

	more := func(transfer func()) float64 {
		time.Sleep(3 * time.Second)
		before := resident(tb, bridge.PID(), "VmRSS")
		require.NoError(tb, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", bridge.PID()), []byte("5"), 0)) // the peak begins anew
		transfer()
		return resident(tb, bridge.PID(), "VmHWM") - before
	}
	in := more(func() {
		_, err := sim.WhatsApp.SendFile(ctx, customer, whatsapptest.FileRequest{
			To: shop, Kind: "document", Name: "large.bin", Mimetype: "application/octet-stream"}, io.LimitReader(zeros{}, length))
		require.NoError(tb, err)
		_, err = sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return len(m.Files) == 1 && m.Files[0].Size == length })
		require.NoError(tb, err)
	})
	out := more(func() {
		_, err := sim.Chatwoot.Write(ctx, hello.Conversation, chatwoottest.WriteRequest{Text: "here"},
			chatwoottest.Upload{Name: "large.bin", ContentType: "application/octet-stream", Content: io.LimitReader(zeros{}, length)})
		require.NoError(tb, err)
		require.Eventually(tb, func() bool {
			messages, err := sim.WhatsApp.Messages(ctx, customer)
			return err == nil && len(messages) > 0 && messages[len(messages)-1].Size == length
		}, patience, 100*time.Millisecond)
	})
	var rows []row
	for _, file := range []struct {
		way   string
		value float64
	}{{"from WhatsApp", in}, {"to WhatsApp", out}} {
		rows = append(rows, row{
			figure: fmt.Sprintf("a file of %d MB %s, at its peak", length/megabyte, file.way), against: "–",
			bridge: fmt.Sprintf("%+.1f MB", file.value), aim: "< +60 MB", verdict: verdict(file.value < 60),
		})
	}
	return rows
}

// zeros is a large file that needs no memory.
type zeros struct{}

func (zeros) Read(data []byte) (int, error) {
	clear(data)
	return len(data), nil
}

// resident reads a line of a process's status, in megabytes.
func resident(tb testing.TB, pid int, name string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(tb, err)
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte(name+":")); ok {
			kilobytes, err := strconv.ParseFloat(strings.Fields(string(value))[0], 64)
			require.NoError(tb, err)
			return kilobytes / 1024
		}
	}
	tb.Fatalf("the process's status has no %s", name)
	return 0
}
