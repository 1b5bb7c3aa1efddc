package contacts

import "strings"

// otherBrazilian gives the other form of a Brazilian mobile number, with or
// without the ninth digit that mobiles got in 2012-2016: WhatsApp knows older
// accounts without it, people write both. "" for every other number; a landline
// (2 to 5 at the beginning) never had one.
func otherBrazilian(number string) string {
	local, ok := strings.CutPrefix(number, "55")
	if !ok || len(local) < 10 || local[0] < '1' || local[0] > '9' {
		return ""
	}
	area, subscriber := local[:2], local[2:]
	switch {
	case len(subscriber) == 8 && subscriber[0] >= '6':
		return "55" + area + "9" + subscriber
	case len(subscriber) == 9 && subscriber[0] == '9' && subscriber[1] >= '6':
		return "55" + area + subscriber[1:]
	default:
		return ""
	}
}
