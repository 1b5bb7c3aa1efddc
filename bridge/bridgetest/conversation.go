package bridgetest

import (
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// Conversation is what a customer and the agents of a shop write to each other.
// The customer's phone is in it.
type Conversation struct {
	*whatsapptest.Peer
	// Shop is the phone to which the customer writes.
	Shop *whatsapptest.Peer
	// ID is Chatwoot's number of the conversation, 0 until it is known.
	ID int

	stack *Stack
}

// Customer is somebody who has not yet written to the Stack's phone.
func (s *Stack) Customer(number, name string) *Conversation {
	return s.With(s.WhatsApp.NewPeer(number, name))
}

// With is the conversation of somebody whose phone there is already.
func (s *Stack) With(customer *whatsapptest.Peer) *Conversation {
	return &Conversation{Peer: customer, Shop: s.Phone, stack: s}
}

// Ask has the customer write something, and waits until Chatwoot has it.
func (c *Conversation) Ask(text string, options ...whatsapptest.SendOption) (chatwoottest.Message, error) {
	return c.Arrived(c.SendText(c.Shop, text, options...))
}

// Arrived waits until Chatwoot has what the customer sent with a WhatsApp id.
func (c *Conversation) Arrived(id string) (chatwoottest.Message, error) {
	m, err := c.stack.WaitArrived(id)
	if err == nil {
		c.ID = m.Conversation
	}
	return m, err
}

// Say has an agent answer.
func (c *Conversation) Say(text string, options ...chatwoottest.MessageOption) (chatwoottest.Message, error) {
	return c.stack.Chatwoot.Reply(c.ID, text, options...)
}
