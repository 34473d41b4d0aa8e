/* libfakewix-preload.so: runs inside other people's programs (LD_PRELOAD), to lead their calls to
 * Wix's hosts to the fake and to move their clock. It changes nothing else: other hosts, local
 * servers and all clocks but the one of the day are what they were.
 *
 *   FAKEWIX_PRELOAD_PORTS=HTTP:HTTPS   the fake's ports on loopback, 0 for none
 *   FAKEWIX_PRELOAD_CLOCK=FILE         8 bytes: a signed number of milliseconds, in the machine's
 *                                      byte order, that is added to the time of day; whoever
 *                                      changes the file moves the clock at once
 *
 * How a call finds the fake: a look-up of one of Wix's hosts gives an address of loopback that
 * nobody uses, and a connection to port 80 or 443 of that address goes to the fake's port instead.
 * So a server of the program's own on localhost:443 stays its own.
 *
 * It links no library, not even libc, whose functions it finds by name in whatever program it is
 * in: it therefore loads beside any version of it. State is static because there is no other. */
#define _DEFAULT_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Nobody's addresses: 127.W.I.X on loopback, and a local one for who asks for IPv6 alone. */
#define MEETING_POINT "127.87.73.88"
#define MEETING_POINT_V6 "fdfa:6b65:7769:7800::1"
static const uint8_t meeting_point[16] = {0, 0, 0,    0,    0,   0,  0,  0,
                                          0, 0, 0xff, 0xff, 127, 87, 73, 88};
static const uint8_t meeting_point_v6[16] = {0xfd, 0xfa, 0x6b, 0x65, 0x77, 0x69, 0x78, 0,
                                             0,    0,    0,    0,    0,    0,    0,    1};

static const char *const wix_hosts[] = {
#define WIX_HOST(name) name,
#include "shared/wix_hosts.def"
#undef WIX_HOST
};

/* ---- the C library's own functions ---- */

/* NAME(function, version that it has beside an older one, or NULL) */
#define FUNCTIONS(NAME)                                                                            \
    NAME(getaddrinfo, NULL)                                                                        \
    NAME(gethostbyname, NULL)                                                                      \
    NAME(gethostbyname2, NULL)                                                                     \
    NAME(gethostbyname_r, NULL)                                                                    \
    NAME(gethostbyname2_r, NULL)                                                                   \
    NAME(dlopen, NULL)                                                                             \
    NAME(connect, NULL)                                                                            \
    NAME(clock_gettime, NULL)                                                                      \
    NAME(gettimeofday, NULL)                                                                       \
    NAME(time, NULL)                                                                               \
    NAME(timespec_get, NULL)                                                                       \
    NAME(clock_nanosleep, NULL)                                                                    \
    NAME(pthread_cond_timedwait, "GLIBC_2.3.2")                                                    \
    NAME(pthread_mutex_timedlock, NULL)                                                            \
    NAME(sem_timedwait, NULL)

#define ENUMERATE(name, version) FN_##name,
enum { FUNCTIONS(ENUMERATE) N_FUNCTIONS };
#undef ENUMERATE

static const struct {
    const char *name, *version;
} functions[] = {
#define DESCRIBE(name, version) {#name, version},
    FUNCTIONS(DESCRIBE)
#undef DESCRIBE
};

/* musl has no versions, and no such function. */
extern void *dlvsym(void *, const char *, const char *) __attribute__((weak));

/* Declared for _GNU_SOURCE alone, which also gives connect() an argument that ISO C has no way to
 * define. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif
#ifndef RTLD_DEEPBIND
#define RTLD_DEEPBIND 8
#endif

static void find(int which, void *ret_function)
{
    static _Atomic(void *) found[N_FUNCTIONS];
    void *at = atomic_load_explicit(&found[which], memory_order_acquire);
    if (!at && functions[which].version && dlvsym)
        at = dlvsym(RTLD_NEXT, functions[which].name, functions[which].version);
    if (!at)
        at = dlsym(RTLD_NEXT, functions[which].name);
    atomic_store_explicit(&found[which], at, memory_order_release);
    memcpy(ret_function, &at, sizeof at); /* ISO C has no cast from an object to a function */
}

