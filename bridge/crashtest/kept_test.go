package crashtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kept are the runs to repeat for ever. A run that fails is added here, with
// one line that says what it has found.
//
// The seeds of the failures that this test had found before were not written
// down; git log bridge/crashtest tells what they were. So the list begins with
// runs that found nothing. The first four were kept when Chatwoot's
// faults came in turn and the database was only out of reach: their traffic and
// kills are the same today, their faults are not.
//
// Those with webhooksOnly were kept when webhooks were the only way to hear of what
// agents do: with another one they would not find again what they have found.
var kept = []run{
	{seed: 1795564051041116308, size: short, webhooksOnly: true, found: "nothing; Redis connections are cut, too, from here on"},
	{seed: 1795564051116039129, size: short, webhooksOnly: true, found: "nothing; as the one before"},
	{seed: 1795568828113598840, size: long, webhooksOnly: true, found: "a pass over Chatwoot's messages that never ended where one answer in twenty fails: missed messages left last"},
	{seed: 1795578886775425071, size: long, webhooksOnly: true, found: "messages that overtook those whose webhooks the bridge had refused while its database was away"},
	{seed: 1795579564118382025, size: long, webhooksOnly: true, found: "the text of a file that nobody had declared as sound, and that turned out to be"},
	{seed: 1795579136064705758, size: long, webhooksOnly: true, found: "a message written while a pass read other conversations, which the watermark then hid"},
	{seed: 1795580824928655323, size: long, webhooksOnly: true, found: "a message that left for nobody while the database was away, and passed for sent"},
	{seed: 1795790375891267726, size: long, webhooksOnly: true, found: "more than fifty messages of a chat that waited, of which the oldest came last"},
	{seed: 8, size: long, untroubled: true, found: "more than twenty messages of a chat of which nobody had told; the last twenty left first, while a comparison took longer than agents' messages wait for it"},
	{seed: 1796008677335540252, size: long, found: "a file that came by itself, after its text, because the connection was just beginning"},
	{seed: 1002, size: long, found: "a message that left after later ones, because who knew of its loss had died and its conversation was behind"},
	{seed: 1003, size: long, found: "a web server's default page that was sent to a customer as the agent's file"},
	{seed: 232, size: long, found: "a process that ended because the database restarted in the middle of its start"},
}

// run is what chance decides a run from: the same seed decides something else
// with other counts.
type run struct {
	seed int64
	size
	webhooksOnly bool
	untroubled   bool // kept when there was no more around than a database and a cache
	found        string
}

// size is how much is written, and how often the program is killed.
type size struct{ chats, messages, kills int }

var (
	short = size{chats: 6, messages: 150, kills: 6}
	long  = size{chats: 20, messages: 1000, kills: 30}
)

// keptShort are those that are short enough to be repeated among other tests.
func keptShort() []run {
	return slices.DeleteFunc(slices.Clone(kept), func(r run) bool { return r.size != short })
}

// wish is what the command line asks for.
type wish struct {
	seed  int64  // 0 = none in particular
	seeds string // seedsNew, seedsKept or, if empty, some of both
	size
}

const (
	seedsNew  = "new"
	seedsKept = "kept"
)

// runs are those that a mode, by its number, goes through one after the other.
// Without a wish one mode takes a short kept one and the other draws one; every day
// they swap, and every other day the next kept one has its turn.
func (w wish) runs(mode int, now time.Time) []run {
	day := int(now.Unix() / int64(24*time.Hour/time.Second))
	switch {
	case w.seed != 0:
		again := run{seed: w.seed, size: w.size}
		if i := slices.IndexFunc(kept, func(r run) bool { return r.seed == w.seed }); i >= 0 {
			again.webhooksOnly, again.untroubled = kept[i].webhooksOnly, kept[i].untroubled
		}
		return []run{again}
	case w.seeds == seedsKept:
		return kept
	case w.seeds != seedsNew && day%len(modes) == mode:
		turns := keptShort()
		return []run{turns[day/len(modes)%len(turns)]}
	}
	return []run{{seed: now.UnixNano(), size: w.size}}
}

func (r run) String() string { return fmt.Sprintf("seed %d", r.seed) }

// again is the command that repeats the run.
func (r run) again(mode string) string {
	return fmt.Sprintf("make crash SEED=%d CHATS=%d MESSAGES=%d KILLS=%d RUN=TestKilledInTheMiddleOfTraffic/%s", r.seed, r.chats, r.messages, r.kills, mode)
}

func TestEveryShortKeptSeedHasItsTurnInEveryMode(t *testing.T) {
	t.Parallel()
	turns := map[string]int{}
	day := time.Now()
	for range len(modes) * len(keptShort()) {
		for i, m := range modes {
			for _, r := range (wish{size: short}).runs(i, day) {
				turns[m.name+r.String()]++
			}
		}
		day = day.Add(24 * time.Hour)
	}
	for _, m := range modes {
		for _, r := range keptShort() {
			require.Equal(t, 1, turns[m.name+r.String()], "%s, %s", m.name, r)
		}
	}
}
