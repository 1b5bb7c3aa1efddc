package content

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// loose is a value of JSON that a business's program has written, mostly to be read by a
// phone: fields are missing, numbers are texts, and what is broken is read as far as it is
// whole. Fields keep their order.
type loose struct {
	text   string // of a text, number or truth value
	list   []loose
	fields []looseField
}

type looseField struct {
	name  string
	value loose
}

const (
	// largestJSON, deepestJSON and mostJSON bound what is read: bytes, levels and values.
	largestJSON = 256 << 10
	deepestJSON = 12
	mostJSON    = 4000
)

// readJSON reads what can be read.
func readJSON(raw string) loose {
	if len(raw) > largestJSON {
		return loose{}
	}
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	left := mostJSON
	value, _ := readLoose(d, deepestJSON, &left)
	return value
}

// readLoose reads a value; whole says that what follows can be read, too.
func readLoose(d *json.Decoder, levels int, left *int) (value loose, whole bool) {
	token, err := d.Token()
	*left--
	if err != nil || levels == 0 || *left < 0 {
		return loose{}, false
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return readLooseObject(d, levels, left)
		}
		for d.More() {
			item, whole := readLoose(d, levels-1, left)
			value.list = append(value.list, item)
			if !whole {
				return value, false
			}
		}
		_, err = d.Token()
		return value, err == nil
	case string:
		value.text = clean(token)
	case json.Number:
		value.text = token.String()
	case bool:
		value.text = strconv.FormatBool(token)
	}
	return value, true
}

func readLooseObject(d *json.Decoder, levels int, left *int) (value loose, whole bool) {
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return value, false
		}
		field := looseField{name: clean(name.(string))} // of an object, every other token is one
		field.value, whole = readLoose(d, levels-1, left)
		value.fields = append(value.fields, field)
		if !whole {
			return value, false
		}
	}
	_, err := d.Token()
	return value, err == nil
}

// at is the value at the end of a path of fields; nothing where there is none.
func (v loose) at(path ...string) loose {
	for _, name := range path {
		found := loose{}
		for _, field := range v.fields {
			if field.name == name {
				found = field.value
				break
			}
		}
		v = found
	}
	return v
}

// first is the first of several fields that says something.
func (v loose) first(names ...string) string {
	for _, name := range names {
		if text := v.at(name).text; strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

// number is a whole number, be it written as a text or with a fraction.
func (v loose) number() (int64, bool) {
	text := strings.TrimSpace(v.text)
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole, true
	}
	about, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(about) || math.Abs(about) > math.MaxInt64/2 {
		return 0, false
	}
	return int64(math.Round(about)), true
}
