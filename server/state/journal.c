/* A ring of exchanges. Adding one is a single allocation and some copies, as it is on every
 * request's way; JSON is made only when somebody asks. */
#include "state/journal.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

struct journal journal_new(size_t max, size_t max_bytes, struct journal_sum *sum)
{
    return (struct journal){.max = max, .max_bytes = max_bytes, .sum = sum, .next_seq = 1};
}

static size_t cost_of(const struct journal_entry *entry)
{
    return sizeof *entry + entry->block_size;
}

static void hold_more(struct journal *journal, size_t bytes)
{
    journal->bytes += bytes;
    if (journal->sum)
        atomic_fetch_add_explicit(&journal->sum->bytes, bytes, memory_order_relaxed);
}

static void hold_less(struct journal *journal, size_t bytes)
{
    journal->bytes -= bytes;
    if (journal->sum)
        atomic_fetch_sub_explicit(&journal->sum->bytes, bytes, memory_order_relaxed);
}

static struct journal_entry *slot(const struct journal *journal, size_t i)
{
    return &journal->ring[(journal->first + i) % journal->capacity];
}

void journal_clear(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free(slot(journal, i)->block);
    hold_less(journal, journal->bytes);
    journal->count = journal->first = 0;
}

void journal_free(struct journal *journal)
{
    journal_clear(journal);
    free(journal->ring);
    free(journal->spare);
    *journal = (struct journal){0};
}

void journal_renew(struct journal *journal)
{
    size_t max = journal->max, max_bytes = journal->max_bytes;
    struct journal_sum *sum = journal->sum;
    journal_free(journal);
    *journal = journal_new(max, max_bytes, sum);
}

static void drop_oldest(struct journal *journal)
{
    struct journal_entry *oldest = slot(journal, 0);
    hold_less(journal, cost_of(oldest));
    free(journal->spare);
    journal->spare = oldest->block;
    journal->spare_size = oldest->block_size;
    journal->first = (journal->first + 1) % journal->capacity;
    journal->count--;
    journal->dropped++;
}

/* A ring of another size, straightened, so that old entries keep their order. */
static void resize(struct journal *journal, size_t capacity)
{
    if (capacity > journal->max)
        capacity = journal->max;
    struct journal_entry *ring = mem_new(capacity, sizeof *ring);
    for (size_t i = 0; i < journal->count; i++)
        ring[i] = *slot(journal, i);
    free(journal->ring);
    journal->ring = ring;
    journal->capacity = capacity;
    journal->first = 0;
}

void journal_shrink(struct journal *journal, size_t bytes)
{
    while (journal->bytes > bytes && journal->count > 1)
        drop_oldest(journal);
    free(journal->spare);
    journal->spare = NULL;
    if (journal->count < journal->capacity / 4)
        resize(journal, journal->count + 1);
}

/* A block for `size` bytes. A full journal hands the oldest one's on: blocks that one thread takes
 * from the heap and another gives back make all threads wait for each other. Sizes are rounded, so
 * that it fits the next exchange of its kind too. */
static char *take_block(struct journal *journal, size_t size, size_t *ret_size)
{
    enum { STEP = 64 };
    size = (size + STEP - 1) / STEP * STEP;
    char *block = journal->spare;
    *ret_size = journal->spare_size;
    journal->spare = NULL;
    if (block && *ret_size >= size && *ret_size <= 2 * size)
        return block;
    free(block);
    *ret_size = size;
    return mem_grow(NULL, size, 1);
}

/* Copies texts one behind the other into a block that was measured before. */
struct packer {
    char *at;
};

static const char *pack(struct packer *packer, const char *bytes, size_t len)
{
    char *copy = packer->at;
    if (len)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    packer->at += len + 1;
    return copy;
}

static const char *pack_text(struct packer *packer, const char *text)
{
    return text && *text ? pack(packer, text, strlen(text)) : NULL;
}

static size_t text_size(const char *text)
{
    return text && *text ? strlen(text) + 1 : 0;
}

static size_t head_size(const struct request *request)
{
    size_t size = 1;
    for (size_t i = 0; i < request->n_headers; i++)
        size += strlen(request->headers[i].name) + strlen(request->headers[i].value) + 4;
    return size;
}

