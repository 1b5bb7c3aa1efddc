package chatwoot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// What Chatwoot has been seen to note, what its two HTTP clients raise
// (ssrf_filter and Net::HTTP from 4.14 on, rest-client before), and what the
// resolvers of glibc, of musl in Chatwoot's own image, and of macOS say.
func TestWhyAWebhookDidNotGetThrough(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]chatwoot.WebhookFailure{
		// Section 7.3 and 18 of the contract, and T17.
		"500 Internal Server Error":                    chatwoot.WebhookUnanswered,
		"404 Not Found":                                chatwoot.WebhookUnanswered,
		"Timed out reading data from server":           chatwoot.WebhookUnanswered,
		"Hostname 'bridge' has no public ip addresses": chatwoot.WebhookPrivate,
		"Net::ReadTimeout":                             chatwoot.WebhookUnanswered,
		"Net::ReadTimeout with #<TCPSocket:(closed)>":  chatwoot.WebhookUnanswered,
		"Net::OpenTimeout":                             chatwoot.WebhookUnanswered,
		"Net::WriteTimeout with #<Socket:(closed)>":    chatwoot.WebhookUnanswered,
		"execution expired":                            chatwoot.WebhookUnanswered,
		`Failed to open TCP connection to 127.0.0.1:9933 (Connection refused - connect(2) for "127.0.0.1" port 9933)`: chatwoot.WebhookUnanswered,
		"Failed to open TCP connection to bridge.example.com:443 (execution expired)":                                 chatwoot.WebhookUnanswered,
		"Failed to open TCP connection to 10.0.0.9:80 (No route to host - connect(2) for \"10.0.0.9\" port 80)":       chatwoot.WebhookUnanswered,
		"Failed to open TCP connection to 10.0.0.9:80 (Network is unreachable - connect(2) for \"10.0.0.9\")":         chatwoot.WebhookUnanswered,
		"Failed to open TCP connection to 10.0.0.9:80 (Connection timed out - connect(2) for \"10.0.0.9\" port 80)":   chatwoot.WebhookUnanswered,

		// Names. A resolver that is down for a moment is no reason to give up.
		"Could not resolve hostname 'bridge.example.invalid'":                                                         chatwoot.WebhookUnknownHost,
		"Failed to open TCP connection to nowhere:80 (getaddrinfo: Name or service not known)":                        chatwoot.WebhookUnknownHost,
		"Failed to open TCP connection to nowhere:80 (getaddrinfo(3): Name or service not known)":                     chatwoot.WebhookUnknownHost,
		"Failed to open TCP connection to nowhere:80 (getaddrinfo: Name does not resolve)":                            chatwoot.WebhookUnknownHost,
		"Failed to open TCP connection to nowhere:80 (getaddrinfo: nodename nor servname provided, or not known)":     chatwoot.WebhookUnknownHost,
		"Failed to open TCP connection to nowhere:80 (getaddrinfo: No address associated with hostname)":              chatwoot.WebhookUnknownHost,
		"getaddrinfo: Name or service not known":                                                                      chatwoot.WebhookUnknownHost,
		"Failed to open TCP connection to bridge.example.com:443 (getaddrinfo: Temporary failure in name resolution)": chatwoot.WebhookUnanswered,

		// TLS.
		"SSL_connect returned=1 errno=0 peeraddr=203.0.113.7:443 state=error: certificate verify failed (self-signed certificate)": chatwoot.WebhookCertificate,
		"SSL_connect returned=1 errno=0 state=error: certificate verify failed (unable to get local issuer certificate)":           chatwoot.WebhookCertificate,
		"SSL_connect returned=1 errno=0 state=error: certificate verify failed (certificate has expired)":                          chatwoot.WebhookCertificate,
		`hostname "bridge.example.com" does not match the server certificate`:                                                      chatwoot.WebhookCertificate,
		"SSL_connect returned=1 errno=0 state=error: wrong version number":                                                         chatwoot.WebhookUnanswered,
		"SSL_connect SYSCALL returned=5 errno=0 peeraddr=203.0.113.7:443 state=SSLv3/TLS write client hello":                       chatwoot.WebhookUnanswered,

		// A connection that breaks, an address that is none.
		"end of file reached":                    chatwoot.WebhookUnanswered,
		"Connection reset by peer":               chatwoot.WebhookUnanswered,
		"Connection reset by peer - SSL_connect": chatwoot.WebhookUnanswered,
		"Broken pipe":                            chatwoot.WebhookUnanswered,
		"Timed out connecting to server":         chatwoot.WebhookUnanswered,
		"Got 10 redirects fetching https://bridge.example.com/webhooks/l1/s": chatwoot.WebhookUnanswered,
		"bad URI (is not URI?): \"https://bridge .example.com\"":             chatwoot.WebhookUnanswered,

		// Statuses, of the bridge and of what stands before it.
		"301 Moved Permanently":        chatwoot.WebhookUnanswered,
		"401 Unauthorized":             chatwoot.WebhookUnanswered,
		"410 Gone":                     chatwoot.WebhookUnanswered,
		"413 Request Entity Too Large": chatwoot.WebhookUnanswered,
		"502 Bad Gateway":              chatwoot.WebhookUnanswered,
		"503 Service Unavailable":      chatwoot.WebhookUnanswered,
		"504 Gateway Timeout":          chatwoot.WebhookUnanswered,
		"530 ":                         chatwoot.WebhookUnanswered,
		"521":                          chatwoot.WebhookUnanswered,
	} {
		got, ok := chatwoot.WebhookFailureOf(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
}

func TestAfterWhichFailuresTheNextWebhookDiesAsWell(t *testing.T) {
	t.Parallel()
	for failure, final := range map[chatwoot.WebhookFailure]bool{
		chatwoot.WebhookPrivate: true, chatwoot.WebhookUnknownHost: true, chatwoot.WebhookCertificate: true, chatwoot.WebhookUnanswered: false,
	} {
		require.Equal(t, final, failure.Final(), failure)
	}
}

// Chatwoot's own image is Alpine's, whose resolver says otherwise that it has no
// answer at the moment.
func TestAResolverThatIsAwayForAMomentIsNoReasonToGiveUp(t *testing.T) {
	t.Parallel()
	got, ok := chatwoot.WebhookFailureOf("Failed to open TCP connection to bridge.example.com:443 (getaddrinfo: Try again)")
	require.True(t, ok)
	require.Equal(t, chatwoot.WebhookUnanswered, got)
}

// What rest-client, which Chatwoot used until 4.13, says in words of its own: of a
// status that it does not know (Cloudflare's), of a receiver that hangs up, and of a
// time-out of the system. The last two are OpenSSL's and Net::HTTP's.
func TestTheHTTPClientsOwnWordsAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"HTTP status code 521", "HTTP status code 530", "Server broke connection", "Request Timeout",
		"SSL_read: unexpected eof while reading", `wrong status line: "<html>"`,
	} {
		got, ok := chatwoot.WebhookFailureOf(text)
		require.True(t, ok, text)
		require.Equal(t, chatwoot.WebhookUnanswered, got, text)
	}
}

func TestWhatPeopleAndOtherProgramsWriteIsNoWebhookFailure(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "x", "5", "50", "5000", "500ml", "4711 is no number on WhatsApp", "This number is not on WhatsApp.",
		"The file is larger than WhatsApp accepts (404 MB).", "Order 503 was refused", "(#131047) Re-engagement message", "200 OK",
	} {
		_, ok := chatwoot.WebhookFailureOf(text)
		require.False(t, ok, text)
	}
}
