package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"go.yaml.in/yaml/v3"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run takes the module file that pins the generator, the generator's
// configuration and the contract.
func run(ctx context.Context, args []string) (err error) {
	if len(args) != 3 {
		return errors.New("usage: generate MODFILE CONFIG CONTRACT")
	}
	modfile, config, contract := args[0], args[1], args[2]
	dir, err := os.MkdirTemp("", "generate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ordered := filepath.Join(dir, filepath.Base(contract))
	if err := order(contract, ordered); err != nil {
		return fmt.Errorf("order the properties of %s: %w", contract, err)
	}
	//nolint:gosec // the arguments are those of go:generate lines
	tool := exec.CommandContext(ctx, "go", "tool", "-modfile="+modfile, "oapi-codegen", "-config", config, ordered)
	tool.Stdout, tool.Stderr = os.Stdout, os.Stderr
	return tool.Run()
}

// order copies a contract and numbers the properties of its schemas.
func order(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	number(&document, 1)
	text, err = yaml.Marshal(&document)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

// added is where the properties begin that allOf adds to those of another schema.
const added = 1000

// number gives every property of every schema below a node its place, as x-order.
func number(n *yaml.Node, first int) {
	for i, child := range n.Content {
		key := ""
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			key = n.Content[i-1].Value
		}
		if key == "allOf" {
			number(child, added)
			continue
		}
		number(child, first)
		if key != "properties" || child.Kind != yaml.MappingNode {
			continue
		}
		for p := 1; p < len(child.Content); p += 2 {
			setOrder(child.Content[p], first+p/2)
		}
	}
}

func setOrder(property *yaml.Node, place int) {
	property.Content = append(property.Content,
		&yaml.Node{Kind: yaml.ScalarNode, Value: "x-order"},
		&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(place)})
}
