package journal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// Queue is the part of a chat's traffic that a lane carries.
type Queue string

// The queues. Each is ordered in itself, not against the others.
const (
	In          Queue = "in"     // from WhatsApp to Chatwoot
	Out         Queue = "out"    // from Chatwoot to WhatsApp
	Status      Queue = "status" // receipts
	Maintenance Queue = "upkeep" // what may come late: history, missing media
)

// LaneKey names a lane.
type LaneKey struct {
	Line  string
	Chat  string
	Queue Queue
}

// String is the key as stored.
func (k LaneKey) String() string { return k.Line + "/" + foreign.Key(k.Chat) + "/" + string(k.Queue) }

// Entry is one event to be recorded.
type Entry struct {
	Lane LaneKey
	// Dedupe is unique for ever, across all lanes: a second entry with the
	// same key is not recorded. It may hold ids of others, whatever they are.
	Dedupe string
	Kind   string
	// Payload is the event as it came.
	Payload []byte
	// OccurredAt is the other side's time of the event.
	OccurredAt time.Time
	// Delay is how long an idle lane rests before it is due for this entry:
	// something that belongs before it, or together with it, may come.
	Delay time.Duration
	// Backlog says that nobody waits for it now: it came late, or its destination
	// is away. Live jobs go first.
	Backlog bool
}

// State is where a job stands.
type State string

// The states. A job ends done, unconverted or dead.
const (
	Waiting State = "waiting"
	Done    State = "done"
	Dead    State = "dead"
)

// Job is one recorded event.
type Job struct {
	ID          int64
	Pos         int64
	Kind        string
	Payload     []byte
	Attempt     int
	FirstFailed time.Time
	LastError   string
	// Live says that somebody waits for it, or for one behind it; see Entry.Backlog.
	Live bool
	// MayHaveActed says that an attempt may have had an effect: look before it is
	// repeated.
	MayHaveActed bool
	// Targets are the conversations in which attempts may have posted, by
	// Chatwoot's numbers. The journal keeps them when an attempt fails.
	Targets    []int64
	OccurredAt time.Time
	RecordedAt time.Time
	// Replayed is when a person asked for the job again after it had been given up;
	// zero for others.
	Replayed time.Time
	// Trial is how far the job has come if its lane is a suspect.
	Trial Trial
	// Begun is when the attempt at hand began. The worker sets it, for the
	// timeline; it is not read from the journal.
	Begun time.Time
}

// Options set up a Journal.
type Options struct {
	Clock func() time.Time
	// Instance names this installation; leases that an earlier run of the same
	// instance left behind can be ended at once (EndLeases).
	Instance string
	// LeaseTTL is how long a claimed lane is ours without a renewal.
	LeaseTTL time.Duration
	Log      *slog.Logger
}

// Journal appends to lanes and hands them out to workers.
type Journal struct {
	db       *database.DB
	clock    func() time.Time
	instance string
	ttl      time.Duration
	log      *slog.Logger

	id        string // of this Journal, among all on the database
	admission Admission

	mu      sync.Mutex
	signals map[Queue][]*Signal
	claimed time.Time      // the wall clock at the last claim
	untold  map[Queue]bool // what other processes are to be told
	tell    chan struct{}  // that there is something
}

// New makes a Journal on a migrated database.
func New(db *database.DB, opts Options) *Journal {
	j := &Journal{
		db: db, clock: opts.Clock, instance: opts.Instance, ttl: opts.LeaseTTL, log: opts.Log,
		id: randomID(), signals: map[Queue][]*Signal{},
		untold: map[Queue]bool{}, tell: make(chan struct{}, 1),
	}
	if j.clock == nil {
		j.clock = time.Now
	}
	if j.ttl == 0 {
		j.ttl = 30 * time.Second
	}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	return j
}

