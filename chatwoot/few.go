package chatwoot

import (
	"encoding/json"
	"errors"

	"github.com/tidwall/gjson"
)

// few is a list that is read as far as it can be meant. Whoever may post a webhook
// decides how many entries it has, and one of two bytes takes a hundred in memory;
// Chatwoot itself lets a message have 15 files.
type few[T any] []T

// most is how many entries are read of a list.
const most = 1000

var errNoList = errors.New("not a list")

// UnmarshalJSON implements json.Unmarshaler.
func (f *few[T]) UnmarshalJSON(raw []byte) (err error) {
	*f = nil
	list := gjson.ParseBytes(raw)
	switch {
	case list.Type == gjson.Null:
		return nil
	case !list.IsArray():
		return errNoList
	}
	list.ForEach(func(_, entry gjson.Result) bool {
		var read T
		if err = json.Unmarshal([]byte(entry.Raw), &read); err == nil {
			*f = append(*f, read)
		}
		return err == nil && len(*f) < most
	})
	return err
}
