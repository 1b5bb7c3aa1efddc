package chatwoottest

import "net/http"

func (s *Server) showVersion(*call) (any, error) {
	return obj("version", s.opts.Version, "timestamp", s.now().Format("2006-01-02 15:04:05"),
		"queue_services", "ok", "data_services", "ok"), nil
}

func (s *Server) showHealth(*call) (any, error) { return obj("status", "woot"), nil }

func (s *Server) showProfile(c *call) (any, error) {
	u := c.user
	kind := "User"
	if u.administrator() {
		kind = "SuperAdmin"
	}
	accounts, account, role := []object{}, any(nil), any(nil)
	if !u.removed {
		accounts, account, role = append(accounts, s.membership(u)), u.account, u.role
	}
	return obj("access_token", u.token, "account_id", account, "available_name", u.name, "avatar_url", "",
		"confirmed", true, "display_name", nil, "message_signature", nil, "email", u.email, "id", u.id,
		"inviter_id", nil, "name", u.name, "provider", "email", "pubsub_token", u.pubsub, "role", role,
		"ui_settings", obj(), "uid", u.email, "type", kind, "accounts", accounts), nil
}

func (s *Server) membership(u *user) object {
	a := s.db.account(u.account)
	status := "active"
	if a.suspended {
		status = "suspended"
	}
	o := obj("id", a.id, "name", a.name, "status", status)
	if s.release.onboards() {
		o = o.with("onboarding_step", nil)
	}
	o = o.with("active_at", iso(s.now()), "role", u.role, "permissions", []string{u.role}, "availability", "online",
		"availability_status", "offline", "auto_offline", true)
	if s.release.plans() {
		o = o.with("api_and_webhooks", true)
	}
	return o
}

// signIn answers a set-up page that turns a password into a token.
func (s *Server) signIn(c *call) (any, error) {
	email, password := str(c.params.get("email")), str(c.params.get("password"))
	u := first(s.db.users, func(u *user) bool { return u.email == email && u.password == password })
	if u == nil {
		return nil, &apiError{status: http.StatusUnauthorized, body: obj("success", false,
			"errors", []string{"Invalid login credentials. Please try again."})}
	}
	return obj("data", obj("access_token", u.token, "account_id", u.account, "available_name", u.name, "avatar_url", "",
		"email", u.email, "id", u.id, "name", u.name, "role", u.role, "uid", u.email,
		"accounts", []object{s.membership(u)})), nil
}

func (s *Server) listAgents(c *call) (any, error) {
	list := []object{}
	for _, u := range s.db.users {
		if u.belongs(c.account.id) {
			list = append(list, agentJSON(u))
		}
	}
	return list, nil
}

func agentJSON(u *user) object {
	return obj("id", u.id, "account_id", u.account, "availability_status", "offline", "auto_offline", true,
		"confirmed", true, "email", u.email, "provider", "email", "available_name", u.name, "name", u.name,
		"role", u.role, "thumbnail", "")
}
