package inbound_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

var alicia = newPerson("Alice", "5511888880002")

func TestR26_R21_PushNamesFillBlanksOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.typed(alicia, text("hello from the phone"))
	made := o.contact()
	require.Equal(t, "+5511888880002", made.Name)
	o.from(alicia, byNumber, text("who is this?"))
	require.Equal(t, "Alice", o.contact().Name, "the late name")
	require.Equal(t, made.ID, o.contact().ID)

	o.ask(http.MethodPut, "/contacts/"+strconv.Itoa(made.ID), `{"name":"Alice (baker)"}`)
	renamed := alicia
	renamed.name = "Alice B."
	o.from(renamed, byNumber, text("still me"))
	require.Equal(t, "Alice (baker)", o.contact().Name)
}

func TestK8_ANameThatShowsNothingIsNoName(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	unseen := alicia
	unseen.name = "\u3164\u200b\u2800"
	o.from(unseen, byNumber, text("who am I?"))
	require.Equal(t, "+5511888880002", o.contact().Name)
	o.from(alicia, byNumber, text("it is me"))
	require.Equal(t, "Alice", o.contact().Name, "a name that shows something takes the number's place")
	o.from(unseen, byNumber, text("or not"))
	require.Equal(t, "Alice", o.contact().Name)
}

func TestR25_ContactsOfOthersAreAdopted(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]any{
		"by another bridge's identifier": {"name", "Alicia", "identifier", "5511888880002@s.whatsapp.net"},
		"by phone number":                {"name", "Alicia", "phone_number", "+5511888880002"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			made, err := o.AddContact(fields...)
			require.NoError(t, err)
			o.from(alicia, byNumber, text("hi"))
			contact := o.contact()
			require.Equal(t, made.ID, contact.ID)
			require.Equal(t, [3]string{"Alicia", "5511888880002@s.whatsapp.net", "+5511888880002"}, [3]string{contact.Name, contact.Identifier, contact.Phone})
		})
	}
}

// Mobiles with areas up to 28 and above, known to the desk with or without the
// ninth digit and to WhatsApp in the other form, and a landline.
func TestR12_ANinthDigitMakesNoSecondContact(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, known := range []struct{ desk, phone string }{
		{"+5566996679626", "556696679626"},
		{"+556696679627", "5566996679627"},
		{"+5511988887771", "551188887771"},
		{"+551188887772", "5511988887772"},
		{"+551133334444", "551133334444"},
	} {
		made, err := o.AddContact("name", "Bruno", "phone_number", known.desk)
		require.NoError(t, err)
		id := o.from(newPerson("Bruno", known.phone), byNumber, text("oi"))
		require.Len(t, o.Contacts(), i+1, known.desk)
		for _, c := range o.Conversations() {
			if c.ID == o.posted(id).Conversation {
				require.Equal(t, made.ID, c.Contact, known.desk)
			}
		}
		require.Equal(t, known.phone+"@s.whatsapp.net", o.target(o.posted(id).Conversation), "where an answer goes")
	}
}

// The same person writes by LID first, then by number: one contact.
func TestR09_ANumberLearnedLateIsFilledIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.from(alicia, byLID, text("by lid"))
	before := o.contact()
	require.Empty(t, before.Phone)
	o.from(alicia, byBoth, text("with number"))
	after := o.contact()
	require.Equal(t, [2]string{"+5511888880002", "5511888880002@s.whatsapp.net"}, [2]string{after.Phone, after.Identifier})
	require.Equal(t, before.ID, after.ID)
	o.from(alicia, byNumber, text("by number"))
	require.Equal(t, before.ID, o.contact().ID)
	require.Len(t, o.Conversations(), 1)
	require.Equal(t, []string{"by lid", "with number", "by number"}, o.incoming())
}

func TestD34_WhatTheDeskDeletedIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.from(alicia, byNumber, text("one"))
	require.NoError(t, o.DeleteConversation(o.Conversations()[0].ID))
	two := o.from(alicia, byNumber, text("two"))
	require.Equal(t, "two", o.posted(two).Text)
	gone := o.contact().ID

	require.NoError(t, o.DeleteContact(gone))
	three := o.from(alicia, byNumber, text("three"))
	require.Equal(t, "three", o.posted(three).Text)
	require.NotEqual(t, gone, o.contact().ID)

	other, err := o.AddContact("name", "Alice Baker")
	require.NoError(t, err)
	require.NoError(t, o.MergeContacts(other.ID, o.Contacts()[0].ID))
	four := o.from(alicia, byNumber, text("four"))
	require.Equal(t, "four", o.posted(four).Text)
	require.Equal(t, other.ID, o.contact().ID)
	require.Equal(t, alicia.pn.String(), o.target(o.posted(four).Conversation))
}

// target is where answers in a conversation go.
func (o *office) target(conversation int) string {
	o.t.Helper()
	chat, err := o.line.IDs.ChatByConversation(o.t.Context(), linetest.ID, int64(conversation))
	require.NoError(o.t, err)
	return contacts.Target(chat)
}

func TestD16_AFailedLookupNeverCreates(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"contact by source": "/contact_inboxes/filter", "contact by number": "/contacts/filter", "conversations": "/conversations",
	} {
		for fault, broken := range map[string]chatwoottest.Fault{
			"an error": chatwoottest.InternalServerError(), "no answer": {Reset: true},
		} {
			t.Run(name+", "+fault, func(t *testing.T) {
				t.Parallel()
				o := newOffice(t)
				method := http.MethodPost
				if path == "/conversations" {
					method = http.MethodGet
				}
				o.AddRule(chatwoottest.Rule{Method: method, Path: path, Times: 2, Fault: broken})
				o.take(alicia, byNumber, text("hi"))
				o.take(alicia, byNumber, text("there"))
				require.NotEmpty(t, o.drain())
				require.Equal(t, []string{"hi", "there"}, o.incoming())
				require.Len(t, o.Contacts(), 1)
				require.Len(t, o.Conversations(), 1)
			})
		}
	}
}

func TestR37_ANameThatChatwootCannotStoreIsNoObstacle(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.from(newPerson("Al\x00ice", "5511888880002"), byNumber, text("hi\x00 there"))
	require.Equal(t, "Alice", o.contact().Name)
	require.Equal(t, []string{"hi there"}, o.incoming())
}

// ask makes Chatwoot's API do something, as an administrator.
func (o *office) ask(method, path, body string) {
	o.t.Helper()
	req, err := http.NewRequest(method, o.URL()+"/api/v1/accounts/"+strconv.Itoa(o.Account())+path, strings.NewReader(body))
	require.NoError(o.t, err)
	req.Header.Set("Api-Access-Token", o.AdminToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(o.t, err)
	require.NoError(o.t, resp.Body.Close())
	require.Equal(o.t, http.StatusOK, resp.StatusCode)
}

func TestNamesGoOverAnAgentsWhereTheLineHasItSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Names = lines.NamesNever })
	o.from(alicia, byNumber, text("hi"))
	made := o.contact()
	require.Equal(t, "+5511888880002", made.Name)
	o.settings(func(s *lines.Settings) { s.Names = lines.NamesAlways })
	o.from(alicia, byNumber, text("hi"))
	require.Equal(t, "Alice", o.contact().Name)
	for range 2 {
		o.ask(http.MethodPut, "/contacts/"+strconv.Itoa(made.ID), `{"name":"Alice (baker)"}`)
		renamed := alicia
		renamed.name = "Alice B."
		o.from(renamed, byNumber, text("me"))
		require.Equal(t, "Alice B.", o.contact().Name)
		o.from(alicia, byNumber, text("me again"))
		require.Equal(t, "Alice", o.contact().Name)
	}
	o.settings(func(s *lines.Settings) { s.Names = lines.NamesFill })
	o.ask(http.MethodPut, "/contacts/"+strconv.Itoa(made.ID), `{"name":"Alice (baker)"}`)
	o.from(alicia, byNumber, text("and again"))
	require.Equal(t, "Alice (baker)", o.contact().Name)
}
