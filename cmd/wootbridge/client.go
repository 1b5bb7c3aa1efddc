package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/bridge/fault"
)

// anonymous is a client for calls that need no token.
func (p *program) anonymous() (*api.Client, error) {
	cfg, err := config.LoadClient(p.env)
	if err != nil {
		return nil, err
	}
	return api.NewClient(cfg.PublicURL(), ""), nil
}

// call runs a command against the running server.
func (p *program) call(do func(client *api.Client) error) error {
	cfg, err := config.LoadClient(p.env)
	if err != nil {
		return err
	}
	token, err := readToken(cfg)
	if err != nil {
		return err
	}
	client := api.NewClient(p.findAPI(cfg), token)
	defer client.CloseIdle()
	return p.explain(do(client))
}

// findAPI gives the address at which the bridge's admin API answers. Where several
// are possible, each is asked who it is before it is given the token.
func (p *program) findAPI(cfg config.Client) string {
	all := cfg.AdminURLs(daemon.RecordedURL(cfg.DataDir))
	if len(all) == 1 {
		return all[0]
	}
	for _, url := range all {
		client := api.NewClient(url, "")
		ours := client.IsAdminAPI(context.Background())
		client.CloseIdle()
		if ours {
			return url
		}
	}
	return all[0]
}

func readToken(cfg config.Client) (string, error) {
	if cfg.AdminToken != "" {
		return cfg.AdminToken.Reveal(), nil
	}
	path := daemon.TokenPath(cfg.DataDir)
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no admin token in %s: set WOOTBRIDGE_DATA_DIR to the data folder of the running bridge, or WOOTBRIDGE_ADMIN_TOKEN to its token", path)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("this user may not read the admin token in %s: run the command as the user that runs the bridge", path)
	case err != nil:
		return "", fmt.Errorf("read the admin token: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// explain adds advice to errors that have some.
func (p *program) explain(err error) error {
	var refused *fault.Error
	switch {
	case errors.Is(err, api.ErrUnreachable):
		return fmt.Errorf("%w. Start the bridge with \"%s serve\", or set WOOTBRIDGE_URL to the address at which it runs", err, p.name)
	case errors.As(err, &refused) && refused.Code == fault.CodeUnauthorized:
		return errors.New("the bridge does not accept this admin token: it belongs to another bridge or was changed. Set WOOTBRIDGE_DATA_DIR to the data folder of the running bridge, or WOOTBRIDGE_ADMIN_TOKEN to its token")
	}
	return err
}

// findLine finds a line by its id, the beginning of it, or its name. An empty
// word means the only line there is.
func (p *program) findLine(ctx context.Context, client *api.Client, word string) (api.Line, error) {
	all, err := client.Lines(ctx)
	if err != nil {
		return api.Line{}, err
	}
	there := slices.DeleteFunc(slices.Clone(all), func(l api.Line) bool { return l.State == stateDeleting })
	if word == "" {
		all = there
	}
	if len(all) == 0 {
		return api.Line{}, fmt.Errorf("there is no line yet. Make one with:\n  %s %s", p.name, createExample)
	}
	if word == "" {
		if len(all) == 1 {
			return all[0], nil
		}
		return api.Line{}, usagef("which line? Add --line and one of these:\n%s", list(all))
	}
	var found []api.Line
	for _, line := range all {
		if line.ID == word {
			return line, nil
		}
	}
	for _, line := range there { // the name of one that is being removed may be another's by now
		if strings.EqualFold(line.Name, word) || strings.HasPrefix(line.ID, word) {
			found = append(found, line)
		}
	}
	switch len(found) {
	case 0:
		return api.Line{}, usagef("there is no line %q. There are:\n%s", word, list(all))
	case 1:
		return found[0], nil
	}
	return api.Line{}, usagef("more than one line fits %q; use the id:\n%s", word, list(found))
}

func list(lines []api.Line) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "  %s  %s", line.ID, line.Name)
	}
	return b.String()
}

// printJSON writes for programs.
func (p *program) printJSON(value any) error {
	out := json.NewEncoder(p.stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(value)
}

// phone writes a number's digits as people know it.
func phone(digits string) string {
	if digits == "" {
		return "-"
	}
	return "+" + digits
}

// isTerminal reports whether w is one.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// askSecret reads a secret: typed without an echo, or the first line of what is
// piped in.
func (p *program) askSecret(question string) (string, error) {
	if isTerminal(p.stdin) {
		fmt.Fprint(p.stderr, question)
		typed, err := term.ReadPassword(int(p.stdin.(*os.File).Fd()))
		fmt.Fprintln(p.stderr)
		return strings.TrimSpace(string(typed)), err
	}
	const longest = 4096
	piped, err := io.ReadAll(io.LimitReader(p.stdin, longest))
	line, _, _ := strings.Cut(strings.TrimSpace(string(piped)), "\n")
	return strings.TrimSpace(line), err
}
