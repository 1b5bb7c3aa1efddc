package chatwoottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// What agents do in the dashboard. Conversations are those of the first
// account. Every action has its webhooks, as with requests to the API.

// ErrNotFound is the answer to ids that nothing has.
var ErrNotFound = errors.New("no such thing in Chatwoot")

// MessageOption adds to a message.
type MessageOption func(*draft) error

// draft is a message that an agent is writing.
type draft struct {
	messageInput
	s    *Server
	user int
}

// Quoting makes a message reply to another.
func Quoting(message int) MessageOption {
	return func(d *draft) error {
		d.attributes = d.attributes.set("in_reply_to", message)
		return nil
	}
}

// WithFile attaches a file; it may be given several times.
func WithFile(name, contentType string, content []byte) MessageOption {
	return WithFileFrom(name, contentType, bytes.NewReader(content))
}

// WithFileFrom attaches a file of any size.
func WithFileFrom(name, contentType string, content io.Reader) MessageOption {
	return func(d *draft) error {
		b, err := d.s.files.save(name, contentType, content)
		if err != nil {
			return err
		}
		d.files = append(d.files, b)
		return nil
	}
}

// WithAttributes sets content_attributes, in alternating keys and values.
func WithAttributes(pairs ...any) MessageOption {
	return func(d *draft) error {
		d.attributes = d.attributes.merge(obj(pairs...))
		return nil
	}
}

// WithContentType makes it another kind of content than text, as bots do.
func WithContentType(contentType string) MessageOption {
	return func(d *draft) error {
		d.contentType = contentType
		return nil
	}
}

// By lets another user than the first agent act.
func By(user int) MessageOption {
	return func(d *draft) error {
		d.user = user
		return nil
	}
}

// ByBot sends as an agent bot.
func ByBot(bot int) MessageOption {
	return func(d *draft) error {
		d.bot = bot
		return nil
	}
}

// ByNobody sends without a sender, as automation rules do.
func ByNobody() MessageOption {
	return func(d *draft) error {
		d.nobody = true
		return nil
	}
}

// Reply sends a message to the customer.
func (s *Server) Reply(conversation int, text string, options ...MessageOption) (Message, error) {
	return s.write(conversation, messageInput{content: textOrNil(text), kind: "outgoing"}, options)
}

// Note writes a private note.
func (s *Server) Note(conversation int, text string, options ...MessageOption) (Message, error) {
	return s.write(conversation, messageInput{content: textOrNil(text), kind: "outgoing", private: true}, options)
}

// textOrNil is what the dashboard sends for files alone.
func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (s *Server) write(conversation int, in messageInput, options []MessageOption) (Message, error) {
	d, err := s.draft(in, options)
	if err != nil {
		return Message{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conv := s.db.display(s.account, conversation)
	if conv == nil {
		d.discard()
		return Message{}, fmt.Errorf("conversation %d: %w", conversation, ErrNotFound)
	}
	m, err := d.post(conv)
	if err != nil {
		return Message{}, err
	}
	s.as(d.cause(), func() { s.announce(conv, m) })
	return s.message(m), nil
}

// draft applies the options and waits for the server's capacity.
func (s *Server) draft(in messageInput, options []MessageOption) (*draft, error) {
	in.attributes, in.additional = object{}, object{}
	d := &draft{messageInput: in, s: s, user: s.agent}
	for _, option := range options {
		if err := option(d); err != nil {
			d.discard()
			return nil, err
		}
	}
	// Its turn comes in any case: nobody else than the test could give up.
	if err := s.capacity.wait(context.Background()); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *draft) discard() {
	for _, b := range d.files {
		d.s.files.remove(b)
	}
}

// cause is who sits at the dashboard: nobody where a bot or a rule writes.
func (d *draft) cause() *user {
	if d.nobody || d.bot != 0 {
		return nil
	}
	return d.actor
}

// post stores the message; the caller holds mu and announces it.
func (d *draft) post(conv *conversation) (*message, error) {
	if !d.nobody {
		d.actor = d.s.db.user(d.user)
	}
	m, err := d.s.createMessage(conv, d.messageInput)
	if err != nil {
		d.discard()
		return nil, refused(err)
	}
	return m, nil
}

// refused turns an answer into an error that says what the body says.
func refused(err error) error {
	var api *apiError
	if !errors.As(err, &api) {
		return err
	}
	body, _ := api.body.(object)
	return fmt.Errorf("chatwoot answers %d: %s%s", api.status, str(body.get("error")), str(body.get("message")))
}

// StartConversation is an agent's message to a contact who has not written in
// this inbox: Chatwoot makes up a UUID as source id.
func (s *Server) StartConversation(inbox, contact int, text string, options ...MessageOption) (Message, error) {
	d, err := s.draft(messageInput{content: textOrNil(text), kind: "outgoing"}, options)
	if err != nil {
		return Message{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, who := s.db.inbox(inbox), s.db.contact(contact)
	if i == nil || who == nil {
		d.discard()
		return Message{}, fmt.Errorf("inbox %d, contact %d: %w", inbox, contact, ErrNotFound)
	}
	ci, err := s.linkContact(who, i, "", false)
	if err != nil {
		d.discard()
		return Message{}, refused(err)
	}
	conv := s.newConversation(ci, statusOpen)
	m, err := d.post(conv)
	if err != nil {
		conv.deleted = true
		return Message{}, err
	}
	s.as(d.cause(), func() {
		s.messageCreated(m)
		s.emitConversation("conversation_created", conv, nil)
		s.followUp(conv, m, true)
	})
	return s.message(m), nil
}

// AddContact is a contact that an agent enters by hand, its fields as in the
// API: "name", "Maria", "phone_number", "+5511…".
func (s *Server) AddContact(pairs ...any) (Contact, error) { return s.addContact(obj(pairs...)) }

func (s *Server) addContact(form object) (Contact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var c *contact
	var err error
	s.as(s.db.user(s.agent), func() { c, err = s.newContact(s.account, form, nil) })
	if err != nil {
		return Contact{}, refused(err)
	}
	return s.contact(c), nil
}
