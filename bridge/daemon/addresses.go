package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/web"
)

// ports is where the process listens.
type ports struct {
	public  net.Listener
	admin   net.Listener // nil = at public
	metrics net.Listener // nil = with the admin API
}

// openPorts opens what is certain before the database is looked at: a second server
// on the same ports must fail before it takes over the lines.
func (p *Process) openPorts() (err error) {
	cfg := p.opts.Config
	room := roomFor(descriptors())
	if p.ports.public, err = p.listen("LISTEN", cfg.Listen, room.public); err != nil {
		return err
	}
	if cfg.MetricsListen != "" {
		if p.ports.metrics, err = p.listen("METRICS_LISTEN", cfg.MetricsListen, room.metrics); err != nil {
			return err
		}
	}
	if cfg.AdminListenChosen && !p.oneAddress() {
		p.ports.admin, err = p.listen("ADMIN_LISTEN", cfg.AdminListen, room.admin)
	}
	return err
}

// oneAddress reports whether the admin API is set to be where the webhooks are.
func (p *Process) oneAddress() bool {
	cfg := p.opts.Config
	return cfg.AdminListen == "" || sameAddress(cfg.Listen, cfg.AdminListen)
}

// openAdminPort opens the port of the admin API where nobody has said which: its own
// one, but for installations that began when it had none. Their commands, proxies and
// monitoring find it where it was.
func (p *Process) openAdminPort(ctx context.Context) error {
	cfg := p.opts.Config
	if cfg.AdminListenChosen {
		return p.forgetOneAddress(ctx)
	}
	if p.oneAddress() {
		return nil
	}
	before, err := p.hadOneAddress(ctx)
	if err != nil {
		return err
	}
	if before {
		p.log.Warn("the admin API is served at WOOTBRIDGE_LISTEN as before, where Chatwoot and strangers reach it too; give it an address of its own: set WOOTBRIDGE_ADMIN_LISTEN to 127.0.0.1:8081 (in a container to 0.0.0.0:8081, and publish that port as 127.0.0.1:8081), and use that one for commands and metrics",
			"address", p.ports.public.Addr().String())
		return nil
	}
	room := roomFor(descriptors()).admin
	p.ports.admin, err = p.listen("ADMIN_LISTEN", cfg.AdminListen, room)
	if errors.Is(err, syscall.EADDRINUSE) {
		taken := cfg.AdminListen
		if p.ports.admin, err = p.listen("ADMIN_LISTEN", freeLoopback, room); err == nil {
			p.log.Warn("something else listens where the admin API is by default, so it took a free port; set WOOTBRIDGE_ADMIN_LISTEN to one that stays",
				"taken", taken, "address", p.ports.admin.Addr().String())
		}
	}
	return err
}

// freeLoopback is a free port that only this machine reaches.
const freeLoopback = "127.0.0.1:0"

// hadOneAddress reports whether the installation is of a release in which the admin
// API had no address of its own, and nobody has given it one since.
func (p *Process) hadOneAddress(ctx context.Context) (bool, error) {
	var n int
	err := p.patiently(ctx, func(ctx context.Context) error {
		return p.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM legacy WHERE name = $1`, legacyOneAddress).Scan(&n)
	})
	if err != nil {
		return false, fmt.Errorf("ask where the admin API was: %w", err)
	}
	return n > 0, nil
}

// forgetOneAddress lets what an admin has set decide from now on, also when it is
// taken away again.
func (p *Process) forgetOneAddress(ctx context.Context) error {
	if before, err := p.hadOneAddress(ctx); err != nil || !before {
		return err
	}
	err := p.patiently(ctx, func(ctx context.Context) error {
		_, err := p.db.ExecContext(ctx, `DELETE FROM legacy WHERE name = $1`, legacyOneAddress)
		return err
	})
	if err != nil {
		return fmt.Errorf("note where the admin API is: %w", err)
	}
	return nil
}

const legacyOneAddress = "one address"

func (p *Process) listen(variable, address string, room int) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &SetupError{fmt.Errorf("%s%s is %q: %w", config.Prefix, variable, address, err)}
	}
	p.onClose(func() { _ = listener.Close() })
	return web.Limited(listener, room, p.log), nil
}

// sameAddress reports whether two addresses are one. Port 0 is another one each time.
func sameAddress(a, b string) bool {
	if a == b {
		return !strings.HasSuffix(a, ":0")
	}
	one, err := net.ResolveTCPAddr("tcp", a)
	if err != nil {
		return false
	}
	other, err := net.ResolveTCPAddr("tcp", b)
	if err != nil || one.Port != other.Port || one.Port == 0 {
		return false
	}
	everywhere := func(ip net.IP) bool { return len(ip) == 0 || ip.IsUnspecified() }
	return one.IP.Equal(other.IP) || everywhere(one.IP) && everywhere(other.IP)
}

// room is how many connections may be open at once.
type room struct{ public, admin, metrics int }

// roomFor leaves more than half of a process's descriptors to the database, WhatsApp,
// Chatwoot and files, however many strangers connect.
func roomFor(descriptors int) room {
	share := func(part, least, most int) int { return max(least, min(part, most)) }
	return room{
		public: share(descriptors*3/8, 16, 1024), admin: share(descriptors/16, 8, 64), metrics: share(descriptors/32, 4, 32),
	}
}

// descriptors is how many the process may have.
func descriptors() int {
	var limit syscall.Rlimit
	const usual, plenty = 1024, 1 << 20
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return usual
	}
	return int(min(limit.Cur, plenty))
}

// URL is how programs on this machine reach the server as Chatwoot does.
func (p *Process) URL() string { return config.LocalURL(p.ports.public.Addr().String()) }

// AdminURL is how programs on this machine reach the admin API.
func (p *Process) AdminURL() string {
	if p.ports.admin == nil {
		return p.URL()
	}
	return config.LocalURL(p.ports.admin.Addr().String())
}

// addressFile tells commands that use the same data folder where the admin API is.
const addressFile = "admin-address"

// RecordedURL is where the server that uses a data folder has its admin API, or
// had it; "" if nobody has written it down.
func RecordedURL(dataDir string) string {
	text, err := os.ReadFile(filepath.Join(dataDir, addressFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// recordURL writes down where the admin API is. Commands do without, so a failure is
// none of the start.
func (p *Process) recordURL() {
	path := filepath.Join(p.opts.Config.DataDir, addressFile)
	_ = os.Remove(path) // it may be a link to something else
	if err := os.WriteFile(path, []byte(p.AdminURL()+"\n"), 0o600); err != nil {
		p.log.Warn("where the admin API is cannot be written down for commands", "error", err)
		return
	}
	p.onClose(func() { _ = os.Remove(path) })
}
