/* The fake prints its journal as HAR by itself; a line for each entry is made of the JSON form. */
#include "trial/trace.h"

#include <ctype.h>
#include <string.h>

#include "host/files.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { TRACE_MAX = 256 * 1024 * 1024 };

/* A code or a name as part of a file's name: nothing in it leads elsewhere. */
static void add_name(struct buf *out, const char *name)
{
    for (; *name; name++)
        buf_char(out, isalnum((unsigned char)*name) || *name == '_' ? *name : '-');
}

static bool write_form(const char *folder, const char *name, const char *form,
                       const struct buf *text, struct err *err)
{
    OWNED(mem_text_free) char *path = mem_format("%s/%s.%s", folder, name, form);
    return files_write(path, buf_str(text), text->len, err);
}

/* The names of the faults that hit an entry, and the interim status that came before its answer:
 * the journal holds neither. */
static void add_faults(cJSON *entry, int64_t seq, const struct stage *stage)
{
    size_t from = 0;
    cJSON *names = NULL;
    for (const struct armed *armed; (armed = stage_next_hit(stage, seq, &from));) {
        names = names ? names : tree_put(entry, "faults", cJSON_CreateArray());
        tree_put(names, NULL, cJSON_CreateString(armed->then ? armed->then : armed->name));
        if (armed->interim)
            tree_put_int(entry, "interim_status", armed->interim);
    }
}

bool trace_write(const char *folder, const struct scenario *scenario, const struct variant *variant,
                 const struct stage *stage, struct err *err)
{
    OWNED(mem_text_free)
    char *path = mem_format("/journal?redact=1&since=%lld", (long long)stage->journal_from);
    OWNED(mem_text_free) char *har_path = mem_format("%s&format=har", path);
    OWNED(tree_free) cJSON *journal = NULL;
    OWNED(tree_free) cJSON *har = NULL;
    if (!control_call(&stage->world, "GET", path, NULL, &journal, err) ||
        !control_call(&stage->world, "GET", har_path, NULL, &har, err))
        return false;
    OWNED(buf_free) struct buf name = {0};
    add_name(&name, scenario->code);
    if (*variant->name) {
        buf_char(&name, '.');
        add_name(&name, variant->name);
    }
    OWNED(buf_free) struct buf lines = {.max = TRACE_MAX};
    cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, tree_get(journal, "entries"))
    {
        int64_t seq = 0;
        if (tree_int(entry, "seq", &seq))
            add_faults(entry, seq, stage);
        OWNED(mem_text_free) char *line = tree_print(entry);
        buf_format(&lines, "%s\n", line);
    }
    cJSON_ArrayForEach(entry, tree_get(tree_get(har, "log"), "entries"))
    {
        cJSON *ours = cJSON_GetObjectItemCaseSensitive(entry, "_fakewix");
        int64_t seq = 0;
        if (tree_int(ours, "seq", &seq))
            add_faults(ours, seq, stage);
    }
    OWNED(buf_free) struct buf whole = {.max = TRACE_MAX};
    OWNED(mem_text_free) char *har_text = tree_print(har);
    buf_format(&whole, "%s\n", har_text);
    return write_form(folder, buf_str(&name), "ndjson", &lines, err) &&
           write_form(folder, buf_str(&name), "har", &whole, err);
}
