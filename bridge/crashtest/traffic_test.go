package crashtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const (
	shopNumber = "5511999990001"
	// patience bounds every wait: only a failing test uses it up.
	patience = time.Minute
	// fileEvery is how many messages come to one file.
	fileEvery = 8
)

// chat is a customer and what was said so far.
type chat struct {
	number       string
	name         string
	conversation int
	fromCustomer []said
	fromAgent    []said
}

// said is a message that somebody wrote; sha256 is its file's.
type said struct {
	text   string
	sha256 string
	id     int // in Chatwoot, of an agent's message
}

// traffic is what customers and agents write.
type traffic struct {
	t     *testing.T
	sim   *processtest.Simulators
	seed  uint64
	chats []*chat
}

func newTraffic(t *testing.T, sim *processtest.Simulators, seed uint64) *traffic {
	return &traffic{t: t, sim: sim, seed: seed}
}

// open makes customers and lets each say hello, so that agents have somebody
// to write to.
func (r *traffic) open(customers int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for i := range customers {
		c := &chat{number: fmt.Sprintf("55118888%05d", i), name: fmt.Sprintf("Customer %02d", i)}
		_, err := r.sim.WhatsApp.NewPeer(ctx, c.number, c.name)
		require.NoError(r.t, err)
		_, err = r.sim.WhatsApp.SendText(ctx, c.number, shopNumber, "hello")
		require.NoError(r.t, err)
		c.fromCustomer = append(c.fromCustomer, said{text: "hello"})
		r.chats = append(r.chats, c)
	}
	for _, c := range r.chats {
		m, err := r.sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Sender == c.name })
		require.NoError(r.t, err)
		c.conversation = m.Conversation
	}
}

// write lets customers and agents write n messages each, in random chats.
func (r *traffic) write(n int) *errgroup.Group {
	writing, ctx := errgroup.WithContext(r.t.Context())
	for side, say := range []func(context.Context, *chat, int, []byte) error{r.customerSays, r.agentSays} {
		chance := rand.New(rand.NewPCG(r.seed, uint64(side)))
		writing.Go(func() error {
			for i := range n {
				var file []byte
				if chance.IntN(fileEvery) == 0 {
					file = randomFile(chance)
				}
				if err := say(ctx, r.chats[chance.IntN(len(r.chats))], i, file); err != nil {
					return err
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Duration(chance.IntN(80)) * time.Millisecond):
				}
			}
			return nil
		})
	}
	return writing
}

func randomFile(chance *rand.Rand) []byte {
	file := make([]byte, 1+chance.IntN(200_000))
	for i := range file {
		file[i] = byte(chance.Uint32())
	}
	return file
}

func hash(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

func (r *traffic) customerSays(ctx context.Context, c *chat, i int, file []byte) error {
	m := said{text: fmt.Sprintf("question %d", i)}
	var err error
	if file == nil {
		_, err = r.sim.WhatsApp.SendText(ctx, c.number, shopNumber, m.text)
	} else {
		m.sha256 = hash(file)
		_, err = r.sim.WhatsApp.SendFile(ctx, c.number, whatsapptest.FileRequest{
			To: shopNumber, Kind: "document", Name: "q.bin", Mimetype: "application/octet-stream", Caption: m.text,
		}, bytes.NewReader(file))
	}
	c.fromCustomer = append(c.fromCustomer, m)
	return err
}

func (r *traffic) agentSays(ctx context.Context, c *chat, i int, file []byte) error {
	m := said{text: fmt.Sprintf("answer %d", i)}
	var files []chatwoottest.Upload
	if file != nil {
		m.sha256 = hash(file)
		files = []chatwoottest.Upload{{Name: "a.bin", ContentType: "application/octet-stream", Content: bytes.NewReader(file)}}
	}
	written, err := r.sim.Chatwoot.Write(ctx, c.conversation, chatwoottest.WriteRequest{Text: m.text}, files...)
	m.id = written.ID
	c.fromAgent = append(c.fromAgent, m)
	return err
}

// sides are what Chatwoot and the customers' phones have.
type sides struct {
	desk   []chatwoottest.Message
	phones map[*chat][]whatsapptest.MessageState
	hooks  []chatwoottest.Delivery
	taken  map[int]bool // messages whose webhook was answered 200
}

func (r *traffic) look(ctx context.Context) (s sides, err error) {
	if s.desk, err = r.sim.Chatwoot.Messages(ctx); err != nil {
		return s, err
	}
	if s.hooks, err = r.sim.Chatwoot.Webhooks(ctx); err != nil {
		return s, err
	}
	s.taken, s.phones = map[int]bool{}, map[*chat][]whatsapptest.MessageState{}
	for _, hook := range s.hooks {
		if hook.Event == "message_created" && hook.Status == 200 {
			s.taken[hook.Message] = true
		}
	}
	for _, c := range r.chats {
		if s.phones[c], err = r.sim.WhatsApp.Messages(ctx, c.number); err != nil {
			return s, err
		}
	}
	return s, nil
}

// message is an agent's message as Chatwoot has it.
func (s sides) message(id int) chatwoottest.Message {
	i := slices.IndexFunc(s.desk, func(m chatwoottest.Message) bool { return m.ID == id })
	return s.desk[i]
}