static const char *pack_head(struct packer *packer, const struct request *request)
{
    char *start = packer->at;
    char *at = start;
    for (size_t i = 0; i < request->n_headers; i++) {
        size_t name = strlen(request->headers[i].name);
        size_t value = strlen(request->headers[i].value);
        memcpy(at, request->headers[i].name, name);
        memcpy(at + name, ": ", 2);
        memcpy(at + name + 2, request->headers[i].value, value);
        memcpy(at + name + 2 + value, "\r\n", 2);
        at += name + value + 4;
    }
    *at = '\0';
    packer->at = at + 1;
    return start;
}

int64_t journal_add(struct journal *journal, const struct journal_facts *facts,
                    const struct request *request, const struct response *response)
{
    if (journal->count == journal->max)
        drop_oldest(journal);
    if (journal->count == journal->capacity)
        resize(journal, journal->capacity ? journal->capacity * 2 : 64);
    size_t head = head_size(request);
    size_t size = strlen(request->method) + strlen(request->target) + 2 + head + request->body_len +
                  1 + response->head.len + 1 + response->body.len + 1 + text_size(facts->route) +
                  text_size(facts->app_id) + text_size(facts->instance_id) +
                  text_size(facts->grant) + text_size(facts->fault_id) +
                  text_size(facts->request_id);
    struct journal_entry *entry = slot(journal, journal->count++);
    size_t block_size;
    struct packer packer = {take_block(journal, size, &block_size)};
    *entry = (struct journal_entry){
        .seq = journal->next_seq++, .facts = *facts, .status = response->status};
    entry->block = packer.at;
    entry->block_size = block_size;
    entry->facts.route = pack_text(&packer, facts->route);
    entry->facts.app_id = pack_text(&packer, facts->app_id);
    entry->facts.instance_id = pack_text(&packer, facts->instance_id);
    entry->facts.grant = pack_text(&packer, facts->grant);
    entry->facts.fault_id = pack_text(&packer, facts->fault_id);
    entry->facts.request_id = pack_text(&packer, facts->request_id);
    entry->method = pack(&packer, request->method, strlen(request->method));
    entry->target = pack(&packer, request->target, strlen(request->target));
    entry->request_head = pack_head(&packer, request);
    entry->request_head_len = head - 1;
    entry->request_body = pack(&packer, request->body, request->body_len);
    entry->request_body_len = request->body_len;
    entry->response_head = pack(&packer, buf_str(&response->head), response->head.len);
    entry->response_head_len = response->head.len;
    entry->response_body = pack(&packer, buf_str(&response->body), response->body.len);
    entry->response_body_len = response->body.len;
    hold_more(journal, cost_of(entry));
    while (journal->bytes > journal->max_bytes && journal->count > 1)
        drop_oldest(journal);
    return entry->seq;
}

const struct journal_entry *journal_at(const struct journal *journal, size_t i)
{
    return slot(journal, i);
}

static bool field_matches(const char *pattern, const char *value)
{
    return !pattern || text_matches(pattern, value ? value : "");
}

static bool holds(const struct journal_entry *entry, const char *text)
{
    return !text || strstr(entry->target, text) || strstr(entry->request_body, text) ||
           strstr(entry->response_body, text) || strstr(entry->request_head, text);
}

static bool is_in_range(const struct journal_entry *entry, const struct journal_query *query)
{
    return entry->seq >= query->since && (!query->until || entry->seq < query->until) &&
           entry->facts.at_ms >= query->from_ms &&
           (!query->to_ms || entry->facts.at_ms < query->to_ms);
}

bool journal_matches(const struct journal_entry *entry, const struct journal_query *query)
{
    return is_in_range(entry, query) && journal_mismatches(entry, query, NULL) == 0;
}

/* Text that a stranger sent may not be UTF-8; JSON must be. */
static void put_sound_text(cJSON *object, const char *name, const char *text)
{
    OWNED(mem_text_free) char *sound = text ? tree_sound_text(text, strlen(text)) : NULL;
    tree_put_text(object, name, sound);
}

