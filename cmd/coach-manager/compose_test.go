package main

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/config"
)

// composition is what these tests look at of docker-compose.yml.
type composition struct {
	Services map[string]composed `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

type composed struct {
	Build       any               `yaml:"build"`
	Image       string            `yaml:"image"`
	User        string            `yaml:"user"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Secrets     []string          `yaml:"secrets"`
	Networks    yaml.Node         `yaml:"networks"`
	NetworkMode string            `yaml:"network_mode"`
	ExtraHosts  []string          `yaml:"extra_hosts"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	Restart     string            `yaml:"restart"`
	Profiles    []string          `yaml:"profiles"`
	GracePeriod string            `yaml:"stop_grace_period"`
	Logging     map[string]any    `yaml:"logging"`
	Healthcheck struct {
		Test    []string `yaml:"test"`
		Timeout string   `yaml:"timeout"`
	} `yaml:"healthcheck"`
}

// joined are the networks of a service, with its fixed address there, if any.
func (c composed) joined(t *testing.T) map[string]string {
	t.Helper()
	addresses := map[string]string{}
	if c.Networks.Kind == yaml.SequenceNode {
		for _, n := range c.Networks.Content {
			addresses[n.Value] = ""
		}
		return addresses
	}
	var all map[string]struct {
		Address string `yaml:"ipv4_address"`
	}
	if err := c.Networks.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for name, n := range all {
		addresses[name] = n.Address
	}
	return addresses
}

var withDefault = regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`)

// composition reads docker-compose.yml as it is where no variable is set.
func readComposition(t *testing.T) (c composition) {
	t.Helper()
	text := withDefault.ReplaceAll(fromRoot(t, "docker-compose.yml"), []byte("$1"))
	if i := bytes.IndexByte(regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAll(text, nil), '$'); i >= 0 {
		t.Fatal("docker-compose.yml has a variable without a default")
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func fromRoot(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// settings are what serve makes of a service's environment and command, with
// secrets that are there.
func (c composition) settings(t *testing.T, name string) config.Serve {
	t.Helper()
	folder := t.TempDir()
	for secret := range c.Secrets {
		if err := os.WriteFile(filepath.Join(folder, secret), []byte(access.NewSecret()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var environ []string
	for key, text := range c.Services[name].Environment {
		environ = append(environ, key+"="+strings.ReplaceAll(text, "/run/secrets", folder))
	}
	command, err := config.Parse(c.Services[name].Command, environ, io.Discard)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	serve, ok := command.(config.Serve)
	if !ok {
		t.Fatalf("%s: got %T, want it to serve", name, command)
	}
	return serve
}

func TestComposeServesWithTokensBehindTheProxyAlone(t *testing.T) {
	t.Parallel()
	c := readComposition(t)
	proxy := netip.MustParseAddr(c.Services["proxy"].joined(t)["web"])
	for _, name := range []string{"coach-1", "coach-2"} {
		s, service := c.settings(t, name), c.Services[name]
		if len(s.Unknown) > 0 {
			t.Errorf("%s: no settings: %q", name, s.Unknown)
		}
		if s.Name != name || !s.Access.Tokens || s.Access.FirstToken.Reveal() == "" || s.Database.URL.Reveal() == "" {
			t.Errorf("%s: got %+v", name, s)
		}
		if want := []netip.Prefix{netip.PrefixFrom(proxy, proxy.BitLen())}; !slices.Equal(s.Access.TrustedProxies, want) {
			t.Errorf("%s: trusts %v, want %v", name, s.Access.TrustedProxies, want)
		}
		if grace, err := time.ParseDuration(service.GracePeriod); err != nil || grace <= s.ShutdownTimeout {
			t.Errorf("%s: is killed after %q, and stops within %v", name, service.GracePeriod, s.ShutdownTimeout)
		}
		if !slices.Contains(c.Services["proxy"].ExtraHosts, name+":"+service.joined(t)["web"]) {
			t.Errorf("%s: the proxy does not know its address", name)
		}
		test := service.Healthcheck.Test
		if len(test) < 2 || test[0] != "CMD" || test[1] != "/coach-manager" {
			t.Fatalf("%s: healthcheck %q", name, test)
		}
		check, err := config.Parse(test[2:], nil, io.Discard)
		h, ok := check.(config.Healthcheck)
		if err != nil || !ok || !strings.Contains(h.URL, s.Listen) {
			t.Errorf("%s: got %+v, %v, want a check of %s", name, check, err, s.Listen)
		}
		if killed, err := time.ParseDuration(service.Healthcheck.Timeout); err != nil || killed <= h.Timeout {
			t.Errorf("%s: its check is killed after %q, and takes up to %v", name, service.Healthcheck.Timeout, h.Timeout)
		}
	}
	if c.Services["coach-2"].Build != nil || c.Services["coach-1"].Image != c.Services["coach-2"].Image {
		t.Error("one image is built once")
	}
}

func TestComposeIsClosed(t *testing.T) {
	t.Parallel()
	c := readComposition(t)
	for name, s := range c.Services {
		root := s.User == "" || s.User == "root" || strings.HasPrefix(s.User, "0")
		if recipe := recipeOf(t, s, c); recipe != nil {
			root = !regexp.MustCompile(`(?m)^USER ([1-9]|asterisk$)`).Match(recipe)
		}
		if root {
			t.Errorf("%s runs as root", name)
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.NetworkMode != "" {
			t.Errorf("%s is not closed: %+v", name, s)
		}
		if s.Restart != "unless-stopped" || s.Logging == nil || len(s.Healthcheck.Test) == 0 || s.GracePeriod == "" {
			t.Errorf("%s does not come back, fills the disk with logs, is not looked at or is killed at once: %+v", name, s)
		}
		for _, port := range s.Ports {
			if name != "proxy" || !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s", name, port)
			}
		}
		for key, text := range s.Environment {
			if strings.Contains(key, "PASSWORD") && !strings.HasSuffix(key, "_FILE") || strings.Contains(config.WithoutSecrets(text), "[secret]") {
				t.Errorf("%s: %s holds a secret", name, key)
			}
		}
	}
	for name, s := range c.Services {
		for network := range s.joined(t) {
			closed := c.Networks[network].Internal
			if outside := name == "proxy" || strings.HasPrefix(name, "coach-"); !closed && !outside {
				t.Errorf("%s is on %s, which has a way out", name, network)
			}
		}
	}
	if len(c.Services["proxy"].Ports) != 1 || len(c.Services["proxy"].Secrets) > 0 {
		t.Errorf("got %+v", c.Services["proxy"])
	}
	for name, s := range c.Secrets {
		if s.File != "./secrets.d/"+name {
			t.Errorf("the secret %s is in %s", name, s.File)
		}
	}
	for _, ignored := range []struct{ file, line string }{{".gitignore", "/secrets.d/"}, {".dockerignore", "*"}} {
		lines := strings.Split(string(fromRoot(t, ignored.file)), "\n")
		if !slices.Contains(lines, ignored.line) || slices.Contains(lines, "!secrets.d") {
			t.Errorf("%s lets secrets.d through", ignored.file)
		}
	}
}

// recipeOf is the recipe of a service's image; nil for one that is not built here.
func recipeOf(t *testing.T, s composed, c composition) []byte {
	t.Helper()
	for _, other := range c.Services {
		if other.Image != s.Image {
			continue
		}
		switch build := other.Build.(type) {
		case string:
			return fromRoot(t, filepath.Join(build, "Dockerfile"))
		case map[string]any:
			dockerfile, _ := build["dockerfile"].(string)
			return fromRoot(t, dockerfile)
		}
	}
	return nil
}
