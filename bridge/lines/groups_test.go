package lines_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestWhichGroupsComeIn(t *testing.T) {
	t.Parallel()
	const family, work, old = "120363000000000001@g.us", "120363000000000002@g.us", "5511999990001-1500000000@g.us"
	for what, test := range map[string]struct {
		settings  string
		mentioned bool
		in        []string
	}{
		"a new line":             {`{}`, true, nil},
		"none":                   {`{"groups":"off"}`, true, nil},
		"all":                    {`{"groups":"all"}`, false, []string{family, work, old}},
		"mentions":               {`{"groups":"mentioned"}`, true, []string{family, work, old}},
		"no mentions":            {`{"groups":"mentioned"}`, false, nil},
		"an empty list":          {`{"groups":"list"}`, true, nil},
		"a list":                 {`{"groups":"list","groups_list":["120363000000000001"]}`, false, []string{family}},
		"a list of JIDs":         {`{"groups":"list","groups_list":["120363000000000001@g.us","5511999990001-1500000000@g.us"]}`, false, []string{family, old}},
		"a text":                 {`{"groups":"list","groups_list":"120363000000000001, -120363000000000002"}`, false, []string{family}},
		"wildcards":              {`{"groups":"list","groups_list":["120363*"]}`, false, []string{family, work}},
		"a wildcard, and not":    {`{"groups":"list","groups_list":["!120363000000000002","*"]}`, false, []string{family, old}},
		"only what stays out":    {`{"groups":"list","groups_list":["-5511*"]}`, false, []string{family, work}},
		"any character":          {`{"groups":"list","groups_list":["12036300000000000?"]}`, false, []string{family, work}},
		"the list is of no mode": {`{"groups":"all","groups_list":["!*"]}`, false, []string{family, work, old}},
	} {
		s, err := lines.DefaultSettings().Merge(json.RawMessage(test.settings))
		require.NoError(t, err, what)
		var in []string
		for _, jid := range []string{family, work, old} {
			if s.TakesGroup(jid, test.mentioned) {
				in = append(in, jid)
			}
		}
		require.Equal(t, test.in, in, what)
	}
}

func TestAListOfGroupsIsValidated(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`{"groups":"some"}`, `{"groups_list":["Family"]}`, `{"groups_list":["!"]}`, `{"groups_list":["5511999990001@s.whatsapp.net"]}`,
		`{"groups_list":7}`, `{"groups_list":[7]}`, `{"groups_list":["` + strings.Repeat("1", 100) + `"]}`,
		`{"groups_list":[` + strings.Repeat(`"1",`, 1000) + `"1"]}`,
	} {
		_, err := lines.DefaultSettings().Merge(json.RawMessage(bad))
		require.Error(t, err, bad)
	}
	first, err := lines.DefaultSettings().Merge(json.RawMessage(`{"groups_list":["1","2"]}`))
	require.NoError(t, err)
	second, err := first.Merge(json.RawMessage(`{"groups_list":["3","4"]}`))
	require.NoError(t, err)
	require.Equal(t, lines.GroupList{"1", "2"}, first.GroupsList, "others read it")
	require.Equal(t, lines.GroupList{"3", "4"}, second.GroupsList)
	encoded, err := json.Marshal(lines.DefaultSettings().GroupsList)
	require.NoError(t, err)
	require.Equal(t, "[]", string(encoded))
}

// A pattern of somebody's is never slow.
func TestAPatternOfGroupsIsLinear(t *testing.T) {
	t.Parallel()
	list := lines.GroupList{strings.Repeat("*1", 30) + "*2"}
	require.False(t, list.Allows(strings.Repeat("1", 10_000)))
}

// Lines of earlier releases have no setting for groups: theirs come in as they did.
func TestALineFromBeforeKeepsItsGroups(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		store := lines.NewStore(db, key)
		require.NoError(t, store.Insert(t.Context(), lines.Line{ID: "old", Settings: lines.DefaultSettings()}))
		require.NoError(t, store.Insert(t.Context(), lines.Line{ID: "young", Created: time.UnixMilli(1), Settings: lines.DefaultSettings()}))
		_, err = db.ExecContext(t.Context(), `UPDATE line SET settings = '{"send_rate":5}' WHERE id = 'old'`)
		require.NoError(t, err)
		all, err := store.List(t.Context())
		require.NoError(t, err)
		policies := map[lines.ID]string{}
		for _, line := range all {
			policies[line.ID] = line.Settings.Groups
		}
		require.Equal(t, map[lines.ID]string{"old": lines.GroupsAll, "young": lines.GroupsOff}, policies)
	})
}
