package work_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
)

// Two Chatwoots of three hang, with more chats than there are places: the third
// one's customers do not notice, in chats that are known and in new ones.
func TestT11_TwoChatwootsThatHangDelayNotTheThird(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		for i := range 2 {
			dead := &hanging{hangs: func(string) bool { return true }}
			s.add(fmt.Sprintf("dead%d", i), dead).writeMany(200, 100)
		}
		healthy := &script{}
		l := s.add("healthy", healthy)
		s.start()
		for i := range 100 {
			time.Sleep(2 * time.Second) // requests time out, and others hang in their place
			id := fmt.Sprintf("message %d", i)
			l.write(1+i%7, id)
			time.Sleep(time.Second)
			got, _, _ := healthy.stored()
			require.Contains(t, got[path(1+i%7)], id)
		}
	})
}

// Two lines of three get no answer from WhatsApp: the third one's go out.
func TestT11_TwoLinesThatHangDelayNotTheThird(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		out := func(l *line, chat, i int) {
			_, err := s.journal.Append(context.Background(), journal.Entry{
				Lane: journal.LaneKey{Line: l.id, Chat: fmt.Sprint(chat), Queue: journal.Out}, Dedupe: fmt.Sprint(l.id, chat, i), Kind: journal.KindCreated, OccurredAt: time.Now(),
			})
			require.NoError(t, err)
		}
		for _, id := range []string{"dead1", "dead2"} {
			l := s.add(id, &script{})
			l.do = func(ctx context.Context, j *work.Job) error {
				<-ctx.Done()
				return ctx.Err()
			}
			for i := range 100 {
				out(l, i, 0)
			}
		}
		var sent atomic.Int64
		healthy := s.add("healthy", &script{})
		healthy.do = func(ctx context.Context, j *work.Job) error {
			sent.Add(1)
			return j.Done(ctx, nil)
		}
		s.start()
		for i := range 30 {
			time.Sleep(2 * time.Second)
			out(healthy, i%5, i)
			time.Sleep(time.Second)
			require.EqualValues(t, i+1, sent.Load())
		}
	})
}

// A file server hangs, and more customers have sent files than there are places:
// the texts of the same line go on, and so do those behind them.
func TestM2_T11_FilesThatHangDelayNoText(t *testing.T) {
	t.Parallel()
	for name, queue := range map[string]journal.Queue{"to Chatwoot": journal.In, "to WhatsApp": journal.Out, "that follow later": journal.Maintenance} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStand(t)
				var mu sync.Mutex
				moving, most, texts := 0, 0, map[string]int{}
				count := func(do func()) {
					mu.Lock()
					defer mu.Unlock()
					do()
				}
				for _, id := range []string{"l1", "l2"} {
					s.add(id, &script{}).do = func(ctx context.Context, j *work.Job) error {
						if string(j.Payload) == "text" {
							count(func() { texts[id]++ })
							return j.Done(ctx, nil)
						}
						count(func() { moving++; most = max(most, moving) })
						defer count(func() { moving-- })
						return j.WithFile(ctx, func() error {
							select {
							case <-time.After(time.Minute): // a standstill
								return errors.New("the file server does not answer")
							case <-ctx.Done():
								return ctx.Err()
							}
						})
					}
				}
				write := func(line, chat, payload string) {
					_, err := s.journal.Append(context.Background(), journal.Entry{
						Lane: journal.LaneKey{Line: line, Chat: chat, Queue: queue}, Dedupe: strings.Join([]string{line, chat, payload}, "|"), Kind: "k",
						Payload: []byte(payload), OccurredAt: time.Now(),
					})
					require.NoError(t, err)
				}
				for i := range 300 {
					write("l1", fmt.Sprintf("files %d", i), "file")
				}
				s.start()
				for i := range 15 {
					time.Sleep(time.Second)
					write("l1", fmt.Sprintf("text %d", i), "text")
					write("l2", fmt.Sprintf("text %d", i), "text")
					time.Sleep(time.Second)
					count(func() { require.Equal(t, map[string]int{"l1": i + 1, "l2": i + 1}, texts) })
				}
				count(func() {
					require.Greater(t, most, 100, "they wait for a file")
					require.Less(t, most, 300, "but not all of them, with a lease each")
				})
			})
		})
	}
}
