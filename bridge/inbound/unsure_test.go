package inbound_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/inbound"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// alice is the customer of these tests.
const alice = "5511888880002@s.whatsapp.net"

// newHandler is the way in of a line, with workers that run.
func newHandler(l *linetest.Line, session inbound.Session) *inbound.Handler {
	statuses := &delivery.Statuses{Inbox: l.Inbox, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Clock: l.Clock, Log: l.Log}
	h := &inbound.Handler{
		Inbox: l.Inbox, Contacts: l.Contacts, Delivery: statuses, IDs: l.IDs, Journal: l.Journal, Session: session,
		Clock: l.Clock, Log: l.Log, Delay: unmeasured{},
	}
	l.Start(linetest.Handlers{journal.In: {
		Do:     h.Handle,
		GiveUp: func(ctx context.Context, j *work.Job, _ error) error { return h.ShowUnreadable(ctx, j) },
	}})
	return h
}

type unmeasured struct{}

func (unmeasured) Observe(float64) {}

// write takes in a customer's text, as the intake would.
func write(t *testing.T, l *linetest.Line, chat, id string) {
	t.Helper()
	encoded, err := proto.Marshal(&waE2E.Message{Conversation: proto.String(id)})
	require.NoError(t, err)
	from := content.Address{JID: alice}
	payload, err := json.Marshal(map[string]any{"v": 1, "id": id, "chat": from, "sender": from, "at": l.Clock(), "proto": encoded})
	require.NoError(t, err)
	l.Append(journal.In, chat, string(content.EnvMessage), payload)
}

// errRefused is what a transport says of a port on which nothing listens.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

func withoutEvents(s *lines.Settings) { s.Events = lines.EventsOff }

// An error of whatever stands before Chatwoot says nothing of what Chatwoot has
// done, nor does a refusal after that: the message stays to be looked for.
func TestWhatMayBeThereIsLookedForUntilTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		desk := &linetest.Chatwoot{Decide: func(d *linetest.Chatwoot, r *http.Request) (*http.Response, error) {
			switch asked++; {
			case asked == 1: // it is stored, and the answer is another
				_, err := d.CarryOut(r)
				return linetest.Answer(r, http.StatusBadGateway, nil), err
			case asked < 6:
				return nil, errRefused // nor do the look-ups come through
			}
			return nil, nil
		}}
		l := linetest.New(t, linetest.Options{Chatwoot: desk, Settings: withoutEvents})
		write(t, l, l.Know(alice, 1), "once")
		newHandler(l, nil)
		time.Sleep(5 * time.Minute)
		require.Equal(t, []string{"WAID:once"}, desk.Sources())
		require.Zero(t, l.Jobs(journal.Dead))
		var unsure int
		require.NoError(t, l.DB.QueryRow(`SELECT unsure FROM job WHERE state = 'done'`).Scan(&unsure))
		require.Equal(t, 1, unsure)
	})
}

// A message that Chatwoot refuses is given up with a line in its place, which
// is not taken for the message when the job is replayed. Where the message was
// stored all the same, there is no line, and a replay adds nothing.
func TestAReplayPostsWhatIsNotThereAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stored bool // although it was refused
		before []string
		after  []string
	}{
		"refused":             {false, []string{"WAID:m#unreadable"}, []string{"WAID:m#unreadable", "WAID:m"}},
		"refused, but stored": {true, []string{"WAID:m"}, []string{"WAID:m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				desk := &linetest.Chatwoot{Decide: func(d *linetest.Chatwoot, r *http.Request) (*http.Response, error) {
					if asked.Add(1) > 1 {
						return nil, nil
					}
					var err error
					if tc.stored {
						_, err = d.CarryOut(r)
					}
					return linetest.Answer(r, http.StatusUnprocessableEntity, map[string]any{"message": "Content is too long", "attributes": []string{"content"}}), err
				}}
				l := linetest.New(t, linetest.Options{Chatwoot: desk, Settings: withoutEvents})
				write(t, l, l.Know(alice, 1), "m")
				newHandler(l, nil)
				time.Sleep(time.Minute)
				require.Equal(t, tc.before, desk.Sources())
				require.Equal(t, 1, l.Jobs(journal.Dead))

				dead, err := l.Journal.Jobs(t.Context(), journal.JobFilter{State: journal.Dead, Limit: 10})
				require.NoError(t, err)
				require.NoError(t, l.Journal.Replay(t.Context(), dead[0].ID))
				time.Sleep(time.Minute)
				require.Equal(t, tc.after, desk.Sources())
				require.Zero(t, l.Jobs(journal.Dead))
			})
		})
	}
}