/* Declares `real`, the function that this file's own of that name stands before. */
#define REAL(name)                                                                                 \
    __typeof__(&name) real;                                                                        \
    find(FN_##name, &real)

/* ---- the way to the fake ---- */

struct ports {
    bool is_read;
    in_port_t http, https; /* in network order, 0 for none */
};

static const char *read_port(const char *text, in_port_t *ret_port)
{
    unsigned port = 0;
    for (; *text >= '0' && *text <= '9' && port <= 65535; text++)
        port = port * 10 + (unsigned)(*text - '0');
    *ret_port = htons((uint16_t)port);
    return *text == ':' ? text + 1 : text;
}

/* Several threads may do this at once: all of them write the same. */
static const struct ports *ports(void)
{
    static struct ports known;
    static atomic_bool is_known;
    if (!atomic_load_explicit(&is_known, memory_order_acquire)) {
        const char *text = getenv("FAKEWIX_PRELOAD_PORTS");
        if (text)
            read_port(read_port(text, &known.http), &known.https);
        atomic_store_explicit(&is_known, true, memory_order_release);
    }
    return &known;
}

static bool is_wix(const char *host)
{
    if (!host || !(ports()->http || ports()->https))
        return false;
    size_t len = strlen(host);
    if (len && host[len - 1] == '.')
        len--;
    for (size_t i = 0; i < sizeof wix_hosts / sizeof *wix_hosts; i++)
        if (strlen(wix_hosts[i]) == len && strncasecmp(wix_hosts[i], host, len) == 0)
            return true;
    return false;
}

static const char *led(const char *host, int family)
{
    if (!is_wix(host))
        return host;
    return family == AF_INET6 ? MEETING_POINT_V6 : MEETING_POINT;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_list)
{
    REAL(getaddrinfo);
    struct addrinfo ours = {0};
    if (hints)
        ours = *hints;
    if (!is_wix(host) || ours.ai_flags & AI_NUMERICHOST)
        return real(host, service, hints, ret_list);
    /* Loopback is there whatever the machine's network is. */
    ours.ai_flags &= ~AI_ADDRCONFIG;
    int status = real(led(host, ours.ai_family), service, &ours, ret_list);
    if (status == 0 && ours.ai_family == AF_UNSPEC && dlvsym) {
        /* Behind it the IPv6 address, for who asks for both and then leaves IPv4 out (curl -6).
         * glibc frees a list one by one, so that two can be joined; musl does not. */
        struct addrinfo *last = *ret_list;
        while (last->ai_next)
            last = last->ai_next;
        ours.ai_family = AF_INET6;
        if (real(MEETING_POINT_V6, service, &ours, &last->ai_next) != 0)
            last->ai_next = NULL;
    }
    return status;
}

struct hostent *gethostbyname(const char *host)
{
    REAL(gethostbyname);
    return real(led(host, AF_INET));
}

struct hostent *gethostbyname2(const char *host, int family)
{
    REAL(gethostbyname2);
    return real(led(host, family), family);
}

int gethostbyname_r(const char *host, struct hostent *ret_entry, char *buffer, size_t len,
                    struct hostent **ret_result, int *ret_error)
{
    REAL(gethostbyname_r);
    return real(led(host, AF_INET), ret_entry, buffer, len, ret_result, ret_error);
}

int gethostbyname2_r(const char *host, int family, struct hostent *ret_entry, char *buffer,
                     size_t len, struct hostent **ret_result, int *ret_error)
{
    REAL(gethostbyname2_r);
    return real(led(host, family), family, ret_entry, buffer, len, ret_result, ret_error);
}

/* The fake's port for a port of the meeting point; others stay, where nobody listens. */
static in_port_t led_port(in_port_t port)
{
    if (port == htons(443) && ports()->https)
        return ports()->https;
    return port == htons(80) && ports()->http ? ports()->http : port;
}

static bool lead_v4(const struct sockaddr *address, socklen_t len, struct sockaddr_in *ret_led)
{
    if (len < sizeof *ret_led)
        return false;
    memcpy(ret_led, address, sizeof *ret_led);
    if (memcmp(&ret_led->sin_addr, meeting_point + 12, sizeof ret_led->sin_addr) != 0)
        return false;
    ret_led->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ret_led->sin_port = led_port(ret_led->sin_port);
    return true;
}

/* A socket for IPv6 goes to IPv4 as well, under the address ::ffff:127.87.73.88. */
static bool lead_v6(const struct sockaddr *address, socklen_t len, struct sockaddr_in6 *ret_led)
{
    static const struct in6_addr v4_loopback = {
        .s6_addr = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};
    static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
    if (len < sizeof *ret_led)
        return false;
    memcpy(ret_led, address, sizeof *ret_led);
    bool is_v4 = memcmp(&ret_led->sin6_addr, meeting_point, sizeof meeting_point) == 0;
    if (!is_v4 && memcmp(&ret_led->sin6_addr, meeting_point_v6, sizeof meeting_point_v6) != 0)
        return false;
    ret_led->sin6_addr = is_v4 ? v4_loopback : loopback;
    ret_led->sin6_port = led_port(ret_led->sin6_port);
    return true;
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    REAL(connect);
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    int family = address && len >= sizeof address->sa_family ? address->sa_family : AF_UNSPEC;
    if (family == AF_INET && lead_v4(address, len, &v4))
        return real(fd, (struct sockaddr *)&v4, sizeof v4);
    if (family == AF_INET6 && lead_v6(address, len, &v6))
        return real(fd, (struct sockaddr *)&v6, sizeof v6);
    return real(fd, address, len);
}

/* PHP loads its extensions so that they look past this library. The call below is a jump: glibc
 * takes from the return address whose search path is meant. */
void *dlopen(const char *file, int mode)
{
    REAL(dlopen);
    return real(file, mode & ~RTLD_DEEPBIND);
}

/* ---- the clock ---- */

/* A file of more than 8 bytes asks to be told that a program goes by it: its ninth becomes 1. */
static void leave_mark(int fd)
{
    char mark = 0;
    if (pread(fd, &mark, 1, sizeof(int64_t)) != 1)
        return;
    mark = 1;
    if (pwrite(fd, &mark, 1, sizeof(int64_t)) != 1)
        return;
}

static const atomic_llong *map_offset(void)
{
    static const atomic_llong none;
    const char *path = getenv("FAKEWIX_PRELOAD_CLOCK");
    int fd = path && *path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        fd = path && *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return &none;
    leave_mark(fd);
    const void *page = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    /* cppcheck-suppress memleak ; mapped for as long as the process lives */
    return page == MAP_FAILED ? &none : page;
}

static int64_t offset_ms(void)
{
    static _Atomic(const atomic_llong *) offset;
    const atomic_llong *at = atomic_load_explicit(&offset, memory_order_acquire);
    if (!at) {
        int kept = errno;
        at = map_offset();
        atomic_store_explicit(&offset, at, memory_order_release);
        errno = kept;
    }
    return atomic_load_explicit(at, memory_order_relaxed);
}

static struct timespec moved(const struct timespec *time, int64_t by_ms)
{
    struct timespec result = *time;
    result.tv_sec += (time_t)(by_ms / 1000);
    result.tv_nsec += (long)(by_ms % 1000) * 1000000;
    if (result.tv_nsec >= 1000000000) {
        result.tv_nsec -= 1000000000;
        result.tv_sec++;
    } else if (result.tv_nsec < 0) {
        result.tv_nsec += 1000000000;
        result.tv_sec--;
    }
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    REAL(clock_gettime);
    int result = real(clock, ret_time);
    bool is_of_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (is_of_day && result == 0)
        *ret_time = moved(ret_time, offset_ms());
    return result;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    REAL(gettimeofday);
    int result = real(ret_time, zone);
    struct timeval *volatile asked = ret_time; /* may be NULL, whatever the header says */
    if (result == 0 && asked) {
        struct timespec time = {.tv_sec = asked->tv_sec, .tv_nsec = asked->tv_usec * 1000};
        time = moved(&time, offset_ms());
        *asked = (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
    }
    return result;
}

int timespec_get(struct timespec *ret_time, int base)
{
    REAL(timespec_get);
    int result = real(ret_time, base);
    if (result == TIME_UTC)
        *ret_time = moved(ret_time, offset_ms());
    return result;
}

/* By way of clock_gettime, since an offset has parts of a second. */
time_t time(time_t *ret_time)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}

/* A deadline by the moved clock, told to a kernel that knows the real one: without this a wait of
 * a second would last as long as the clock was moved. A deadline by the clock that counts from the
 * machine's start is decades smaller, and stays. */
static const struct timespec *real_deadline(const struct timespec *deadline,
                                            struct timespec *ret_moved)
{
    enum { NO_UPTIME_S = 300000000 };
    int64_t offset = offset_ms();
    if (!deadline || !offset || deadline->tv_sec < NO_UPTIME_S)
        return deadline;
    *ret_moved = moved(deadline, -offset);
    if (ret_moved->tv_sec < 0)
        *ret_moved = (struct timespec){0};
    return ret_moved;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    REAL(clock_nanosleep);
    struct timespec led_time;
    bool is_deadline = clock == CLOCK_REALTIME && flags & TIMER_ABSTIME;
    return real(clock, flags, is_deadline ? real_deadline(time, &led_time) : time, left);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    REAL(pthread_cond_timedwait);
    struct timespec led_time;
    return real(condition, mutex, real_deadline(deadline, &led_time));
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                            const struct timespec *restrict deadline)
{
    REAL(pthread_mutex_timedlock);
    struct timespec led_time;
    return real(mutex, real_deadline(deadline, &led_time));
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    REAL(sem_timedwait);
    struct timespec led_time;
    return real(semaphore, real_deadline(deadline, &led_time));
}
