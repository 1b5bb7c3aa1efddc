package render

import (
	"math/big"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

const (
	// usualDigits is how many digits an amount has after its separator, mostDigits is how
	// many are shown where its sender has divided it further, such as a price per gram.
	usualDigits, mostDigits = 2, 4
	longestCurrency         = 8
)

// currencyDigits are the currencies whose amounts have other than two digits after the
// separator (ISO 4217).
var currencyDigits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
	"VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Money writes an amount of value/offset as people who speak the language do. WhatsApp
// sends whole numbers: 1200 with an offset of 100 is twelve; what has no offset is
// whole. Only the real has a sign that means nothing else. It is plain text: what
// comes from elsewhere of it, the currency, is to be escaped like any name.
func Money(value, offset int64, currency, language string) string {
	currency = strings.ToUpper(markup.Line(currency, longestCurrency))
	digits, known := currencyDigits[currency]
	if !known {
		digits = usualDigits
	}
	amount := big.NewRat(value, max(offset, 1))
	for digits < mostDigits && !exact(amount, digits) {
		digits++
	}
	number := grouped(amount.FloatString(digits), language)
	switch currency {
	case "":
		return number
	case "BRL":
		if unsigned, negative := strings.CutPrefix(number, "-"); negative {
			return "-R$ " + unsigned
		}
		return "R$ " + number
	default:
		return number + " " + currency
	}
}

// exact reports whether so many digits say all of an amount.
func exact(amount *big.Rat, digits int) bool {
	shown, ok := new(big.Rat).SetString(amount.FloatString(digits))
	return ok && shown.Cmp(amount) == 0
}

// grouped puts the separators of a language into a number that has a point.
func grouped(number, language string) string {
	thousands, decimal := ",", "."
	if language == "pt-BR" || language == "es" {
		thousands, decimal = ".", ","
	}
	whole, fraction, divided := strings.Cut(number, ".")
	sign := ""
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		sign, whole = "-", rest
	}
	var out strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteString(thousands)
		}
		out.WriteRune(digit)
	}
	if divided {
		out.WriteString(decimal + fraction)
	}
	return sign + out.String()
}
