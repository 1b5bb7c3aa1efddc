package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Wait waits until ctx ends or a web server fails, then stops the process. It
// returns the failure of the web server, if that was the cause.
func (p *Process) Wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
		p.log.Info("stopping")
	case failure = <-p.failed:
		p.log.Error("stopping", "error", failure)
	}
	if err := p.Stop(); err != nil {
		return errors.Join(failure, err)
	}
	p.log.Info("stopped")
	return failure
}

// webGrace is for requests under way: a webhook takes milliseconds, and a call
// of the API must not use up the time that the jobs have.
const webGrace = 5 * time.Second

// Stop ends the process's work in the order that the package documentation gives.
// An error says that something did not end in time; the process should exit then.
func (p *Process) Stop() error {
	p.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), p.opts.Grace)
	defer cancel()
	p.server.CloseStreams()
	for _, web := range p.web {
		brief, end := context.WithTimeout(ctx, webGrace)
		if err := web.Shutdown(brief); err != nil {
			_ = web.Close() // cuts off what is still open
		}
		end()
	}
	p.serving.Wait()
	if err := p.stopBridge(ctx); err != nil {
		return err
	}
	p.close()
	return nil
}

// stopBridge stops the lines. If they do not end in time, the database stays open:
// work that still runs may commit its results.
func (p *Process) stopBridge(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.bridge.Stop()
	}()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("work was still going on after %s; nothing is lost, the next start looks before it repeats anything", p.opts.Grace)
	}
}
