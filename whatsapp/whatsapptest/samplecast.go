package whatsapptest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.mau.fi/whatsmeow/types"
)

// The people of samples: hidden ids are a digit, zeros and the last digits of the
// number, which begins alike for all.
const (
	sampleOwn       = "5511999990001"
	sampleCustomer  = "200000000000002@lid"
	sampleNumbers   = "551199999"
	sampleBot       = "100000000000777"
	sampleNameless  = "Somebody"
	sampleGroupName = "Bakers"
)

var (
	sampleHiddenID = regexp.MustCompile(`\b([1-9])0{10}(\d{4})\b`)
	sampleOwnText  = regexp.MustCompile(`\b` + sampleOwn + `\b`)
	sampleNames    = map[string]string{"5511999990002": "Ana", "5511999990003": "Bruno", "5511999990004": "Padaria Central"}
)

// cast says who plays whom.
type cast struct {
	srv *Server
	own *Peer
}

// castSample gives the parts of a sample to accounts of the server.
func (s *Server) castSample(to *Peer, sample Sample) (Sample, cast, error) {
	c := cast{srv: s, own: to}
	sample.Info = sample.Info.filled()
	raw, err := json.Marshal(sample)
	if err != nil {
		return Sample{}, c, fmt.Errorf("read the sample: %w", err)
	}
	for _, jid := range sampleGroup.FindAllString(string(raw), -1) {
		c.group(jid)
	}
	text := sampleHiddenID.ReplaceAllStringFunc(string(raw), func(hidden string) string {
		if hidden == sampleBot {
			return hidden
		}
		return c.account(sampleNumbers + hidden[len(hidden)-4:]).LID().User
	})
	text = sampleOwnText.ReplaceAllLiteralString(text, to.Number())
	var played Sample
	if err := json.Unmarshal([]byte(text), &played); err != nil {
		return Sample{}, c, fmt.Errorf("read the sample: %w", err)
	}
	if played.Info.SenderAlt == nil {
		alt := ""
		if sender, err := types.ParseJID(played.Info.Sender); err == nil {
			alt = c.otherAddress(sender)
		}
		played.Info.SenderAlt = &alt
	}
	return played, c, nil
}

// filled says what is clear by itself: where and from whom.
func (i SampleInfo) filled() SampleInfo {
	i.Chat, i.Sender = address(i.Chat), address(i.Sender)
	group := strings.HasSuffix(i.Chat, "@"+types.GroupServer) || strings.HasSuffix(i.Chat, "@"+types.BroadcastServer)
	switch {
	case i.Chat == "" && i.Sender != "" && !i.FromMe:
		i.Chat = i.Sender
	case i.Chat == "":
		i.Chat = sampleCustomer
	}
	switch {
	case i.Sender != "":
	case i.FromMe:
		i.Sender = "100000000000001@lid"
	case group:
		i.Sender = sampleCustomer
	default:
		i.Sender = i.Chat
	}
	return i
}

// address reads digits as a phone number.
func address(text string) string {
	if text == "" || strings.Contains(text, "@") {
		return text
	}
	return strings.TrimPrefix(text, "+") + "@" + types.DefaultUserServer
}

var sampleGroup = regexp.MustCompile(`\b1203630{8,}\d{1,3}@g\.us`)

// account gives the account of a number of the samples, and makes it.
func (c cast) account(number string) *Peer {
	if number == sampleOwn {
		return c.own
	}
	if known := c.srv.Peer(number); known != nil {
		return known
	}
	name, ok := sampleNames[number]
	if !ok {
		name = sampleNameless
	}
	return c.srv.NewPeer(number, name)
}

// group makes the group if it is not there: with the account and the people of the samples.
func (c cast) group(jid string) {
	parsed, err := types.ParseJID(jid)
	if err != nil || c.srv.group(parsed) != nil {
		return
	}
	members := []*Peer{c.own}
	for _, number := range []string{"5511999990002", "5511999990003"} {
		members = append(members, c.account(number))
	}
	c.srv.newGroup(parsed, sampleGroupName+" "+parsed.User[len(parsed.User)-1:], true, members[len(members)-1], members...)
}

// peer is who encrypts for an address. One that the server does not know gets an
// account that nobody can reach.
func (c cast) peer(author types.JID, name string) *Peer {
	if known := c.srv.lookup(author.ToNonAD()); known != nil {
		return known
	}
	if author.Server == types.DefaultUserServer {
		return c.srv.NewPeer(author.User, name)
	}
	number := "0" + author.User
	if known := c.srv.Peer(number); known != nil {
		return known
	}
	return c.srv.NewPeer(number, name)
}

// otherAddress is an account's other address, "" for nobody's.
func (c cast) otherAddress(jid types.JID) string {
	known := c.srv.lookup(jid.ToNonAD())
	switch {
	case known == nil:
		return ""
	case jid.Server == types.HiddenUserServer:
		return known.JID().String()
	}
	return known.LID().String()
}