// Append records an entry in a transaction of its own. It reports false for an
// entry that was recorded before.
func (j *Journal) Append(ctx context.Context, e Entry) (appended bool, err error) {
	e = e.fit()
	claim := j.ask(e)
	var lane raised
	err = j.db.InOne(ctx, func(ctx context.Context, q database.Queryer) error {
		appended, lane, err = j.append(ctx, q, e, claim)
		return err
	})
	claimed := err == nil && lane.claimed
	claim.over(claimed)
	if err == nil && lane.idle && !claimed {
		j.Wake(e.Lane.Queue, e.Delay)
	}
	return appended, err
}

// AppendTx records an entry in the caller's transaction; call Wake after the
// commit.
func (j *Journal) AppendTx(ctx context.Context, tx *sql.Tx, e Entry) (appended bool, err error) {
	appended, _, err = j.append(ctx, tx, e.fit(), nil)
	return appended, err
}

// append also says what it did to the lane: whoever works on a lane, or waits for
// its time, looks again by itself.
func (j *Journal) append(ctx context.Context, q database.Queryer, e Entry, claim *ride) (appended bool, lane raised, err error) {
	if j.db.Dialect == database.Postgres {
		return j.appendAtOnce(ctx, q, e, claim)
	}
	const known = `SELECT 1 FROM job WHERE dedupe = $1`
	var one int
	switch err := q.QueryRowContext(ctx, known, e.Dedupe).Scan(&one); err {
	case nil:
		return false, raised{}, nil
	case sql.ErrNoRows:
	default:
		return false, raised{}, fmt.Errorf("look for a repeated job: %w", err)
	}
	now := j.clock().UnixMilli()
	lane, err = j.nextPosition(ctx, q, e, now, claim)
	if err != nil {
		return false, raised{}, err
	}
	const insert = `INSERT INTO job (lane, line, pos, dedupe, kind, payload, at, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`
	var id int64
	err = q.QueryRowContext(ctx, insert, e.Lane.String(), e.Lane.Line, lane.pos, e.Dedupe, e.Kind, e.Payload, e.OccurredAt.UnixMilli(), now).Scan(&id)
	if err != nil {
		return false, raised{}, fmt.Errorf("append job: %w", err)
	}
	if lane.claimed {
		if lane.epoch, err = epochOf(ctx, q, e.Lane.Line); err != nil {
			return false, raised{}, fmt.Errorf("read the line's epoch: %w", err)
		}
		claim.took(e.job(id, lane.pos, now), lane.epoch)
	}
	return true, lane, nil
}

// job is an entry as the job that it has become.
func (e Entry) job(id, pos, now int64) Job {
	return Job{
		ID: id, Pos: pos, Kind: e.Kind, Payload: e.Payload, Live: !e.Backlog,
		OccurredAt: time.UnixMilli(e.OccurredAt.UnixMilli()), RecordedAt: time.UnixMilli(now),
	}
}

// fit makes an entry one that the database takes, whatever others have put
// into it.
func (e Entry) fit() Entry {
	if e.Payload == nil {
		e.Payload = []byte{}
	}
	e.Lane.Chat, e.Dedupe, e.Kind = foreign.Key(e.Lane.Chat), foreign.Key(e.Dedupe), foreign.Text(e.Kind)
	return e
}

