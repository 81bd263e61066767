package oidc

import (
	"bytes"
	"encoding/json"
	"strings"
)

// claims are what a token says.
type claims map[string]any

func readClaims(payload []byte) (claims, error) {
	var c claims
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber() // an external_id may be a long one
	if err := decoder.Decode(&c); err != nil || c.ambiguous() {
		return nil, refused("its claims are malformed")
	}
	return c, nil
}

// ambiguous tells whether a claim is called like one that go-oidc has checked, but
// for the case (ISS, iſs): encoding/json does not tell them apart, and takes the last.
func (c claims) ambiguous() bool {
	for name := range c {
		for _, checked := range []string{"iss", "aud", "sub", "exp", "nbf", "iat"} {
			if name != checked && strings.EqualFold(name, checked) {
				return true
			}
		}
	}
	return false
}

// values are the texts at a path: one, or a list of them. What is neither, as an
// object, is no value, and so is an empty text.
func (c claims) values(path string) (texts []string) {
	found := at(c, path)
	list, ok := found.([]any)
	if !ok {
		list = []any{found}
	}
	for _, item := range list {
		var text string
		switch item := item.(type) {
		case string:
			text = item
		case json.Number:
			text = item.String()
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// at is what stands at a path, whose points go into objects. A name may have points
// itself, as URLs and the names of clients do: the longest name that is there counts.
func at(object map[string]any, path string) any {
	if found, ok := object[path]; ok {
		return found
	}
	for end := strings.LastIndexByte(path, '.'); end >= 0; end = strings.LastIndexByte(path[:end], '.') {
		if inner, ok := object[path[:end]].(map[string]any); ok {
			return at(inner, path[end+1:])
		}
	}
	return nil
}
