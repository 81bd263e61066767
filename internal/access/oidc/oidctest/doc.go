// Package oidctest runs a small identity provider for tests: discovery and keys over
// real HTTP, keys that it makes itself, and tokens signed with them or with anything
// else. It can be down, hang, or answer whatever a test wants.
package oidctest
