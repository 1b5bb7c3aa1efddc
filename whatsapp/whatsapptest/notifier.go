package whatsapptest

import (
	"fmt"
	"sync"
	"time"
)

// notifier lets goroutines wait for a condition over state that some other
// mutex guards. Its own mutex is a leaf: nothing else is locked while it is held.
type notifier struct {
	mu sync.Mutex
	ch chan struct{}
}

func (n *notifier) broadcast() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}

func (n *notifier) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

// wait returns when the condition holds, or an error naming what was awaited.
func (n *notifier) wait(timeout time.Duration, what string, condition func() bool) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		changed := n.next()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return fmt.Errorf("waited %s for %s", timeout, what)
		}
	}
}
