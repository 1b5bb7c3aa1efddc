package chatwoottest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// What Chatwoot deletes in the background is half there until that is done, and gone
// then.
func TestWhatIsBeingDeletedFailsAndThenIsGone(t *testing.T) {
	t.Parallel()
	for _, answer := range []int{http.StatusInternalServerError, http.StatusNotFound} {
		for _, lists := range []string{chatwoottest.ListsHide, chatwoottest.ListsShow, chatwoottest.ListsFail} {
			for _, of := range []string{"contact", "conversation"} {
				t.Run(fmt.Sprint(of, " ", answer, " ", lists), func(t *testing.T) {
					t.Parallel()
					s := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
					require.NoError(t, s.Start())
					t.Cleanup(func() { require.NoError(t, s.Close()) })
					c, err := chatwoot.New(chatwoot.Config{BaseURL: s.URL(), Token: s.AdminToken(), Account: int64(s.Account())})
					require.NoError(t, err)
					ctx := t.Context()
					inbox, err := c.CreateInbox(ctx, chatwoot.NewInbox{Name: "Shop"})
					require.NoError(t, err)
					who, err := c.CreateContact(ctx, chatwoot.NewContact{Inbox: inbox.ID, SourceID: "alice", Name: "Alice", Identifier: "alice"})
					require.NoError(t, err)
					conversation, err := c.CreateConversation(ctx, inbox.ID, who.ID, "alice")
					require.NoError(t, err)
					d := chatwoottest.Deletion{Answer: answer, Lists: lists}
					if of == "contact" {
						d.Contact = int(who.ID)
					} else {
						d.Conversation = int(conversation.ID)
					}
					require.NoError(t, s.BeginDeletion(d))
					_, err = c.CreateMessage(ctx, conversation.ID, chatwoot.NewMessage{Content: "x", Type: chatwoot.Incoming})
					require.Error(t, err)
					require.Equal(t, answer == http.StatusNotFound, chatwoot.IsNotFound(err))
					_, err = c.ContactBySource(ctx, inbox.ID, "alice")
					require.Equal(t, of == "contact", err != nil)
					listed, err := c.Conversations(ctx, inbox.ID, "alice")
					require.Equal(t, lists == chatwoottest.ListsFail, err != nil)
					require.Equal(t, lists == chatwoottest.ListsShow, len(listed) == 1)

					s.EndDeletions()
					_, err = c.CreateMessage(ctx, conversation.ID, chatwoot.NewMessage{Content: "x", Type: chatwoot.Incoming})
					require.True(t, chatwoot.IsNotFound(err))
					_, err = c.ContactBySource(ctx, inbox.ID, "alice")
					require.Equal(t, of == "contact", chatwoot.IsNotFound(err))
					listed, err = c.Conversations(ctx, inbox.ID, "alice")
					require.NoError(t, err)
					require.Empty(t, listed)
					require.Error(t, s.BeginDeletion(d))
				})
			}
		}
	}
}
