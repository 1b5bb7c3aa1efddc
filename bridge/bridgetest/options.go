package bridgetest

import (
	"log/slog"
	"time"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// Options set up a Stack. All zero values work.
type Options struct {
	// Dir is where files are kept; "" is a new folder, which Close removes.
	Dir string
	// DB is a migrated database, which its owner closes; nil is an SQLite file
	// in Dir.
	DB *database.DB
	// Cache outlives the bridges; nil is memory, with which each of them begins
	// anew, as processes do.
	Cache idmap.Cache
	// Clock is everybody's; nil is the real one.
	Clock *Clock
	// Chatwoot is one that runs, which its owner closes; nil is a new one of
	// release Version, or of the usual one.
	Chatwoot *chatwoottest.Server
	Version  string
	// ChatwootURL is where lines find Chatwoot; "" is its own address.
	ChatwootURL string
	// LineName names the line that MakeLine makes, and its phone; "" is Shop.
	// Settings are the line's, in JSON.
	LineName string
	Settings string
	// FFmpeg is the program that converts files; "" means without.
	FFmpeg string
	// Log is the bridge's; nil is silent.
	Log *slog.Logger
	// Configure changes the bridge's configuration at each start.
	Configure func(*bridge.Config)
	// Program makes Start run a whole process of wootbridge serve, with a web
	// server, instead of a bridge alone. It has a database, a cache and a log of
	// its own, and says itself what it needs of the simulators.
	Program *daemon.Options
	// Patience bounds every wait; 0 is a minute.
	Patience time.Duration
}

func (o Options) orDefaults() Options {
	if o.Clock == nil {
		o.Clock = &Clock{}
	}
	if o.LineName == "" {
		o.LineName = "Shop"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	if o.Program != nil {
		program := *o.Program // its address is filled in
		o.Program = &program
	}
	return o
}
