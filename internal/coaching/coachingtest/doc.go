// Package coachingtest holds what tests of coaching and of its adapters share: the
// contract suites that every store and every dialer passes, and builders of sample
// people, reports and sessions with ids and moments that repeat.
//
// It is imported by tests only.
package coachingtest
