// Package samplecentre is a small contact centre as an Asterisk configuration, to
// start a real one from: queues and agents, campaigns set in the dialplan, codes by
// which a supervisor listens, coaches, barges in or takes a call over, and the
// manager user of Coach Manager with the least rights it needs. The files lie in
// conf; what they are for is said in them.
//
// The tests of package asterisk run it, so that it does what it says. Its phones are
// SIP phones; SIP itself (pjsip.conf) is left to those who have some. The profile
// asterisk of docker-compose.yml runs it in an image (Dockerfile, start, call), with
// phones that answer by themselves.
//
// The event filter in manager.conf is written as Asterisk 22 reads it; an older one
// has another form, or does without.
package samplecentre
