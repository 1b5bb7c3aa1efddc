package catalogue

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"
)

//go:embed en.json pt-BR.json es.json
var files embed.FS

// Languages are the names that For knows.
func Languages() []string { return []string{"en", "pt-BR", "es"} }

// Catalogue is one language's texts.
type Catalogue struct {
	texts map[string]string
	own   map[string]string // see With
}

var load = sync.OnceValue(func() map[string]Catalogue {
	all := map[string]Catalogue{}
	for _, language := range Languages() {
		raw, err := files.ReadFile(language + ".json")
		if err != nil {
			panic("catalogue: " + err.Error()) // the files are part of the program
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			panic("catalogue: " + err.Error())
		}
		all[language] = Catalogue{texts: texts}
	}
	return all
})

// For gives a language's texts, English for one that is not known.
func For(language string) Catalogue {
	all := load()
	if c, ok := all[language]; ok {
		return c
	}
	return all["en"]
}

// Has reports whether there is a text of a key.
func (c Catalogue) Has(key string) bool { return c.texts[key] != "" }

// Text is the text of a key. pairs are names and values for the {name}
// placeholders; a value is put in as it is, so it must be escaped already. An
// unknown key gives the key, which tests look for.
func (c Catalogue) Text(key string, pairs ...string) string {
	text, ok := c.own[key]
	if !ok {
		if text, ok = c.texts[key]; !ok {
			return key
		}
	}
	braced := make([]string, len(pairs))
	for i, p := range pairs {
		braced[i] = p
		if i%2 == 0 {
			braced[i] = "{" + p + "}"
		}
	}
	return strings.NewReplacer(braced...).Replace(text)
}

// Keys are all keys there are.
func (c Catalogue) Keys() []string {
	keys := make([]string, 0, len(c.texts))
	for key := range c.texts {
		keys = append(keys, key)
	}
	return keys
}
