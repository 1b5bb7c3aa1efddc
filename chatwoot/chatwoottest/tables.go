package chatwoottest

// tables hold every row, in the order of creation. Guarded by Server.mu.
type tables struct {
	accounts      []*account
	users         []*user
	bots          []agentBot
	inboxes       []*inbox
	contacts      []*contact
	contactInbox  []*contactInbox
	conversations []*conversation
	messages      map[int]*message   // by id
	threads       map[int][]*message // by conversation row, ascending
	blobs         map[string]*blob   // by signed id
	webhooks      []*accountWebhook
	ids           sequences
	blobMisses    int // for blobs stored from now on
}

type sequences struct {
	account, user, inbox, contact, contactInbox, conversation, message, attachment, webhook sequence
}

func newTables() tables {
	return tables{messages: map[int]*message{}, threads: map[int][]*message{}, blobs: map[string]*blob{}}
}

func first[T any](rows []*T, match func(*T) bool) *T {
	for _, r := range rows {
		if match(r) {
			return r
		}
	}
	return nil
}

func (t *tables) account(id int) *account {
	return first(t.accounts, func(a *account) bool { return a.id == id })
}

func (t *tables) user(id int) *user {
	return first(t.users, func(u *user) bool { return u.id == id })
}

func (t *tables) userByToken(token string) *user {
	return first(t.users, func(u *user) bool { return u.token == token })
}

func (t *tables) inbox(id int) *inbox {
	return first(t.inboxes, func(i *inbox) bool { return i.id == id })
}

func (t *tables) contact(id int) *contact {
	return first(t.contacts, func(c *contact) bool { return c.id == id })
}

func (t *tables) contactInboxByID(id int) *contactInbox {
	return first(t.contactInbox, func(c *contactInbox) bool { return c.id == id })
}

func (t *tables) contactInboxBySource(inboxID int, sourceID string) *contactInbox {
	return first(t.contactInbox, func(c *contactInbox) bool { return c.inbox == inboxID && c.sourceID == sourceID })
}

// display finds a conversation by the number its account knows it by.
func (t *tables) display(account, number int) *conversation {
	return first(t.conversations, func(c *conversation) bool {
		return c.account == account && c.display == number && !c.deleted
	})
}

func (t *tables) conversation(id int) *conversation {
	return first(t.conversations, func(c *conversation) bool { return c.id == id })
}

// last returns the newest message of a conversation that matches, or nil.
func (t *tables) last(c *conversation, match func(*message) bool) *message {
	thread := t.threads[c.id]
	for i := len(thread) - 1; i >= 0; i-- {
		if match(thread[i]) {
			return thread[i]
		}
	}
	return nil
}

// lastVisible is the last message that is neither activity nor private: the
// one every payload carries in "messages".
func (t *tables) lastVisible(c *conversation) *message {
	return t.last(c, func(m *message) bool { return m.kind != kindActivity && !m.private })
}

// unread counts the customer's messages the agents have not seen, 10 at most.
func (t *tables) unread(c *conversation) int {
	n := 0
	thread := t.threads[c.id]
	for i := len(thread) - 1; i >= 0 && n < 10; i-- {
		if !thread[i].created.After(c.agentSeen) {
			break
		}
		if thread[i].kind == kindIncoming {
			n++
		}
	}
	return n
}

// messageIn finds a message of one conversation.
func (t *tables) messageIn(c *conversation, id int) *message {
	if m := t.messages[id]; m != nil && m.conversation == c.id {
		return m
	}
	return nil
}
