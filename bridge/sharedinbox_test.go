package bridge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// A second line for an inbox is refused, however its Chatwoot is written, and the
// first one's webhook is left alone.
func TestT15_ASecondLineForAnInboxIsRefused(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		status, err := w.bridge.LineStatus(ctx, w.line)
		require.NoError(t, err)
		for _, address := range []string{w.desk.URL(), w.desk.URL() + "/", strings.Replace(w.desk.URL(), "127.0.0.1", "localhost", 1)} {
			_, err = w.bridge.CreateLine(ctx, bridge.NewLine{
				Name: "Second", ChatwootURL: address, ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()), Inbox: status.Line.Inbox,
			})
			var refused *bridge.Error
			require.ErrorAs(t, err, &refused, address)
			require.Equal(t, fault.CodeConflict, refused.Code)
			require.Contains(t, refused.Message, `the line "Shop"`)
			require.Contains(t, refused.Message, string(w.line))
		}
		all, err := w.bridge.Lines(ctx)
		require.NoError(t, err)
		require.Len(t, all, 1)
		talking(w)
	}, byWebhook)
}

// Releases before this one let two lines have one inbox. The younger is paused at
// the start and says why; the elder goes on, and the younger may when the elder is
// deleted.
func TestT15_OfTwoLinesOnOneInboxTheYoungerIsPaused(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		elder, err := w.bridge.LineStatus(ctx, w.line)
		require.NoError(t, err)
		younger, err := w.bridge.CreateLine(ctx, bridge.NewLine{
			Name: "Second", ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()),
		})
		require.NoError(t, err)
		w.bridge.Stop()
		_, err = w.db.Exec(`UPDATE line SET place = '', inbox_id = $1, inbox_identifier = $2`, int64(elder.Line.Inbox), elder.Line.InboxIdentifier)
		require.NoError(t, err)
		w.start()
		w.connected()
		stateOf(t, w.bridge, younger.ID, bridge.StatePaused)
		state, err := w.bridge.State(younger.ID)
		require.NoError(t, err)
		require.Contains(t, state.Sentence, `The line "Shop"`)
		require.Contains(t, state.Sentence, "Delete one of the two lines")

		var refused *bridge.Error
		require.ErrorAs(t, w.bridge.Resume(ctx, younger.ID), &refused)
		require.Equal(t, fault.CodeConflict, refused.Code)
		require.Contains(t, refused.Message, `the line "Shop"`)
		token := w.desk.AdminToken()
		require.NoError(t, w.bridge.UpdateLine(ctx, younger.ID, bridge.LineUpdate{Token: &token}))
		stateOf(t, w.bridge, younger.ID, bridge.StatePaused)
		talking(w)

		require.NoError(t, w.bridge.DeleteLine(ctx, w.line, true))
		require.NoError(t, w.bridge.Resume(ctx, younger.ID))
		stateOf(t, w.bridge, younger.ID, whatsapp.StateNew)
	})
}

// Two requests for one inbox at the same moment make one line, and the inbox's
// webhook is that line's.
func TestT15_OfTwoRequestsAtOnceOneMakesTheLine(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		client, err := chatwoot.New(chatwoot.Config{BaseURL: w.desk.URL(), Token: w.desk.AdminToken(), Account: int64(w.desk.Account())})
		require.NoError(t, err)
		inbox, err := client.CreateInbox(ctx, chatwoot.NewInbox{Name: "Raced"})
		require.NoError(t, err)
		type outcome struct {
			line bridge.Line
			err  error
		}
		outcomes := make(chan outcome)
		for range 4 {
			go func() {
				line, err := w.bridge.CreateLine(ctx, bridge.NewLine{
					Name: "Raced", ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()), Inbox: inbox.ID,
				})
				outcomes <- outcome{line, err}
			}()
		}
		var made []bridge.LineID
		for range 4 {
			o := <-outcomes
			if o.err == nil {
				made = append(made, o.line.ID)
				continue
			}
			var refused *bridge.Error
			require.ErrorAs(t, o.err, &refused)
			require.Equal(t, fault.CodeConflict, refused.Code)
		}
		require.Len(t, made, 1)
		require.Eventually(t, func() bool {
			now, err := client.Inbox(ctx, inbox.ID)
			return err == nil && strings.Contains(now.WebhookURL, "/webhooks/"+string(made[0])+"/")
		}, patience, 5*time.Millisecond)
	}, byWebhook)
}
