package chatwoottest

import (
	"net/http"
	"strings"
)

// scope says what a route asks of its caller.
type scope int

const (
	scopePublic  scope = iota // no token
	scopeToken                // a user's token
	scopeAccount              // a user of the account in the path
	scopeAdmin                // an administrator of it
)

// handler answers one route under Server.mu. What it returns is marshalled
// before the lock is given back; nil is an empty body.
type handler func(*call) (any, error)

type route struct {
	methods string // one or more, separated by spaces
	path    string
	scope   scope
	handle  handler
}

const accountPath = "/api/v1/accounts/{account}"

func (s *Server) table() []route {
	const (
		inboxes       = accountPath + "/inboxes"
		contacts      = accountPath + "/contacts"
		conversations = accountPath + "/conversations"
		one           = conversations + "/{conversation}"
		messages      = one + "/messages"
		public        = "/public/api/v1/inboxes/{identifier}"
		publicOne     = public + "/contacts/{source}/conversations/{conversation}"
	)
	routes := []route{
		{"GET", "/api", scopePublic, s.showVersion},
		{"GET", "/app/login", scopePublic, s.showLogin},
		{"POST", "/auth/sign_in", scopePublic, s.signIn},
		{"GET", "/api/v1/profile", scopeToken, s.showProfile},
		{"GET", accountPath + "/agents", scopeAccount, s.listAgents},
		{"GET", accountPath + "/agent_bots", scopeAccount, s.listBots},
		{"POST", accountPath + "/agent_bots", scopeAdmin, s.createBot},

		{"GET", inboxes, scopeAccount, s.listInboxes},
		{"POST", inboxes, scopeAdmin, s.createInbox},
		{"GET", inboxes + "/{id}", scopeAccount, s.showInbox},
		{"PATCH PUT", inboxes + "/{id}", scopeAdmin, s.updateInbox},
		{"DELETE", inboxes + "/{id}", scopeAdmin, s.deleteInbox},
		{"POST", accountPath + "/inbox_members", scopeAdmin, s.addMembers},
		{"GET", accountPath + "/inbox_members/{id}", scopeAdmin, s.listMembers},
		{"GET", accountPath + "/webhooks", scopeAdmin, s.listWebhooks},
		{"POST", accountPath + "/webhooks", scopeAdmin, s.createWebhook},
		{"PATCH PUT", accountPath + "/webhooks/{id}", scopeAdmin, s.updateWebhook},
		{"DELETE", accountPath + "/webhooks/{id}", scopeAdmin, s.deleteWebhook},

		{"GET", contacts, scopeAccount, s.listContacts},
		{"POST", contacts, scopeAccount, s.createContact},
		{"GET", contacts + "/search", scopeAccount, s.searchContacts},
		{"POST", contacts + "/filter", scopeAccount, s.filterContacts},
		{"GET", contacts + "/{id}", scopeAccount, s.showContact},
		{"PATCH PUT", contacts + "/{id}", scopeAccount, s.updateContact},
		{"DELETE", contacts + "/{id}", scopeAdmin, s.deleteContact},
		{"DELETE", contacts + "/{id}/avatar", scopeAccount, s.deleteAvatar},
		{"POST", contacts + "/{id}/contact_inboxes", scopeAccount, s.createContactInbox},
		{"GET", contacts + "/{id}/contactable_inboxes", scopeAccount, s.contactableInboxes},
		{"GET", contacts + "/{id}/conversations", scopeAccount, s.contactConversations},
		{"POST", contacts + "/{id}/destroy_custom_attributes", scopeAccount, s.destroyContactAttributes},
		{"GET POST", contacts + "/{id}/labels", scopeAccount, s.contactLabels},
		{"POST", accountPath + "/contact_inboxes/filter", scopeAccount, s.filterContactInboxes},
		{"POST", accountPath + "/actions/contact_merge", scopeAccount, s.mergeContacts},

		{"GET", conversations, scopeAccount, s.listConversations},
		{"POST", conversations, scopeAccount, s.createConversation},
		{"GET", one, scopeAccount, s.showConversation},
		{"PATCH PUT", one, scopeAccount, s.updateConversation},
		{"POST", one + "/toggle_status", scopeAccount, s.toggleStatus},
		{"POST", one + "/toggle_priority", scopeAccount, s.togglePriority},
		{"POST", one + "/toggle_typing_status", scopeAccount, s.toggleTyping},
		{"POST", one + "/update_last_seen", scopeAccount, s.agentSeen},
		{"POST", one + "/mute", scopeAccount, s.mute},
		{"POST", one + "/unmute", scopeAccount, s.unmute},
		{"GET POST", one + "/labels", scopeAccount, s.conversationLabels},
		{"POST", one + "/assignments", scopeAccount, s.assign},
		{"POST", one + "/custom_attributes", scopeAccount, s.setConversationAttributes},
		{"POST", one + "/destroy_custom_attributes", scopeAccount, s.destroyConversationAttributes},

		{"GET", messages, scopeAccount, s.listMessages},
		{"POST", messages, scopeAccount, s.postMessage},
		{"PATCH PUT", messages + "/{message}", scopeAccount, s.patchMessage},
		{"DELETE", messages + "/{message}", scopeAccount, s.deleteMessageRoute},
		{"POST", messages + "/{message}/retry", scopeAccount, s.retryMessage},

		{"GET", public, scopePublic, s.publicInbox},
		{"POST", public + "/contacts", scopePublic, s.publicUpsert},
		{"GET", public + "/contacts/{source}", scopePublic, s.publicContact},
		{"PATCH PUT", public + "/contacts/{source}", scopePublic, s.publicUpdate},
		{"GET", public + "/contacts/{source}/conversations", scopePublic, s.publicConversations},
		{"POST", public + "/contacts/{source}/conversations", scopePublic, s.publicStart},
		{"POST", publicOne + "/toggle_status", scopePublic, s.publicResolve},
		{"POST", publicOne + "/toggle_typing", scopePublic, s.publicTyping},
		{"POST", publicOne + "/update_last_seen", scopePublic, s.publicSeen},
		{"GET", publicOne + "/messages", scopePublic, s.publicMessages},
		{"POST", publicOne + "/messages", scopePublic, s.publicPost},
	}
	for _, later := range []struct {
		there bool
		route route
	}{
		{s.release.healthRoute(), route{"GET", "/health", scopePublic, s.showHealth}},
		{s.release.signs(), route{"POST", inboxes + "/{id}/reset_secret", scopeAdmin, s.resetSecret}},
		{s.release.deletesConversations(), route{"DELETE", one, scopeAdmin, s.deleteConversation}},
	} {
		if later.there {
			routes = append(routes, later.route)
		}
	}
	return routes
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	add := func(pattern string, h faultyHandler) { mux.Handle(pattern, s.counted(pattern, h)) }
	for _, rt := range s.table() {
		for method := range strings.FieldsSeq(rt.methods) {
			add(method+" "+rt.path, s.endpoint(rt))
		}
	}
	add("GET /rails/active_storage/blobs/redirect/{signed}/{name}", s.redirectBlob)
	add("GET /rails/active_storage/representations/redirect/{signed}/{variation}/{name}", s.redirectBlob)
	add("GET /rails/active_storage/disk/{signed}/{name}", s.serveBlob)
	mux.HandleFunc("GET /cable", s.serveCable)
	mux.Handle("/", s.counted("(no route)", func(w http.ResponseWriter, _ *http.Request, _ Fault) {
		writeReply(w, encodeError(pageNotFound()))
	}))
	return mux
}

// Requests tells how often each route was asked, by "METHOD /path/{pattern}".
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.requests))
	for k, v := range s.requests {
		out[k] = v
	}
	return out
}
