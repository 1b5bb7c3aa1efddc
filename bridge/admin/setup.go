package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// setUpFault is what an admin reads whose line cannot be made with this address,
// token, account or inbox: it says what to enter instead. nil stays nil.
func (s *Service) setUpFault(ctx context.Context, client *chatwoot.Client, line lines.Line, inbox chatwoot.InboxID, err error) error {
	if err == nil {
		return nil
	}
	return fault.Refused(s.setUpSentence(ctx, client, line, inbox, err), err)
}

func (s *Service) setUpSentence(ctx context.Context, client *chatwoot.Client, line lines.Line, inbox chatwoot.InboxID, err error) string {
	var front *chatwoot.FrontError
	var unauthorized *chatwoot.UnauthorizedError
	var unavailable *chatwoot.UnavailableError
	switch {
	case line.ChatwootURL == strings.TrimRight(s.cfg.Reach.Public, "/") || line.ChatwootURL == strings.TrimRight(s.cfg.Reach.Local, "/"):
		return "This is the bridge's own address. Enter the address at which agents open Chatwoot"
	case errors.Is(err, chatwoot.ErrUntrusted):
		return "Nobody whom this machine trusts has signed the certificate of Chatwoot's address. Give the bridge the certificate of that authority (SSL_CERT_FILE names the file), or enter an address with a public certificate"
	case errors.Is(err, chatwoot.ErrNoTLS):
		return "Chatwoot's address answers without TLS. Enter it with http:// in front, or the port at which https is spoken"
	case errors.As(err, &front):
		return frontSentence(front)
	case errors.As(err, &unauthorized), chatwoot.IsNotFound(err):
		return ownerSentence(ctx, client, line, inbox)
	case errors.As(err, &unavailable) && unavailable.Down:
		return "Nothing answers at Chatwoot's address. Look at the host's name and the port; from a container, localhost is the container itself"
	case errors.As(err, &unavailable):
		return "Chatwoot did not answer. Try again when it can be opened in a browser"
	}
	return "The inbox cannot be set up in Chatwoot"
}

func frontSentence(front *chatwoot.FrontError) string {
	switch {
	case front.RedirectedTo != "":
		return fmt.Sprintf("The address sends to %s. Enter that one if Chatwoot is there; a sign-in page in front of Chatwoot has to let the bridge through", foreign.Text(front.RedirectedTo))
	case front.Status == http.StatusBadRequest:
		return "At this address a web server answers, but not Chatwoot (400). If its port expects TLS, enter it with https:// in front"
	case front.Status == http.StatusUnauthorized || front.Status == http.StatusForbidden || front.Status < 300:
		return fmt.Sprintf("In front of Chatwoot something asks who is there, or blocks the bridge (%d). Let the bridge through to /api, /cable and /rails, or enter an address behind it", front.Status)
	}
	return fmt.Sprintf("At this address a web server answers, but not Chatwoot (%d). Enter the address at which agents open Chatwoot", front.Status)
}

// ownerSentence says what the token's owner lacks.
func ownerSentence(ctx context.Context, client *chatwoot.Client, line lines.Line, inbox chatwoot.InboxID) string {
	profile, err := client.Profile(ctx)
	var unauthorized *chatwoot.UnauthorizedError
	switch in, belongs := profile.In(line.Account); {
	case errors.As(err, &unauthorized):
		return "Chatwoot does not know this token. Copy the access token from the profile settings of an administrator again"
	case err != nil:
		return "Chatwoot did not answer. Try again when it can be opened in a browser"
	case !belongs:
		return fmt.Sprintf("The token's owner does not belong to account %d, or there is none. %s", line.Account, accountsOf(profile))
	case in.Role == "agent":
		return "The token belongs to an agent. The token of an administrator is needed to set up an inbox"
	}
	return fmt.Sprintf("Account %d has no inbox %d. Its number stands in the address when the inbox is open in Chatwoot", line.Account, inbox)
}

func accountsOf(p chatwoot.Profile) string {
	var ids []string
	for _, a := range p.Accounts {
		ids = append(ids, fmt.Sprint(a.ID))
	}
	if len(ids) == 0 {
		return "That user belongs to no account"
	}
	return "That user belongs to " + strings.Join(ids, ", ")
}
