package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

// Prefix begins every variable's name.
const Prefix = "WOOTBRIDGE_"

// FileSuffix ends the name of the variable that names a secret's file.
const FileSuffix = "_FILE"

// Variable describes one environment variable.
type Variable struct {
	Name    string // with the prefix
	Default string
	Secret  bool // may also be given as Name + FileSuffix
	// Want describes a right value.
	Want string

	field string
}

// Variables lists all variables, the server's first.
func Variables() []Variable {
	list := variablesOf(Config{})
	for _, v := range variablesOf(Client{}) {
		if !slices.ContainsFunc(list, func(known Variable) bool { return known.Name == v.Name }) {
			list = append(list, v)
		}
	}
	return list
}

// variablesOf reads the tags of a configuration struct.
func variablesOf(cfg any) []Variable {
	var list []Variable
	for _, field := range reflect.VisibleFields(reflect.TypeOf(cfg)) {
		if field.Tag.Get("env") == "" {
			continue // worked out, not read
		}
		list = append(list, Variable{
			Name: Prefix + field.Tag.Get("env"), Default: field.Tag.Get("envDefault"), Want: field.Tag.Get("want"),
			Secret: field.Type == reflect.TypeFor[seal.Secret](), field: field.Name,
		})
	}
	return list
}

// Unknown names the variables that have the prefix but no meaning, each with
// the known name that comes nearest, or "" when none is near.
func Unknown(environ []string) map[string]string {
	known := map[string]bool{}
	for _, v := range Variables() {
		known[v.Name] = true
		if v.Secret {
			known[v.Name+FileSuffix] = true
		}
	}
	names := slices.Sorted(maps.Keys(known))
	unknown := map[string]string{}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, Prefix) && !known[name] {
			unknown[name] = nearest(name, names)
		}
	}
	return unknown
}

// nearest finds the name that is the fewest typing mistakes away.
func nearest(name string, names []string) string {
	const far = 4 // mistakes
	best, found := far, ""
	for _, candidate := range names {
		if d := distance(name, candidate); d < best {
			best, found = d, candidate
		}
	}
	return found
}

// distance counts the letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
