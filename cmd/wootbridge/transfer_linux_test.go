package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const (
	largeFile = 200 << 20
	// maxResident is what the process may have in memory at any time.
	maxResident = 150 << 20
	// transferPatience bounds a wait of the slowest machine that runs tests.
	transferPatience = 3 * time.Minute
)

// The bridge is a process of its own: what it has had in memory at its worst is
// all its own.
func TestD39_LargeFilesPassInLittleMemory(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), transferPatience)
	defer cancel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	bridge.Pair(bridge.CreateLine("Shop"), ownPhone)
	_, err := sim.WhatsApp.NewPeer(ctx, otherPhone, "Alice")
	require.NoError(t, err)

	sent := newLargeFile()
	_, err = sim.WhatsApp.SendFile(ctx, otherPhone, whatsapptest.FileRequest{To: ownPhone, Kind: "document", Name: "large.bin", Caption: "here it is"}, sent)
	require.NoError(t, err)
	m, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return len(m.Files) == 1 })
	require.NoError(t, err)
	require.Equal(t, sent.sum(), m.Files[0].SHA256)
	require.EqualValues(t, largeFile, m.Files[0].Size)
	require.Less(t, peak(t, bridge.PID()), int64(maxResident), "from WhatsApp to Chatwoot")

	back := newLargeFile()
	_, err = sim.Chatwoot.Write(ctx, m.Conversation, chatwoottest.WriteRequest{}, chatwoottest.Upload{Name: "back.bin", ContentType: "application/octet-stream", Content: back})
	require.NoError(t, err)
	var got []whatsapptest.MessageState
	require.Eventually(t, func() bool {
		got, err = sim.WhatsApp.Messages(ctx, otherPhone)
		return err == nil && len(got) == 1
	}, transferPatience, 50*time.Millisecond)
	require.Equal(t, "back.bin", got[0].FileName)
	require.Equal(t, back.sum(), got[0].SHA256)
	require.Less(t, peak(t, bridge.PID()), int64(maxResident), "from Chatwoot to WhatsApp")
}

// pattern is a large file that exists only while it is read.
type pattern struct {
	io.Reader
	hash hash.Hash
}

func newLargeFile() *pattern {
	p := &pattern{hash: sha256.New()}
	p.Reader = io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{}), largeFile), p.hash)
	return p
}

func (p *pattern) sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

// peak is the most that the process has had in memory, in bytes.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, found)
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	t.Logf("%d MB at its worst", kilobytes>>10)
	return kilobytes << 10
}
