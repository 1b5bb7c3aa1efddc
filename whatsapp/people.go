package whatsapp

import (
	"cmp"
	"context"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// People tells what the linked device knows of people, by their JIDs, under which those
// stand whom it knows. It asks nobody: without a device, and when it cannot be read,
// nobody is known.
func (s *Session) People(ctx context.Context, jids []string) map[string]content.Person {
	s.mu.Lock()
	c, own := s.conn, phoneOf(s.state.JID)
	s.mu.Unlock()
	if c == nil || c.pairing {
		return nil
	}
	known := map[string]content.Person{}
	err := guarded(s, func() error {
		for _, raw := range jids {
			jid, err := types.ParseJID(raw)
			if err != nil {
				continue
			}
			if p := c.person(ctx, jid.ToNonAD(), types.NewJID(own, types.DefaultUserServer)); p != (content.Person{}) {
				known[raw] = p
			}
		}
		return nil
	})
	if err != nil {
		s.cfg.Log.Warn("people are named by their numbers", "error", err)
	}
	return known
}

// person looks in the device's own store, under both addresses. own is the device's.
func (c *connection) person(ctx context.Context, jid, own types.JID) content.Person {
	other := c.alternate(jid)
	p := content.Person{Own: own.User != "" && (jid == own || other == own)}
	var saved, pushed string
	for _, form := range []types.JID{jid, other} {
		if form.Server == types.DefaultUserServer {
			p.Number = form.User
		}
		if !p.Own && !form.IsEmpty() {
			onPhone, theirs := namesIn(ctx, c.client.Store, form)
			saved, pushed = cmp.Or(saved, onPhone), cmp.Or(pushed, theirs)
		}
	}
	p.Name, p.Saved = cmp.Or(saved, pushed), saved != ""
	return p
}

// namesIn are a person's names: the one that is saved on the phone, and the person's own or
// the business's.
func namesIn(ctx context.Context, device *store.Device, jid types.JID) (saved, own string) {
	if device.Contacts == nil {
		return "", ""
	}
	found, err := device.Contacts.GetContact(ctx, jid)
	if err != nil {
		return "", ""
	}
	saved = cmp.Or(content.PersonName(found.FullName), content.PersonName(found.FirstName))
	return saved, cmp.Or(content.PersonName(found.PushName), content.PersonName(found.BusinessName))
}
