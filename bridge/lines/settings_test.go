package lines_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

func TestAllWrongSettingsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given string
		want  string
	}{
		"one": {`{"send_rate":-1}`, "send_rate must be between 0 and 1000 messages per second (0 = no limit)"},
		"every value": {
			`{"send_rate":1001,"order_wait_ms":-1,"max_age_hours":0,"language":"xx","events":"loud","timezone":"Mars/Olympus"}`,
			"6 settings are wrong: send_rate must be between 0 and 1000 messages per second (0 = no limit)\n" +
				"order_wait_ms must be between 0 and 10000\n" +
				"max_age_hours must be between 1 and 336\n" +
				"language must be en, pt-BR or es\n" +
				"events must be pill, note or off\n" +
				"timezone must be an IANA name such as America/Sao_Paulo, or empty",
		},
		"a name, a type and a value": {
			`{"colour":"red","read_receipts":"yes","language":"xx"}`,
			"3 settings are wrong: read_receipts must be of type bool, not string\nthere is no setting colour\nlanguage must be en, pt-BR or es",
		},
		"no object": {`[]`, "settings must be one JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := lines.DefaultSettings()
			after, err := before.Merge(json.RawMessage(test.given))
			var failure *fault.Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, fault.CodeInvalid, failure.Code)
			require.Equal(t, test.want, failure.Error())
			require.Equal(t, before, after)
		})
	}
}

func TestEveryFaultOfSettingsHasItsField(t *testing.T) {
	t.Parallel()
	_, err := lines.DefaultSettings().Merge(json.RawMessage(`{"colour":"red","send_rate":"fast","language":"xx"}`))
	var failure *fault.Error
	require.ErrorAs(t, err, &failure)
	joined, ok := failure.Unwrap().(interface{ Unwrap() []error })
	require.True(t, ok)
	var fields []string
	for _, one := range joined.Unwrap() {
		require.ErrorAs(t, one, &failure)
		fields = append(fields, failure.Field)
	}
	require.Equal(t, []string{"colour", "send_rate", "language"}, fields)
}

// Every row of the table is a field of Settings and the other way round, has a
// default that is right, and help in every language.
func TestTheTableOfSettingsIsWhole(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(lines.DefaultSettings())
	require.NoError(t, err)
	var defaults map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(encoded, &defaults))
	defaults["timezone"] = json.RawMessage(`""`) // left out when empty
	defaults["texts"] = json.RawMessage(`{}`)
	for _, row := range lines.Table() {
		require.JSONEq(t, row.Default, string(defaults[row.Name]), row.Name)
		delete(defaults, row.Name)
		for _, language := range catalogue.Languages() {
			require.NotEqual(t, "setting."+row.Name, row.Help(language), "%s in %s", row.Name, language)
		}
	}
	require.Empty(t, defaults, "settings without a row")
	same, err := lines.DefaultSettings().Merge(json.RawMessage(`{"formatting":true}`))
	require.NoError(t, err)
	_, err = same.Merge(encoded)
	require.NoError(t, err, "the defaults are allowed")
}

var update = flag.Bool("update", false, "write the generated files anew")

const document, textsDocument = "../../docs/settings.md", "../../docs/texts.md"

// docs/settings.md is made from the table, docs/texts.md from the catalogue: go test
// ./bridge/lines -update.
func TestTheDocumentOfSettingsIsTheTable(t *testing.T) {
	t.Parallel()
	for path, made := range map[string]string{document: lines.Document("en"), textsDocument: lines.TextsDocument()} {
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(made), 0o644))
		}
		written, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, made, string(written))
	}
}

// Texts are taken as a whole, and every wrong one is named.
func TestTextsOfALineAreChecked(t *testing.T) {
	t.Parallel()
	one, err := lines.DefaultSettings().Merge(json.RawMessage(`{"texts":{"edited":"Changed","deleted":"{name} took it back"}}`))
	require.NoError(t, err)
	other, err := one.Merge(json.RawMessage(`{"texts":{"edited":"Corrected"}}`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"edited": "Corrected"}, other.Texts)
	require.Equal(t, "Changed", one.Texts["edited"], "what others read is not changed")
	kept, err := other.Merge(json.RawMessage(`{"language":"es"}`))
	require.NoError(t, err)
	require.Equal(t, other.Texts, kept.Texts)
	for _, none := range []string{`{"texts":{}}`, `{"texts":null}`} {
		empty, err := other.Merge(json.RawMessage(none))
		require.NoError(t, err)
		require.Empty(t, empty.Texts)
	}
	for given, want := range map[string]string{
		`{"texts":{"nosuch":"x","deleted":"gone"}}`: "2 settings are wrong: texts: the text deleted must have {name}, each once\ntexts: there is no text \"nosuch\"",
		`{"texts":"x"}`:               "texts must be of type object, not string",
		`{"texts":{"edited":7}}`:      "texts must be of type string, not number",
		`{"texts":{"edited":"a\nb"}}`: "texts: the text edited must be one line",
	} {
		_, err := other.Merge(json.RawMessage(given))
		require.EqualError(t, err, want)
	}
}
