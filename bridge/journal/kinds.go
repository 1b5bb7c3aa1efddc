package journal

// The kinds of jobs. They are stored, so they never change; the journal itself
// does nothing with them but count. Events of WhatsApp are stored under the kinds of their
// envelopes (whatsapp/content).
const (
	// Of out lanes: an agent's message was written, deleted, or tried again.
	KindCreated = "created"
	KindDeleted = "deleted"
	KindRetry   = "retry"
	// Of status lanes: a bubble shows a failure that was none.
	KindShow = "show"
	// Of status lanes: an event of WhatsApp under its envelope's kind. In a
	// maintenance lane a receipt waits aside for its message, which may never
	// come: nobody counts it as waiting.
	KindReceipt = "receipt"
	// Of in lanes: a message that is shown as a placeholder, once there is a converter.
	KindConvert = "convert"
	// Of maintenance lanes.
	KindContact = "contact" // a name or number became known
	KindMerge   = "merge"   // two contacts turned out to be one person
	KindJoin    = "join"    // two chats turned out to be one person, but were busy
	KindFile    = "file"    // a message's file is to follow
	KindAd      = "ad"      // what is known of the ad that somebody came from
	KindRecheck = "recheck" // somebody changed a contact in Chatwoot
	KindRinging = "ringing" // a call has rung long enough
	KindParked  = "parked"  // an event that nobody understands is kept
	// Of maintenance lanes, aside as receipts are: what can be read only with the secret
	// of an earlier message waits for that, and the votes of a poll for more of them.
	KindSecret = "secret"
	KindTally  = "tally"
)
