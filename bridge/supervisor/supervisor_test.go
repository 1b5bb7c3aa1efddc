package supervisor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/bridge/supervisor"
)

// office is a database with lines, for processes that run one after the other or
// at once, on the clock of a synctest bubble.
type office struct {
	t     *testing.T
	db    *database.DB
	store *lines.Store

	mu     sync.Mutex
	log    []string           // what runners did: "a/1 starts one"
	fallen map[lines.ID]error // why lines cannot go on, as far as Chatwoot is concerned
}

func inOffice(t *testing.T, ids []lines.ID, test func(t *testing.T, o *office)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		o := &office{t: t, db: databasetest.SQLite(t)}
		o.store = lines.NewStore(o.db, key)
		for i, id := range ids {
			created := time.Now().Add(time.Duration(i) * time.Second)
			require.NoError(t, o.store.Insert(context.Background(), lines.Line{ID: id, Name: string(id), Created: created, Settings: lines.DefaultSettings()}))
		}
		test(t, o)
	})
}

func (o *office) did(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log = append(o.log, what)
}

// told gives what runners did since it was asked last.
func (o *office) told() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	told := o.log
	o.log = nil
	return told
}

func (o *office) line(id lines.ID) lines.Line {
	o.t.Helper()
	all, err := o.store.List(context.Background())
	require.NoError(o.t, err)
	i := slices.IndexFunc(all, func(l lines.Line) bool { return l.ID == id })
	require.GreaterOrEqual(o.t, i, 0)
	return all[i]
}

// logs is what a process logs.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// process is a run of an instance.
type process struct {
	*supervisor.Supervisor
	o    *office
	name string
	life context.CancelFunc
	logs logs
	// refuse, if set, is why no runner of a line can be made.
	refuse map[lines.ID]error
	ended  bool
}

// start begins a run; crashed says that the instance's last run ended by a panic.
func (o *office) start(instance string, run int, crashed bool) *process {
	o.t.Helper()
	p := &process{o: o, name: fmt.Sprint(instance, "/", run), refuse: map[lines.ID]error{}}
	p.Supervisor = supervisor.New(supervisor.Config{
		Store: o.store, DB: o.db, Clock: time.Now, Log: slog.New(slog.NewTextHandler(&p.logs, nil)),
		Instance: instance, Run: fmt.Sprint(run), Crashed: crashed, New: p.make, Changed: func(lines.ID) {}, Stands: p.stands,
	})
	ctx, cancel := context.WithCancel(context.Background())
	p.life = cancel
	require.NoError(o.t, p.Begin(context.Background(), ctx))
	p.Start()
	o.t.Cleanup(p.stop)
	return p
}

// stands answers for Chatwoot whether a paused line could go on.
func (p *process) stands(_ context.Context, line lines.Line) error {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	return p.o.fallen[line.ID]
}

// stop ends the process as its owner asked.
func (p *process) stop() {
	if !p.ended {
		p.die()
		p.StopLines()
	}
}

// die ends the process without giving anything back.
func (p *process) die() {
	p.ended = true
	p.life()
	p.StopSyncing()
}

