package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// attacks are what strangers do with a connection until it is closed.
var attacks = []func(c net.Conn){
	func(net.Conn) {}, // nothing
	func(c net.Conn) { drip(c, "GET /healthz HTTP/1.1\r\nHost: b\r\nX-Slow: "+strings.Repeat("x", 1000)) },
	func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /webhooks/l/s HTTP/1.1\r\nHost: b\r\nContent-Length: 100000\r\n\r\n")
		drip(c, strings.Repeat("x", 1000))
	},
	func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /nowhere HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n")
		drip(c, strings.Repeat("1\r\nx\r\n", 1000))
	},
	func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /api/v1/lines HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	},
	func(c net.Conn) {
		_, _ = io.WriteString(c, strings.Repeat("GET /readyz HTTP/1.1\r\nHost: b\r\n\r\n", 50))
	},
	func(c net.Conn) {
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
		_ = c.(*net.TCPConn).CloseWrite()
	},
}

// drip writes some bytes a second.
func drip(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// crowd keeps so many connections to an address, as far as it is let; each comes again
// when it is closed. It ends with the test.
func crowd(t *testing.T, address string, size int) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	for i := range size {
		all.Go(func() {
			var dial net.Dialer
			for ctx.Err() == nil {
				c, err := dial.DialContext(ctx, "tcp", address)
				if err != nil {
					time.Sleep(10 * time.Millisecond)
					continue
				}
				stop := context.AfterFunc(ctx, func() { _ = c.Close() })
				go attacks[i%len(attacks)](c)
				_, _ = io.Copy(io.Discard, c)
				stop()
				_ = c.Close()
			}
		})
	}
}

// More strangers than there are descriptors, on both ports, say nothing, or say it
// slowly, and come again: customers' messages and agents' replies, which come by
// webhook alone, go on, and so do commands.
func TestH4_StrangersStopNobody(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Descriptors = 512
	bridge.Start()
	line := bridge.CreateLine("Shop")
	_, err := bridge.Client().UpdateLine(t.Context(), line.ID, api.LineUpdate{Settings: []byte(`{"listen":"webhook"}`)})
	require.NoError(t, err)
	bridge.Pair(line, ownPhone)
	_, err = sim.WhatsApp.NewPeer(t.Context(), otherPhone, "Alice")
	require.NoError(t, err)
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "hello")
	require.NoError(t, err)
	conversation := deskShows(t, sim, "hello").Conversation

	const strangers = 600
	crowd(t, strings.TrimPrefix(bridge.URL(), "http://"), strangers)
	crowd(t, strings.TrimPrefix(bridge.AdminURL(), "http://"), strangers/6)
	require.Eventually(t, func() bool { return strings.Contains(bridge.Log(), "more connections than there is room for") }, patience, 10*time.Millisecond)
	for i := range 8 {
		text := fmt.Sprint("question ", i)
		_, err := sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, text)
		require.NoError(t, err)
		deskShows(t, sim, text)
		reply := fmt.Sprint("answer ", i)
		_, err = sim.Chatwoot.Write(t.Context(), conversation, chatwoottest.WriteRequest{Text: reply})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			got, err := sim.WhatsApp.Messages(t.Context(), otherPhone)
			return err == nil && slices.ContainsFunc(got, func(m whatsapptest.MessageState) bool { return m.Text == reply })
		}, patience, 10*time.Millisecond)
	}
	out, code := bridge.Run([]string{"lines"})
	require.Zero(t, code, out)
	require.Contains(t, out, "connected")
	require.NotContains(t, bridge.Log(), "too many open files")
	require.NotContains(t, bridge.Log(), "could not be stored")
}
