package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/config"
)

const root = "../.."

func TestTheDocumentationListsWhatThereIs(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "docs", "configuration.md"))
	require.NoError(t, err)
	type row struct {
		value  string
		secret bool
	}
	documented := map[string]row{}
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[1], config.Prefix) {
			continue
		}
		cell := func(i int) string { return strings.Trim(cells[i], " `") }
		require.NotContains(t, documented, cell(1))
		require.NotEmpty(t, cell(4), cell(1))
		documented[cell(1)] = row{cell(2), cell(3) == "yes"}
	}
	exist := map[string]row{}
	for _, v := range config.Variables() {
		exist[v.Name] = row{v.Default, v.Secret}
	}
	require.Equal(t, exist, documented)
}

// Files that people copy must not set variables that do not exist.
func TestShippedFilesSetKnownVariables(t *testing.T) {
	t.Parallel()
	var known []string
	for _, v := range config.Variables() {
		known = append(known, v.Name)
		if v.Secret {
			known = append(known, v.Name+config.FileSuffix)
		}
	}
	name := regexp.MustCompile(`WOOTBRIDGE_[A-Z_]+`)
	for _, file := range []string{"Dockerfile", "deploy/compose.yaml", "deploy/.env.example", "deploy/wootbridge.service", "docs/configuration.md"} {
		content, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		found := name.FindAllString(string(content), -1)
		require.NotEmpty(t, found, file)
		for _, variable := range found {
			if variable != config.Prefix {
				require.True(t, slices.Contains(known, variable), "%s in %s", variable, file)
			}
		}
	}
}
