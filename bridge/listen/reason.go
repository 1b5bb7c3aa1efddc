package listen

import (
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Way is how Chatwoot tells of what agents do.
type Way string

// The ways.
const (
	Webhook Way = "webhook"
	Live    Way = "live"
)

// Code says why a way does not work.
type Code string

// The codes. They are kept in the database.
const (
	None      Code = ""
	NoAddress Code = "no_address" // nobody knows where Chatwoot reaches the bridge
	Off       Code = "off"        // the line's setting
	// Of the webhook; the first four are chatwoot.WebhookFailure.
	Private     Code = Code(chatwoot.WebhookPrivate)
	UnknownHost Code = Code(chatwoot.WebhookUnknownHost)
	Certificate Code = Code(chatwoot.WebhookCertificate)
	Unanswered  Code = Code(chatwoot.WebhookUnanswered)
	NeverCame   Code = "never_came" // probes do not come back
	// Of the live channel.
	Connecting   Code = "connecting"
	Unreachable  Code = "unreachable"
	NoUpgrade    Code = "no_upgrade"
	NotConfirmed Code = "not_confirmed"
	Silent       Code = "silent"
	Cut          Code = "cut"
	Deaf         Code = "deaf"
	BadToken     Code = "token"
	NotAMember   Code = "not_a_member"
	Suspended    Code = "suspended"
	Untold       Code = "untold" // the user is an agent, and no member of the inbox
)

// Reason is why a way does not work; Detail is what Chatwoot said, if it did.
type Reason struct {
	Code   Code
	Detail string
	// Stuck says that the webhook's address should be taken out of the inbox, and
	// the token may not do that.
	Stuck bool
}

// hopeless reports whether a webhook's failure needs no second one.
func (r Reason) hopeless() bool {
	return r.Code == Private || r.Code == UnknownHost || r.Code == Certificate
}

// sentences say to people why a way does not work and what to do.
var sentences = map[Code]string{
	NoAddress:    "Not used: the bridge has no address that Chatwoot could call, and needs none while the live channel works. To have both, set WOOTBRIDGE_PUBLIC_URL.",
	Off:          "Not used: the line's setting listen says so.",
	Private:      "Chatwoot calls no private addresses. Set SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true on Chatwoot's sidekiq (Chatwoot 4.14.1 or newer) and then listen=both here, or leave it as it is: replies come by the live channel.",
	UnknownHost:  "Chatwoot does not find the host of the bridge's address. Correct WOOTBRIDGE_PUBLIC_URL and set listen=both, or remove it: replies come by the live channel.",
	Certificate:  "Chatwoot does not trust the certificate of the bridge's address. Give WOOTBRIDGE_PUBLIC_URL one that is trusted and set listen=both, or remove it: replies come by the live channel.",
	Unanswered:   "Chatwoot does not reach the bridge. Correct WOOTBRIDGE_PUBLIC_URL or what stands in between, then set listen=both. What comes by the live channel is not affected.",
	NeverCame:    "What Chatwoot is asked to tell does not come. Look at WOOTBRIDGE_PUBLIC_URL and at Chatwoot's sidekiq, then set listen=both. What comes by the live channel is not affected.",
	Connecting:   "Connecting.",
	Unreachable:  "Chatwoot's live channel cannot be reached; it is tried again.",
	NoUpgrade:    "The proxy in front of Chatwoot lets no WebSocket through. Let it pass the headers Upgrade and Connection for /cable (nginx: proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade, proxy_set_header Connection upgrade).",
	NotConfirmed: "Chatwoot does not confirm the live channel: restart its web process.",
	Silent:       "Chatwoot's live channel fell silent; it is connected again.",
	Cut:          "Chatwoot's live channel was closed; it is connected again.",
	Deaf:         "Chatwoot's live channel is deaf: restart its web process.",
	BadToken:     "Chatwoot refuses the line's token. Give the line a new one.",
	NotAMember:   "The token's owner does not belong to the line's account any more. Give the line the token of an administrator.",
	Untold:       "Chatwoot tells the token's owner nothing of this inbox: the owner is no administrator and no member of it. Make the owner a member, or give the line an administrator's token.",
	Suspended:    "The line's account is suspended in Chatwoot.",
}

// sentenceStuck says what only an administrator can do.
const sentenceStuck = "Every bubble turns red meanwhile: the token may not change the inbox, so an administrator must empty the webhook address in the inbox's settings in Chatwoot, or give the line an administrator's token."

// Sentence says a reason to people.
func (r Reason) Sentence() string {
	sentence := sentences[r.Code]
	if r.Stuck {
		sentence += " " + sentenceStuck
	}
	if r.Detail == "" {
		return sentence
	}
	return fmt.Sprintf("%s Chatwoot says: %s", sentence, foreign.Text(r.Detail))
}
