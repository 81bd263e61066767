// Package child runs a server that a test needs and sees to it that the server
// does not outlive the test binary, however that one ends: a plain exit, a
// panic, a timeout or kill -9.
//
// A small shell stands between the two and reads orders from a pipe. The kernel
// closes the pipe when the test binary is gone, and then the shell ends the
// server and removes its folder. Unlike Linux's Pdeathsig this hangs on no
// operating-system thread and survives a change of user, and unlike os/exec's
// Wait it costs no goroutine, so that leak checks have nothing to forgive.
package child
