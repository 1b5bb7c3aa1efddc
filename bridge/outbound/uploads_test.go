package outbound_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// WhatsApp's file servers are away for everybody: a file waits for them. One that
// they refuse alone is left out after some attempts, so that its text goes.
func TestT06_AFileWaitsForFileServersThatAreAway(t *testing.T) {
	t.Parallel()
	pdf := func(name string) chatwoottest.MessageOption {
		return chatwoottest.WithFile(name, "application/pdf", []byte("%PDF-1.4"))
	}
	for name, tc := range map[string]struct {
		period time.Duration
		away   bool // for others' files, too
		given  bool // up
	}{
		"away for everybody":                 {40 * time.Minute, true, false},
		"for this file alone":                {40 * time.Minute, false, true},
		"away for hours, nobody else writes": {2 * time.Hour, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.phone.refuse = func(out content.Outgoing) error {
				passed := time.Duration(o.ahead.Load())
				if out.Media == nil || passed > tc.period {
					return nil
				}
				o.ahead.Add(int64(3 * time.Minute)) // until the next attempt
				if !tc.away {
					o.out.Uploads.Note(o.line.Clock()) // another line's
				}
				return fmt.Errorf("%w: 503", whatsapp.ErrUpload)
			}
			o.write("look", pdf("bad.pdf"))
			o.drain()
			require.NotEmpty(t, o.phone.sent)
			first := o.phone.sent[0]
			require.Equal(t, tc.given, first.Media == nil, "%+v", o.phone.sent)
			require.Equal(t, "look", first.Text)
		})
	}
}
