package chatwoot_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// crowded are bodies of some hundred kilobytes that say next to nothing, each in a place that
// is read, and one in a place that is not.
func crowded() map[string][]byte {
	const n = 50_000
	many := func(entry string) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	bodies := map[string][]byte{
		"the same name": []byte(`{"event":"message_created","id":1,` + strings.Repeat(`"attachments":[{}],`, 10_000) + `"x":1}`),
		"nested":        []byte(`{"event":"message_created","id":1,"conversation":{"messages":[` + many(`[[]]`) + `]}}`),
		"a long text":   []byte(`{"event":"message_created","id":1,"content":"` + strings.Repeat("x", 4*n) + `"}`),
	}
	for where, form := range map[string]string{
		"attachments":  `{"event":"message_created","id":1,"message_type":"outgoing","attachments":%s}`,
		"messages":     `{"event":"message_created","id":1,"conversation":{"id":1,"messages":%s}}`,
		"inboxes":      `{"event":"message_created","id":1,"conversation":{"id":1,"meta":{"sender":{"contact_inboxes":%s}}}}`,
		"attributes":   `{"event":"message_created","id":1,"content_attributes":%s}`,
		"time":         `{"event":"message_created","id":1,"created_at":%s}`,
		"type":         `{"event":"message_created","id":1,"message_type":%s}`,
		"conversation": `{"event":"conversation_status_changed","id":1,"messages":%s}`,
		"content":      `{"event":"message_created","id":1,"content":%s}`,
		"nowhere":      `{"event":"message_created","id":1,"junk":%s}`,
	} {
		for what, entry := range map[string]string{"objects": "{}", "numbers": "1", "nulls": "null"} {
			bodies[where+" of "+what] = []byte(fmt.Sprintf(form, "["+many(entry)+"]"))
		}
		bodies[where+" of names"] = []byte(fmt.Sprintf(form, "{"+many(`"a":{}`)+"}"))
	}
	return bodies
}

// What a body costs in memory is a few times its length, whatever is in it. No other
// test runs beside this one: it counts what the process allocates.
func TestL12_ABodyCostsMemoryByItsLength(t *testing.T) {
	for name, body := range crowded() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = chatwoot.ParseEvent(body)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(30*len(body)/10+1<<20)*weight(name), "%s: %d bytes", name, len(body))

		frame := []byte(`{"message":{"event":"message.updated","data":` + string(body) + `}}`)
		changes := []byte(`{"message":{"event":"message.updated","data":{"previous_changes":{"content_attributes":` + string(body) + `,"x":[` + strings.Repeat("1,", 1000) + `1]}}}}`)
		for _, raw := range [][]byte{frame, changes} {
			runtime.ReadMemStats(&before)
			_, _ = chatwoot.ParseFrame(raw).Decode()
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(30*len(raw)/10+1<<20)*weight(name), "%s in a frame: %d bytes", name, len(raw))
		}
	}
}

// weight is greater where a name comes again and again: then what was read before is
// thrown away.
func weight(name string) uint64 {
	if name == "the same name" {
		return 20
	}
	return 1
}

func TestL12_WhatCanBeMeantIsRead(t *testing.T) {
	t.Parallel()
	var files []string
	for i := range 30 {
		files = append(files, fmt.Sprintf(`{"id":%d,"data_url":"http://x/%d"}`, i+1, i))
	}
	e, err := chatwoot.ParseEvent([]byte(`{"event":"message_created","id":9,"message_type":"outgoing","attachments":[` + strings.Join(files, ", ") + `],
		"conversation":{"id":3,"messages":[{"id":8,"status":"sent"},{"id":9,"status":"failed"}]}}`))
	require.NoError(t, err)
	require.Len(t, e.Message.Attachments, 30)
	require.EqualValues(t, 30, e.Message.Attachments[29].ID)
	require.Equal(t, "failed", e.Message.Status)
	for body, ok := range map[string]bool{
		`{"event":"message_created","id":9,"attachments":null}`:         true,
		`{"event":"message_created","id":9,"attachments":[]}`:           true,
		`{"event":"message_created","id":9,"attachments":{"id":1}}`:     false,
		`{"event":"message_created","id":9,"attachments":[{"id":"x"}]}`: false,
	} {
		e, err := chatwoot.ParseEvent([]byte(body))
		require.Equal(t, ok, err == nil, body)
		require.Empty(t, e.Message.Attachments)
	}
}
