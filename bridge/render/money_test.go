package render_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/render"
)

func TestAnAmountIsWrittenAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value, offset      int64
		currency, language string
		want               string
	}{
		{1200, 100, "BRL", "pt-BR", "R$ 12,00"},
		{1200, 100, "BRL", "en", "R$ 12.00"},
		{123456789, 100, "brl", "es", "R$ 1.234.567,89"},
		{12500, 1000, "USD", "en", "12.50 USD"},
		{12500, 1000, "EUR", "es", "12,50 EUR"},
		{12555, 1000, "USD", "en", "12.555 USD"},
		{100000, 100, "JPY", "en", "1,000 JPY"},
		{100050, 100, "JPY", "en", "1,000.5 JPY"},
		{1500, 1000, "KWD", "en", "1.500 KWD"},
		{-50, 100, "BRL", "pt-BR", "-R$ 0,50"},
		{-123456, 100, "USD", "en", "-1,234.56 USD"},
		{0, 100, "BRL", "pt-BR", "R$ 0,00"},
		{12, 0, "BRL", "pt-BR", "R$ 12,00"},
		{12, -5, "", "", "12.00"},
		{1, 3, "XYZ", "en", "0.3333 XYZ"},
		{math.MinInt64, 1, "BRL", "en", "-R$ 9,223,372,036,854,775,808.00"},
		{1, math.MaxInt64, "BRL", "en", "R$ 0.0000"},
		{100, 100, "a\n\u202ebcdefghijk", "en", "1.00 A BCDEF…"},
	} {
		require.Equal(t, test.want, render.Money(test.value, test.offset, test.currency, test.language), "%+v", test)
	}
}

func FuzzMoney(f *testing.F) {
	f.Add(int64(1200), int64(100), "BRL", "pt-BR")
	f.Fuzz(func(t *testing.T, value, offset int64, currency, language string) {
		got := render.Money(value, offset, currency, language)
		require.NotEmpty(t, got)
		require.Less(t, len([]rune(got)), 60)
	})
}
