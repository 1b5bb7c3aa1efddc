package whatsapp

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types/events"
)

func stanza(tag, id, kind string) *waBinary.Node {
	node := &waBinary.Node{Tag: tag, Attrs: waBinary.Attrs{}}
	if id != "" {
		node.Attrs["id"] = id
	}
	if kind != "" {
		node.Attrs["type"] = kind
	}
	return node
}

func acknowledge(class, id string) *waBinary.Node {
	return &waBinary.Node{Tag: "ack", Attrs: waBinary.Attrs{"class": class, "id": id}}
}

func (p *pressure) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// What is thought to wait in the library's queue, by what it says.
func TestT12_WhatTheLibrarySaysAboutItsQueue(t *testing.T) {
	t.Parallel()
	came := []*waBinary.Node{
		stanza("ib", "", ""), stanza("message", "A", "text"), stanza("chatstate", "", ""), stanza("receipt", "A", "read"),
		stanza("notification", "N", "picture"), stanza("message", "B", "media"), stanza("presence", "", ""), stanza("message", "A", "text"),
	}
	for name, test := range map[string]struct {
		sends []*waBinary.Node
		makes []any
		left  int
	}{
		"nothing":                              {left: 8},
		"an acknowledgement":                   {sends: []*waBinary.Node{acknowledge("notification", "N")}, left: 3},
		"of one kind, not of another":          {sends: []*waBinary.Node{acknowledge("call", "N")}, left: 8},
		"of the last":                          {sends: []*waBinary.Node{stanza("receipt", "B", "inactive")}, left: 2},
		"the first of two":                     {sends: []*waBinary.Node{stanza("receipt", "A", "")}, left: 6},
		"both":                                 {sends: []*waBinary.Node{stanza("receipt", "A", ""), stanza("receipt", "A", "")}, left: 0},
		"an agent has read what comes again":   {sends: []*waBinary.Node{stanza("receipt", "B", "read")}, left: 8},
		"a message is asked for again":         {sends: []*waBinary.Node{stanza("receipt", "B", "retry")}, left: 8},
		"a message of ours under a known name": {sends: []*waBinary.Node{stanza("message", "B", "text")}, left: 8},
		"typing was told":                      {makes: []any{&events.ChatPresence{}}, left: 5},
		"a presence was told":                  {makes: []any{&events.Presence{}}, left: 1},
		"the server announced":                 {makes: []any{&events.OfflineSyncPreview{}}, left: 7},
		"an event of something else":           {makes: []any{&events.Message{}, &events.Connected{}}, left: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := unpressed()
			for _, node := range came {
				p.came(node)
			}
			p.came(stanza("iq", "7", "result")) // goes to whoever asked
			p.came(stanza("ack", "8", ""))
			for _, node := range test.sends {
				p.answered(node)
			}
			for _, event := range test.makes {
				p.told(event)
			}
			require.Equal(t, test.left, p.count())
		})
	}
}

// Whatever comes and whatever of it is acknowledged, by a library that handles one
// stanza at a time and acknowledges some late: no more than the queue holds is let
// in while the library makes progress.
func TestT12_TheQueueNeverOverflows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { pressed(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func pressed(t *testing.T, r *rand.Rand) {
	const total, holds = 20_000, 2048
	p := unpressed()
	queue := make(chan *waBinary.Node, holds)
	closed := make(chan struct{})
	tags := []string{"message", "receipt", "notification", "chatstate", "presence", "call"}
	most := time.Duration(1 + r.IntN(int(400*time.Microsecond)))
	var handling sync.WaitGroup
	defer handling.Wait()
	defer close(queue)
	take := func(node *waBinary.Node, late bool) {
		switch id := node.Attrs["id"].(string); {
		case node.Tag == "chatstate":
			p.told(&events.ChatPresence{})
		case node.Tag == "presence":
			p.told(&events.Presence{})
		case late:
			handling.Go(func() { time.Sleep(10 * most); p.answered(acknowledge(node.Tag, id)) })
		case node.Tag == "message":
			p.answered(stanza("receipt", id, "inactive"))
		default:
			p.answered(acknowledge(node.Tag, id))
		}
	}
	handling.Go(func() {
		for node := range queue {
			time.Sleep(time.Duration(rand.Int64N(int64(most))))
			take(node, rand.IntN(10) == 0)
		}
	})
	for i := range total {
		p.admit(closed)
		node := stanza(tags[r.IntN(len(tags))], fmt.Sprint(i%3000), "") // ids come again
		p.came(node)
		select {
		case queue <- node:
		default:
			t.Fatalf("the queue is full at %d", i)
		}
	}
}

// While the library makes no progress, stanzas trickle; while it waits for the
// journal, none comes.
func TestT12_WhatWaitsForAnAnswerGetsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		committing := new(atomic.Int32)
		p := newPressure(committing)
		for i := range queueMost {
			p.came(stanza("message", fmt.Sprint(i), ""))
		}
		closed := make(chan struct{})
		began := time.Now()
		for range 100 {
			p.admit(closed)
		}
		require.Equal(t, stalledAfter+100*tricklePause, time.Since(began))
		require.True(t, p.heldBack())

		committing.Store(1)
		admitted := make(chan struct{})
		go func() {
			p.admit(closed)
			close(admitted)
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-admitted:
			t.Fatal("the journal is waited for")
		default:
		}
		p.answered(acknowledge("message", "5"))
		<-admitted
		time.Sleep(heldLately)
		require.False(t, p.heldBack())

		p.came(stanza("message", "x", ""))
		for i := range queueMost {
			p.came(stanza("message", fmt.Sprint("y", i), ""))
		}
		go p.release()
		p.admit(closed) // the connection ends
		close(closed)
	})
}
