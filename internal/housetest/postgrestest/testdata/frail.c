/*
 * Preloaded into a PostgreSQL server, this library has its disk full and its
 * clock wrong, as the file that COACH_FRAIL names says: struct frail, mapped, so
 * that what a test writes there holds at once for all of the server's processes.
 *
 * A full disk is one where nothing that is there can grow: as on a real one,
 * what has its blocks already may be written over (rows into pages with room,
 * the log of transactions into its preallocated segment), and an empty file may
 * be made. The disk is the one that holds the server's working folder, its data.
 * The clock is that of the day; clocks that only measure go on as they do.
 */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* the names below are to mean themselves */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const volatile struct frail {
	int64_t ahead; /* of the clock, in nanoseconds */
	int64_t full;  /* the disk, unless 0 */
} *frail;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_posix_fallocate)(int, off_t, off_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

/* Without its file the library would let every test pass: no server, then. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("COACH_FRAIL");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *frail, PROT_READ, MAP_SHARED, fd, 0);

	real_write = dlsym(RTLD_NEXT, "write");
	real_pwrite = dlsym(RTLD_NEXT, "pwrite");
	real_writev = dlsym(RTLD_NEXT, "writev");
	real_pwritev = dlsym(RTLD_NEXT, "pwritev");
	real_posix_fallocate = dlsym(RTLD_NEXT, "posix_fallocate");
	real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (map == MAP_FAILED || !real_write || !real_pwrite || !real_writev || !real_pwritev ||
	    !real_posix_fallocate || !real_clock_gettime) {
		static const char said[] = "frail.c: cannot begin\n";
		if (write(2, said, sizeof said - 1) < 0)
			_exit(71);
		_exit(72);
	}
	close(fd);
	frail = map;
}

/*
 * no_room: whether a file would have to grow for its bytes up to end, and cannot.
 * It is asked in signal handlers too.
 */
static int no_room(int fd, off_t end)
{
	struct stat file, disk;
	int before = errno, grows;

	if (frail == NULL || !frail->full || fd <= 2) /* what the server says is kept elsewhere */
		return 0;
	grows = fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && stat(".", &disk) == 0 &&
		file.st_dev == disk.st_dev && end > file.st_size;
	errno = before;
	return grows;
}

/* place: where the next write of a file goes. What is no file has none. */
static off_t place(int fd)
{
	int before = errno, flags;
	off_t at;

	if (frail == NULL || !frail->full)
		return 0;
	flags = fcntl(fd, F_GETFL);
	at = flags >= 0 && (flags & O_APPEND) ? INT64_MAX / 2 : lseek(fd, 0, SEEK_CUR);
	errno = before;
	return at;
}

static off_t length(const struct iovec *parts, int n)
{
	off_t sum = 0;

	while (n > 0)
		sum += parts[--n].iov_len;
	return sum;
}

static int enospc(void)
{
	errno = ENOSPC;
	return -1;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	return no_room(fd, place(fd) + n) ? enospc() : real_write(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return no_room(fd, at + n) ? enospc() : real_pwrite(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	return no_room(fd, place(fd) + length(parts, n)) ? enospc() : real_writev(fd, parts, n);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
	return no_room(fd, at + length(parts, n)) ? enospc() : real_pwritev(fd, parts, n, at);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	return no_room(fd, at + n) ? ENOSPC : real_posix_fallocate(fd, at, n);
}

_Static_assert(sizeof(off_t) == 8, "this is written for 64 bits");
#ifdef __GLIBC__ /* which has these by another name too, for programs built for large files */
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) __attribute__((alias("pwrite")));
ssize_t pwritev64(int fd, const struct iovec *parts, int n, off_t at) __attribute__((alias("pwritev")));
int posix_fallocate64(int fd, off_t at, off_t n) __attribute__((alias("posix_fallocate")));
#endif

int clock_gettime(clockid_t which, struct timespec *now)
{
	static const int64_t second = 1000000000;
	int result = real_clock_gettime(which, now);
	int64_t ns;

	if (result != 0 || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
		return result;
	ns = now->tv_nsec + frail->ahead % second;
	now->tv_sec += frail->ahead / second + (ns < 0 ? -1 : ns / second);
	now->tv_nsec = ns < 0 ? ns + second : ns % second;
	return 0;
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
