// Package sheet answers for the CSV files of users and of the catalogue: what they
// say, and where they are wrong, by line and column. It writes the same form that
// it reads.
//
// It knows no database, and leaves what an import does to coaching and store.
//
// A file is hostile until it is read: cells, records and files have limits, text is
// valid UTF-8 without control characters, and formulas of spreadsheets are written
// so that none of them runs. The first mistakes are told, and how many more there
// are; a file with a mistake is no file.
package sheet
