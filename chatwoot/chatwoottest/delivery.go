package chatwoottest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// Delivery is one webhook as it went out.
type Delivery struct {
	Event        string        `json:"event"`
	Inbox        int           `json:"inbox,omitempty"`
	Conversation int           `json:"conversation,omitempty"`
	Message      int           `json:"message,omitempty"`
	ID           string        `json:"id"`               // X-Chatwoot-Delivery
	Status       int           `json:"status,omitempty"` // answered, 0 for none
	Error        string        `json:"error,omitempty"`  // as stored on the message
	Dropped      bool          `json:"dropped,omitempty"`
	Sent         time.Time     `json:"sent"`
	Latency      time.Duration `json:"latency"`
	Body         []byte        `json:"body,omitempty"`
}

const maxRedirects = 10

// Sign is the value of X-Chatwoot-Signature: the secret is used verbatim, the
// timestamp and the raw body are what is signed.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// deliverAll is one worker.
func (s *Server) deliverAll(ctx context.Context) {
	for {
		j, ok := s.take(ctx)
		if !ok {
			return
		}
		s.work(ctx, j)
	}
}

func (s *Server) work(ctx context.Context, j job) {
	if !j.asked {
		fault := s.webhookFault(s.describe(j))
		j.asked, j.fault = true, fault
		if fault.Drop {
			s.record(j, Delivery{Dropped: true, Sent: s.now()})
			s.done(j)
			return
		}
		for range fault.Duplicates {
			s.duplicate(j, fault.SameDelivery)
		}
		if fault.Delay > 0 {
			s.postpone(ctx, j, fault.Delay)
			return
		}
	}
	defer s.done(j)
	body, ok := s.prepare(j)
	if !ok {
		return
	}
	started := time.Now()
	out := Delivery{Sent: s.now(), Body: body}
	if j.fault.Error != "" || j.fault.Status != 0 {
		out.Status, out.Error = s.failUnsent(ctx, j.fault)
	} else {
		out.Status, out.Error = s.post(ctx, j.target, s.headers(j, j.secret, body), body)
	}
	out.Latency = time.Since(started)
	if ctx.Err() != nil {
		return
	}
	s.record(j, out)
	if out.Error != "" && j.inbox != nil && j.message != nil {
		s.log.Info("webhook failed", "event", j.event, "message", j.message.id, "error", out.Error)
		s.mu.Lock()
		s.setStatus(j.message, messageFailed, &out.Error, "status")
		s.mu.Unlock()
	}
}

func (s *Server) duplicate(j job, same bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !same {
		j.delivery = ""
	}
	s.enqueue(j)
}

func (s *Server) describe(j job) Webhook {
	w := Webhook{Event: j.event}
	if j.inbox != nil {
		w.Inbox = j.inbox.id
	}
	if j.conv != nil {
		w.Conversation = j.conv.display
	}
	if j.message != nil {
		w.Message = j.message.id
	}
	return w
}

// prepare builds the payload from the rows as they are now. A job whose inbox
// is gone is dropped, as Rails drops jobs whose record it cannot find.
func (s *Server) prepare(j job) (body []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.conv != nil && (s.db.inbox(j.conv.inbox) == nil || s.db.contactInboxByID(j.conv.contactInbox) == nil) {
		return nil, false
	}
	body, err := json.Marshal(j.build())
	return body, err == nil
}

func (s *Server) headers(j job, secret string, body []byte) http.Header {
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Accept", "application/json")
	h.Set("User-Agent", "Ruby")
	if !s.release.numbersDeliveries() {
		return h
	}
	h.Set("X-Chatwoot-Delivery", j.delivery)
	if j.inbox != nil && !s.release.signs() {
		return h
	}
	h.Set("X-Chatwoot-Timestamp", timestamp)
	h.Set("X-Chatwoot-Signature", Sign(secret, timestamp, body))
	return h
}

// post sends the body, following redirects with the same POST where the release
// does, and returns
// the status and the error text Chatwoot would store ("" for a success).
func (s *Server) post(ctx context.Context, target string, h http.Header, body []byte) (int, string) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.WebhookTimeout)
	defer cancel()
	for range maxRedirects + 1 {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
		if err != nil {
			return 0, "bad URI (is not URI?)"
		}
		if s.refuses(ctx, req.URL.Hostname()) {
			return s.failUnsent(ctx, WebhookFault{Error: "Hostname '" + req.URL.Hostname() + "' has no public ip addresses"})
		}
		req.Header = h.Clone()
		if u := req.URL.User; u != nil {
			password, _ := u.Password()
			req.SetBasicAuth(u.Username(), password)
		}
		resp, err := s.client.Do(req)
		if err != nil {
			return 0, s.failure(err, req.URL)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		location := resp.Header.Get("Location")
		switch {
		case err != nil:
			return 0, s.failure(err, req.URL)
		case resp.StatusCode >= 200 && resp.StatusCode < 300:
			return resp.StatusCode, ""
		case resp.StatusCode >= 300 && resp.StatusCode < 400 && location != "" && s.release.followsRedirects():
			next, err := req.URL.Parse(location)
			if err != nil {
				return resp.StatusCode, "bad URI (is not URI?)"
			}
			target = next.String()
		default:
			return resp.StatusCode, statusError(resp.StatusCode)
		}
	}
	return 0, "Got " + strconv.Itoa(maxRedirects) + " redirects fetching the webhook"
}

func statusError(status int) string { return fmt.Sprintf("%d %s", status, http.StatusText(status)) }

// failure is the text of the exception that Ruby's HTTP client would raise.
func (s *Server) failure(err error, target *url.URL) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		if !s.release.followsRedirects() {
			return "Timed out reading data from server" // rest-client's, which is what does not follow
		}
		return "Net::ReadTimeout with #<TCPSocket:(closed)>"
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Failed to open TCP connection to %s (Connection refused - connect(2) for %q port %s)",
			target.Host, target.Hostname(), target.Port())
	case errors.Is(err, syscall.ECONNRESET):
		return "Connection reset by peer"
	default:
		return "end of file reached"
	}
}

func (s *Server) record(j job, d Delivery) {
	w := s.describe(j)
	d.Event, d.Inbox, d.Conversation, d.Message, d.ID = w.Event, w.Inbox, w.Conversation, w.Message, j.delivery
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, d)
	s.touched()
}

// Webhooks is the log of deliveries, in the order they were answered.
func (s *Server) Webhooks() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery(nil), s.hooks...)
}
