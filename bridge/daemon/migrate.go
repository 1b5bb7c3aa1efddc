package daemon

import (
	"context"
	"log/slog"

	"github.com/wootbridge/wootbridge/bridge/config"
)

// Migrate brings the schema of the configured database up to date, as Start
// does. Like Start it wants the data folder for itself.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	p := &Process{opts: Options{Config: cfg}, log: log}
	defer p.close()
	home, err := p.openHome()
	if err != nil {
		return err
	}
	return p.openDatabase(ctx, &home)
}
