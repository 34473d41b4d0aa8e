/* An app is ready when somebody listens where it was told to; nothing that it prints is waited for.
 */
#include "drivers/app_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/environment.h"
#include "drivers/outcome.h"
#include "shared/mem.h"
#include "shared/now.h"

enum { TRY_AGAIN_MS = 5 };

/* A socket that is connected to the port, or with `ret_port` one that is bound to a free one; -1
 * where there is none. */
static int make_socket(int port, int *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (fd >= 0 && port && connect(fd, (struct sockaddr *)&address, len) == 0)
        return fd;
    if (fd >= 0 && ret_port && bind(fd, (struct sockaddr *)&address, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        *ret_port = ntohs(address.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool choose_port(struct app_play *play)
{
    int fd = make_socket(0, &play->port);
    if (fd < 0)
        return err_set(play->err, "no port is to be had for the app: %s", strerror(errno));
    close(fd); /* the app takes it; whoever else takes it first makes the app fail, and says so */
    return true;
}

void app_end(struct app_play *play)
{
    struct process_result result = {0};
    process_finish(&play->process, play->deadline_ms, 0, play->act->stop_fd, &result);
    outcome_add_output(play->performance, &result);
    play->performance->left_children = play->performance->left_children || result.left_children;
    process_result_free(&result);
}

/* Wait until somebody listens where the app should. */
static void await_app(struct app_play *play)
{
    for (;;) {
        int fd = make_socket(play->port, NULL);
        if (fd >= 0) {
            close(fd);
            return;
        }
        bool ended =
            process_listen(&play->process, now_steady_ms() + TRY_AGAIN_MS, play->act->stop_fd);
        bool late = now_steady_ms() >= play->deadline_ms;
        if (!ended && !late && !act_is_stopped(play->act))
            continue;
        performance_note(
            play->performance,
            ended  ? CLIENT_NOT_STARTED
            : late ? CLIENT_TIMED_OUT
                   : CLIENT_STOPPED,
            mem_format("did not listen on port %d%s", play->port, ended ? ", but ended" : ""));
        play->over = true;
        return;
    }
}

bool app_start(struct app_play *play)
{
    if (!play->setup->command)
        return true;
    OWNED(process_env_free) struct process_env env = {0};
    OWNED(mem_text_free) char *mark = environment_mark(play->act);
    if (!choose_port(play))
        return false;
    environment_fill(play->act, &env);
    environment_set_number(&env, "PORT", play->port);
    const char *const argv[] = {"/bin/sh", "-c", play->setup->command, NULL};
    struct process_spec spec = {.argv = argv, .env = &env, .mark = mark};
    if (!process_start(&spec, &play->process, play->err))
        return false;
    await_app(play);
    return true;
}
