package bridge_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reaching is what makes a program ask somebody for something, by package.
var reaching = map[string][]string{
	"net/http": {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
	"net":      {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
	"net/rpc":  {"Dial", "DialHTTP"}, "net/smtp": {"Dial", "SendMail"},
	"crypto/tls":                   {"Dial", "DialWithDialer", "Dialer", "Client"},
	"os/exec":                      {"Command", "CommandContext"},
	"golang.org/x/net/websocket":   {"Dial", "DialConfig"},
	"github.com/coder/websocket":   {"Dial"},
	"github.com/go-resty/resty/v2": {"New", "NewWithClient", "NewWithLocalAddr"},
	"github.com/wootbridge/wootbridge/internal/fetch": {"Request"},
}

// clients are all the places that do so, and why an address that a stranger has
// written cannot be where they go. Whoever adds one says it here; an address of a
// stranger goes through internal/fetch.
var clients = map[string]string{
	"internal/fetch/fetch.go":        "it is the fetcher, whose rules these are",
	"chatwoot/lastword.go":           "the same client's connections",
	"chatwoot/client.go":             "Chatwoot at the address that an admin has entered; no redirect is followed",
	"chatwoot/cable.go":              "the live channel at the same address",
	"chatwoot/download.go":           "agents' files, by the fetcher",
	"bridge/preview/preview.go":      "pages that agents' messages link to, by the fetcher",
	"chatwoot/survey.go":             "Chatwoot's own sign-in page, by the fetcher",
	"whatsapp/client.go":             "WhatsApp, at the address in the library",
	"whatsapp/mediahosts.go":         "WhatsApp's file servers, whose names WhatsApp tells; a message names a path of theirs",
	"whatsapp/version.go":            "WhatsApp's page, at an address of our own",
	"whatsapp/simulator.go":          "a simulator on this machine, in tests of the program",
	"bridge/api/client.go":           "the commands' own server, at the address of the person who runs them",
	"bridge/media/convert/ffmpeg.go": "ffmpeg, which may read files only",
}

// TestH6_EveryClientIsKnown walks all clients of the program.
func TestH6_EveryClientIsKnown(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (isTest(entry.Name()) || slices.Contains([]string{".git", "testdata", "tools", "wootbridge-demo"}, entry.Name())):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		uses, err := reaches(path, nil)
		if len(uses) > 0 {
			found[filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))] = uses
		}
		return err
	}))
	for file, uses := range found {
		require.Contains(t, clients, file, "it uses %v: say why no stranger's address gets there, or use internal/fetch", uses)
	}
	for file := range clients {
		require.Contains(t, found, file, "the row is of no use any more")
	}
}

// reaches lists what a file uses of reaching.
func reaches(path string, source any) (uses []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := map[string]string{} // of packages in this file
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if reaching[imported] == nil {
			continue
		}
		name := imported[strings.LastIndex(imported, "/")+1:]
		if name == "v2" {
			name = "resty"
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			uses = append(uses, "all of "+imported)
		}
		names[name] = imported
	}
	parameter := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok {
			parameter[star.X] = true // a pointer type makes nothing
		}
		selector, ok := n.(*ast.SelectorExpr)
		if !ok || parameter[n] {
			return true
		}
		if of, ok := selector.X.(*ast.Ident); ok && slices.Contains(reaching[names[of.Name]], selector.Sel.Name) {
			uses = append(uses, of.Name+"."+selector.Sel.Name)
		}
		return true
	})
	return uses, nil
}

func TestH6_AClientIsNoticed(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{
		`package a; import "net/http"; func f() { http.Get("x") }`:                                             1,
		`package a; import h "net/http"; var c = &h.Client{}`:                                                  1,
		`package a; import "net/http"; var c = http.DefaultClient`:                                             1,
		`package a; import . "net/http"; var c = DefaultClient`:                                                1,
		`package a; import "net"; func f() { (&net.Dialer{}).Dial("tcp", "x") }`:                               1,
		`package a; import "github.com/go-resty/resty/v2"; var c = resty.New()`:                                1,
		`package a; import "github.com/coder/websocket"; var f = websocket.Dial`:                               1,
		`package a; import "net/http"; func f(c *http.Client, r *http.Request) { http.NewRequest("","",nil) }`: 0,
		`package a; import "net"; func f() { net.ParseIP("x") }`:                                               0,
	} {
		uses, err := reaches("a.go", source)
		require.NoError(t, err)
		require.Len(t, uses, want, source)
	}
}
