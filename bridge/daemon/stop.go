package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Wait runs until ctx ends or a web server fails, then stops. It gives the
// reason if it was not ctx.
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

// Stop ends the process's work in order, see the package's documentation. An
// error says that something did not end in time; the process should end then.
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

// stopBridge stops the lines. The database stays open if they do not end in
// time: work that still goes on may commit what it did.
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
