package chatwoottest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// WriteRequest is a message that the control interface writes for an agent.
type WriteRequest struct {
	Text    string `json:"text,omitempty"`
	Private bool   `json:"private,omitempty"` // a note
	Quote   int    `json:"quote,omitempty"`   // the message it replies to
	By      int    `json:"by,omitempty"`      // a user, the first agent when 0
	Bot     int    `json:"bot,omitempty"`     // an agent bot instead
	Nobody  bool   `json:"nobody,omitempty"`  // an automation rule instead
	// ContentType and Attributes make it more than a text.
	ContentType string         `json:"content_type,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
	// Inbox and Contact start a conversation with the message.
	Inbox   int `json:"inbox,omitempty"`
	Contact int `json:"contact,omitempty"`
}

func (w WriteRequest) options() []MessageOption {
	var options []MessageOption
	if w.Quote != 0 {
		options = append(options, Quoting(w.Quote))
	}
	if w.By != 0 {
		options = append(options, By(w.By))
	}
	if w.Bot != 0 {
		options = append(options, ByBot(w.Bot))
	}
	if w.Nobody {
		options = append(options, ByNobody())
	}
	if w.ContentType != "" {
		options = append(options, WithContentType(w.ContentType))
	}
	for key, value := range w.Attributes {
		options = append(options, WithAttributes(key, value))
	}
	return options
}

func (s *Server) controlWrite(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	request, options, err := s.readWrite(r)
	if err != nil {
		return nil, err
	}
	if request.Private {
		return s.Note(id, request.Text, options...)
	}
	return s.Reply(id, request.Text, options...)
}

func (s *Server) controlStart(r *http.Request) (any, error) {
	request, options, err := s.readWrite(r)
	if err != nil {
		return nil, err
	}
	return s.StartConversation(request.Inbox, request.Contact, request.Text, options...)
}

// readWrite reads a message and stores its files as they come in.
func (s *Server) readWrite(r *http.Request) (WriteRequest, []MessageOption, error) {
	var request WriteRequest
	kind, attrs, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		err := decodeControl(r.Body, &request)
		return request, request.options(), err
	}
	parts := multipart.NewReader(r.Body, attrs["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		return request, nil, fmt.Errorf("read the message: %w", err)
	}
	if err := decodeControl(first, &request); err != nil {
		return request, nil, err
	}
	options := request.options()
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return request, options, nil
		}
		if err != nil {
			return request, nil, fmt.Errorf("read a file: %w", err)
		}
		b, err := s.files.save(part.FileName(), part.Header.Get("Content-Type"), part)
		if err != nil {
			return request, nil, err
		}
		options = append(options, withBlob(b))
	}
}

// withBlob attaches a file that is stored already.
func withBlob(b *blob) MessageOption {
	return func(d *draft) error {
		d.files = append(d.files, b)
		return nil
	}
}
