package daemon

import "github.com/wootbridge/wootbridge/bridge/config"

// warnOfWeak says what of the configuration works and should be mended. It is never
// refused: what ran must run after an upgrade.
func (p *Process) warnOfWeak() {
	cfg := p.opts.Config
	if config.IsWeakToken(p.token) {
		p.log.Warn("the admin token is short or simple enough to be guessed; set WOOTBRIDGE_ADMIN_TOKEN to the output of: openssl rand -hex 32")
	}
	for name, address := range map[string]string{"WOOTBRIDGE_DATABASE_URL": cfg.DatabaseURL.Reveal(), "WOOTBRIDGE_DATABASE_DIRECT_URL": cfg.DatabaseDirectURL.Reveal()} {
		if address != "" && config.IsUnverified(address) {
			p.log.Warn("nothing proves that it is Postgres that answers, so somebody on the way can read and change what the bridge stores; add sslmode=verify-full to the address, with sslrootcert for a certificate authority of your own", "variable", name)
		}
	}
}
