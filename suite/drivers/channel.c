/* People print to stdout, and libraries do it for them. A line that is no answer is therefore
 * passed over and counted; what an author has to know then is that an answer never came, and why.
 */
#include "drivers/channel.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { GRACE_MS = 500 };

bool channel_start(struct channel *channel, const char *command, const struct process_env *env,
                   const char *mark, int stop_fd, struct err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct process_spec spec = {.argv = argv, .env = env, .mark = mark, .feed = true, .talk = true};
    *channel = (struct channel){.stop_fd = stop_fd};
    return process_start(&spec, &channel->process, err);
}

static bool send_line(struct channel *channel, const cJSON *request, int64_t deadline_ms)
{
    OWNED(mem_text_free) char *text = tree_print(request);
    OWNED(mem_text_free) char *line = mem_format("%s\n", text);
    return process_write(&channel->process, line, deadline_ms);
}

bool channel_send(struct channel *channel, cJSON *request, int64_t deadline_ms)
{
    channel->asked = ++channel->next_id;
    tree_put_int(request, "id", channel->asked);
    return send_line(channel, request, deadline_ms);
}

/* The object of a line that answers what was asked, or NULL. */
static cJSON *read_answer(const struct channel *channel, const struct buf *line)
{
    cJSON *answer = *buf_str(line) == '{' ? tree_parse(buf_str(line), line->len, NULL) : NULL;
    int64_t id = 0;
    if (answer && tree_int(answer, "id", &id) && id == channel->asked)
        return answer;
    cJSON_Delete(answer);
    return NULL;
}

enum channel_end channel_receive(struct channel *channel, int64_t deadline_ms, cJSON **ret_answer)
{
    OWNED(buf_free) struct buf line = {.max = PROCESS_LINE_MAX};
    while (process_read_line(&channel->process, deadline_ms, channel->stop_fd, &line)) {
        cJSON *answer = read_answer(channel, &line);
        if (answer) {
            *ret_answer = answer;
            return CHANNEL_ANSWERED;
        }
        channel->n_noise++;
        buf_clear(&line);
    }
    if (now_steady_ms() >= deadline_ms)
        return CHANNEL_SILENT;
    struct process *process = &channel->process;
    bool gone = process->out < 0 || process_listen(process, now_steady_ms(), -1);
    return gone || line.overflown ? CHANNEL_GONE : CHANNEL_STOPPED;
}

static enum channel_end post(struct channel *channel, cJSON *request, cJSON **ret_answer)
{
    OWNED(err_free) struct err err = {0};
    tree_put_int(request, "id", ++channel->next_id);
    bool sent = http_send(channel->http, "POST", channel->url, NULL, request, ret_answer, &err);
    return sent && *ret_answer ? CHANNEL_ANSWERED : CHANNEL_GONE;
}

enum channel_end channel_ask(struct channel *channel, cJSON *request, int64_t deadline_ms,
                             cJSON **ret_answer)
{
    if (channel->url)
        return post(channel, request, ret_answer);
    if (!channel_send(channel, request, deadline_ms))
        return now_steady_ms() >= deadline_ms ? CHANNEL_SILENT : CHANNEL_GONE;
    return channel_receive(channel, deadline_ms, ret_answer);
}

char *channel_explain(const struct channel *channel, enum channel_end end, const char *operation,
                      int64_t timeout_ms)
{
    OWNED(mem_text_free)
    char *noise = channel->n_noise ? mem_format("; %lld lines on its stdout were no answers to "
                                                "what was asked",
                                                (long long)channel->n_noise)
                                   : mem_text("");
    switch (end) {
    case CHANNEL_SILENT:
        return mem_format("gave no answer to \"%s\" within %lld s: does it flush its stdout after "
                          "each line?%s",
                          operation, (long long)(timeout_ms / 1000), noise);
    case CHANNEL_GONE:
        return channel->url ? mem_format("gave no answer to \"%s\" at %s", operation, channel->url)
                            : mem_format("ended, or closed its stdout, instead of answering "
                                         "\"%s\"%s",
                                         operation, noise);
    case CHANNEL_STOPPED:
        return mem_text("was ended because the run was interrupted");
    case CHANNEL_ANSWERED:
        break;
    }
    return mem_text("answered");
}

void channel_close(struct channel *channel, int quiet_ms, struct process_result *ret_result)
{
    if (channel->url || !channel->process.waiter) {
        *ret_result = (struct process_result){0};
        return;
    }
    process_close_stdin(&channel->process);
    process_finish(&channel->process, now_steady_ms() + GRACE_MS, quiet_ms, channel->stop_fd,
                   ret_result);
}
