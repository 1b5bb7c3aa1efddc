package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// freeGuesses is how many wrong tokens of one place are answered at once: a
	// person who has mixed up two tokens is not kept waiting.
	freeGuesses = 10
	// After them each further one takes longer, up to slowGuess; from then on a
	// place has its tokens looked at one after the other, and in longQueue no more
	// of them wait.
	firstPause = 250 * time.Millisecond
	slowGuess  = 2 * time.Second
	longQueue  = 8 * time.Second
	// forgetAfter is when a place without another wrong token begins anew.
	forgetAfter = 15 * time.Minute
	// maxPlaces bounds what is remembered.
	maxPlaces = 4096
)

// door lets in who has the token, and slows down who guesses it. The right token
// waits too, in a place from which others are guessed: an answer at once would tell
// what is right.
type door struct {
	want [sha256.Size]byte
	open bool // there is a token
	log  *slog.Logger

	mu     sync.Mutex
	places map[string]*place
	// telling bounds how much of the log strangers may fill.
	telling *rate.Limiter
}

// place is where wrong tokens came from.
type place struct {
	wrong int
	// next is when the next token is looked at.
	next time.Time
	told int // how many of the wrong ones the log has
}

func newDoor(token string, log *slog.Logger) *door {
	return &door{
		want: sha256.Sum256([]byte(token)), open: token != "", log: log, places: map[string]*place{},
		telling: rate.NewLimiter(rate.Every(10*time.Second), 10),
	}
}

// ask gives nil for a request with the token.
func (d *door) ask(r *http.Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	got := sha256.Sum256([]byte(token))
	// Hashes have one length, so the time of the comparison reveals nothing.
	right := subtle.ConstantTimeCompare(got[:], d.want[:]) == 1 && strings.EqualFold(scheme, "Bearer") && d.open
	from := placeOf(r.RemoteAddr)
	if token == "" {
		d.tell(from, "a request without the admin token was refused", 1)
		return errUnauthorized
	}
	return d.judge(r.Context(), from, right)
}

// judge says whether a token was right, in its turn.
func (d *door) judge(ctx context.Context, from string, right bool) error {
	now := time.Now()
	d.mu.Lock()
	pause, ok := d.turn(from, now)
	if !ok {
		d.mu.Unlock()
		return errTooMany
	}
	if pause == 0 {
		defer d.mu.Unlock()
		return d.note(from, right, now)
	}
	d.mu.Unlock()
	if !wait.Sleep(ctx, pause) {
		return ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.note(from, right, time.Now())
}

// turn says how long a place waits for its turn, which is taken with that.
func (d *door) turn(from string, now time.Time) (pause time.Duration, ok bool) {
	p := d.places[from]
	if p == nil || p.wrong < freeGuesses || now.Sub(p.next) > forgetAfter {
		return 0, true
	}
	at := p.next
	if at.Before(now) {
		at = now
	}
	at = at.Add(min(slowGuess, time.Duration(p.wrong-freeGuesses+1)*firstPause))
	if at.Sub(now) > longQueue {
		d.tell(from, "admin tokens are refused unread, so many wrong ones came", p.wrong)
		return 0, false
	}
	p.next = at
	return at.Sub(now), true
}

// note remembers how a token was.
func (d *door) note(from string, right bool, now time.Time) error {
	if right {
		delete(d.places, from)
		return nil
	}
	p := d.places[from]
	if p == nil || now.Sub(p.next) > forgetAfter {
		d.makeRoom(now)
		p = &place{}
		d.places[from] = p
	}
	p.wrong++
	if p.next.Before(now) {
		p.next = now
	}
	// Each of the first ones; then their number each time that it has doubled.
	if p.wrong <= 3 || p.wrong >= 2*p.told {
		if d.tell(from, "a wrong admin token was refused", p.wrong) {
			p.told = p.wrong
		}
	}
	return errUnauthorized
}

// makeRoom forgets a place where there are too many: of a few, which a map gives in no
// order, the one that has been quiet for the longest.
func (d *door) makeRoom(now time.Time) {
	if len(d.places) < maxPlaces {
		return
	}
	const few = 16
	seen, oldest, at := 0, "", now.Add(time.Hour)
	for from, p := range d.places {
		if p.next.Before(at) {
			oldest, at = from, p.next
		}
		if seen++; seen == few {
			break
		}
	}
	delete(d.places, oldest)
}

func (d *door) tell(from, what string, times int) bool {
	if !d.telling.Allow() {
		return false
	}
	d.log.Warn("the admin API refuses requests", "why", what, "from", from, "times", times)
	return true
}

// placeOf is what one stranger cannot change at will: an IPv4 address, or the network
// of an IPv6 one.
func placeOf(remote string) string {
	host := hostOf(remote)
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String() + "/64"
}
