/* Any bytes as what an adapter writes to its stdout: the lines that answer are found, the others
 * are counted, and none of it is taken for an answer to something else. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/channel.h"
#include "fuzz.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { PIPE_HOLDS = 65536, ANSWERS_MAX = 64 };

static void read_all(struct channel *channel)
{
    enum channel_end end = CHANNEL_ANSWERED;
    for (int i = 0; i < ANSWERS_MAX && end == CHANNEL_ANSWERED; i++) {
        OWNED(tree_free) cJSON *answer = NULL;
        int64_t id = 0;
        end = channel_receive(channel, now_steady_ms() + 1000, &answer);
        assert((end == CHANNEL_ANSWERED) == (answer != NULL));
        assert(!answer || (tree_int(answer, "id", &id) && id == channel->asked));
        OWNED(mem_text_free) char *why = channel_explain(channel, end, "hello", 1000);
        assert(*why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    if (size >= PIPE_HOLDS || pipe(ends) != 0)
        return 0;
    bool wrote = write(ends[1], data, size) == (ssize_t)size;
    close(ends[1]);
    struct channel channel = {
        .asked = 1,
        .stop_fd = -1,
        .process = {.in = -1, .out = ends[0], .err = -1, .ended = -1},
    };
    channel.process.unread.max = PROCESS_LINE_MAX;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (wrote)
        read_all(&channel);
    if (channel.process.out >= 0)
        close(channel.process.out);
    buf_free(&channel.process.unread);
    buf_free(&channel.process.said.text);
    buf_free(&channel.process.complained.text);
    return 0;
}