// appendAtOnce does all of an append in one statement, because each costs a
// round trip. Two appends with one key can pass the look for it together; the
// loser leaves a gap in the positions, which nothing minds.
func (j *Journal) appendAtOnce(ctx context.Context, q database.Queryer, e Entry, claim *ride) (appended bool, lane raised, err error) {
	const add = `WITH raised AS (
			INSERT INTO lane (key, line, chat, dir, seq, due, head, live, owner, lease)
			SELECT $1::text, $2::text, $3::text, $4::text, 1, $10::bigint, $5::bigint, $11::bigint, $12::text, $13::bigint
			WHERE NOT EXISTS (SELECT 1 FROM job WHERE dedupe = $6)
			` + onRaise + `
		), added AS (
			INSERT INTO job (lane, line, pos, dedupe, kind, payload, at, created)
			SELECT $1, $2, seq, $6::text, $7::text, $8::bytea, $9::bigint, $5 FROM raised ON CONFLICT (dedupe) DO NOTHING RETURNING id
		)
		SELECT COALESCE((SELECT id FROM added), 0), COALESCE((SELECT seq FROM raised), 0),
			EXISTS (SELECT 1 FROM raised WHERE due = $10), EXISTS (SELECT 1 FROM raised WHERE owner = $12 AND $12 <> ''),
			COALESCE((SELECT generation FROM line WHERE id = $2), 0)`
	var id int64
	now := j.clock().UnixMilli()
	err = q.QueryRowContext(ctx, add, e.Lane.String(), e.Lane.Line, e.Lane.Chat, string(e.Lane.Queue), now,
		e.Dedupe, e.Kind, e.Payload, e.OccurredAt.UnixMilli(), now+e.Delay.Milliseconds(), e.live(), claim.owner(), claim.end()).
		Scan(&id, &lane.pos, &lane.idle, &lane.claimed, &lane.epoch)
	if err != nil {
		return false, raised{}, fmt.Errorf("append job: %w", err)
	}
	if lane.claimed {
		claim.took(e.job(id, lane.pos, now), lane.epoch)
		if id == 0 { // another append was first, after this one had looked for it
			claim.lease.fresh = false
		}
	}
	return id != 0, lane, nil
}

// live is 1 for a live entry; see onRaise.
func (e Entry) live() int64 {
	if e.Backlog {
		return 0
	}
	return 1
}

// onRaise ends an insert of a lane's first position: of a lane that is there it
// takes the next one, and claims it if it is idle and an owner is given. The row
// stays locked until the transaction ends.
const onRaise = `ON CONFLICT (key) DO UPDATE SET seq = lane.seq + 1, due = COALESCE(lane.due, excluded.due),
	head = CASE WHEN lane.due IS NULL THEN excluded.head ELSE lane.head END,
	live = CASE WHEN excluded.live > 0 THEN lane.seq + 1 WHEN lane.due IS NULL THEN 0 ELSE lane.live END,
	owner = CASE WHEN lane.due IS NULL AND lane.owner = '' THEN excluded.owner ELSE lane.owner END,
	lease = CASE WHEN lane.due IS NULL AND lane.owner = '' THEN excluded.lease ELSE lane.lease END
	RETURNING seq, due, owner`

// nextPosition takes an entry's place in its lane.
func (j *Journal) nextPosition(ctx context.Context, q database.Queryer, e Entry, now int64, claim *ride) (lane raised, err error) {
	const raise = `INSERT INTO lane (key, line, chat, dir, seq, due, head, live, owner, lease) VALUES ($1, $2, $3, $4, 1, $6, $5, $7, $8, $9) ` + onRaise
	due := now + e.Delay.Milliseconds()
	var becomes int64
	var owner string
	err = q.QueryRowContext(ctx, raise, e.Lane.String(), e.Lane.Line, e.Lane.Chat, string(e.Lane.Queue), now, due, e.live(), claim.owner(), claim.end()).
		Scan(&lane.pos, &becomes, &owner)
	if err != nil {
		return raised{}, fmt.Errorf("raise lane: %w", err)
	}
	lane.idle, lane.claimed = becomes == due, claim != nil && owner == claim.owner()
	return lane, nil
}

// token names one claim, so that not even this process mistakes another claim
// for its own.
func (j *Journal) token() string { return j.instance + "/" + randomID() }

func randomID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// EndLeases ends the leases that an earlier run of this instance left behind.
// Call it before the first Claim, and only if no other process can have the
// same instance name. The lanes count as not released cleanly. crashed says that the
// run ended by a fault of its own; see Suspects.
func (j *Journal) EndLeases(ctx context.Context, crashed bool) error {
	end := `UPDATE lane SET lease = 0 WHERE owner LIKE $1 AND lease > 0`
	if crashed {
		end = `UPDATE lane SET lease = 0, crashes = crashes + 1 WHERE owner LIKE $1 AND lease > 0`
	} else if err := j.forgetTrials(ctx); err != nil {
		return err
	}
	if _, err := j.db.ExecContext(ctx, end, j.instance+"/%"); err != nil {
		return fmt.Errorf("end leases of an earlier run: %w", err)
	}
	return nil
}
