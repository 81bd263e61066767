package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/config"
)

// certificate is a certificate in two files, which are read again when they
// change. While they cannot be read, or do not belong together because only one of
// them is new yet, the one before goes on. Its methods are safe for concurrent use.
type certificate struct {
	files config.Certificate
	log   *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	seen   [2]fileState // of the files, at the last try
}

// fileState tells one content of a file from another.
type fileState struct {
	size    int64
	changed time.Time
}

// loadCertificate reads a certificate; nil stays nil.
func loadCertificate(files *config.Certificate, log *slog.Logger) (*certificate, error) {
	if files == nil {
		return nil, nil //nolint:nilnil // documented: no TLS
	}
	c := &certificate{files: *files, log: log}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("read the certificate for TLS, see --tls-cert-file and --tls-key-file: %w", err)
	}
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.states() != c.seen {
			if err := c.read(); err != nil {
				c.log.Warn("the new certificate cannot be used; the one before goes on", "error", err)
			} else {
				c.log.Info("certificate read again")
			}
		}
		return c.loaded, nil
	}}
}

func (c *certificate) read() error {
	c.seen = c.states() // before the reading: what is written meanwhile is seen next time
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err == nil {
		c.loaded = &pair
	}
	return err
}

func (c *certificate) states() (states [2]fileState) {
	for i, path := range []string{c.files.CertFile, c.files.KeyFile} {
		if info, err := os.Stat(path); err == nil {
			states[i] = fileState{info.Size(), info.ModTime()}
		}
	}
	return states
}
