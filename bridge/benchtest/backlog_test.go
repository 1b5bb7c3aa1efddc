package benchtest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const (
	slowness = 20 * time.Millisecond
	// backlogPlaces is how many requests of a backlog the bridge has in flight
	// at most.
	backlogPlaces = 3
)

// backlog measures how fast 10,000 messages that waited out an outage are
// posted to a Chatwoot that takes 20 ms for each request.
func backlog(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		n := s.of(10_000, 200)
		st := newStack(tb, m, s.of(200, 20))
		st.gateway.slow(slowness)
		bare := st.posts(n)
		st.gateway.shut()
		st.write(n)
		posted := st.posted()
		time.Sleep(outageAge) // a younger one counts as live
		opened := time.Now()
		st.gateway.open()
		st.drained()
		p := pair{bare: samples{bare}, bridge: samples{rate(n, posted.last().Sub(opened))}}
		p.ratio = samples{p.bridge[0] / p.bare[0]}
		rows = append(rows, p.rates(fmt.Sprintf("backlog of %d messages after an outage, from its end, %s", n, m.name),
			fmt.Sprintf("bare resty, %d posts at once", backlogPlaces), 0.8))
	}
	return rows
}

// outageAge is how long an outage lasts before its messages are backlog.
const outageAge = 11 * time.Second

// refused measures the same for 550 messages after Chatwoot refused
// connections for a minute, and whether any was overtaken by a later one of its
// chat.
func refused(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		st := newStack(tb, m, 50)
		const n = 550
		outage := max(time.Duration(float64(time.Minute)*float64(s)), outageAge)
		st.gateway.slow(slowness)
		bare := st.posts(n)
		st.gateway.shut()
		began := time.Now()
		st.write(n)
		posted := st.posted()
		time.Sleep(outage - time.Since(began))
		opened := time.Now()
		st.gateway.open()
		st.drained()
		p := pair{bare: samples{bare}, bridge: samples{rate(n, posted.last().Sub(opened))}}
		p.ratio = samples{p.bridge[0] / p.bare[0]}
		r := p.rates(fmt.Sprintf("550 messages after %.0f s of refused connections, from their end, overtaken, %s", outage.Seconds(), m.name),
			fmt.Sprintf("bare resty, %d posts at once", backlogPlaces), 0.9)
		overtaken := st.overtaken()
		r.bridge += fmt.Sprintf(", %d overtaken", overtaken)
		r.aim, r.verdict = "same rate, 0", verdict(p.ratio[0] >= 0.9 && overtaken == 0)
		rows = append(rows, r)
	}
	return rows
}

// write lets the customers write n messages in turn, until all are in the
// journal.
func (s *stack) write(n int) {
	for i := range n {
		s.customers[i%len(s.customers)].SendText(s.Phone, fmt.Sprintf("waiting %06d", i))
	}
	require.NoError(s.tb, s.Phone.Companion().WaitSettled(patience))
}

// posts makes n posts with bare resty, as many at once as the bridge does, and
// gives their rate.
func (s *stack) posts(n int) float64 {
	client := resty.New().SetBaseURL(s.gateway.url()).SetHeader("Api-Access-Token", s.Chatwoot.AdminToken())
	conversations := s.Chatwoot.Conversations()
	numbers := make(chan int)
	var group sync.WaitGroup
	began := time.Now()
	for range backlogPlaces {
		group.Go(func() {
			for i := range numbers {
				resp, err := client.R().SetBody(map[string]any{"content": fmt.Sprint("posted ", i), "message_type": "incoming", "source_id": fmt.Sprint("POSTED:", i)}).
					Post(fmt.Sprintf("/api/v1/accounts/%d/conversations/%d/messages", s.Chatwoot.Account(), conversations[i%len(conversations)].ID))
				if err != nil || resp.IsError() {
					s.tb.Errorf("post: %v %v", resp, err)
				}
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	return rate(n, time.Since(began))
}

// posted follows the posts at Chatwoot.
func (s *stack) posted() *posted {
	p := &posted{}
	s.gateway.note(func(at time.Time, _ []byte) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.at = append(p.at, at)
	})
	return p
}

type posted struct {
	mu sync.Mutex
	at []time.Time
}

func (p *posted) last() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[len(p.at)-1].Add(slowness)
}

// overtaken counts the waiting messages that come after a later one of their
// chat, and those that are missing or doubled.
func (s *stack) overtaken() int {
	wrong, seen := 0, 0
	for _, c := range s.Chatwoot.Conversations() {
		last := ""
		for _, m := range s.Chatwoot.Messages(c.ID) {
			// A late message has its time above it.
			_, text, ok := strings.Cut(m.Text, "waiting ")
			if !ok {
				continue
			}
			seen++
			if text <= last {
				wrong++
			}
			last = max(last, text)
		}
	}
	const n = 550
	return wrong + max(n-seen, seen-n)
}

// live measures what live chats notice of a backlog (R41): Chatwoot stores 16
// messages a second, 500 wait in 50 chats, and 5 others go on.
func live(tb testing.TB, s size) []row {
	const capacity, waiting, chats = 16.0, 500, 50
	var rows []row
	for _, m := range modes[:1] {
		st := newStack(tb, m, chats+5)
		talking := st.customers[chats:]
		st.customers = st.customers[:chats]
		st.gateway.shut()
		st.write(waiting)
		time.Sleep(outageAge)
		st.Chatwoot.SetMessagesPerSecond(capacity)
		clock := &stopwatch{left: map[string]time.Time{}}
		st.gateway.done(func(body []byte) { clock.arrives(time.Now(), body) })
		posted := st.posted()
		opened := time.Now()
		st.gateway.open()
		said := 0
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for st.waiting() > 20 || said == 0 {
			<-tick.C
			id := whatsappID(said)
			clock.leaves(id)
			talking[said%len(talking)].SendText(st.Phone, "and now", whatsapptest.WithID(id))
			said++
		}
		st.drained()
		took := clock.samples()
		total := posted.last().Sub(opened)
		share := rate(waiting, total) / (capacity - rate(said, total))
		rows = append(rows, row{
			figure: "live messages beside a backlog of 500, median / p99, " + m.name, against: "a Chatwoot of 16 messages/s",
			bridge: fmt.Sprintf("%.2f / %.2f s", took.median()/1000, took.percentile(99)/1000), aim: "< 2 / < 5 s",
			verdict: verdict(took.median() < 2000 && took.percentile(99) < 5000),
		}, row{
			figure: "that backlog, from the outage's end, " + m.name, against: "what live traffic leaves", bare: fmt.Sprintf("%.1f/s", capacity-rate(said, total)),
			bridge: fmt.Sprintf("%.1f/s", rate(waiting, total)), ratio: fmt.Sprintf("%.2f", share), aim: "≥ 0.9", verdict: verdict(share >= 0.9),
		})
	}
	return rows
}

func whatsappID(n int) string { return fmt.Sprintf("AC%030X", n) }
