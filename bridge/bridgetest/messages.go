package bridgetest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// WaitMessage waits until Chatwoot has a message that fits.
func (s *Stack) WaitMessage(what string, fits func(chatwoottest.Message) bool) (chatwoottest.Message, error) {
	m, err := s.Chatwoot.WaitMessage(s.Patience, fits)
	if err != nil {
		return m, fmt.Errorf("wait for %s: %w", what, err)
	}
	return m, nil
}

// WaitText waits until Chatwoot has a message with a text.
func (s *Stack) WaitText(text string) (chatwoottest.Message, error) {
	return s.WaitMessage(text, func(m chatwoottest.Message) bool { return m.Text == text })
}

// WaitArrived waits until Chatwoot has what came with a WhatsApp id.
func (s *Stack) WaitArrived(id string) (chatwoottest.Message, error) {
	return s.WaitMessage("the message "+id, func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
}

// WaitStatus waits until Chatwoot shows a message with a status.
func (s *Stack) WaitStatus(message int, status string) (chatwoottest.Message, error) {
	return s.WaitMessage("the status "+status, func(m chatwoottest.Message) bool { return m.ID == message && m.Status == status })
}

// WaitTold waits until the bridge has taken in a webhook about a message.
func (s *Stack) WaitTold(event string, message int) error {
	_, err := s.Chatwoot.WaitWebhook(s.Patience, func(w chatwoottest.Delivery) bool {
		return w.Event == event && w.Message == message && w.Status == http.StatusOK
	})
	if err != nil {
		return fmt.Errorf("wait until the bridge is told: %w", err)
	}
	return nil
}

// AsAdministrator asks Chatwoot's API for something below the account's path.
func (s *Stack) AsAdministrator(method, path, body string) error {
	url := fmt.Sprintf("%s/api/v1/accounts/%d%s", s.Chatwoot.URL(), s.Chatwoot.Account(), path)
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask Chatwoot: %w", err)
	}
	req.Header.Set("Api-Access-Token", s.Chatwoot.AdminToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask Chatwoot: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask Chatwoot for %s %s: %s", method, path, resp.Status)
	}
	return nil
}
