package whatsapp

import (
	"net/http"

	"github.com/rs/zerolog"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// heard follows what the library only logs.
func (g *generation) heard(event string) {
	if event == toldDevices {
		g.devicesOutdated.Store(true)
	}
	g.s.cfg.Count(event)
}

// newClient makes every client, with the settings that the acknowledgement
// chain needs; see doc.go.
func newClient(cfg Config, g *generation, device *store.Device) *whatsmeow.Client {
	cli := whatsmeow.NewClient(device, Log(cfg.Log, g.heard))
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
	cli.BackgroundEventCtx = quiet.WithContext(g.ctx)
	cli.SetMaxParallelRetryReceiptHandling(4)
	cli.SetForceActiveDeliveryReceipts(true)
	cli.PrePairCallback = func(jid types.JID, _, _ string) bool { return g.mayPair(jid) }
	cli.GetClientPayload = func() *waWa6.ClientPayload { return cfg.Versions.payload(device) }
	if cfg.Simulator != nil {
		transport := &http.Client{Transport: cfg.Simulator.transport()}
		cli.SetPreLoginHTTPClient(transport)
		cli.SetWebsocketHTTPClient(transport)
		cli.SetMediaHTTPClient(transport)
	}
	return cli
}
