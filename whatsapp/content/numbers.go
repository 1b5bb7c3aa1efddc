package content

import (
	"slices"
	"strings"
)

// numberServer follows the number in a JID.
const numberServer = "@s.whatsapp.net"

// OtherForms are the forms that people write beside the one that WhatsApp has, or the
// other way round, of a number given in digits: Brazil's mobiles with or without the
// ninth digit that they got in 2012-2016, Argentina's with or without the 9 after the
// country code, Mexico's with or without the 1. Only WhatsApp knows under which an
// account is registered.
func OtherForms(number string) []string {
	for _, form := range []func(string) string{otherBrazilian, otherArgentine, otherMexican} {
		if other := form(number); other != "" {
			return []string{other}
		}
	}
	return nil
}

// SameNumber reports whether the JIDs of two phone numbers are two forms of one.
func SameNumber(a, b string) bool {
	first, ok := strings.CutSuffix(a, numberServer)
	second, also := strings.CutSuffix(b, numberServer)
	return a == b || ok && also && slices.Contains(OtherForms(first), second)
}

// otherBrazilian gives "" for a number that has one form only: a landline (2 to 5 at
// the beginning) never had a ninth digit.
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

// otherArgentine knows that area code and subscriber have ten digits together.
func otherArgentine(number string) string {
	return withOrWithout(number, "54", "9")
}

// otherMexican does the same for Mexico.
func otherMexican(number string) string {
	return withOrWithout(number, "52", "1")
}

// nationalDigits is how long numbers are in Argentina and Mexico; none begins with the
// digit that may be before it.
const nationalDigits = 10

func withOrWithout(number, country, digit string) string {
	local, ok := strings.CutPrefix(number, country)
	switch {
	case !ok, local == "":
		return ""
	case len(local) == nationalDigits && !strings.HasPrefix(local, digit):
		return country + digit + local
	case len(local) == nationalDigits+1 && strings.HasPrefix(local, digit) && !strings.HasPrefix(local[1:], digit):
		return country + local[1:]
	default:
		return ""
	}
}
