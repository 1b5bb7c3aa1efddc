package chatwoottest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const contactsPath = "/api/v1/accounts/1/contacts"

func TestContactValidation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	maria, err := w.AddContact("name", "Maria", "phone_number", "+5511999998888", "identifier", "1@lid", "email", "maria@example.com")
	require.NoError(t, err)
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"phone taken", `{"phone_number":"+5511999998888"}`, 422, `{"message":"Phone number has already been taken","attributes":["phone_number"]}`},
		{"identifier taken", `{"identifier":"1@lid"}`, 422, `{"message":"Identifier has already been taken","attributes":["identifier"]}`},
		{"email taken in other case", `{"email":"MARIA@example.com"}`, 422, `{"message":"Email has already been taken","attributes":["email"]}`},
		{"phone without plus", `{"phone_number":"5511"}`, 422, `{"message":"Phone number should be in e164 format","attributes":["phone_number"]}`},
		{"phone with letters", `{"phone_number":"+55x1"}`, 422, `{"message":"Phone number should be in e164 format","attributes":["phone_number"]}`},
		{"two faults", `{"phone_number":"+5511999998888","identifier":"1@lid"}`, 422,
			`{"message":"Identifier has already been taken and Phone number has already been taken","attributes":["identifier","phone_number"]}`},
		{"name of 256", `{"name":"` + strings.Repeat("x", 256) + `"}`, 422, `{"message":"Name is too long (maximum is 255 characters)","attributes":["name"]}`},
		{"name of 255", `{"name":"` + strings.Repeat("x", 255) + `"}`, 200, ""},
		{"identifier in other case", `{"identifier":"1@LID"}`, 200, ""},
		{"NUL in the name", `{"name":"a\u0000b"}`, 500, `{"status":500,"error":"Internal Server Error"}`},
		{"blank phone", `{"name":"x","phone_number":""}`, 200, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(w.Contacts())
			got := w.post(w.AdminToken(), contactsPath, test.body)
			require.Equal(t, test.status, got.status, got.text)
			if test.want != "" {
				require.JSONEq(t, test.want, got.text)
				require.Len(t, w.Contacts(), before, "what is refused is not kept")
			}
		})
	}
	own := w.send(http.MethodPut, w.AdminToken(), fmt.Sprintf("%s/%d", contactsPath, maria.ID), `{"phone_number":"+5511999998888","name":"Maria B"}`)
	require.Equal(t, http.StatusOK, own.status, "a contact may keep what is its own")
}

func TestASourceIDBelongsToOneContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	w.newConversation("Maria")
	other, err := w.AddContact("name", "Other")
	require.NoError(t, err)
	broken := `{"status":500,"error":"Internal Server Error"}`

	got := w.post(w.AdminToken(), contactsPath, `{"inbox_id":1,"source_id":"maria","name":"Thief"}`)
	require.Equal(t, http.StatusInternalServerError, got.status)
	require.JSONEq(t, broken, got.text)
	require.Len(t, w.Contacts(), 2, "contact and contact inbox are one transaction")
	got = w.post(w.AdminToken(), fmt.Sprintf("%s/%d/contact_inboxes", contactsPath, other.ID), `{"inbox_id":1,"source_id":"maria"}`)
	require.Equal(t, http.StatusInternalServerError, got.status)
	got = w.post(w.AdminToken(), "/api/v1/accounts/1/conversations", fmt.Sprintf(`{"inbox_id":1,"contact_id":%d,"source_id":"maria"}`, other.ID))
	require.Equal(t, http.StatusUnprocessableEntity, got.status)
	require.JSONEq(t, `{"error":"source_id should be unique"}`, got.text)

	got = w.post(w.AdminToken(), fmt.Sprintf("%s/1/contact_inboxes", contactsPath), `{"inbox_id":1,"source_id":"maria"}`)
	require.Equal(t, http.StatusOK, got.status, "the same contact gets its row again")
	got = w.post(w.AdminToken(), fmt.Sprintf("%s/1/contact_inboxes", contactsPath), `{"inbox_id":1}`)
	require.Len(t, got.at("source_id"), 36, "without a source id a UUID is made up")
}

