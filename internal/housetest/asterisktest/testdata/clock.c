/*
 * Preloaded into an Asterisk, this library has its clock wrong, by as much as the
 * file that COACH_CLOCK names says: nanoseconds ahead, mapped, so that what a test
 * writes there holds at once.
 *
 * The clock is that of the day; clocks that only measure go on as they do. Whoever
 * waits until a time of day waits by the wrong clock too, but does not notice that
 * it was set meanwhile.
 *
 * It is linked with nothing, so that it names no version of any symbol: an Asterisk
 * brings a libc of its own, which may be older than the one of this machine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

/* Without its file the library would let every test pass: no Asterisk, then. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("COACH_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		_exit(72);
	close(fd);
	ahead = map;
}

static void shift(struct timespec *t, int64_t by)
{
	static const int64_t second = 1000000000;
	int64_t ns = t->tv_nsec + by % second;

	t->tv_sec += by / second + (ns < 0 ? -1 : ns / second);
	t->tv_nsec = ns < 0 ? ns + second : ns % second;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
	int result = syscall(SYS_clock_gettime, which, now);

	if (result == 0 && ahead != NULL && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		shift(now, *ahead);
	return result;
}

int pthread_cond_timedwait(pthread_cond_t *until, pthread_mutex_t *mutex, const struct timespec *late)
{
	struct timespec t = *late;

	if (ahead != NULL)
		shift(&t, -*ahead);
	return pthread_cond_clockwait(until, mutex, CLOCK_REALTIME, &t);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	now->tv_sec = t.tv_sec;
	now->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *keep)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (keep != NULL)
		*keep = t.tv_sec;
	return t.tv_sec;
}
