package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// Secret is a text that is not printed, logged or encoded under any verb.
type Secret struct{ text string }

// Reveal returns the secret itself, for the one who must know it.
func (s Secret) Reveal() string { return s.text }

// Format writes a mask.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// MarshalText returns a mask; it serves slog and JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

const mask = "[secret]"

const secretLimit = 4096

// readSecret reads a secret from a file whose text it is, but for the line's end.
// Its error is written for the user and does not name the file.
func readSecret(path string) (Secret, error) {
	raw, err := readFile(path, secretLimit)
	if err != nil {
		return Secret{}, err
	}
	text := strings.TrimRight(string(raw), "\r\n")
	if text == "" {
		return Secret{}, errors.New("is empty")
	}
	if strings.ContainsAny(text, "\r\n\x00") {
		return Secret{}, errors.New("has more than one line; a secret is one line")
	}
	return Secret{text}, nil
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plainly(err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainly(err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("is larger than %d bytes", limit)
	}
	return raw, nil
}

// plainly says an error of a file without its path, which the line has already.
func plainly(err error) error {
	var of *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("does not exist")
	case errors.Is(err, os.ErrPermission):
		return errors.New("may not be read by this user")
	case errors.As(err, &of):
		return fmt.Errorf("cannot be read: %w", of.Err)
	default:
		return fmt.Errorf("cannot be read: %w", err)
	}
}

var (
	userinfo = regexp.MustCompile(`(://[^/?#\s:@]*):[^\s]*@`)
	jwt      = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)
	token    = regexp.MustCompile(`cm_[a-z2-7]{20,}`)
	assigned = regexp.MustCompile(`(?i)((?:password|secret)=)[^\s&"]*`)
)

// WithoutSecrets masks what looks like a password in a text, such as an argument
// in the wrong place that a message repeats, or a driver's own words.
func WithoutSecrets(text string) string {
	text = jwt.ReplaceAllString(token.ReplaceAllString(text, mask), mask)
	return assigned.ReplaceAllString(userinfo.ReplaceAllString(text, "$1:"+mask+"@"), "$1"+mask)
}
