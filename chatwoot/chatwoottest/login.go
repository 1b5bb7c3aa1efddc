package chatwoottest

import (
	"fmt"
	"strings"
)

// LoginPage is what the dashboard's first page is like.
type LoginPage string

const (
	LoginPageWhole      LoginPage = ""            // as it is
	LoginPageWithoutURL LoginPage = "without_url" // it does not tell FRONTEND_URL
	LoginPageMissing    LoginPage = "missing"     // it answers 404
)

// SetLoginPage changes what GET /app/login answers.
func (s *Server) SetLoginPage(page LoginPage) error {
	if page != LoginPageWhole && page != LoginPageWithoutURL && page != LoginPageMissing {
		return fmt.Errorf("no login page %q", page)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loginPage = page
	return nil
}

// frontendURL is what Chatwoot takes for its own address.
func (s *Server) frontendURL() string {
	if s.opts.FrontendURL != "" {
		return s.opts.FrontendURL
	}
	return s.URL()
}

func (s *Server) showLogin(*call) (any, error) {
	hostURL := "hostURL: '" + s.frontendURL() + "',\n        "
	switch s.loginPage {
	case LoginPageMissing:
		return nil, pageNotFound()
	case LoginPageWithoutURL:
		hostURL = ""
	}
	return htmlPage(strings.Replace(loginPage, "HOST_URL", hostURL, 1)), nil
}

const loginPage = `<!DOCTYPE html>
<html>
  <head>
    <title>Chatwoot</title>
    <meta name="viewport" content="width=device-width, initial-scale=1, maximum-scale=1, user-scalable=0" />
    <script>
      window.chatwootConfig = {
        HOST_URLhelpCenterURL: '',
        fbAppId: '',
        signupEnabled: 'false',
        selectedLocale: 'en'
      }
      window.globalConfig = {"INSTALLATION_NAME":"Chatwoot"}
    </script>
  </head>
  <body class="text-slate-600">
    <div id="app"></div>
  </body>
</html>
`
