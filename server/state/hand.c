/* A mapped file, because the client reads its clock a thousand times for each time it is moved. */
#include "state/hand.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/mem.h"

struct hand hand_open(const char *dir, const char *name)
{
    if (!dir)
        return (struct hand){0};
    struct hand hand = {.path = mem_format("%s/%s", dir, name)};
    int fd = open(hand.path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    void *page = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof *hand.ms) == 0)
        page = mmap(NULL, sizeof *hand.ms, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (page == MAP_FAILED) {
        free(hand.path);
        return (struct hand){0};
    }
    hand.ms = page;
    return hand;
}

void hand_set(const struct hand *hand, int64_t ahead_ms)
{
    if (hand->ms)
        atomic_store(hand->ms, ahead_ms);
}

void hand_close(struct hand *hand)
{
    if (hand->ms)
        munmap(hand->ms, sizeof *hand->ms);
    if (hand->path)
        unlink(hand->path);
    free(hand->path);
    *hand = (struct hand){0};
}
