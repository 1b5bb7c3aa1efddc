package chatwoottest

import (
	"fmt"
	"slices"
)

// DefaultVersion is the Chatwoot that a Server is when none is asked for.
const DefaultVersion = "4.16.2"

// release is a version in numbers, so that they can be compared.
type release [3]int

// parseRelease panics on what is no version: the tests that ask for it are
// wrong.
func parseRelease(version string) release {
	var r release
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &r[0], &r[1], &r[2]); err != nil {
		panic(fmt.Sprintf("chatwoottest: %q is no version such as %s", version, DefaultVersion))
	}
	return r
}

func (r release) since(major, minor, patch int) bool {
	return slices.Compare(r[:], []int{major, minor, patch}) >= 0
}

// What each release brought; all else is the same in every one.

// healthRoute: GET /health answers. Seen missing in 4.2.0 and there in 4.11.2.
func (r release) healthRoute() bool { return r.since(4, 9, 0) }

// deletesConversations: DELETE of a conversation is a route.
func (r release) deletesConversations() bool { return r.since(4, 3, 0) }

// typesAssignees: a conversation says of what type its assignee is.
func (r release) typesAssignees() bool { return r.since(4, 8, 0) }

// keepsAttributes: content_attributes are stored whole, and in_reply_to may be
// given by source id.
func (r release) keepsAttributes() bool { return r.since(4, 9, 0) }

// longSourceIDs: a message's source id may be longer than 255 characters.
func (r release) longSourceIDs() bool { return r.since(4, 9, 0) }

// filtersByPhone: contacts/filter finds a phone number. Seen failing in 4.2.0
// and working in 4.11.2.
func (r release) filtersByPhone() bool { return r.since(4, 9, 0) }

// searchesEverybody: contacts/search looks at visitors too and pages with
// has_more.
func (r release) searchesEverybody() bool { return r.since(4, 11, 0) }

// numbersDeliveries: webhooks carry X-Chatwoot-Delivery, and an account's are
// signed.
func (r release) numbersDeliveries() bool { return r.since(4, 11, 2) }

// signs: an inbox has a secret, and its webhooks are signed with it.
func (r release) signs() bool { return r.since(4, 13, 0) }

// describesFiles: attachments carry content_type and extension.
func (r release) describesFiles() bool { return r.since(4, 13, 0) }

// stripsBreaks: webhooks say line breaks without the editor's backslash.
func (r release) stripsBreaks() bool { return r.since(4, 13, 0) }

// followsRedirects: a webhook that is redirected is posted there.
func (r release) followsRedirects() bool { return r.since(4, 14, 0) }

// inlinesAudio: the address of a sound asks for it to be played.
func (r release) inlinesAudio() bool { return r.since(4, 14, 0) }

// explainsActivity: an activity message says in its attributes what happened.
// Seen missing in 4.15.1 and there in 4.16.2.
func (r release) explainsActivity() bool { return r.since(4, 16, 0) }

// datesStatus: a change of a conversation's status is among its changes with
// its time. Seen missing in 4.11.2 and there in 4.16.2.
func (r release) datesStatus() bool { return r.since(4, 13, 0) }

// onboards: an account tells how far its set-up is. Seen missing in 4.11.2 and
// there in 4.16.2.
func (r release) onboards() bool { return r.since(4, 13, 0) }

// plans: an account tells whether it may use the API.
func (r release) plans() bool { return r.since(4, 16, 0) }

// readsContentType: code that changes a message has read what it is. Seen in 4.2.0
// and no more in 4.15.1.
func (r release) readsContentType() bool { return !r.since(4, 9, 0) }

// refusesPrivateHosts: webhooks go to public addresses only, unless told otherwise.
func (r release) refusesPrivateHosts() bool { return r.since(4, 14, 0) }

// retriesFailedOnly: Retry leaves alone what did not fail, and is one change.
func (r release) retriesFailedOnly() bool { return r.since(4, 16, 2) }

// transcribes: sounds carry their text.
func (r release) transcribes() bool { return r.since(4, 3, 0) }

// analysesAudio: the enterprise edition announces a message again once it
// knows its sound.
func (r release) analysesAudio() bool { return r.since(4, 14, 0) }

// namesAccount: a conversation in a webhook names its account; newlines at the
// end of a text are stripped there.
func (r release) namesAccount() bool { return r.since(4, 14, 2) }
