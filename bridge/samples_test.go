package bridge_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

var (
	update = flag.Bool("update", false, "write the golden files anew")
	// samplesFolder holds what the converters are tested with. Of another folder what
	// agents see is only printed.
	samplesFolder = flag.String("samples", defaultSamples, "the folder of the messages to send")
)

const defaultSamples = "../whatsapp/content/testdata/messages"

// Every message that the converters are tested with goes through the real library, from
// a simulated phone to Chatwoot: nothing is given up, and each is shown, or decidedly
// nothing. testdata/samples.golden says as what; after a change of it,
//
//	go test -run TestEverySampleArrives ./bridge -update
func TestEverySampleArrives(t *testing.T) {
	t.Parallel()
	embedded(t, settingOf(t, []func(*setting){byWebhook}), func(t *testing.T, w *world) {
		talking(w)
		paths, err := filepath.Glob(filepath.Join(*samplesFolder, "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		taken, sent := map[string]bool{}, map[string]string{}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			var sample whatsapptest.Sample
			require.NoError(t, json.Unmarshal(raw, &sample), path)
			o := whatsapptest.SampleOptions{Original: sample.Encryption != nil && !taken[sample.Encryption.OrigID]}
			if taken[sample.Info.ID] {
				o.ID = whatsapptest.NewSampleID
			}
			if o.Original {
				taken[sample.Encryption.OrigID] = true
			}
			out, err := w.wa.SendSample(w.phone, sample, o)
			require.NoError(t, err, path)
			taken[out.ID] = true
			sent[strings.TrimSuffix(filepath.Base(path), ".json")] = out.ID
		}
		require.NoError(t, w.phone.Companion().WaitSettled(patience), "the library has taken in everything")
		require.NotContains(t, w.jobsLeft(), journal.Dead, "nothing is given up")

		shown := w.shownAs(sent)
		if *samplesFolder != defaultSamples {
			t.Log(shown)
			return
		}
		golden := filepath.Join("testdata", "samples.golden")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(golden, []byte(shown), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err, "run the test with -update")
		require.Equal(t, string(want), shown)
	})
}

// jobsLeft waits until no message waits, and gives the states of those that remain.
// What may come late, such as a file that is asked of the phone, is not waited for.
func (w *world) jobsLeft() map[journal.State]int {
	w.t.Helper()
	states := map[journal.State]int{}
	require.Eventually(w.t, func() bool {
		clear(states)
		rows, err := w.db.QueryContext(context.Background(), `SELECT state, COUNT(*) FROM job WHERE NOT (state = 'waiting' AND lane LIKE '%/upkeep') GROUP BY state`)
		require.NoError(w.t, err)
		defer rows.Close()
		for rows.Next() {
			var state journal.State
			var n int
			require.NoError(w.t, rows.Scan(&state, &n))
			states[state] = n
		}
		require.NoError(w.t, rows.Err())
		return states[journal.Waiting] == 0
	}, patience, 20*time.Millisecond, "every message done")
	return states
}

// shownAs writes down what agents see of each message: its form, text and files.
func (w *world) shownAs(sent map[string]string) string {
	w.t.Helper()
	byID := map[string][]chatwoottest.Message{}
	var beside []chatwoottest.Message
	for _, c := range w.desk.Conversations() {
		for _, m := range w.desk.Messages(c.ID) {
			id, _, _ := strings.Cut(strings.TrimPrefix(m.SourceID, "WAID:"), "#")
			byID[id] = append(byID[id], m)
			beside = append(beside, m)
		}
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		fmt.Fprintf(&out, "== %s\n", name)
		if len(byID[sent[name]]) == 0 {
			out.WriteString("nothing\n")
		}
		for _, m := range byID[sent[name]] {
			out.WriteString(w.described(m))
		}
	}
	known := map[string]bool{}
	for _, id := range sent {
		known[id] = true
	}
	out.WriteString("== beside them\n")
	for _, m := range beside {
		id, _, _ := strings.Cut(strings.TrimPrefix(m.SourceID, "WAID:"), "#")
		if m.Kind == "activity" && !known[id] {
			out.WriteString(w.described(m))
		}
	}
	return out.String()
}

// knownLate takes names out that a device learns beside the messages, sooner or later.
var knownLate = strings.NewReplacer("> ↩ **Loja Exemplo:**", "> ↩ **You:**", "· Bakers 1:**", "· Group:**")

func (w *world) described(m chatwoottest.Message) string {
	form := m.Kind
	switch {
	case m.Private:
		form = "note"
	case m.Kind == "outgoing":
		form = "echo"
	case m.Kind == "activity":
		form = "pill"
	}
	if _, suffix, ok := strings.Cut(m.SourceID, "#"); ok {
		form += " #" + suffix
	}
	if m.ReplyTo != 0 {
		form += ", threaded"
	}
	text := strings.ReplaceAll(knownLate.Replace(m.Text), "\n", "\n    ")
	if m.Text == "" {
		text = "(no text)"
	}
	described := form + "\n    " + text + "\n"
	for _, f := range m.Files {
		described += "    [" + f.Type + " " + f.Name + "]\n"
	}
	return described
}
