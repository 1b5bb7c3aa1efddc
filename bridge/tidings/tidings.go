package tidings

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/lib/pq"

	"github.com/wootbridge/wootbridge/bridge/database"
)

const channel = "wootbridge_line"

// Kind is what a word is about.
type Kind string

// The words.
const (
	// Changed says that something of a line has changed in SQL.
	Changed Kind = "changed"
	// Asked says that there is a command.
	Asked Kind = "asked"
	// Typing says that an agent types, or does not any more.
	Typing Kind = "typing"
)

// Word is one of them. Whoever may use the database hears it; it is not kept.
type Word struct {
	From string `json:"from"` // the process, which does not hear itself
	Kind Kind   `json:"kind"`
	Line string `json:"line,omitempty"`
	// Of Typing: where, and whether somebody does.
	Conversation int64  `json:"conversation,omitempty"`
	Source       string `json:"source,omitempty"`
	On           bool   `json:"on,omitempty"`
}

// Tidings belong to one process. They may be used by several goroutines at once.
type Tidings struct {
	DB *database.DB
	// Me names the process.
	Me  string
	Log *slog.Logger
}

// Tell tells the other processes. A word that cannot be told is lost.
func (t *Tidings) Tell(ctx context.Context, w Word) {
	if t.DB.Dialect != database.Postgres {
		return
	}
	w.From = t.Me
	said, err := json.Marshal(w)
	if err == nil {
		_, err = t.DB.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, string(said))
	}
	if err != nil && ctx.Err() == nil {
		t.Log.Debug("other processes are not told; they look by themselves", "error", err)
	}
}

// Run hands on what others tell, until ctx ends. After a time in which something may
// have been missed it hands on Changed without a line.
func (t *Tidings) Run(ctx context.Context, heard func(Word)) {
	if t.DB.Dialect != database.Postgres || t.DB.ListenURL() == "" {
		<-ctx.Done()
		return
	}
	listener := pq.NewListener(t.DB.ListenURL(), time.Second, time.Minute, nil)
	closed := make(chan struct{})
	// Listen waits for the database, however long it is away; closing ends it.
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = listener.Close()
	})
	defer func() {
		if stop() {
			_ = listener.Close()
			return
		}
		<-closed
	}()
	if err := listener.Listen(channel); err != nil && ctx.Err() == nil {
		t.Log.Warn("other processes are not heard; looking now and then instead", "error", err)
	}
	said := listener.NotificationChannel()
	for {
		select {
		case <-ctx.Done():
			return
		case n, ok := <-said:
			switch w, err := read(n); {
			case !ok:
				said = nil
			case err != nil:
				t.Log.Debug("a word of another process cannot be read", "error", err)
			case w.From != t.Me:
				heard(w)
			}
		}
	}
}

func read(n *pq.Notification) (w Word, err error) {
	if n == nil { // after a reconnect
		return Word{Kind: Changed}, nil
	}
	if err := json.Unmarshal([]byte(n.Extra), &w); err != nil {
		return Word{}, fmt.Errorf("read a word: %w", err)
	}
	return w, nil
}
