// Package config makes one checked configuration of the command line, the
// environment and a YAML file, in that order of force, and of defaults.
//
// What it returns can be used as it is: names are well formed, numbers are in
// range, secrets have been read from their files. It knows no part of the service
// and opens nothing but the files it was told of; whether an address is free or a
// database there is found out by who uses it.
//
// What it refuses it refuses with one line that names the setting as it was
// written (--listen, COACH_LISTEN, or the line of the file) and says what to do. No
// such line, no help and no printed value holds a secret.
package config