// active are the lines that are connected here.
func (p *process) active() (ids []lines.ID) {
	for _, r := range p.All() {
		if r.Active() {
			ids = append(ids, r.Line().ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func (p *process) sync() {
	p.o.t.Helper()
	require.NoError(p.o.t, p.SyncNow(context.Background()))
	synctest.Wait() // what ended asks for a sync of its own
}

// survives says that the process lives on after a line's connect.
func (p *process) survives(id lines.ID) {
	p.o.t.Helper()
	r, ok := p.Find(id)
	require.True(p.o.t, ok)
	r.(*runner).survived.Store(true)
	p.Survived(context.Background(), id)
	synctest.Wait()
}

// runner is a line without a connection.
type runner struct {
	p                   *process
	line                lines.Line
	active, onProbation bool
	survived            atomic.Bool
	updated             atomic.Int64
}

func (p *process) make(line lines.Line, active, onProbation bool) (supervisor.Runner, error) {
	if err := p.refuse[line.ID]; err != nil {
		return nil, err
	}
	return &runner{p: p, line: line, active: active, onProbation: onProbation}, nil
}

func (r *runner) Line() lines.Line            { return r.line }
func (r *runner) Active() bool                { return r.active }
func (r *runner) OnProbation() bool           { return r.onProbation && !r.survived.Load() }
func (r *runner) Serves(line lines.Line) bool { return line.Token == r.line.Token }
func (r *runner) Update(lines.Line)           { r.updated.Add(1) }
func (r *runner) Idle() supervisor.Runner     { return &runner{p: r.p, line: r.line} }
func (r *runner) Start()                      { r.p.o.did(r.p.name + " starts " + string(r.line.ID)) }

// Stop takes a second, as a disconnect may.
func (r *runner) Stop() {
	time.Sleep(time.Second)
	r.p.o.did(r.p.name + " stopped " + string(r.line.ID))
}

func TestAProcessConnectsItsLinesAndGivesThemBack(t *testing.T) {
	inOffice(t, []lines.ID{"one", "two"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		require.Equal(t, []lines.ID{"one", "two"}, p.active())
		require.Equal(t, "a/1", o.line("one").Held.Owner)
		p.stop()
		require.Empty(t, p.All())
		for _, id := range []lines.ID{"one", "two"} {
			require.Equal(t, lines.Holding{Until: time.UnixMilli(0)}, o.line(id).Held)
		}
		require.ErrorIs(t, p.SyncNow(context.Background()), supervisor.ErrStopping)
	})
}

func TestAPausedLineIsIdleUntilItIsResumed(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		require.NoError(t, o.store.SetPaused(t.Context(), "one", lines.Pause{Cause: lines.PausedByAdmin, Sentence: "because"}))
		p.sync()
		require.Empty(t, p.active())
		_, there := p.Find("one")
		require.True(t, there, "it takes webhooks")
		require.NoError(t, p.WaitEnded(t.Context(), "one"))
		require.Equal(t, []string{"a/1 starts one", "a/1 stopped one"}, o.told())
		require.Empty(t, o.line("one").Held.Owner)

		require.NoError(t, o.store.Resume(t.Context(), "one"))
		p.sync()
		require.Equal(t, []lines.ID{"one"}, p.active())
		require.Equal(t, []string{"a/1 starts one"}, o.told())
	})
}

func TestADeletedLineEnds(t *testing.T) {
	inOffice(t, []lines.ID{"one", "two"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		require.NoError(t, o.store.SetDeleted(t.Context(), "one", time.Now()))
		p.sync()
		_, there := p.Find("one")
		require.False(t, there)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.WaitEnded(ctx, "one"), context.DeadlineExceeded, "it is still ending")
		require.NoError(t, p.WaitEnded(t.Context(), "one"))
		require.Equal(t, []lines.ID{"two"}, p.active())
	})
}

// A runner is never changed, and never beside its successor: two connections of
// one device throw each other out.
func TestARunnerIsReplacedWhenItNoLongerServes(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		before, _ := p.Find("one")
		require.NoError(t, o.store.SetSettings(t.Context(), "one", "Shop", lines.DefaultSettings()))
		p.sync()
		same, _ := p.Find("one")
		require.Same(t, before, same)
		require.EqualValues(t, 1, before.(*runner).updated.Load())

		require.NoError(t, o.store.SetToken(t.Context(), "one", "another"))
		p.sync()
		meanwhile, _ := p.Find("one")
		require.False(t, meanwhile.Active(), "the old one is still ending")
		time.Sleep(2 * time.Second)
		after, _ := p.Find("one")
		require.NotSame(t, before, after)
		require.True(t, after.Active())
		require.Equal(t, "another", after.Line().Token.Reveal())
		require.Equal(t, []string{"a/1 starts one", "a/1 stopped one", "a/1 starts one"}, o.told())
	})
}

// A line that rests takes webhooks, for which it may ask Chatwoot: where its address
// or token has changed, that is done with what is right now.
func TestT04_ARunnerWithoutAConnectionIsReplacedToo(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		require.NoError(t, o.store.SetPaused(t.Context(), "one", lines.Pause{Cause: lines.PausedByAdmin, Sentence: "because"}))
		p.sync()
		require.NoError(t, p.WaitEnded(t.Context(), "one"))
		before, _ := p.Find("one")
		require.False(t, before.Active())
		require.NoError(t, o.store.SetToken(t.Context(), "one", "another"))
		p.sync()
		after, _ := p.Find("one")
		require.NotSame(t, before, after)
		require.False(t, after.Active())
		require.Equal(t, "another", after.Line().Token.Reveal())
		p.sync()
		same, _ := p.Find("one")
		require.Same(t, after, same)
	})
}

func TestALineThatCannotRunKeepsNoOtherFromIt(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		broken := errors.New("no such thing")
		p.refuse["broken"] = broken
		for _, id := range []lines.ID{"broken", "three"} {
			require.NoError(t, o.store.Insert(t.Context(), lines.Line{ID: id, Name: "x", Created: time.Now(), Settings: lines.DefaultSettings()}))
		}
		require.ErrorIs(t, p.SyncNow(t.Context()), broken)
		require.Equal(t, []lines.ID{"one", "three"}, p.active())
	})
}

