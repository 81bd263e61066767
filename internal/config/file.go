package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const fileLimit = 1 << 20

// settingsFile is a YAML file that is being read.
type settingsFile struct {
	path given
	keys []string // the settings there are
}

// readSettings reads a file whose keys must be among these.
func readSettings(path given, keys []string) (map[string][]given, error) {
	raw, err := readFile(path.text, fileLimit)
	if err != nil {
		return nil, path.refuse("the file %s %w", shown(path.text), err)
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, path.refuse("the file %s is not YAML: %s", shown(path.text), strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, path.refuse("the file %s holds more than one YAML document; one is read", shown(path.text))
	}
	f := settingsFile{path, keys}
	return f.settings(document.Content[0])
}

// at says where in the file something stands.
func (f settingsFile) at(n *yaml.Node, what string) given {
	return given{as: fmt.Sprintf("%s:%d: %s", filepath.Base(f.path.text), n.Line, what)}
}

func (f settingsFile) settings(root *yaml.Node) (map[string][]given, error) {
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, f.path.refuse("the file %s is not a map of settings, such as listen: 127.0.0.1:8080", shown(f.path.text))
	}
	all := map[string][]given{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], resolved(root.Content[i+1])
		where := f.at(key, key.Value)
		if !slices.Contains(f.keys, key.Value) {
			return nil, f.at(key, shown(key.Value)).refuse("there is no such setting%s", suggestion(key.Value, f.keys))
		}
		if _, twice := all[key.Value]; twice {
			return nil, where.refuse("is set twice")
		}
		var err error
		switch {
		case key.Value == "dialers":
			all[key.Value], err = f.dialers(where, value)
		case value.Kind == yaml.SequenceNode && slices.Contains(lists, key.Value):
			all[key.Value], err = f.texts(key.Value, value)
		default:
			where.text, err = scalar(where, value)
			all[key.Value] = []given{where}
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func scalar(where given, n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", where.refuse("needs a value, such as text or a number")
	}
	return n.Value, nil
}

// lists are the settings, besides dialers, that may have several values.
var lists = []string{"cors-origins", "trusted-proxies", "oidc-roles", "oidc-teams"}

// texts reads a list of texts.
func (f settingsFile) texts(key string, n *yaml.Node) ([]given, error) {
	all := []given{}
	for _, item := range n.Content {
		one := f.at(item, key)
		text, err := scalar(one, resolved(item))
		if err != nil {
			return nil, err
		}
		one.text = text
		all = append(all, one)
	}
	return all, nil
}

// dialers reads a list whose items are NAME=URL, or maps of name, url and options.
func (f settingsFile) dialers(where given, n *yaml.Node) ([]given, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, where.refuse("needs a list, each item on a line that begins with a hyphen")
	}
	all := []given{} // an empty list is one: it says that there are none
	for _, item := range n.Content {
		item = resolved(item)
		one := f.at(item, "dialers")
		var err error
		if item.Kind == yaml.MappingNode {
			one, err = f.dialer(one, item)
		} else {
			one.text, err = scalar(one, item)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// dialer makes NAME=URL of a map.
func (f settingsFile) dialer(where given, n *yaml.Node) (given, error) {
	fields := map[string]string{}
	options := url.Values{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		at := f.at(key, "dialers: "+key.Value)
		text, err := scalar(at, resolved(n.Content[i+1]))
		if err != nil {
			return where, err
		}
		if _, twice := fields[key.Value]; twice {
			return where, at.refuse("is set twice")
		}
		fields[key.Value] = text
		if key.Value != "name" && key.Value != "url" {
			options.Set(key.Value, text)
		}
	}
	for _, needed := range []string{"name", "url"} {
		if fields[needed] == "" {
			return where, where.refuse("a dialer needs a name and a url; the %s is missing", needed)
		}
	}
	where.text = fields["name"] + "=" + fields["url"]
	if len(options) > 0 {
		separator := "?"
		if strings.Contains(fields["url"], "?") {
			separator = "&"
		}
		where.text += separator + options.Encode()
	}
	return where, nil
}

// suggestion names the settings when one may be meant.
func suggestion(key string, keys []string) string {
	for _, k := range keys {
		if strings.ReplaceAll(k, "-", "") == strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(key, "_", ""), "-", "")) ||
			k == key+"s" || near(k, key) {
			return fmt.Sprintf("; did you mean %q?", k)
		}
	}
	return "; there are " + strings.Join(slices.Sorted(slices.Values(keys)), ", ")
}

// near tells whether two words differ by one letter more, less or else.
func near(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return a[min(i+1, len(a)):] == b[min(i+1, len(b)):]
	}
	return a[i+1:] == b[i:]
}
