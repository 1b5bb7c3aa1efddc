package chatwoot

import "regexp"

// WebhookFailure is why a webhook did not get through, as Chatwoot notes it on the
// message (external_error).
type WebhookFailure string

// The failures. Of the first three the next webhook dies as well, whatever the
// receiver does.
const (
	// WebhookPrivate says that Chatwoot calls no private address; 4.14 and later
	// do not, unless they are told to.
	WebhookPrivate WebhookFailure = "private"
	// WebhookUnknownHost says that the address's name does not resolve.
	WebhookUnknownHost WebhookFailure = "host"
	// WebhookCertificate says that the receiver's certificate is not trusted.
	WebhookCertificate WebhookFailure = "certificate"
	// WebhookUnanswered is a refusal, a time-out, or a status that is no success.
	WebhookUnanswered WebhookFailure = "unanswered"
)

// Final reports whether the next webhook cannot get through either.
func (f WebhookFailure) Final() bool { return f != WebhookUnanswered }

// webhookFailures are the texts of the exceptions, in the order in which they are
// looked for: the text of a name that does not resolve holds that of a connection
// that could not be opened.
var webhookFailures = []struct {
	text    *regexp.Regexp
	failure WebhookFailure
}{
	{regexp.MustCompile(`no public ip addresses`), WebhookPrivate},
	{regexp.MustCompile(`Temporary failure in name resolution|getaddrinfo: Try again`), WebhookUnanswered},
	{regexp.MustCompile(`(?i)could not resolve hostname|getaddrinfo|name or service not known|nodename nor servname`), WebhookUnknownHost},
	{regexp.MustCompile(`(?i)certificate|hostname .* does not match`), WebhookCertificate},
	{regexp.MustCompile(`(?i)failed to open tcp connection|connection (refused|reset|timed out)|execution expired|net::(open|read|write)timeout|timed? ?out (connecting|reading|writing)|end of file reached|no route to host|network is unreachable|broken pipe|SSL_(connect|read)|request timeout|server broke connection|wrong status line|http status code \d+|got \d+ redirects|bad URI|^[3-5]\d\d( |$)`), WebhookUnanswered},
}

// WebhookFailureOf reads what stands on a message that failed; false says that it
// was no webhook: the reason is the bridge's own text, or another program's.
func WebhookFailureOf(externalError string) (WebhookFailure, bool) {
	for _, known := range webhookFailures {
		if known.text.MatchString(externalError) {
			return known.failure, true
		}
	}
	return "", false
}
