package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func (r *traffic) customerSays(ctx context.Context, chance *rand.Rand, c *chat, i int) (err error) {
	if r.habits.IntN(lookEvery) == 0 {
		if err := r.readSome(ctx, c); err != nil {
			return err
		}
	}
	if r.habits.IntN(deleteEvery) == 0 {
		if err := r.takeBack(ctx, c); err != nil {
			return err
		}
	}
	m := said{text: fmt.Sprintf("question %d", i)}
	switch {
	case chance.IntN(fileEvery) == 0:
		file := randomFile(chance)
		m.sha256 = hash(file)
		m.wa, err = r.sim.WhatsApp.SendFile(ctx, c.number, whatsapptest.FileRequest{
			To: shopNumber, Kind: "document", Name: "q.bin", Mimetype: "application/octet-stream", Caption: m.text,
		}, bytes.NewReader(file))
	case chance.IntN(quoteEvery) == 0:
		received, err := r.sim.WhatsApp.Messages(ctx, c.number)
		if err != nil {
			return err
		}
		received = slices.DeleteFunc(received, func(m whatsapptest.MessageState) bool { return m.Text == "" })
		if len(received) > 0 {
			m.quotes = received[chance.IntN(len(received))].ID
		}
		m.wa, err = r.sim.WhatsApp.Send(ctx, c.number, whatsapptest.SendRequest{To: shopNumber, Text: m.text, Quote: m.quotes})
		if err != nil {
			return err
		}
	default:
		m.wa, err = r.sim.WhatsApp.SendText(ctx, c.number, shopNumber, m.text)
	}
	c.fromCustomer = append(c.fromCustomer, m)
	return err
}

// takeBack lets a customer delete one of their messages for everybody.
func (r *traffic) takeBack(ctx context.Context, c *chat) error {
	m := &c.fromCustomer[r.habits.IntN(len(c.fromCustomer))]
	if m.gone {
		return nil
	}
	m.gone = true
	c.takenBack = append(c.takenBack, m.text)
	_, err := r.sim.WhatsApp.Send(ctx, c.number, whatsapptest.SendRequest{To: shopNumber, Revoke: m.wa})
	return err
}

// reads says whether the customer reads an agent's message: the seed decides,
// whenever it arrives.
func (r *traffic) reads(text string) bool {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text))
	return rand.New(rand.NewPCG(r.seed, sum.Sum64())).IntN(2) == 0
}

// readSome lets a customer read of what has arrived what they ever read.
func (r *traffic) readSome(ctx context.Context, c *chat) error {
	arrived, err := r.sim.WhatsApp.Messages(ctx, c.number)
	if err != nil {
		return err
	}
	var ids []string
	text := ""
	for _, m := range arrived {
		if m.Text != "" {
			text = m.Text
		} else if !isFileAlone(m) {
			continue
		}
		if r.reads(text) && !c.read[m.ID] {
			ids, c.read[m.ID] = append(ids, m.ID), true
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return r.sim.WhatsApp.SendReceipt(ctx, c.number, "read", ids...)
}
