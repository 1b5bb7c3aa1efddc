package chatwoottest

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// The live channel broadcasts to streams: each user's own, named by its
// pubsub_token, and one of each account. Whom an event is for is decided when it
// is published; who listens to those streams, when it is sent. So a user with a new
// token hears nothing any more on its old connection but the account's contacts.

// live is the channel's state. Guarded by Server.mu.
type live struct {
	connections []*liveConn
	pending     []*frame          // published, to be sent in this order
	wake        chan struct{}     // something is pending
	batch       *batch            // of the request being handled, nil outside of one
	acting      *user             // who causes the events of the moment, nil for nobody
	job         bool              // a background job causes them
	presence    map[int]time.Time // until when a user is online
	faults      LiveFaults
	lateness    time.Duration
	closed      bool
}

// batch is what one request published: what comes before its answer, and what
// background jobs send after it.
type batch struct{ early, late []*frame }

// frame is one event on its way to whoever listens to one of its streams.
type frame struct {
	Frame
	streams []string
	conv    *conversation // which a job looks up, nil where it needs none
	build   func() object
	message []byte // built, nil when there is nothing to send
	raw     []byte // in place of all this: what everybody is sent as it is
	due     time.Time
	open    int           // what still has to be done with it; at 0 done is closed
	done    chan struct{} // sent to everybody who is to have it now
}

// answerWithin bounds how long an answer waits for its frames: a client that does
// not read them must still get its answers.
const answerWithin = 200 * time.Millisecond

func accountStream(id int) string { return "account_" + strconv.Itoa(id) }

// publish sends an event to streams; the caller holds mu. Its data is built now,
// with who caused it, or by a job, without. Of what nobody listens to nothing is
// kept.
func (s *Server) publish(f *frame, byJob bool) {
	if len(s.live.connections) == 0 {
		return
	}
	f.open, f.done = 1, make(chan struct{})
	byJob = byJob || s.live.job
	if !byJob {
		s.renderFrame(f)
	}
	switch {
	case s.live.batch == nil:
		s.send(f)
	case byJob:
		s.live.batch.late = append(s.live.batch.late, f)
	default:
		s.live.batch.early = append(s.live.batch.early, f)
		s.send(f)
	}
}

// send queues frames for the sender; the caller holds mu.
func (s *Server) send(frames ...*frame) {
	for _, f := range frames {
		f.due = time.Now().Add(s.live.lateness)
	}
	s.live.pending = append(s.live.pending, frames...)
	ring(s.live.wake)
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// renderFrame builds what a frame says; the caller holds mu.
func (s *Server) renderFrame(f *frame) {
	data := f.build().set("account_id", f.Account)
	if s.live.acting != nil {
		data = data.with("performer", s.userPush(s.live.acting, forFrame))
	}
	f.message, _ = json.Marshal(obj("event", f.Event, "data", data)) // of rows, which can be marshalled
}

// answerAfter waits until what a request published is on its way, as it nearly
// always is before the answer.
func (s *Server) answerAfter(ctx context.Context, b *batch) {
	s.mu.Lock()
	late := s.live.lateness > 0
	s.mu.Unlock()
	if late || len(b.early) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for _, f := range b.early {
		select {
		case <-f.done:
		case <-ctx.Done():
			return
		}
	}
}

// runJobs sends what background jobs make of a request.
func (s *Server) runJobs(b *batch) {
	if len(b.late) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(b.late...)
	b.late = nil
}

// as lets a user cause the events of what is done; the caller holds mu.
func (s *Server) as(u *user, do func()) {
	before := s.live.acting
	s.live.acting = u
	defer func() { s.live.acting = before }()
	do()
}

// asJob lets a background job do something; the caller holds mu.
func (s *Server) asJob(do func()) {
	before := s.live.job
	s.live.job = true
	defer func() { s.live.job = before }()
	s.as(nil, do)
}

// sendFrames sends what was published, in order.
func (s *Server) sendFrames(ctx context.Context) {
	for {
		f, until := s.nextFrame()
		if f != nil {
			s.broadcast(ctx, f)
			continue
		}
		timer := time.NewTimer(until)
		if until == 0 {
			timer.Stop()
		}
		select {
		case <-s.live.wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// nextFrame takes the next frame that is due, or tells how long the next one has.
func (s *Server) nextFrame() (*frame, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.live.pending) == 0 {
		return nil, 0
	}
	f := s.live.pending[0]
	if until := time.Until(f.due); until > 0 {
		return nil, until
	}
	s.live.pending = s.live.pending[1:]
	return f, 0
}

// broadcast sends a frame to everybody who listens, except for what hooks say.
func (s *Server) broadcast(ctx context.Context, f *frame) {
	s.mu.Lock()
	if f.raw != nil {
		for _, c := range s.live.connections {
			c.push(outgoing{raw: f.raw})
		}
		s.mu.Unlock()
		return
	}
	if f.message == nil && (f.conv == nil || s.standing(f.conv)) {
		s.renderFrame(f)
	}
	var users []int
	if f.message != nil {
		users = s.listeners(f.streams)
	}
	hooks := s.faults.frame
	s.mu.Unlock()
	for _, user := range users {
		about := f.Frame
		about.User = user
		fault := frameFault(hooks, about)
		if fault.Drop {
			continue
		}
		deliver := func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.deliverFrame(f, user, 1+fault.Duplicates)
		}
		if fault.Delay > 0 {
			s.running.Go(func() {
				if pause(ctx, fault.Delay) {
					deliver()
				}
			})
			continue
		}
		deliver()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.settle()
}

// standing says whether a conversation is still there with all it shows.
func (s *Server) standing(c *conversation) bool {
	return !c.deleted && s.db.inbox(c.inbox) != nil && s.db.contactInboxByID(c.contactInbox) != nil && s.db.contact(c.contact) != nil
}

// listeners are the users who listen to one of the streams; the caller holds mu.
func (s *Server) listeners(streams []string) []int {
	var users []int
	for _, c := range s.live.connections {
		for _, sub := range c.subscriptions {
			if sub.hears(streams) && !slices.Contains(users, sub.user) {
				users = append(users, sub.user)
			}
		}
	}
	return users
}

// deliverFrame queues a frame on a user's connections, once for each subscription
// and copy; the caller holds mu.
func (s *Server) deliverFrame(f *frame, user, copies int) {
	if s.live.faults.Deaf {
		return
	}
	for _, c := range s.live.connections {
		for _, sub := range c.subscriptions {
			if sub.user != user || !sub.hears(f.streams) {
				continue
			}
			for range copies {
				c.push(outgoing{sub.wrap(f.message), f})
			}
		}
	}
}

// settle says that one more thing with a frame is done; the caller holds mu.
func (f *frame) settle() {
	if f.open--; f.open == 0 {
		close(f.done)
	}
}
