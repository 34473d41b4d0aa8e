/* Starting the fake is learning its port: the ready line is the only thing that is waited for. */
#include "fake/server.h"

#include <stdlib.h>
#include <string.h>

#include "host/files.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { READY_MS = 60000, STOP_MS = 5000, LINE_MAX_BYTES = 65536 };

bool server_use(const char *url, const char *token, struct server *ret_server, struct err *err)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return err_set(err, "--server takes a URL such as http://127.0.0.1:8420, not \"%s\"", url);
    size_t len = strlen(url);
    while (len && url[len - 1] == '/')
        len--;
    struct server server = {.url = mem_text_n(url, len)};
    server.control = mem_format("%s/_fakewix", server.url);
    server.token = token ? mem_text(token) : NULL;
    *ret_server = server;
    return true;
}

char *server_find_program(const char *fallback)
{
    OWNED(mem_text_free) char *folder = files_program_folder();
    OWNED(mem_text_free) char *beside = folder ? mem_format("%s/fakewix", folder) : NULL;
    if (beside && files_can_run(beside))
        return mem_text(beside);
    return fallback && files_can_run(fallback) ? mem_text(fallback) : NULL;
}

static bool read_ready_line(struct server *server, struct err *err)
{
    OWNED(buf_free) struct buf line = {.max = LINE_MAX_BYTES};
    if (!process_read_line(&server->process, now_steady_ms() + READY_MS, -1, &line))
        return err_set(err, "the fake ended or said nothing before it was ready; "
                            "see its message above");
    OWNED(tree_free) cJSON *ready = tree_parse(buf_str(&line), line.len, NULL);
    const char *http = tree_text(ready, "http");
    const char *control = tree_text(ready, "control");
    const char *ca_file = tree_text(ready, "ca");
    if (!http || !control)
        return err_set(err, "the fake's ready line is not understood: %s", buf_str(&line));
    server->url = mem_text(http);
    server->control = mem_text(control);
    server->ca_file = ca_file ? mem_text(ca_file) : NULL;
    return true;
}

bool server_start(const char *fallback, const char *listen, struct server *ret_server,
                  struct err *err)
{
    OWNED(mem_text_free) char *program = server_find_program(fallback);
    if (!program)
        return err_set(err, "no fakewix program was found beside this one; "
                            "set FAKEWIX_BIN to it, or name a running fake with --server URL");
    OWNED(process_env_free) struct process_env env = {0};
    process_env_inherit(&env);
    process_env_unset_prefix(&env, "FAKEWIX_"); /* a user's own fake is set up by these, not ours */
    struct server server = {.ca_folder = listen ? NULL : files_make_folder(err)};
    if (!listen && !server.ca_folder)
        return false;
    /* It ends with us, however we end; a herd that waits at a gate needs a thread for each of
     * its callers. */
    const char *const argv[] = {program,
                                "serve",
                                "--quiet",
                                "--stop-with-stdin",
                                "--workers",
                                "400",
                                "--lint",
                                "off",
                                "--listen",
                                listen ? listen : "127.0.0.1:0",
                                listen ? NULL : "--tls-listen",
                                "127.0.0.1:0",
                                "--ca-dir",
                                server.ca_folder,
                                NULL};
    struct process_spec spec = {
        .argv = argv, .env = &env, .feed = true, .talk = true, .pass_err = true};
    if (!process_start(&spec, &server.process, err) || !read_ready_line(&server, err)) {
        server_stop(&server);
        return false;
    }
    *ret_server = server;
    return true;
}

void server_stop(struct server *server)
{
    process_stop(&server->process, STOP_MS);
    free(server->url);
    free(server->control);
    free(server->token);
    free(server->ca_file);
    if (server->ca_folder)
        files_remove_folder(server->ca_folder);
    free(server->ca_folder);
    *server = (struct server){0};
}
