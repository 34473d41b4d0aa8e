/* The tables of the language, said in words. What is printed here is what the parser knows: a page
 * written by hand would drift from it. */
#include "scenario/describe.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

void describe_list(const struct scenario *const *list, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        buf_format(out, "%-7s %-6s %-44s %s\n", list[i]->code, level_name(list[i]->level),
                   list[i]->id, list[i]->title);
}

void describe_list_json(const struct scenario *const *list, size_t n, struct buf *out)
{
    OWNED(tree_free) cJSON *root = cJSON_CreateObject();
    cJSON *rows = tree_put(root, "scenarios", cJSON_CreateArray());
    for (size_t i = 0; i < n; i++) {
        cJSON *object = tree_put(rows, NULL, cJSON_CreateObject());
        tree_put_text(object, "id", list[i]->id);
        tree_put_text(object, "code", list[i]->code);
        tree_put_text(object, "level", level_name(list[i]->level));
        tree_put_text(object, "title", list[i]->title);
    }
    OWNED(mem_text_free) char *text = tree_print_pretty(root);
    buf_format(out, "%s\n", text);
}

static void add_demand(const struct demand *demand, struct buf *out)
{
    buf_format(out, "  %s (%s): %s", demand->check->name, level_name(demand->level),
               demand->check->requirement);
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, demand->params)
    {
        if (cJSON_IsNumber(member))
            buf_format(out, " %s = %d.", member->string, member->valueint);
    }
    buf_char(out, '\n');
}

static void add_variant(const struct variant *variant, struct buf *out)
{
    int64_t n_calls = variant_count_calls(variant);
    buf_format(out, "\nflow %s%s%s, %lld call%s\n", flow_name(variant->flow),
               *variant->name ? ", variant " : "", variant->name, (long long)n_calls,
               n_calls == 1 ? "" : "s");
    for (size_t i = 0; i < variant->n_traps; i++)
        buf_format(out, "  armed: %s\n", variant->traps[i].what);
    for (size_t i = 0; i < variant->expect.n_demands; i++)
        add_demand(&variant->expect.demands[i], out);
    for (size_t i = 0; i < variant->n_alternatives; i++)
        buf_format(out, "  allowed (%s): %s\n", verdict_name(variant->alternatives[i].verdict),
                   variant->alternatives[i].note);
}

void describe_scenario(const struct scenario *scenario, struct buf *out)
{
    buf_format(out, "%s %s: %s\n\n%s\n\n", scenario->code, scenario->id, scenario->title,
               scenario->requirement);
    buf_format(out, "level   %s\nsource  %s\nwhy     %s\nfile    %s\n", level_name(scenario->level),
               scenario->source, scenario->why, scenario->file);
    const cJSON *parent = NULL;
    cJSON_ArrayForEach(parent, scenario->depends_on)
    {
        buf_format(out, "after   %s\n", parent->valuestring);
    }
    if (scenario->fairer)
        buf_format(out, "weight  a warning, unless %s fails too\n", scenario->fairer);
    for (size_t i = 0; i < scenario->n_variants; i++)
        add_variant(&scenario->variants[i], out);
}

struct word {
    const char *name;
    const char *form;
    const char *sentence;
};

static void add_table(const char *title, const char *form, const struct word *words, size_t n,
                      struct buf *out)
{
    buf_format(out, "\n## %s\n\n| name | %s | meaning |\n|---|---|---|\n", title, form);
    for (size_t i = 0; i < n; i++) {
        const char *takes = words[i].form, *tick = *takes ? "`" : "";
        int len = (int)strlen(takes);
        while (len && takes[len - 1] == ' ') /* a step that takes no member has nothing behind it */
            len--;
        buf_format(out, "| `%s` | %s%.*s%s | %s |\n", words[i].name, tick, len, takes, tick,
                   words[i].sentence);
    }
}

#define WORDS(list) list, sizeof list / sizeof *list

void describe_language(struct buf *out)
{
    static const struct word needs[] = {
#define NEED(symbol, name, sentence) {name, "", sentence},
#include "scenario/vocabulary.def"
#undef NEED
    };
    static const struct word steps[] = {
#define STEP(symbol, name, shape, members, sentence) {name, #shape " " members, sentence},
#include "scenario/vocabulary.def"
#undef STEP
    };
    static const struct word traps[] = {
#define TRAP(name, params, sentence) {name, params, sentence},
#include "scenario/vocabulary.def"
#undef TRAP
    };
    buf_text(out, "# The scenario language\n\nPrinted by `fakewix-conform explain language`; "
                  "docs/SCENARIOS.md explains how the words go together.\n");
    add_table("Steps", "takes", WORDS(steps), out);
    add_table("Faults", "members", WORDS(traps), out);
    add_table("Needs", "", WORDS(needs), out);
    size_t n = 0;
    const struct check *all = checks_all(&n);
    buf_text(out, "\n## Checks\n\n| name | members | rule | source |\n|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        buf_format(out, "| `%s` | %s%s%s | %s | %s |\n", all[i].name, *all[i].params ? "`" : "",
                   all[i].params, *all[i].params ? "`" : "", all[i].requirement, all[i].source);
}
