package httpapi

import "github.com/labstack/echo/v4"

// onlyByTLS has browsers come by TLS only from now on.
func onlyByTLS(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderStrictTransportSecurity, "max-age=31536000")
		return next(c)
	}
}
