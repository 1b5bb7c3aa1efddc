package crashtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const (
	shopNumber = "5511999990001"
	// patience bounds every wait: only a failing test uses it up, however slow
	// the machine is.
	patience = 3 * time.Minute
	// How many messages come to one file, one answer, one deletion, one look at
	// what has arrived.
	fileEvery, quoteEvery, deleteEvery, lookEvery = 8, 8, 15, 4
)

// chat is a customer and what was said so far.
type chat struct {
	number       string
	name         string
	conversation int
	fromCustomer []said          // appended to by the customers' side only
	takenBack    []string        // texts that the customer deleted, in order; theirs, too
	read         map[string]bool // WhatsApp ids that the customer has read; theirs, too
	fromAgent    []said          // by the agents' side only
}

// said is a message that somebody wrote.
type said struct {
	text   string
	sha256 string // of its file
	quotes string // what it answers: a WhatsApp id or a Chatwoot message
	wa     string // its WhatsApp id, of a customer's
	id     int    // its Chatwoot message, of an agent's
	gone   bool   // whoever wrote it deleted it
	// before and after are the live channel when an agent's was written.
	before, after channel
}

// traffic is what customers and agents write.
type traffic struct {
	t     *testing.T
	sim   *processtest.Simulators
	seed  uint64
	chats []*chat
	ways  ways
	// hasty, if set and true, makes customers write without a pause.
	hasty *atomic.Bool
	// habits draws what customers do besides writing.
	habits *rand.Rand
}

func newTraffic(t *testing.T, sim *processtest.Simulators, seed uint64) *traffic {
	return &traffic{t: t, sim: sim, seed: seed, habits: rand.New(rand.NewPCG(seed, 5))}
}

// open makes customers and lets each say hello, so that agents have somebody
// to write to.
func (r *traffic) open(customers int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for i := range customers {
		c := &chat{number: fmt.Sprintf("55118888%05d", i), name: fmt.Sprintf("Customer %02d", i), read: map[string]bool{}}
		_, err := r.sim.WhatsApp.NewPeer(ctx, c.number, c.name)
		require.NoError(r.t, err)
		id, err := r.sim.WhatsApp.SendText(ctx, c.number, shopNumber, "hello")
		require.NoError(r.t, err)
		c.fromCustomer = append(c.fromCustomer, said{text: "hello", wa: id})
		r.chats = append(r.chats, c)
	}
	for _, c := range r.chats {
		m, err := r.sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Sender == c.name })
		require.NoError(r.t, err)
		c.conversation = m.Conversation
	}
}

// write lets customers and agents write n messages each, in random chats: texts,
// files, answers, and a deletion now and then. Customers read some of what they
// get.
func (r *traffic) write(n int) *errgroup.Group {
	writing, ctx := errgroup.WithContext(r.t.Context())
	for side, say := range []func(context.Context, *rand.Rand, *chat, int) error{r.customerSays, r.agentSays} {
		chance := rand.New(rand.NewPCG(r.seed, uint64(side)))
		writing.Go(func() error {
			for i := range n {
				if err := say(ctx, chance, r.chats[chance.IntN(len(r.chats))], i); err != nil {
					return err
				}
				rest := between(chance, 0, 80*time.Millisecond)
				if side == 0 && r.hasty != nil && r.hasty.Load() {
					rest = 0
				}
				if pause(ctx, rest); ctx.Err() != nil {
					return ctx.Err()
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

func (r *traffic) agentSays(ctx context.Context, chance *rand.Rand, c *chat, i int) error {
	if n := len(c.fromAgent); n > 0 && chance.IntN(deleteEvery) == 0 {
		m := &c.fromAgent[chance.IntN(n)]
		m.gone = true
		return r.sim.Chatwoot.Delete(ctx, m.id)
	}
	m := said{text: fmt.Sprintf("answer %d", i)}
	request := chatwoottest.WriteRequest{Text: m.text}
	var files []chatwoottest.Upload
	switch {
	case chance.IntN(fileEvery) == 0:
		file := randomFile(chance)
		m.sha256 = hash(file)
		files = []chatwoottest.Upload{{Name: "a.bin", ContentType: "application/octet-stream", Content: bytes.NewReader(file)}}
	case chance.IntN(quoteEvery) == 0:
		desk, err := r.sim.Chatwoot.Messages(ctx)
		if err != nil {
			return err
		}
		desk = slices.DeleteFunc(desk, func(m chatwoottest.Message) bool { return m.Conversation != c.conversation || m.Kind != "incoming" })
		if len(desk) > 0 {
			quoted := desk[chance.IntN(len(desk))]
			request.Quote, m.quotes = quoted.ID, strings.TrimPrefix(quoted.SourceID, "WAID:")
		}
	}
	var err error
	if m.before, err = r.ways.channel(ctx, r.sim); err != nil {
		return err
	}
	written, err := r.sim.Chatwoot.Write(ctx, c.conversation, request, files...)
	if err != nil {
		return err
	}
	m.id = written.ID
	m.after, err = r.ways.channel(ctx, r.sim)
	c.fromAgent = append(c.fromAgent, m)
	return err
}
