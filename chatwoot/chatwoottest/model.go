package chatwoottest

import (
	"encoding/json"
	"strconv"
	"time"
)

// The rows of the tables a bridge can see. All are guarded by Server.mu.

type account struct {
	id   int
	name string
	// lastDisplay numbers the account's conversations.
	lastDisplay int
	suspended   bool
}

type user struct {
	id, account int
	name, email string
	role        string
	password    string
	token       string
	pubsub      string
	removed     bool // from the account
}

func (u *user) administrator() bool { return u.role == roleAdministrator }

// belongs says whether a user is one of an account.
func (u *user) belongs(account int) bool { return u.account == account && !u.removed }

type inbox struct {
	id, channelID, account int
	settings               object // top-level settings, in the order of the answer
	webhookURL             string
	hmacMandatory          bool
	hmacToken              string
	secret                 string
	identifier             string
	additional             object
	members                []int
	created, updated       time.Time
}

func (i *inbox) name() string       { return str(i.settings.get("name")) }
func (i *inbox) locked() bool       { return truthy(i.settings.get("lock_to_single_conversation")) }
func (i *inbox) flag(k string) bool { return truthy(i.settings.get(k)) }

func (i *inbox) member(userID int) bool {
	for _, id := range i.members {
		if id == userID {
			return true
		}
	}
	return false
}

type contact struct {
	id, account      int
	name             string
	email            *string
	phone            *string
	identifier       *string
	blocked          bool
	avatar           *blob
	additional       object
	custom           object
	labels           []string
	lastActivity     time.Time
	created, updated time.Time
	dying            *Deletion
}

type contactInbox struct {
	id, contact, inbox int
	sourceID           string
	hmacVerified       bool
	pubsub             string
	created            time.Time
}

type conversation struct {
	id, display, account int // id is the row, display the number in every URL
	inbox, contact       int
	contactInbox         int
	uuid                 string
	status               string
	assignee             int // 0 = nobody
	priority             *string
	additional, custom   object
	labels               []string
	labelled             bool // cached_label_list is no longer null
	snoozedUntil         time.Time
	firstReply           time.Time
	waitingSince         time.Time
	agentSeen            time.Time
	assigneeSeen         time.Time
	contactSeen          time.Time
	statusChanged        time.Time
	lastActivity         time.Time
	created, updated     time.Time
	deleted              bool
	dying                *Deletion
	csatSent             bool
}

type message struct {
	id, account, inbox int
	conversation       int // row id
	content            *string
	written            *string // content before variables were filled in
	kind               int     // message_type
	contentType        string
	attributes         object // content_attributes
	additional         object // additional_attributes
	status             string
	private            bool
	sourceID           *string
	echoID             any
	sender             sender
	attachments        []*attachment
	created, updated   time.Time
}

// sender is the polymorphic sender of a message; the zero value is nobody.
type sender struct {
	kind string // "User", "Contact" or "AgentBot"
	id   int
}

type attachment struct {
	id       int
	fileType string
	voice    bool
	spoken   string // transcribed text
	blob     *blob
}

const (
	kindIncoming = iota
	kindOutgoing
	kindActivity
	kindTemplate
)

var kindNames = []string{"incoming", "outgoing", "activity", "template"}

const (
	roleAdministrator = "administrator"
	roleAgent         = "agent"

	senderUser    = "User"
	senderContact = "Contact"
	senderBot     = "AgentBot"

	statusOpen     = "open"
	statusResolved = "resolved"
	statusPending  = "pending"
	statusSnoozed  = "snoozed"

	messageSent      = "sent"
	messageDelivered = "delivered"
	messageRead      = "read"
	messageFailed    = "failed"
)

func truthy(v any) bool {
	switch t := v.(type) {
	case bool:
		return t
	case string:
		return t == "true" || t == "1" || t == "on" || t == "t"
	case json.Number:
		return t.String() != "0"
	}
	return false
}

// str is the string form of a parameter, "" for null.
func str(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case json.Number:
		return t.String()
	case bool:
		return strconv.FormatBool(t)
	case int:
		return strconv.Itoa(t)
	}
	return ""
}

// optional is the pointer form of a parameter: nil for null and absent.
func optional(v any) *string {
	if v == nil {
		return nil
	}
	s := str(v)
	return &s
}

func number(v any) int {
	n, _ := strconv.Atoi(str(v))
	return n
}

func hash(v any) object {
	o, _ := v.(object)
	if o == nil {
		o = object{}
	}
	return o
}

// epoch is a time as whole seconds, 0 when unset.
func epoch(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// iso is a time as Rails' to_json writes it, null when unset.
func iso(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// precise is a time as a float of microseconds.
func precise(t time.Time) json.Number {
	return json.Number(strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'f', -1, 64))
}