func TestLookups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	w.newConversation("Maria")
	_, err := w.AddContact("name", "João", "phone_number", "+5511999998888", "identifier", "Ab@lid")
	require.NoError(t, err)
	filter := func(attribute, value string) string {
		return fmt.Sprintf(`{"payload":[{"attribute_key":%q,"filter_operator":"equal_to","values":[%q],"query_operator":null}]}`, attribute, value)
	}
	tests := []struct {
		name, method, path, body string
		status, found            int
	}{
		{"source id", "POST", "/contact_inboxes/filter", `{"inbox_id":1,"source_id":"maria"}`, 200, -1},
		{"unknown source id", "POST", "/contact_inboxes/filter", `{"inbox_id":1,"source_id":"mari"}`, 404, -1},
		{"phone", "POST", "/contacts/filter", filter("phone_number", "+5511999998888"), 200, 1},
		{"part of a phone", "POST", "/contacts/filter", filter("phone_number", "+55119999"), 200, 0},
		{"identifier in lower case", "POST", "/contacts/filter", filter("identifier", "ab@LID"), 200, 1},
		{"search by part of a phone", "GET", "/contacts/search?q=" + url.QueryEscape("+5511"), "", 200, 1},
		{"search by name in other case", "GET", "/contacts/search?q=maria", "", 200, 1},
		{"search minds an identifier's case", "GET", "/contacts/search?q=ab@", "", 200, 0},
		{"search for nothing", "GET", "/contacts/search", "", 422, -1},
		{"a filter must end", "POST", "/contacts/filter", strings.Replace(filter("name", "x"), "null", `"AND"`, 1), 422, -1},
		{"lists leave visitors out", "GET", "/contacts", "", 200, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.send(test.method, w.AdminToken(), "/api/v1/accounts/1"+test.path, test.body)
			require.Equal(t, test.status, got.status, got.text)
			if test.found >= 0 {
				require.Len(t, got.at("payload"), test.found, got.text)
			}
		})
	}
}

func TestContactAttributesAreMerged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	c, err := w.AddContact("name", "Maria", "custom_attributes", map[string]any{})
	require.NoError(t, err)
	path := fmt.Sprintf("%s/%d", contactsPath, c.ID)
	w.send(http.MethodPut, w.AdminToken(), path, `{"custom_attributes":{"a":"1","b":"2"}}`)
	w.send(http.MethodPut, w.AdminToken(), path, `{"custom_attributes":{"b":"3"}}`)
	require.Equal(t, map[string]any{"a": "1", "b": "3"}, w.Contacts()[0].Attributes)
	w.post(w.AdminToken(), path+"/destroy_custom_attributes", `{"custom_attributes":["a"]}`)
	require.Equal(t, map[string]any{"b": "3"}, w.Contacts()[0].Attributes)
}

func TestAMergedContactIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	base, err := w.AddContact("name", "Maria B", "phone_number", "+5511999998888")
	require.NoError(t, err)
	got := w.post(w.AdminToken(), "/api/v1/accounts/1/actions/contact_merge", fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":1}`, base.ID))
	require.Equal(t, base.ID, got.int("id"))
	require.Equal(t, http.StatusNotFound, w.get(w.AdminToken(), contactsPath+"/1").status)
	found := w.post(w.AdminToken(), "/api/v1/accounts/1/contact_inboxes/filter", `{"inbox_id":1,"source_id":"maria"}`)
	require.Equal(t, base.ID, found.int("id"), "the old source id leads to the survivor")
	w.incoming(conv, "still here")
}

func TestPublicUpsert(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	known, err := w.AddContact("name", "Maria", "phone_number", "+5511999998888")
	require.NoError(t, err)
	path := "/public/api/v1/inboxes/" + w.Inboxes()[0].Identifier + "/contacts"
	got := w.post("", path, `{"source_id":"m","phone_number":"+5511999998888","name":"Other name"}`)
	require.Equal(t, known.ID, got.int("id"))
	require.Equal(t, "Maria", got.at("name"), "a known contact is not changed")
	require.Equal(t, known.ID, w.post("", path, `{"source_id":"m","name":"Third"}`).int("id"))
	fresh := w.post("", path, `{"source_id":"n","identifier":"2@lid","name":"New"}`)
	require.NotEqual(t, known.ID, fresh.int("id"))
	require.Equal(t, http.StatusNotFound, w.get("", path+"/55@s.whatsapp.net").status, "a dot does not match the route")
	require.Equal(t, http.StatusNotFound, w.get("", "/public/api/v1/inboxes/nothing/contacts/n").status)
}
