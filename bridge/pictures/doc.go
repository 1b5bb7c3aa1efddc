// Package pictures puts WhatsApp's profile pictures on contacts in Chatwoot. It is a
// courtesy: a worker of its own for each line looks at one contact after the other,
// slowly, and no message ever waits for it. What fails is tried again much later, and a
// panic, of the library too, ends nothing but the look at one contact.
//
// It imports contacts and inbox, and needs one method of WhatsApp's session. Whoever
// starts Run owns its goroutine.
package pictures
