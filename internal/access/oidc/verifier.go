package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

const (
	mostText    = 16 << 10 // bytes of a token
	mostSubject = 255      // bytes, as the standard has it
	// leeway is how far this process's clock and the provider's may differ.
	leeway = time.Minute
)

// Errors of Authenticate besides ErrUnavailable and access.ErrInvalid, told apart
// with errors.Is. With them comes the identity, which may do nothing.
var (
	// ErrNoRole: no value of the role claim is mapped to a role.
	ErrNoRole = errors.New("the account has no role here")
	// ErrNoTeam: the team claim names none of the mapped teams, or more than one.
	ErrNoTeam = errors.New("the account is of no team here, or of several")
)

// Verifier tells who a token of the provider was made for. Have Run running; until
// that has fetched the provider's keys, no token is judged. Its methods are safe for
// concurrent use.
type Verifier struct {
	config Config
	floor  *coaching.Floor
	log    *slog.Logger
	keys   *keys
	known  *cache
}

// NewVerifier returns a verifier for one provider; users are those of the floor.
func NewVerifier(config Config, floor *coaching.Floor, log *slog.Logger) *Verifier {
	return &Verifier{
		config: config, floor: floor, log: log,
		keys: newKeys(config.Issuer, config.Timing.withDefaults(), log), known: newCache(mostKnown),
	}
}

// Run fetches the provider's keys until ctx ends.
func (v *Verifier) Run(ctx context.Context) { v.keys.run(ctx) }

// IsToken tells whether a text has the form of a signed JWT: three parts of base64url
// with points between them.
func IsToken(text string) bool {
	return strings.Count(text, ".") == 2 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_' && r != '.'
	})
}

// Authenticate tells who a token was made for. It waits for the provider only where
// the token's key is unknown, and then for no more than Timing.Wait.
func (v *Verifier) Authenticate(ctx context.Context, text string) (access.Identity, error) {
	if len(text) > mostText {
		return access.Identity{}, v.invalid(refused("it is too long"))
	}
	hash := sha256.Sum256([]byte(text))
	trusted, err := v.keys.had(ctx)
	if err != nil {
		return access.Identity{}, err
	}
	p, ok := v.known.get(hash, time.Now())
	if !ok || !trusted.has(p.key) {
		p, err = v.judge(ctx, trusted, text)
		switch {
		case errors.Is(err, ErrUnavailable):
			return access.Identity{}, err
		case err != nil:
			return access.Identity{}, v.invalid(err)
		}
		v.known.put(hash, p)
	}
	if p.user != "" {
		if id, ok := v.floor.UserByExternalID(p.user); ok {
			if v.floor.Inactive(id) {
				return access.Identity{}, v.invalid(refused("its user is inactive"))
			}
			p.identity.User = &id
		}
	}
	return p.identity, p.refusal
}

func (v *Verifier) invalid(why error) error {
	v.log.Debug("a JWT is not let in", "why", why)
	return access.ErrInvalid
}

// judge checks a token, if need be with newer keys than these.
func (v *Verifier) judge(ctx context.Context, trusted *ring, text string) (person, error) {
	p, err := v.verify(ctx, trusted, text)
	var unknown unknownKey
	if !errors.As(err, &unknown) {
		return p, err
	}
	newer, unavailable := v.keys.newer(ctx, trusted, unknown.id)
	switch {
	case unavailable != nil:
		return person{}, unavailable
	case newer == trusted:
		return person{}, err
	default:
		return v.verify(ctx, newer, text)
	}
}

// trial has one token's signature checked by go-oidc, which keeps no cause.
type trial struct {
	ring    *ring
	payload []byte // nil unless its signature is right
	by      key
	err     error
}

func (t *trial) VerifySignature(_ context.Context, text string) ([]byte, error) {
	t.payload, t.by, t.err = t.ring.verify(text)
	return t.payload, t.err
}

func (v *Verifier) verify(ctx context.Context, trusted *ring, text string) (person, error) {
	t, now := &trial{ring: trusted}, time.Now()
	token, err := gooidc.NewVerifier(v.config.Issuer, t, &gooidc.Config{
		ClientID: v.config.Audience, SupportedSigningAlgs: algorithmNames, Now: func() time.Time { return now.Add(-leeway) },
	}).Verify(ctx, text)
	if err != nil {
		return person{}, t.reason(err, v.config.Issuer)
	}
	// go-oidc lets a token begin five minutes from now.
	var times struct {
		NotBefore float64 `json:"nbf"`
		IssuedAt  float64 `json:"iat"`
	}
	if err := token.Claims(&times); err != nil || max(times.NotBefore, times.IssuedAt) > float64(now.Add(leeway).Unix()) {
		return person{}, refused("it is from the future")
	}
	if !plain(token.Subject) {
		return person{}, refused("its subject is missing, or none that can be kept")
	}
	return v.config.personOf(t.payload, token, t.by)
}

// reason is why go-oidc did not take a token, without the token's words.
func (t *trial) reason(err error, issuer string) error {
	var claims struct {
		Issuer string `json:"iss"`
	}
	var expired *gooidc.TokenExpiredError
	switch {
	case t.err != nil:
		return t.err
	case t.payload == nil:
		return refused("it is malformed, or of an algorithm that is not taken")
	case errors.As(err, &expired):
		return refused("it has expired, or never does")
	case json.Unmarshal(t.payload, &claims) == nil && claims.Issuer != issuer:
		return refused("it is of another issuer")
	default:
		return refused("it is for another audience, or its claims are malformed")
	}
}

// plain tells whether a subject can stand in a log of who did what.
func plain(subject string) bool {
	return subject != "" && len(subject) <= mostSubject && utf8.ValidString(subject) && !strings.ContainsFunc(subject, unicode.IsControl)
}
