package chatwoottest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A frozen server is a document with every row and every file. Webhooks that
// wait, live connections, faults and the counts of requests are not in it.
//
// The names in the document are for ever: documents of earlier days are kept.

type frozenServer struct {
	Account       int                  `json:"account"`
	Admin         int                  `json:"admin"`
	Agent         int                  `json:"agent"`
	Sequences     frozenSequences      `json:"sequences"`
	Accounts      []frozenAccount      `json:"accounts"`
	Users         []frozenUser         `json:"users"`
	Bots          []frozenBot          `json:"bots,omitempty"`
	Inboxes       []frozenInbox        `json:"inboxes,omitempty"`
	Contacts      []frozenContact      `json:"contacts,omitempty"`
	ContactInbox  []frozenContactInbox `json:"contact_inboxes,omitempty"`
	Conversations []frozenConversation `json:"conversations,omitempty"`
	Messages      []frozenMessage      `json:"messages,omitempty"`
	Files         []frozenBlob         `json:"files,omitempty"`
}

type frozenSequences struct {
	Account      sequence `json:"account"`
	User         sequence `json:"user"`
	Inbox        sequence `json:"inbox"`
	Contact      sequence `json:"contact"`
	ContactInbox sequence `json:"contact_inbox"`
	Conversation sequence `json:"conversation"`
	Message      sequence `json:"message"`
	Attachment   sequence `json:"attachment"`
	Webhook      sequence `json:"webhook"`
}

// frozenBlob is a file with its bytes. Rows name it by what is in its address.
type frozenBlob struct {
	Signed      string `json:"signed"`
	Name        string `json:"name"`
	Declared    string `json:"declared,omitempty"`
	ContentType string `json:"content_type"`
	Sum         string `json:"sum"`
	Content     []byte `json:"content"`
}

// Freeze renders all rows and files as a document for Thaw.
func (s *Server) Freeze() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := s.db.ids
	if len(s.db.webhooks) > 0 {
		return nil, errors.New("freeze: webhooks of an account cannot be frozen")
	}
	frozen := frozenServer{
		Account: s.account, Admin: s.admin, Agent: s.agent,
		Sequences: frozenSequences{
			ids.account, ids.user, ids.inbox, ids.contact, ids.contactInbox, ids.conversation, ids.message, ids.attachment, ids.webhook,
		},
		Accounts: freezeAll(s.db.accounts, freezeAccount), Users: freezeAll(s.db.users, freezeUser), Inboxes: freezeAll(s.db.inboxes, freezeInbox),
		Contacts: freezeAll(s.db.contacts, freezeContact), ContactInbox: freezeAll(s.db.contactInbox, freezeContactInbox),
		Conversations: freezeAll(s.db.conversations, freezeConversation),
	}
	for _, b := range s.db.bots {
		frozen.Bots = append(frozen.Bots, frozenBot{b.id, b.account, b.name})
	}
	for _, m := range s.db.messages {
		frozen.Messages = append(frozen.Messages, freezeMessage(m))
	}
	slices.SortFunc(frozen.Messages, func(a, b frozenMessage) int { return a.ID - b.ID })
	for _, b := range s.db.blobs {
		content, err := os.ReadFile(b.path)
		if err != nil {
			return nil, fmt.Errorf("freeze %s: %w", b.name, err)
		}
		frozen.Files = append(frozen.Files, frozenBlob{b.signed, b.name, b.declared, b.contentType, b.sum, content})
	}
	return json.MarshalIndent(frozen, "", " ")
}

func freezeAll[Row, Frozen any](rows []*Row, freeze func(*Row) Frozen) (all []Frozen) {
	for _, row := range rows {
		all = append(all, freeze(row))
	}
	return all
}

