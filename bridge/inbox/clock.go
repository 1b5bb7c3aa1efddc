package inbox

import (
	"context"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// Chatwoot's times are judged by Chatwoot's clock, as far as it is known: this
// machine's may be wrong.

// Theirs is a time of this machine's clock as Chatwoot's shows it.
func (x *Inbox) Theirs(own time.Time) time.Time { return x.cfg.Gate.Theirs(own) }

// Ours is a time of Chatwoot's clock as this machine's shows it.
func (x *Inbox) Ours(theirs time.Time) time.Time { return x.cfg.Gate.Ours(theirs) }

// askTime asks Chatwoot for its time, if nobody has done so lately. A webhook whose
// time alone is wrong may be right, and this machine's clock, or what is known of it.
func (x *Inbox) askTime(ctx context.Context) {
	x.timing.Lock()
	defer x.timing.Unlock()
	now := x.cfg.Clock()
	if !x.timed.IsZero() && now.Sub(x.timed) < refetchEvery {
		return
	}
	x.timed = now
	ctx, cancel := context.WithTimeout(ctx, refetchTimeout)
	defer cancel()
	if _, err := x.At(chatwoot.Live).Version(ctx); err != nil {
		x.cfg.Log.Debug("Chatwoot cannot be asked for its time", "error", err)
	}
}

// sentenceClock says that the clocks differ.
const sentenceClock = "The clock of this machine is %s %s Chatwoot's. Set it right, for instance with NTP; until then what Chatwoot says is judged by Chatwoot's clock, and times that the bridge itself shows are wrong."

// ClockTrouble is a sentence for people while this machine's clock and Chatwoot's
// differ by more than a minute, or "".
func (x *Inbox) ClockTrouble() string {
	ahead := x.cfg.Gate.Ahead()
	switch {
	case ahead > 0:
		return fmt.Sprintf(sentenceClock, Span(ahead), "ahead of")
	case ahead < 0:
		return fmt.Sprintf(sentenceClock, Span(-ahead), "behind")
	}
	return ""
}

// Span writes a length of time as people say it, to the minute: "1 hour and 5
// minutes".
func Span(d time.Duration) string {
	minutes := int64(d.Round(time.Minute) / time.Minute)
	days, hours := minutes/(24*60), minutes/60%24
	minutes %= 60
	switch {
	case days > 0:
		return together(count(days, "day"), hours, "hour")
	case hours > 0:
		return together(count(hours, "hour"), minutes, "minute")
	}
	return count(max(minutes, 1), "minute")
}

func together(first string, n int64, unit string) string {
	if n == 0 {
		return first
	}
	return first + " and " + count(n, unit)
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
