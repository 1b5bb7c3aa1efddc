package whatsapp

import (
	"go.mau.fi/whatsmeow"
)

// pair shows codes until the phone took one or the server stops giving them.
func (g *generation) pair(c command) {
	s := g.s
	codes, err := g.client.GetQRChannel(g.ctx)
	if err == nil {
		err = guarded(s, func() error { return g.client.ConnectContext(g.ctx) })
	}
	if err != nil {
		s.cfg.Log.Warn("cannot ask WhatsApp for a code", "error", err)
		g.end(genEnd{code: StateNew})
		return
	}
	asked := false
	for item := range codes {
		switch item.Event {
		case whatsmeow.QRChannelEventCode:
			if c.phone == "" {
				s.setState(func(st *State) { st.Code, st.QR = StatePairing, item.Code })
				continue
			}
			if !asked {
				asked = true
				g.askCode(c.phone)
			}
		case whatsmeow.QRChannelSuccess.Event:
			return
		default: // timeout, an error, or a step that a QR code cannot do
			s.cfg.Log.Warn("the phone was not linked", "reason", item.Event)
			g.end(genEnd{code: StateNew})
			return
		}
	}
}

// pairedSteps make a pairing complete: the device has its JID, and the server
// wants it to log in.
const pairedSteps = 2

// pairedStep ends the generation with the last step, so that the next one logs
// in.
func (g *generation) pairedStep() {
	if g.paired.Add(1) == pairedSteps {
		g.end(genEnd{code: StateConnecting})
	}
}

func (g *generation) askCode(phone string) {
	var code string
	err := guarded(g.s, func() (err error) {
		code, err = g.client.PairPhone(g.ctx, phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
		return err
	})
	if err != nil {
		g.s.cfg.Log.Warn("WhatsApp gave no code to type", "error", err)
		g.end(genEnd{code: StateNew})
		return
	}
	g.s.setState(func(st *State) { st.Code, st.PairingCode = StatePairing, code })
}
