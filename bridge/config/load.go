package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

// Load reads a server's configuration from variables of the form NAME=value.
// The error is of type Faults.
func Load(environ []string) (Config, error) {
	var cfg Config
	r := read(environ, &cfg, variablesOf(cfg))
	cfg.AdminListenChosen = r.adminListenChosen(cfg.Image)
	r.checkServer(cfg)
	return cfg, r.err()
}

// LoadClient reads the configuration of a command that talks to a server. The
// error is of type Faults.
func LoadClient(environ []string) (Client, error) {
	var cfg Client
	r := read(environ, &cfg, variablesOf(cfg))
	cfg.AdminListenChosen = r.adminListenChosen(cfg.Image)
	r.checkClient(cfg)
	return cfg, r.err()
}

// reader gathers values and faults.
type reader struct {
	vars map[string]Variable
	// values are trimmed; an empty one counts as not set.
	values map[string]string
	// source names the variable that a value came from.
	source map[string]string
	unread map[string]bool // values that are not of the variable's type
	faults Faults
}

// read fills the struct that into points to as far as its values make sense.
func read(environ []string, into any, variables []Variable) *reader {
	r := &reader{vars: map[string]Variable{}, values: map[string]string{}, source: map[string]string{}, unread: map[string]bool{}}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) {
			continue
		}
		delete(r.values, name) // the last one counts
		// Copying a token often leaves a newline behind.
		if value = strings.TrimSpace(value); value != "" {
			r.values[name], r.source[name] = value, name
		}
	}
	names := map[string]string{} // of variables, by field
	for _, v := range variables {
		r.vars[v.Name], names[v.field] = v, v.Name
		if v.Secret {
			r.readFile(v)
		}
	}
	err := env.ParseWithOptions(into, env.Options{Prefix: Prefix, Environment: r.values, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[time.Duration](): func(text string) (any, error) { return parseDuration(text) },
	}})
	var all env.AggregateError
	if errors.As(err, &all) {
		for _, err := range all.Errors {
			var unread env.ParseError
			if !errors.As(err, &unread) {
				r.faults = append(r.faults, Fault{Variable: Prefix, Value: err.Error()}) // a tag that cannot be read
				continue
			}
			r.unread[names[unread.Name]] = true
			r.fault(names[unread.Name])
		}
	}
	return r
}

// maxSecret bounds how much of a secret's file is read.
const maxSecret = 64 << 10

// readFile takes a secret from the file that its second variable names.
func (r *reader) readFile(v Variable) {
	name := v.Name + FileSuffix
	path, ok := r.values[name]
	if !ok {
		return
	}
	bad := func(want string) {
		value := seal.Secret(path).String()
		if isPath(path) {
			value = strconv.Quote(shown(path))
		}
		r.faults = append(r.faults, Fault{Variable: name, Value: value, Want: want})
	}
	if _, both := r.values[v.Name]; both {
		bad("either this or " + v.Name + ", not both")
		return
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		bad("a file that exists")
		return
	case err == nil && (info.IsDir() || info.Size() > maxSecret):
		bad("a file that holds nothing but the secret")
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		bad("a file that this user may read")
		return
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		bad("a file that is not empty")
		return
	}
	r.values[v.Name], r.source[v.Name] = value, name
}

// isPath tells the path of a file from the secret itself, which people put in its place
// by mistake.
func isPath(value string) bool {
	if strings.ContainsAny(value, "@=") || isKey(value) {
		return false
	}
	if _, err := os.Stat(value); err == nil {
		return true
	}
	parent, err := os.Stat(filepath.Dir(value))
	return strings.ContainsRune(value, filepath.Separator) && (filepath.IsAbs(value) || err == nil && parent.IsDir())
}

// parseDuration reads a duration as Go writes it, or whole days: 15d.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// fault reports that a variable's value is wrong.
func (r *reader) fault(name string) { r.faultWant(name, r.vars[name].Want) }

func (r *reader) faultWant(name, want string) {
	value := r.values[name]
	switch {
	case value == "":
	case r.vars[name].Secret:
		value = seal.Secret(value).String()
	default:
		value = strconv.Quote(shown(value))
	}
	if source := r.source[name]; source != "" {
		name = source
	}
	r.faults = append(r.faults, Fault{Variable: name, Value: value, Want: want})
}

// shown is a value without what may be a password or a token. Where one is wrong,
// nobody can tell where an address in it begins, so all before the last @ is hidden.
func shown(value string) string {
	if at := strings.LastIndexByte(value, '@'); at >= 0 {
		scheme, _, found := strings.Cut(value, "://")
		if scheme += "://"; !found || len(scheme) > at || strings.Contains(scheme, "@") {
			scheme = ""
		}
		value = scheme + seal.Secret(value[len(scheme):at]).String() + value[at:]
	}
	if i := strings.IndexByte(value, '?'); i >= 0 && !strings.Contains(value, "://") {
		value = value[:i+1] + seal.Secret(value[i+1:]).String()
	}
	return seal.Mask(value)
}

func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return r.faults
}
