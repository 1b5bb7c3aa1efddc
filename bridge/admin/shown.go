package admin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Shown is what the process that holds a line's connection shows of it, for the
// others to show. It is stored as JSON.
type Shown struct {
	State        whatsapp.State
	Version      string          `json:",omitempty"`
	Trouble      string          `json:",omitempty"`
	ClockTrouble string          `json:",omitempty"`
	Ways         []listen.Status `json:",omitempty"`
	RepliesTake  time.Duration   `json:",omitempty"`
	Notice       string          `json:",omitempty"`
}

// Show reads what a line shows.
func Show(line Line) Shown {
	return Shown{
		State: line.Session().State(), Version: line.Version(), Trouble: line.Trouble(), ClockTrouble: line.ClockTrouble(),
		Ways: line.Ways(), RepliesTake: line.RepliesTake(), Notice: line.Notice(),
	}
}

// Encode makes the form that is stored.
func (s Shown) Encode() ([]byte, error) {
	encoded, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode what a line shows: %w", err)
	}
	return encoded, nil
}

// DecodeShown reads what another process has stored.
func DecodeShown(stored seal.Secret) (s Shown, err error) {
	if err := json.Unmarshal([]byte(stored.Reveal()), &s); err != nil {
		return Shown{}, fmt.Errorf("read what a line shows: %w", err)
	}
	return s, nil
}
