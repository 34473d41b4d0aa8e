/* The library maps the file, so that a write of eight bytes is seen at once by every thread of
 * every process of the client. */
#include "drivers/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/mem.h"

enum { HAND_BYTES = 16 }; /* the hand's 8, and room for the library's mark */

bool hand_was_read(const struct hand *hand)
{
    char mark = 0;
    int fd = open(hand->file, O_RDONLY | O_CLOEXEC);
    bool read = fd >= 0 && pread(fd, &mark, 1, sizeof hand->ahead_ms) == 1;
    if (fd >= 0)
        close(fd);
    return read && mark;
}

static bool write_hand(const struct hand *hand, int flags, struct err *err)
{
    int fd = open(hand->file, O_WRONLY | O_CLOEXEC | flags, 0644);
    bool written =
        fd >= 0 && (!(flags & O_CREAT) || ftruncate(fd, HAND_BYTES) == 0) &&
        pwrite(fd, &hand->ahead_ms, sizeof hand->ahead_ms, 0) == (ssize_t)sizeof hand->ahead_ms;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return written || err_set(err, "%s cannot be written: %s", hand->file, strerror(why));
}

bool hand_open(const char *folder, const char *library, struct hand *ret_hand, struct err *err)
{
    bool is_plain = !strpbrk(library, " :"); /* LD_PRELOAD ends a name at either */
    struct hand hand = {.file = mem_format("%s.clock", folder)};
    hand.library = is_plain ? mem_text(library) : mem_format("%s.so", folder);
    if (!is_plain && symlink(library, hand.library) == 0)
        hand.is_link = true;
    if (!write_hand(&hand, O_CREAT | O_EXCL, err)) {
        hand_free(&hand);
        return false;
    }
    *ret_hand = hand;
    return true;
}

bool hand_move(struct hand *hand, int64_t seconds, struct err *err)
{
    hand->ahead_ms += seconds * 1000;
    return write_hand(hand, 0, err);
}

void hand_guide(const struct hand *hand, struct process_env *env)
{
    const char *there = process_env_get(env, "LD_PRELOAD");
    bool more = there && *there && !strstr(there, "libfakewix-preload.so");
    OWNED(mem_text_free)
    char *value = more ? mem_format("%s:%s", hand->library, there) : mem_text(hand->library);
    process_env_set(env, "LD_PRELOAD", value);
    process_env_set(env, "FAKEWIX_PRELOAD_CLOCK", hand->file);
}

void hand_free(struct hand *hand)
{
    if (hand->file)
        unlink(hand->file);
    if (hand->is_link)
        unlink(hand->library);
    free(hand->library);
    free(hand->file);
    *hand = (struct hand){0};
}
