package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the linker for releases.
var release string

var versionCommand = command{
	name:    "version",
	summary: "Show the version",
	help:    "Usage: wootbridge version\n",
	run: func(_ context.Context, p *program, args []string) error {
		if err := parseNone(flag.NewFlagSet("version", flag.ContinueOnError), args); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Wootbridge %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	},
}

// version is the release, or what the build knows of its source.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development build"
}
