package chatwoottest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// comparison finds where an answer differs from the recorded one. Times are
// compared by form, tokens and addresses of files by form and by being the
// same wherever the recorded ones are; everything else by value.
type comparison struct {
	learned map[string]string // recorded token -> ours
	apart   []apart           // left out on purpose
	faults  []string
	step    string
}

// apart is a place where the fake differs on purpose; step and path are
// patterns.
type apart struct{ step, path, why string }

var (
	isoTime    = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{3}Z)?$`)
	uuidForm   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	blobURL    = regexp.MustCompile(`^(http://[^/]+/rails/active_storage/)(blobs/redirect|representations/redirect|disk)/.*/([^/]*)$`)
	surveyURL  = regexp.MustCompile(`survey/responses/[0-9a-f-]+`)
	tokenKeys  = []string{"hmac_token", "secret", "inbox_identifier", "identifier", "pubsub_token"}
	tokenForm  = regexp.MustCompile(`^[1-9A-Za-z]{24}$`)
	replaced   = regexp.MustCompile(`^token-\d$`) // by the recorder
	clockValue = regexp.MustCompile(`^1[78]\d{8}(\.\d+)?$`)
)

func (c *comparison) report(path, format string, args ...any) {
	for _, a := range c.apart {
		if regexp.MustCompile(a.step).MatchString(c.step) && regexp.MustCompile(a.path).MatchString(path) {
			return
		}
	}
	c.faults = append(c.faults, c.step+": "+path+": "+fmt.Sprintf(format, args...))
}

// compare reports the differences between what was recorded and what we say.
func (c *comparison) compare(path string, want, got any) {
	switch w := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			c.report(path, "want an object, got %v", got)
			return
		}
		c.compareObjects(path, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok {
			c.report(path, "want a list, got %v", got)
			return
		}
		c.compareLists(path, w, g)
	case string:
		g, ok := got.(string)
		if !ok || !c.sameText(path, w, g) {
			c.report(path, "want %q, got %v", clip(w), clip(fmt.Sprint(got)))
		}
	case json.Number:
		g, ok := got.(json.Number)
		if !ok || w != g && !(clockValue.MatchString(w.String()) && clockValue.MatchString(g.String())) {
			c.report(path, "want %v, got %v", w, got)
		}
	default:
		if want != got {
			c.report(path, "want %v, got %v", want, clip(fmt.Sprint(got)))
		}
	}
}

func (c *comparison) compareObjects(path string, want, got object) {
	var wantKeys, gotKeys []string
	for _, m := range want {
		wantKeys = append(wantKeys, m.key)
		if v, ok := got.lookup(m.key); ok {
			c.compare(path+"."+m.key, m.value, v)
		} else {
			c.report(path+"."+m.key, "is missing")
		}
	}
	for _, m := range got {
		gotKeys = append(gotKeys, m.key)
		if _, ok := want.lookup(m.key); !ok {
			c.report(path+"."+m.key, "should not be there")
		}
	}
	if len(wantKeys) == len(gotKeys) && !slices.Equal(wantKeys, gotKeys) {
		c.report(path+" (order)", "want the keys in the order %v, got %v", wantKeys, gotKeys)
	}
}

func (c *comparison) compareLists(path string, want, got []any) {
	if strings.HasSuffix(path, ".attachments") {
		want, got = sortedByID(want), sortedByID(got)
	}
	if len(want) != len(got) {
		c.report(path, "want %d entries, got %d", len(want), len(got))
		return
	}
	for i := range want {
		c.compare(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])
	}
}

// sortedByID undoes the order of a message's files, which means nothing.
func sortedByID(list []any) []any {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b any) int { return number(hash(a).get("id")) - number(hash(b).get("id")) })
	return list
}

func (c *comparison) sameText(path, want, got string) bool {
	key := path[strings.LastIndexByte(path, '.')+1:]
	if want == got {
		return true
	}
	if ours, ok := c.learned[want]; ok {
		return ours == got
	}
	wantURL, gotURL := blobURL.FindStringSubmatch(want), blobURL.FindStringSubmatch(got)
	switch {
	case wantURL != nil:
		if gotURL == nil || !slices.Equal(wantURL[1:], gotURL[1:]) {
			return false
		}
	case isoTime.MatchString(want) && len(want) == len(got) && isoTime.MatchString(got):
		return true
	case uuidForm.MatchString(want) && uuidForm.MatchString(got):
	case slices.Contains(tokenKeys, key) && tokenForm.MatchString(want) && tokenForm.MatchString(got):
	case replaced.MatchString(want) && tokenForm.MatchString(got):
	case clockValue.MatchString(want) && clockValue.MatchString(got):
		return true
	case surveyURL.MatchString(want):
		return surveyURL.ReplaceAllString(want, "") == surveyURL.ReplaceAllString(got, "")
	default:
		return false
	}
	c.learned[want] = got
	return true
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
