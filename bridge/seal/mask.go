package seal

import (
	"regexp"
	"strings"
)

var (
	// credentials are what stands before the last @ of an address. A password may
	// hold any sign, also those that would end it.
	credentials = regexp.MustCompile(`(//)[^\s"]*@`)
	// parameters are an address's query: signatures of files, tokens.
	parameters = regexp.MustCompile(`(//[^\s"?]*\?)[^\s"]+`)
	// path is the end of a webhook's address, which is the right to post there.
	path = regexp.MustCompile(`(/webhooks/[^\s"/?]+/)[^\s"/?\\]+`)
)

// Mask takes what is secret in addresses out of a text: users and passwords,
// queries, the secret in a webhook's path.
func Mask(text string) string {
	if strings.Contains(text, "//") {
		text = credentials.ReplaceAllString(text, "${1}"+hidden+"@")
		text = parameters.ReplaceAllString(text, "${1}"+hidden)
	}
	if strings.Contains(text, "/webhooks/") {
		text = path.ReplaceAllString(text, "${1}"+hidden)
	}
	return text
}