// Thaw takes over what a server had when it was frozen, in place of what there
// is. The server must run; its address is its own.
func (s *Server) Thaw(document []byte) error {
	var frozen frozenServer
	if err := json.Unmarshal(document, &frozen); err != nil {
		return fmt.Errorf("thaw: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	db, ids := newTables(), frozen.Sequences
	db.ids = sequences{ids.Account, ids.User, ids.Inbox, ids.Contact, ids.ContactInbox, ids.Conversation, ids.Message, ids.Attachment, ids.Webhook}
	for _, f := range frozen.Files {
		b := &blob{signed: f.Signed, name: f.Name, declared: f.Declared, contentType: f.ContentType, sum: f.Sum, size: int64(len(f.Content)),
			path: filepath.Join(s.files.dir, "thawed-"+f.Sum+"-"+fmt.Sprint(len(db.blobs)))}
		if err := os.WriteFile(b.path, f.Content, 0o600); err != nil {
			return fmt.Errorf("thaw %s: %w", f.Name, err)
		}
		db.blobs[f.Signed] = b
	}
	for _, f := range frozen.Accounts {
		db.accounts = append(db.accounts, &account{f.ID, f.Name, f.LastDisplay, f.Suspended})
	}
	for _, f := range frozen.Users {
		db.users = append(db.users, f.thaw())
	}
	for _, f := range frozen.Bots {
		db.bots = append(db.bots, agentBot{f.ID, f.Account, f.Name})
	}
	for _, f := range frozen.Inboxes {
		db.inboxes = append(db.inboxes, f.thaw())
	}
	for _, f := range frozen.Contacts {
		db.contacts = append(db.contacts, f.thaw(db.blobs))
	}
	for _, f := range frozen.ContactInbox {
		db.contactInbox = append(db.contactInbox, &contactInbox{f.ID, f.Contact, f.Inbox, f.SourceID, f.HMACVerified, f.Pubsub, f.Created})
	}
	for _, f := range frozen.Conversations {
		db.conversations = append(db.conversations, f.thaw())
	}
	for _, f := range frozen.Messages {
		m := f.thaw(db.blobs)
		db.messages[m.id] = m
		db.threads[m.conversation] = append(db.threads[m.conversation], m)
	}
	s.db, s.account, s.admin, s.agent = db, frozen.Account, frozen.Admin, frozen.Agent
	s.touched()
	return nil
}

type frozenAccount struct {
	ID          int    `json:"id"`
	Name        string `json:"name"`
	LastDisplay int    `json:"last_display"`
	Suspended   bool   `json:"suspended,omitempty"`
}

func freezeAccount(a *account) frozenAccount {
	return frozenAccount{a.id, a.name, a.lastDisplay, a.suspended}
}

type frozenBot struct {
	ID      int    `json:"id"`
	Account int    `json:"account"`
	Name    string `json:"name"`
}

type frozenUser struct {
	ID       int    `json:"id"`
	Account  int    `json:"account"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Role     string `json:"role"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token"`
	Pubsub   string `json:"pubsub,omitempty"`
	Removed  bool   `json:"removed,omitempty"`
}

func freezeUser(u *user) frozenUser {
	return frozenUser{u.id, u.account, u.name, u.email, u.role, u.password, u.token, u.pubsub, u.removed}
}

func (f frozenUser) thaw() *user {
	return &user{id: f.ID, account: f.Account, name: f.Name, email: f.Email, role: f.Role, password: f.Password, token: f.Token, pubsub: f.Pubsub, removed: f.Removed}
}

type frozenContactInbox struct {
	ID           int       `json:"id"`
	Contact      int       `json:"contact"`
	Inbox        int       `json:"inbox"`
	SourceID     string    `json:"source_id"`
	HMACVerified bool      `json:"hmac_verified,omitempty"`
	Pubsub       string    `json:"pubsub,omitempty"`
	Created      time.Time `json:"created"`
}

func freezeContactInbox(c *contactInbox) frozenContactInbox {
	return frozenContactInbox{c.id, c.contact, c.inbox, c.sourceID, c.hmacVerified, c.pubsub, c.created}
}
