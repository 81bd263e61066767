package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/coachmanager/coachmanager/api"
)

const (
	documentPath = "/openapi.yaml"
	docsPath     = "/docs"
	triedPath    = docsPath + "/openapi.json"
)

// docsFiles are what the documentation page needs; all else under it is nothing.
var docsFiles = []string{
	"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-16x16.png", "favicon-32x32.png",
}

// docs is the documentation page, which needs nothing from elsewhere.
type docs struct {
	files  http.Handler
	page   []byte
	policy string // its Content-Security-Policy
	tried  []byte // the contract as the page shows it
}

var theDocs = sync.OnceValue(func() docs {
	ui := v5emb.NewHandlerWithConfig(swgui.Config{Title: "Coach Manager", SwaggerJSON: triedPath, BasePath: docsPath})
	page := &pageWriter{header: http.Header{}}
	ui.ServeHTTP(page, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: docsPath}})
	return docs{files: ui, page: page.Bytes(), policy: docsPolicy(page.Bytes()), tried: withoutOptions()}
})

// withoutOptions is the contract without examples of what may be left out: the page
// would fill them in for whoever tries an operation, and so ask for what is not there.
func withoutOptions() []byte {
	spec, err := api.GetSpec() // one of its own, to change
	if err != nil {
		panic(err) // a document that cannot be read is a broken build
	}
	for _, item := range spec.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, p := range operation.Parameters {
				if !p.Value.Required {
					p.Value.Example = nil
				}
			}
		}
	}
	text, err := spec.MarshalJSON()
	if err != nil {
		panic(err) // the contract was read, so it can be written
	}
	return text
}

// pageWriter keeps what a handler writes.
type pageWriter struct {
	bytes.Buffer
	header http.Header
}

func (w *pageWriter) Header() http.Header { return w.header }
func (w *pageWriter) WriteHeader(int)     {}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// docsPolicy allows this service's own files, the scripts that stand in the page
// (by their hashes) and nothing else. Swagger UI sets styles in its markup.
func docsPolicy(page []byte) string {
	scripts := []string{"script-src 'self'"}
	for _, script := range inlineScript.FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(script[1])
		scripts = append(scripts, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	return strings.Join([]string{
		"default-src 'none'", strings.Join(scripts, " "), "style-src 'self' 'unsafe-inline'", "img-src 'self' data:",
		"connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	}, "; ")
}

// serveDocs serves the contract as it is written, and as a page.
func (h *handler) serveDocs() {
	sum := sha256.Sum256(api.Document)
	etag := weakTag(sum[:])
	h.openly(documentPath, func(c echo.Context) error {
		c.Response().Header().Set("ETag", etag)
		if isNamed(strings.Join(c.Request().Header.Values("If-None-Match"), ", "), etag) {
			return c.NoContent(http.StatusNotModified)
		}
		return c.Blob(http.StatusOK, "application/yaml", api.Document)
	})
	h.openly(docsPath, func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderContentSecurityPolicy, theDocs().policy)
		return c.HTMLBlob(http.StatusOK, theDocs().page)
	})
	h.openly(triedPath, func(c echo.Context) error { return c.JSONBlob(http.StatusOK, theDocs().tried) })
	for _, name := range docsFiles {
		h.openly(docsPath+"/"+name, func(c echo.Context) error {
			theDocs().files.ServeHTTP(c.Response(), c.Request())
			return nil
		})
	}
	h.openly("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, docsPath) })
}
