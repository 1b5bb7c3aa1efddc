// Package sourceid names the Chatwoot messages that the bridge creates, so that
// it knows them again without any state: their source id is "WAID:" and the
// WhatsApp message id, with a suffix for what was derived from a message. Other
// bridges use the prefix too, so that their conversations can be taken over.
// It is pure.
package sourceid
