package content

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// What is not taken over of too many answers and rows does not go without a word.
func TestMoreThanCanBeChosenFromIsTold(t *testing.T) {
	t.Parallel()
	for n, more := range map[int]bool{mostOptions - 1: false, mostOptions: false, mostOptions + 1: true, 20_000: true} {
		options, rows, choices := make([]*waE2E.PollCreationMessage_Option, n), make([]*waE2E.ListMessage_Row, n), make([]*waE2E.ButtonsMessage_Button, n)
		asked, _ := poll(&waE2E.PollCreationMessage{Options: options})
		require.Len(t, asked.(Poll).Options, min(n, mostOptions))
		require.Equal(t, more, asked.(Poll).More, n)
		for _, sections := range [][]*waE2E.ListMessage_Section{{{Rows: rows}}, {{}, {Rows: rows[:n/2]}, {Rows: rows[n/2:]}, {}}} {
			listed, _ := list(&waE2E.ListMessage{Sections: sections})
			taken := 0
			for _, section := range listed.(Menu).Sections {
				taken += len(section.Rows)
			}
			require.Equal(t, min(n, mostOptions), taken)
			require.Equal(t, more, listed.(Menu).More, n)
		}
		pressed, _ := buttons(&waE2E.ButtonsMessage{Buttons: choices})
		require.Equal(t, more, pressed.(Menu).More, n)
	}
}
