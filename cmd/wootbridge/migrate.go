package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

var migrateCommand = command{
	name:    "migrate",
	summary: "Bring the database up to date, or encrypt it with a new key",
	help: `
Usage: wootbridge migrate
       wootbridge migrate --new-key

"serve" brings the database up to date at every start. Use this command to do it
separately, before new processes start. It reads the same variables as "serve".

With --new-key everything that is encrypted in the database is encrypted with a new
key, all of it or, should the command be ended, nothing; call it again then. Stop the
bridge first. Where the key is kept in the data folder, a new one is made there, and
the old one stays beside it for backups that were made before. Where you set
WOOTBRIDGE_ENCRYPTION_KEY, set WOOTBRIDGE_NEW_ENCRYPTION_KEY besides; afterwards its
value belongs into WOOTBRIDGE_ENCRYPTION_KEY.
`,
	run: func(ctx context.Context, p *program, args []string) error {
		flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
		newKey := flags.Bool("new-key", false, "")
		if err := parseNone(flags, args); err != nil {
			return err
		}
		cfg, err := config.Load(p.env)
		if err != nil {
			return err
		}
		log := daemon.NewLog(cfg, p.stderr)
		if *newKey {
			done, err := daemon.NewKey(ctx, cfg, log)
			if err != nil {
				return err
			}
			p.sayNewKey(cfg, done)
			return nil
		}
		if err := daemon.Migrate(ctx, cfg, log); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "The database is up to date.")
		return nil
	},
}

// sayNewKey says what became of a change of the key, and what to do now.
func (p *program) sayNewKey(cfg config.Config, done daemon.KeyChange) {
	if done.Before {
		fmt.Fprintf(p.stdout, "Everything was encrypted with the key %s already.\n", done.ID)
	} else {
		fmt.Fprintf(p.stdout, "Everything is encrypted with a new key, %s.\n", done.ID)
	}
	if done.Unread > 0 {
		fmt.Fprintf(p.stdout, "Values that the old key did not open either, and that stay as they were: %d.\n", done.Unread)
	}
	switch {
	case cfg.EncryptionKey != "":
		fmt.Fprintln(p.stdout, "Now set WOOTBRIDGE_ENCRYPTION_KEY to the value of WOOTBRIDGE_NEW_ENCRYPTION_KEY, and remove the latter.")
	case done.OldFile != "":
		fmt.Fprintf(p.stdout, "The old key is in %s: backups that were made before need it. Delete it with the last of them.\n", done.OldFile)
	}
	fmt.Fprintln(p.stdout, "Keep a copy of the new key, apart from the backups of the database.")
}
