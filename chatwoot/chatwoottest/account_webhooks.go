package chatwoottest

import (
	"slices"
	"strings"
)

var subscribable = []string{
	"conversation_status_changed", "conversation_updated", "conversation_created", "contact_created",
	"contact_updated", "message_created", "message_updated", "webwidget_triggered", "inbox_created",
	"inbox_updated", "conversation_typing_on", "conversation_typing_off",
}

func webhookJSON(w *accountWebhook) object {
	return obj("id", w.id, "name", w.name, "url", w.url, "account_id", w.account,
		"subscriptions", w.subscriptions, "secret", w.secret)
}

func (s *Server) listWebhooks(c *call) (any, error) {
	list := []object{}
	for _, w := range s.db.webhooks {
		if w.account == c.account.id {
			list = append(list, webhookJSON(w))
		}
	}
	return obj("payload", obj("webhooks", list)), nil
}

func (s *Server) createWebhook(c *call) (any, error) {
	w := &accountWebhook{account: c.account.id, secret: newToken()}
	if err := s.applyWebhook(w, c); err != nil {
		return nil, err
	}
	w.id = s.db.ids.webhook.next()
	s.db.webhooks = append(s.db.webhooks, w)
	return obj("payload", obj("webhook", webhookJSON(w))), nil
}

func (s *Server) applyWebhook(w *accountWebhook, c *call) error {
	raw, ok := c.params.lookup("webhook")
	if !ok {
		return missingParam("webhook")
	}
	form := hash(raw)
	changed := *w
	if v, ok := form.lookup("url"); ok {
		changed.url = str(v)
	}
	if v, ok := form.lookup("name"); ok {
		changed.name = str(v)
	}
	if list, ok := form.get("subscriptions").([]any); ok {
		changed.subscriptions = nil
		for _, v := range list {
			changed.subscriptions = append(changed.subscriptions, str(v))
		}
	} else if changed.subscriptions == nil {
		changed.subscriptions = subscribable[:8]
	}
	switch {
	case !strings.HasPrefix(changed.url, "http://") && !strings.HasPrefix(changed.url, "https://"):
		return invalid("Url is invalid", "url")
	case slices.ContainsFunc(s.db.webhooks, func(o *accountWebhook) bool {
		return o != w && o.account == w.account && o.url == changed.url
	}):
		return invalid("Url has already been taken", "url")
	case slices.ContainsFunc(changed.subscriptions, func(e string) bool { return !slices.Contains(subscribable, e) }):
		return invalid("Subscriptions Invalid events", "subscriptions")
	}
	*w = changed
	return nil
}

func (s *Server) webhookOf(c *call) (*accountWebhook, error) {
	w := first(s.db.webhooks, func(w *accountWebhook) bool { return w.id == c.path("id") && w.account == c.account.id })
	if w == nil {
		return nil, notFound()
	}
	return w, nil
}

func (s *Server) updateWebhook(c *call) (any, error) {
	w, err := s.webhookOf(c)
	if err != nil {
		return nil, err
	}
	if err := s.applyWebhook(w, c); err != nil {
		return nil, err
	}
	return obj("payload", obj("webhook", webhookJSON(w))), nil
}

func (s *Server) deleteWebhook(c *call) (any, error) {
	w, err := s.webhookOf(c)
	if err != nil {
		return nil, err
	}
	s.db.webhooks = slices.DeleteFunc(s.db.webhooks, func(o *accountWebhook) bool { return o == w })
	return nil, nil
}