func TestOfTwoProcessesOneHoldsALine(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		first, second := o.start("a", 1, false), o.start("b", 1, false)
		time.Sleep(time.Minute)
		require.Equal(t, []lines.ID{"one"}, first.active())
		require.Empty(t, second.active())
		_, there := second.Find("one")
		require.True(t, there, "it takes webhooks all the same")

		first.stop()
		time.Sleep(supervisor.DefaultOwnerTTL / 4)
		require.Equal(t, []lines.ID{"one"}, second.active(), "it was given back")
		r, _ := second.Find("one")
		require.False(t, r.OnProbation())
		require.Equal(t, []string{"a/1 starts one", "a/1 stopped one", "b/1 starts one"}, o.told())

		second.die()
		third := o.start("c", 1, false)
		time.Sleep(supervisor.DefaultOwnerTTL / 2)
		require.Empty(t, third.active(), "the lease of the one that died is not over")
		time.Sleep(supervisor.DefaultOwnerTTL)
		require.Equal(t, []lines.ID{"one"}, third.active())
	})
}

func TestAnOwnerThatCannotRenewDisconnectsBeforeItsLeaseEnds(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		p := o.start("a", 1, false)
		_, err := o.db.Exec(`ALTER TABLE line RENAME TO away`)
		require.NoError(t, err)
		time.Sleep(11900 * time.Millisecond)
		require.Equal(t, []lines.ID{"one"}, p.active())
		time.Sleep(200 * time.Millisecond)
		require.Empty(t, p.active())
		time.Sleep(supervisor.DefaultOwnerTTL - 12100*time.Millisecond)
		require.Equal(t, []string{"a/1 starts one", "a/1 stopped one"}, o.told(), "it has disconnected when the lease ends")
		require.Contains(t, p.logs.String(), "disconnecting until the database answers")

		_, err = o.db.Exec(`ALTER TABLE away RENAME TO line`)
		require.NoError(t, err)
		time.Sleep(supervisor.DefaultOwnerTTL / 3)
		require.Equal(t, []lines.ID{"one"}, p.active())
	})
}

func TestAfterAnUncleanEndLinesConnectOneAtATime(t *testing.T) {
	inOffice(t, []lines.ID{"one", "two", "three"}, func(t *testing.T, o *office) {
		o.start("a", 1, false).die()
		p := o.start("a", 2, false)
		require.Equal(t, []lines.ID{"one"}, p.active())
		time.Sleep(time.Minute)
		require.Equal(t, []lines.ID{"one"}, p.active(), "it has not survived its connect yet")
		p.survives("one")
		require.Equal(t, []lines.ID{"one", "two"}, p.active())
		p.survives("two")
		require.Equal(t, []lines.ID{"one", "three", "two"}, p.active())
	})
}

func TestALineThatBreaksTheProcessIsPausedAndTheOthersLive(t *testing.T) {
	inOffice(t, []lines.ID{"bad", "good"}, func(t *testing.T, o *office) {
		first := o.start("a", 1, false)
		first.survives("good")
		first.die() // while the bad one connects
		second := o.start("a", 2, true)
		require.Equal(t, []lines.ID{"bad"}, second.active())
		second.die()
		third := o.start("a", 3, true)
		require.Equal(t, []lines.ID{"good"}, third.active())
		require.Contains(t, o.line("bad").Pause.Sentence, "crashed twice while this line connected")
		third.survives("good")
		require.Zero(t, o.line("good").Held.Connects)

		require.NoError(t, o.store.Resume(t.Context(), "bad"))
		third.sync()
		require.Equal(t, []lines.ID{"bad", "good"}, third.active(), "it was resumed")
	})
}

// A process that was killed says nothing about its lines.
func TestKillsArePutDownToNoLine(t *testing.T) {
	inOffice(t, []lines.ID{"one"}, func(t *testing.T, o *office) {
		for run := range 5 {
			p := o.start("a", run, false)
			require.Equal(t, []lines.ID{"one"}, p.active())
			p.die()
		}
		require.False(t, o.line("one").Paused())
	})
}

// A line that stopped for what may pass is asked about, and goes on by itself; one
// that an admin has paused, or that broke the process, is not.
func TestK1_PausedLinesAreAskedAbout(t *testing.T) {
	inOffice(t, []lines.ID{"token", "inbox", "admin", "crash"}, func(t *testing.T, o *office) {
		for id, cause := range map[lines.ID]lines.PauseCause{
			"token": lines.PausedByToken, "inbox": lines.PausedByInbox, "admin": lines.PausedByAdmin, "crash": lines.PausedByCrash,
		} {
			require.NoError(t, o.store.SetPaused(t.Context(), id, lines.Pause{Cause: cause, Sentence: "because"}))
		}
		no := errors.New("refused")
		o.fallen = map[lines.ID]error{"token": no, "inbox": no}
		o.start("a", 1, false)
		time.Sleep(10 * time.Minute)
		require.True(t, o.line("token").Paused())
		require.True(t, o.line("inbox").Paused())
		o.mu.Lock()
		o.fallen = map[lines.ID]error{"inbox": no}
		o.mu.Unlock()
		time.Sleep(2 * time.Minute)
		require.False(t, o.line("token").Paused())
		require.True(t, o.line("inbox").Paused())
		require.True(t, o.line("admin").Paused())
		require.True(t, o.line("crash").Paused())
		require.Equal(t, []string{"a/1 starts token"}, o.told())
	})
}
