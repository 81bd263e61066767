package api

// The generator is pinned by a module of its own, and works offline once the module cache has it.

//go:generate cp ../openapi.yaml openapi.gen.yaml
//go:generate go run ../internal/tools/generate ../internal/tools/oapi-codegen/go.mod oapi-codegen.yaml ../openapi.yaml
//go:generate go run ../internal/tools/generate ../internal/tools/oapi-codegen/go.mod client/oapi-codegen.yaml ../openapi.yaml
