package whatsapp

import (
	"net/http"

	"github.com/rs/zerolog"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// heard reacts to events that the library only logs.
func (c *connection) heard(event string) {
	c.s.cfg.Count(event)
	switch event {
	case toldDevices:
		c.devicesOutdated.Store(true)
	case frameGarbled:
		c.streamBroken()
	case frameUnread:
		if c.s.unread.first(c.s.cfg.Clock()) {
			c.streamBroken()
		}
	}
}

// newClient makes every client, with the settings that the acknowledgement
// chain needs; see doc.go.
func newClient(cfg Config, c *connection, device *store.Device) *whatsmeow.Client {
	cli := whatsmeow.NewClient(device, Log(cfg.Log, c.heard))
	cli.SynchronousAck = true
	cli.EnableDecryptedEventBuffer = true
	cli.UseRetryMessageStore = true
	cli.ManualHistorySyncDownload = true
	cli.DisableManualHistorySyncReceipt = true
	cli.AutomaticMessageRerequestFromPhone = true
	cli.SendReportingTokens = true
	cli.InitialAutoReconnect = true
	cli.EnableAutoReconnect = true
	cli.AutoReconnectHook = func(error) bool {
		cfg.Count("reconnect failure")
		cli.AutoReconnectErrors = reconnectErrors(cli.AutoReconnectErrors)
		return true
	}
	quiet := zerolog.Nop() // the library's second way to log holds content
	cli.BackgroundEventCtx = quiet.WithContext(c.ctx)
	cli.SetMaxParallelRetryReceiptHandling(4)
	cli.SetForceActiveDeliveryReceipts(true)
	cli.PrePairCallback = func(jid types.JID, _, _ string) bool { return c.mayPair(jid) }
	cli.GetClientPayload = func() *waWa6.ClientPayload { return cfg.Versions.payload(device) }
	transport := cfg.transport()
	if cfg.Simulator != nil {
		cli.SetMediaHTTPClient(&http.Client{Transport: transport})
	}
	connection := &http.Client{Transport: reframing{transport}}
	cli.SetPreLoginHTTPClient(connection)
	cli.SetWebsocketHTTPClient(connection)
	return cli
}

// transport carries connections: the process's own one, unless a
// simulator stands in for WhatsApp.
func (cfg *Config) transport() http.RoundTripper {
	if cfg.Simulator != nil {
		return cfg.Simulator.transport()
	}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		return usual.Clone()
	}
	return http.DefaultTransport
}
