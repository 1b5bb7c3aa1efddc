package inbound_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// drainUntil drains; what happens after so many failures happens once.
func (o *office) drainUntil(failures int, happens func()) []error {
	o.t.Helper()
	failed := 0
	return o.line.Drain(linetest.Handlers{
		journal.In: {
			Do: func(ctx context.Context, j *work.Job) error {
				err := o.in.Handle(ctx, j)
				if err != nil {
					if failed++; failed == failures {
						happens()
					}
				}
				return err
			},
			GiveUp: func(ctx context.Context, j *work.Job, _ error) error { return o.in.ShowUnreadable(ctx, j) },
		},
	})
}

// during writes something while something of Alice's is being deleted, and looks that
// it is there once and in order; the deletion ends after so many failures, and at last
// when nothing is left to do.
func (o *office) during(d chatwoottest.Deletion, of string, locked bool, lasts int) {
	o.t.Helper()
	o.ask(http.MethodPatch, "/inboxes/"+strconv.Itoa(o.Inboxes()[0].ID), fmt.Sprintf(`{"lock_to_single_conversation":%t}`, locked))
	o.from(alicia, byBoth, text("before"))
	if of == "contact" {
		d.Contact = o.contact().ID
	} else {
		d.Conversation = o.Conversations()[0].ID
	}
	require.NoError(o.t, o.BeginDeletion(d))
	o.take(alicia, byBoth, text("one"))
	o.take(alicia, byBoth, text("two"))
	o.drainUntil(lasts, o.EndDeletions)
	o.EndDeletions()
	o.take(alicia, byBoth, text("three"))
	o.drain()
	require.Equal(o.t, []string{"one", "two", "three"}, o.incoming(), o.View())
	require.Len(o.t, o.Contacts(), 1)
	require.Len(o.t, o.Conversations(), 1)
	require.Zero(o.t, o.line.Jobs(journal.Dead))
}

// Chatwoot deletes contacts and conversations in the background, and until that is
// done they are half there. What the customer writes meanwhile waits or comes into a
// conversation of its own, once and in order.
func TestK3_WhatIsWrittenDuringADeletionIsShownOnce(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"contact", "conversation"} {
		for _, answer := range []int{http.StatusInternalServerError, http.StatusNotFound} {
			for _, lists := range []string{chatwoottest.ListsHide, chatwoottest.ListsShow, chatwoottest.ListsFail} {
				for _, locked := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s %d, lists %s, locked %t", of, answer, lists, locked), func(t *testing.T) {
						t.Parallel()
						newOffice(t).during(chatwoottest.Deletion{Answer: answer, Lists: lists}, of, locked, 5)
					})
				}
			}
		}
	}
}

// Where the deletion in the background never ends, the chat goes on in a conversation
// of its own, as far as Chatwoot makes one.
func TestK3_ADeletionThatNeverEndsKeepsNoChatForEver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		of     string
		d      chatwoottest.Deletion
		locked bool
	}{
		"a contact, locked inbox":                 {"contact", chatwoottest.Deletion{}, true},
		"a contact":                               {"contact", chatwoottest.Deletion{}, false},
		"a contact whose lists fail":              {"contact", chatwoottest.Deletion{Lists: chatwoottest.ListsFail}, true},
		"a conversation":                          {"conversation", chatwoottest.Deletion{}, false},
		"a conversation that is listed":           {"conversation", chatwoottest.Deletion{Lists: chatwoottest.ListsShow}, false},
		"a conversation that is listed, with 404": {"conversation", chatwoottest.Deletion{Lists: chatwoottest.ListsShow, Answer: http.StatusNotFound}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newOffice(t).during(tc.d, tc.of, tc.locked, -1)
		})
	}
}
