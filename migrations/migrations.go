package migrations

import "embed"

// VersionTable is where goose records what has been applied.
const VersionTable = "wootbridge_version"

// Files holds the folders postgres and sqlite.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