static size_t mismatch(cJSON *list, const char *field, const char *expected, const char *seen)
{
    if (list) {
        cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
        tree_put_text(row, "field", field);
        tree_put_text(row, "expected", expected);
        put_sound_text(row, "seen", seen);
    }
    return 1;
}

size_t journal_mismatches(const struct journal_entry *entry, const struct journal_query *query,
                          cJSON *ret_list)
{
    const struct {
        const char *field, *pattern, *value;
    } texts[] = {
        {"route", query->route, entry->facts.route},
        {"app_id", query->app_id, entry->facts.app_id},
        {"instance_id", query->instance_id, entry->facts.instance_id},
        {"grant", query->grant, entry->facts.grant},
        {"outcome", query->outcome, refusal_row(entry->facts.outcome)->name},
        {"fault_id", query->fault_id, entry->facts.fault_id},
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!field_matches(texts[i].pattern, texts[i].value))
            n += mismatch(ret_list, texts[i].field, texts[i].pattern, texts[i].value);
    if (query->status && entry->status != query->status) {
        OWNED(mem_text_free) char *expected = mem_format("%d", query->status);
        OWNED(mem_text_free) char *seen = mem_format("%d", entry->status);
        n += mismatch(ret_list, "status", expected, seen);
    }
    if (!holds(entry, query->text))
        n += mismatch(ret_list, "text", query->text, entry->target);
    return n;
}

size_t journal_count(const struct journal *journal, const struct journal_query *query)
{
    size_t n = 0;
    for (size_t i = 0; i < journal->count; i++)
        n += journal_matches(slot(journal, i), query);
    return n;
}

/* A body as text; bytes that are no UTF-8 text are shown as their hexadecimal digits. */
static void put_body(cJSON *object, const char *body, size_t len)
{
    if (tree_text_is_sound(body, len)) {
        tree_put_text(object, "body", body);
        return;
    }
    OWNED(buf_free) struct buf hex = {.max = 2 * len + 1};
    text_add_hex(&hex, (const uint8_t *)body, len);
    tree_put_text(object, "body_hex", buf_str(&hex));
}

cJSON *journal_entry_json(const struct journal_entry *entry, const char *world)
{
    const struct journal_facts *facts = &entry->facts;
    cJSON *json = cJSON_CreateObject();
    tree_put_int(json, "seq", entry->seq);
    tree_put_text(json, "world", world);
    tree_put_int(json, "at_ms", facts->at_ms);
    tree_put_int(json, "real_ms", facts->real_ms);
    tree_put_int(json, "took_us", facts->took_us);
    tree_put_text(json, "route", facts->route);
    tree_put_text(json, "method", entry->method);
    put_sound_text(json, "target", entry->target);
    put_sound_text(json, "app_id", facts->app_id);
    put_sound_text(json, "instance_id", facts->instance_id);
    put_sound_text(json, "grant", facts->grant);
    tree_put_int(json, "status", entry->status);
    tree_put_text(json, "outcome", refusal_row(facts->outcome)->name);
    tree_put_text(json, "fault_id", facts->fault_id);
    tree_put_text(json, "request_id", facts->request_id);
    cJSON *request = tree_put(json, "request", cJSON_CreateObject());
    tree_put(request, "headers",
             message_headers_json(entry->request_head, entry->request_head_len));
    put_body(request, entry->request_body, entry->request_body_len);
    cJSON *response = tree_put(json, "response", cJSON_CreateObject());
    tree_put(response, "headers",
             message_headers_json(entry->response_head, entry->response_head_len));
    put_body(response, entry->response_body, entry->response_body_len);
    return json;
}

cJSON *journal_json(const struct journal *journal, const char *world,
                    const struct journal_query *query)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *entries = tree_put(json, "entries", cJSON_CreateArray());
    size_t n = 0;
    int64_t next = journal->next_seq;
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_entry *entry = slot(journal, i);
        if (!journal_matches(entry, query))
            continue;
        if (query->limit && n == query->limit) {
            next = entry->seq;
            break;
        }
        cJSON_AddItemToArray(entries, journal_entry_json(entry, world));
        n++;
    }
    tree_put_int(json, "next", next);
    tree_put_int(json, "dropped", journal->dropped);
    return json;
}
