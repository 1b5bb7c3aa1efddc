package content

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR12_TheNinthDigitIsForMobilesOnly(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"5566996679626":  "556696679626",  // new form, area above 28
		"556696679626":   "5566996679626", // old form
		"5511988887777":  "551188887777",  // area up to 28
		"551188887777":   "5511988887777",
		"551133334444":   "", // landline
		"5511933334444":  "", // a nine before what was never a mobile
		"5501988887777":  "", // no such area
		"55119888877771": "",
		"5511":           "",
		"4915112345678":  "",
		"":               "",
	} {
		checkForms(t, number, want)
	}
}

func TestT01_ArgentinasNineAndMexicosOneMakeNoOtherNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"5491145678901":  "541145678901",
		"541145678901":   "5491145678901",
		"5492614567890":  "542614567890",
		"5215512345678":  "525512345678",
		"525512345678":   "5215512345678",
		"54114567890":    "", // a digit too few
		"54911456789012": "", // a digit too many
		"5411456789012":  "",
		"549945678901":   "", // no area begins with the nine
		"5211512345678":  "",
		"54":             "",
		"52":             "",
		"5191145678901":  "", // Peru
	} {
		checkForms(t, number, want)
	}
}

func checkForms(t *testing.T, number, want string) {
	t.Helper()
	if want == "" {
		require.Empty(t, OtherForms(number), number)
		return
	}
	require.Equal(t, []string{want}, OtherForms(number), number)
	require.Equal(t, []string{number}, OtherForms(want), "both ways")
	require.True(t, SameNumber(number+"@s.whatsapp.net", want+"@s.whatsapp.net"))
	require.False(t, SameNumber(number+"@lid", want+"@lid"))
}
