package inbound_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// serverError is what Chatwoot itself answers where it fails.
var serverError = chatwoottest.Fault{
	Status: http.StatusInternalServerError, ContentType: "application/json", Header: http.Header{"X-Request-Id": {"1"}}, Body: `{"status":500,"error":"Internal Server Error"}`,
}

// A question about a customer that fails for ever keeps nothing of hers from the desk.
func TestK3_ALookUpThatFailsForEverIsPassedOver(t *testing.T) {
	t.Parallel()
	type question struct{ method, path string }
	source, filter := question{http.MethodPost, "/contact_inboxes/filter"}, question{http.MethodPost, "/contacts/filter"}
	search, list := question{http.MethodGet, "/contacts/search"}, question{http.MethodGet, "/conversations"}
	for name, broken := range map[string][]question{
		"the source id": {source}, "the filter": {source, filter}, "filter and search": {source, filter, search},
		"the conversations": {list}, "all": {source, filter, search, list},
	} {
		for who, known := range map[string]bool{"a stranger": false, "one whom the desk knows": true} {
			t.Run(name+", "+who, func(t *testing.T) {
				t.Parallel()
				o := newOffice(t)
				if known {
					_, err := o.AddContact("name", "Alicia", "phone_number", "+5511888880002")
					require.NoError(t, err)
				}
				for _, q := range broken {
					o.AddRule(chatwoottest.Rule{Method: q.method, Path: q.path, Fault: serverError})
				}
				o.take(alicia, byBoth, text("hi"))
				o.take(alicia, byBoth, text("there"))
				require.NotEmpty(t, o.drain())
				require.Equal(t, []string{"hi", "there"}, o.incoming())
				require.Len(t, o.Conversations(), 1)
				if name != "filter and search" && name != "all" {
					require.Len(t, o.Contacts(), 1)
				}
			})
		}
	}
}

// Chatwoot cannot find the place in the inbox of a contact that was deleted by half,
// and lets nobody else have it.
func TestK3_ACustomerWhoseContactWasDeletedByHalfIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.from(alicia, byBoth, text("before"))
	gone := o.contact().ID
	require.NoError(t, o.OrphanContact(gone))
	o.take(alicia, byBoth, text("after"))
	o.take(alicia, byBoth, text("and after that"))
	require.NotEmpty(t, o.drain())
	require.Equal(t, []string{"after", "and after that"}, o.incoming())
	made := o.contact()
	require.NotEqual(t, gone, made.ID)
	require.Equal(t, [3]string{"Alice", "+5511888880002", alicia.pn.String()}, [3]string{made.Name, made.Phone, made.Identifier})
	o.from(alicia, byBoth, text("still"))
	require.Len(t, o.Contacts(), 1)
	require.Len(t, o.Conversations(), 1)
}

// What cannot be read is told to the desk there as well: the line for it is tried again.
func TestK3_APlaceholderIsPossibleWhereTheContactCannotBeFound(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.from(alicia, byBoth, text("before"))
	require.NoError(t, o.OrphanContact(o.contact().ID))
	o.take(alicia, byBoth, text("unreadable"))
	lease := o.line.Claim(journal.In)
	jobs, err := lease.Next(t.Context(), 1)
	require.NoError(t, err)
	for range 5 {
		epoch, err := o.line.IDs.Epoch(t.Context(), linetest.ID)
		require.NoError(t, err)
		if err = o.in.ShowUnreadable(t.Context(), &work.Job{Job: jobs[0], Lease: lease, Epoch: epoch}); err == nil {
			break
		}
	}
	require.Len(t, o.incoming(), 1)
	require.Equal(t, "Alice", o.contact().Name)
}
