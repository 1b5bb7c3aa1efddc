package chatwoottest

import (
	"fmt"
	"net/http"
)

// liveSteps are what the recording client did. The administrator's frames are those
// that were recorded; "agent" is another user.
var liveSteps = []liveStep{
	{"start", func(r *liveReplay) { r.subscribe(r.s.db.user(1).pubsub, 1, 1, cableProtocol) }, 3},
	{"contact", func(r *liveReplay) {
		maria := hash(r.recorded("incoming").get("sender"))
		made := hash(r.call("admin", http.MethodPost, "/contacts", fmt.Sprintf(`{"inbox_id":%d,"name":"Maria","identifier":%q,"phone_number":%q}`,
			r.first.inbox, str(maria.get("identifier")), str(maria.get("phone_number")))).get("payload"))
		r.ids.contact, r.source = number(hash(made.get("contact")).get("id")), str(hash(made.get("contact_inbox")).get("source_id"))
	}, 1},
	{"conversation", func(r *liveReplay) {
		r.call("admin", http.MethodPost, "/conversations", fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":%q}`, r.first.inbox, r.ids.contact, r.source))
	}, 1},
	{"incoming", func(r *liveReplay) {
		r.call("admin", http.MethodPost, r.conversation("/messages"), `{"content":"hi","message_type":"incoming","source_id":"WAID:cable1"}`)
	}, 0},
	{"agent reply", func(r *liveReplay) {
		r.call("agent", http.MethodPost, r.conversation("/messages"), `{"content":"an **answer**"}`)
	}, 0},
	{"agent reply with echo id and quote", func(r *liveReplay) {
		r.call("agent", http.MethodPost, r.conversation("/messages"),
			fmt.Sprintf(`{"content":"quoting","echo_id":"e1","content_attributes":{"in_reply_to":%d}}`, r.first.message+1))
	}, 0},
	{"private note", func(r *liveReplay) {
		r.call("agent", http.MethodPost, r.conversation("/messages"), `{"content":"note","private":true}`)
	}, 0},
	{"agent file", func(r *liveReplay) {
		contentType, body := form(r.t, "with file", "a.png", 75)
		r.ask("agent", http.MethodPost, r.conversation("/messages"), contentType, body, http.StatusOK)
	}, 0},
	{"status patch", func(r *liveReplay) {
		r.call("admin", http.MethodPatch, r.reply(""), `{"status":"delivered"}`)
	}, 0},
	{"status failed", func(r *liveReplay) {
		r.call("admin", http.MethodPatch, r.reply(""), `{"status":"failed","external_error":"x"}`)
	}, 0},
	{"retry", func(r *liveReplay) { r.call("agent", http.MethodPost, r.reply("/retry"), "") }, 0},
	{"delete", func(r *liveReplay) { r.call("agent", http.MethodDelete, r.reply(""), "") }, 0},
	{"typing on", func(r *liveReplay) {
		r.call("agent", http.MethodPost, r.conversation("/toggle_typing_status"), `{"typing_status":"on"}`)
	}, 0},
	{"agent reads", func(r *liveReplay) { r.call("agent", http.MethodPost, r.conversation("/update_last_seen"), "") }, 0},
	{"resolve", func(r *liveReplay) {
		r.call("agent", http.MethodPost, r.conversation("/toggle_status"), `{"status":"resolved"}`)
	}, 0},
	{"contact edited", func(r *liveReplay) {
		r.call("admin", http.MethodPut, fmt.Sprintf("/contacts/%d", r.ids.contact), `{"name":"Maria S"}`)
	}, 0},
	{"second contact", func(r *liveReplay) {
		made := r.call("admin", http.MethodPost, "/contacts", fmt.Sprintf(`{"name":"Dup","email":%q}`, str(r.recorded("second contact").get("email"))))
		r.ids.second = number(hash(hash(made.get("payload")).get("contact")).get("id"))
	}, 0},
	{"merge", func(r *liveReplay) {
		r.call("admin", http.MethodPost, "/actions/contact_merge", fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, r.ids.second, r.ids.contact))
	}, 0},
	{"conversation deleted", func(r *liveReplay) {
		status := http.StatusOK
		if !r.s.release.deletesConversations() {
			status = http.StatusNotFound
		}
		r.ask("admin", http.MethodDelete, r.conversation(""), "application/json", http.NoBody, status)
	}, 0},
	{"contact deleted", func(r *liveReplay) {
		r.call("admin", http.MethodDelete, fmt.Sprintf("/contacts/%d", r.ids.second), "")
	}, 0},
	{"inbox deleted", func(r *liveReplay) {
		r.call("admin", http.MethodDelete, fmt.Sprintf("/inboxes/%d", r.first.inbox), "")
	}, 0},
	{"wrong pubsub token", func(r *liveReplay) { r.subscribe("wrong", 1, 1, cableProtocol) }, 0},
	{"wrong account", func(r *liveReplay) { r.subscribe(r.s.db.user(1).pubsub, 99, 1, cableProtocol) }, 0},
	{"no user", func(r *liveReplay) { r.subscribe(r.s.db.user(1).pubsub, 1, nil, cableProtocol) }, 0},
	{"no subprotocol", func(r *liveReplay) { r.subscribe("wrong", 1, 1) }, 0},
}
