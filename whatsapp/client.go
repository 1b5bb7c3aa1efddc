package whatsapp

import (
	"net/http"

	"github.com/rs/zerolog"
	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
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

// opened gives a new connection to the server what holds its floods back.
func (c *connection) opened() *pressure {
	c.happenings.forget()
	p := newPressure(&c.committing)
	if c.latched.Load() {
		p.release()
	}
	c.pressure.Store(p)
	return p
}

// stanza follows what the library reads and sends.
func (c *connection) stanza(sent bool, node *waBinary.Node) {
	if sent {
		c.happened(node)
	} else {
		c.happenings.came(node)
	}
	switch p := c.pressure.Load(); {
	case p == nil:
	case sent:
		p.answered(node)
	default:
		p.came(node)
	}
}

// newClient makes every client, with the settings that the acknowledgement
// chain needs; see doc.go.
func newClient(cfg Config, c *connection, device *store.Device) *whatsmeow.Client {
	cli := whatsmeow.NewClient(device, &library{log: cfg.Log, count: c.heard, stanza: c.stanza, module: libraryModule})
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
	cli.SetMediaHTTPClient(mediaClient(cfg.transport()))
	connection := &http.Client{Transport: reframing{next: transport, opened: c.opened}}
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
