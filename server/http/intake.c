/* The door for requests. CivetWeb takes much that two parties could read differently (both lengths
 * at once, a length of "+5", half a head) and waits for ever on a body that drips in; a fake that
 * is used to find out what a client does wrong must be stricter than that. */
#include "http/intake.h"

#include <civetweb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/engine.h"
#include "shared/now.h"

enum {
    KEEP_BODY_CAP = 256 * 1024, /* a larger body buffer is not kept for the next request */
    MAX_CHUNK_LINE = 256,       /* size and extensions of one chunk */
    MAX_TRAILER = 8192,         /* bytes of trailer lines in all */
    READ_STEP = 64 * 1024,
};

/* The headers that decide how long the request is and to whom it goes. */
struct framing {
    const char *length;
    const char *coding;
    const char *expect;
    const char *host;
    enum refusal doubled; /* which no to say where one of them came twice */
};

static void keep_once(struct framing *framing, const char **slot, const char *value)
{
    if (*slot)
        framing->doubled = slot == &framing->host ? REFUSAL_HTTP_HOST : REFUSAL_HTTP_FRAMING;
    *slot = value;
}

static void note_framing(struct framing *framing, const char *name, const char *value)
{
    /* By length first: almost no header passes it, and this runs for each one of each request. */
    switch (strlen(name)) {
    case 4:
        if (strcasecmp(name, "Host") == 0)
            keep_once(framing, &framing->host, value);
        break;
    case 6:
        if (strcasecmp(name, "Expect") == 0)
            keep_once(framing, &framing->expect, value);
        break;
    case 14:
        if (strcasecmp(name, "Content-Length") == 0)
            keep_once(framing, &framing->length, value);
        break;
    case 17:
        if (strcasecmp(name, "Transfer-Encoding") == 0)
            keep_once(framing, &framing->coding, value);
        break;
    default:
        break;
    }
}

/* Cut white space from the end: the buffer is the connection's own, and ours to write. */
static void trim_end(const char *value)
{
    char *end = (char *)(uintptr_t)value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
}

/* CivetWeb takes "Name : value"; RFC 9112 section 5.1 forbids it, since others do not. It left
 * NULs where the blanks stood. */
static bool has_blank_before_colon(const struct mg_header *header)
{
    const char *behind = header->name + strlen(header->name) + 1;
    return behind < header->value && *behind == '\0';
}

static enum refusal read_headers(struct mg_connection *connection, struct intake *intake,
                                 struct framing *ret_framing, size_t *ret_n)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    if (!engine_head_is_whole(connection))
        return info->num_headers >= INTAKE_MAX_HEADERS ? REFUSAL_HTTP_HEAD_TOO_LARGE
                                                       : REFUSAL_HTTP_MALFORMED;
    for (int i = 0; i < info->num_headers; i++) {
        const struct mg_header *header = &info->http_headers[i];
        if (has_blank_before_colon(header))
            return REFUSAL_HTTP_MALFORMED;
        trim_end(header->value);
        intake->headers[i] = (struct header){.name = header->name, .value = header->value};
        note_framing(ret_framing, header->name, header->value);
    }
    *ret_n = (size_t)info->num_headers;
    return REFUSAL_NONE;
}

/* "http://host:80/path" was sent to us as to a proxy: the path is the target and the host in it
 * rules over the Host header (RFC 9112 section 3.2.2). Moves the host one byte to the left, over
 * the slash in front of it, to make room for a NUL behind it. */
static const char *split_absolute(const char *uri, const char **ret_host)
{
    char *host = strstr((char *)(uintptr_t)uri, "://");
    char *path = host ? strchr(host + 3, '/') : NULL;
    if (!path)
        return NULL;
    size_t len = (size_t)(path - (host + 3));
    memmove(host + 2, host + 3, len);
    host[2 + len] = '\0';
    *ret_host = host + 2;
    return path;
}

static enum refusal read_target(const struct mg_request_info *info, struct intake *intake,
                                struct framing *framing, size_t *n, const char **ret_target)
{
    const char *uri = info->request_uri;
    *ret_target = uri;
    if (uri[0] == '/')
        return REFUSAL_NONE;
    if (strcmp(uri, "*") == 0)
        return strcmp(info->request_method, "OPTIONS") == 0 ? REFUSAL_NONE : REFUSAL_HTTP_MALFORMED;
    const char *host;
    *ret_target = split_absolute(uri, &host);
    if (!*ret_target || !*host)
        return REFUSAL_HTTP_MALFORMED;
    framing->host = host;
    for (size_t i = 0; i < *n; i++)
        if (strcasecmp(intake->headers[i].name, "Host") == 0) {
            intake->headers[i].value = host;
            return REFUSAL_NONE;
        }
    intake->headers[(*n)++] = (struct header){.name = "Host", .value = host};
    return REFUSAL_NONE;
}

/* A Content-Length is digits and nothing else. */
static bool parse_length(const char *text, size_t *ret_len)
{
    size_t len = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        size_t digit = (size_t)(*text - '0');
        len = len > (SIZE_MAX - digit) / 10 ? SIZE_MAX : len * 10 + digit;
    }
    *ret_len = len;
    return true;
}

static enum refusal check_framing(const struct framing *framing, bool http10, size_t max_body,
                                  bool *ret_chunked, size_t *ret_len)
{
    *ret_chunked = framing->coding != NULL;
    *ret_len = 0;
    if (framing->doubled)
        return framing->doubled;
    if (framing->coding && framing->length)
        return REFUSAL_HTTP_FRAMING;
    if (!framing->host && !http10)
        return REFUSAL_HTTP_HOST;
    if (framing->expect && strcasecmp(framing->expect, "100-continue") != 0)
        return REFUSAL_HTTP_EXPECTATION;
    if (framing->coding && http10)
        return REFUSAL_HTTP_FRAMING;
    if (framing->coding && strcasecmp(framing->coding, "chunked") != 0)
        return REFUSAL_HTTP_CODING;
    if (framing->length && !parse_length(framing->length, ret_len))
        return REFUSAL_HTTP_FRAMING;
    return *ret_len > max_body ? REFUSAL_HTTP_BODY_TOO_LARGE : REFUSAL_NONE;
}

/* A body on its way in, against one deadline for all of it. */
struct reader {
    struct mg_connection *connection;
    int64_t deadline_ms; /* steady clock */
    enum refusal why;    /* set once reading failed */
};

/* Nothing read is not yet too slow: over TLS the part of a record that came gives no byte. */
static size_t read_some(struct reader *reader, char *ret_bytes, size_t len)
{
    int n = 0;
    for (int64_t left = 1; n == 0 && left > 0;) {
        left = reader->deadline_ms - now_steady_ms();
        n = left > 0 ? engine_read(reader->connection, ret_bytes, len, (int)left) : 0;
    }
    if (n > 0)
        return (size_t)n;
    reader->why = n == 0 ? REFUSAL_HTTP_SLOW : REFUSAL_HTTP_BODY_CUT;
    return 0;
}

static bool read_exactly(struct reader *reader, struct buf *body, size_t len)
{
    while (len) {
        size_t step = len < READ_STEP ? len : READ_STEP;
        char *room = buf_room(body, step);
        size_t n = room ? read_some(reader, room, step) : 0;
        if (!n)
            return false;
        buf_grew(body, n);
        len -= n;
    }
    return true;
}

/* Read up to and without CR LF. A lone LF is refused: others may see another line there. */
static bool read_line(struct reader *reader, char *ret_line, size_t size, size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        if (!read_some(reader, ret_line + len, 1))
            return false;
        if (ret_line[len] == '\n')
            break;
        if (++len == size)
            return false;
    }
    if (len == 0 || ret_line[len - 1] != '\r')
        return false;
    ret_line[len - 1] = '\0';
    *ret_len = len - 1;
    return true;
}

/* The size in front of a chunk; what follows a semicolon is an extension, to be ignored. */
static bool parse_chunk_size(const char *line, size_t *ret_size)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t size = 0;
    const char *at = line;
    for (const char *digit; *at && (digit = strchr(digits, *at)); at++) {
        if (size > SIZE_MAX >> 8)
            return false;
        size = size * 16 + (size_t)(digit - digits) % 16;
    }
    if (at == line)
        return false;
    at += strspn(at, " \t");
    *ret_size = size;
    return *at == '\0' || *at == ';';
}

static bool read_trailer(struct reader *reader)
{
    char line[MAX_CHUNK_LINE * 4];
    for (size_t total = 0, len = 0; total < MAX_TRAILER; total += len) {
        if (!read_line(reader, line, sizeof(line), &len))
            return false;
        if (len == 0)
            return true;
    }
    return false;
}

static enum refusal read_chunked(struct reader *reader, struct buf *body, size_t max_body)
{
    char line[MAX_CHUNK_LINE];
    for (;;) {
        size_t len;
        size_t size;
        if (!read_line(reader, line, sizeof(line), &len) || !parse_chunk_size(line, &size))
            return REFUSAL_HTTP_FRAMING;
        if (size == 0)
            return read_trailer(reader) ? REFUSAL_NONE : REFUSAL_HTTP_FRAMING;
        if (size > max_body || body->len > max_body - size)
            return REFUSAL_HTTP_BODY_TOO_LARGE;
        if (!read_exactly(reader, body, size) || !read_line(reader, line, sizeof(line), &len) ||
            len != 0)
            return REFUSAL_HTTP_FRAMING;
    }
}

static enum refusal read_body(struct mg_connection *connection, const struct intake_limits *limits,
                              bool chunked, size_t len, struct buf *body)
{
    int64_t now_ms = now_steady_ms();
    struct reader reader = {.connection = connection, .deadline_ms = now_ms + limits->request_ms};
    atomic_store(limits->ret_since_ms, now_ms);
    enum refusal refusal = REFUSAL_NONE;
    if (chunked)
        refusal = read_chunked(&reader, body, limits->max_body);
    else if (!read_exactly(&reader, body, len))
        refusal = REFUSAL_HTTP_BODY_CUT;
    if (reader.why)
        refusal = reader.why;
    if (refusal == REFUSAL_NONE)
        engine_body_done(connection);
    return refusal;
}

enum refusal intake_read(struct mg_connection *connection, const struct intake_limits *limits,
                         struct intake *intake, struct request *ret_request)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct mg_request_info *info = mg_get_request_info(connection);
    bool http10 = strcmp(info->http_version, "1.0") == 0;
    struct framing framing = {0};
    const char *target;
    size_t n;
    bool chunked;
    size_t len;
    enum refusal refusal = read_headers(connection, intake, &framing, &n);
    if (!refusal)
        refusal = read_target(info, intake, &framing, &n, &target);
    if (!refusal)
        refusal = check_framing(&framing, http10, limits->max_body, &chunked, &len);
    if (refusal)
        return refusal;
    intake->body.max = limits->max_body;
    buf_clear(&intake->body);
    if (chunked || len) {
        if (framing.expect && !http10 && !engine_send(connection, go_on, sizeof(go_on) - 1))
            return REFUSAL_HTTP_BODY_CUT;
        refusal = read_body(connection, limits, chunked, len, &intake->body);
        if (refusal)
            return refusal;
    }
    *ret_request = (struct request){
        .method = info->request_method,
        .target = target,
        .headers = intake->headers,
        .n_headers = n,
        .body = buf_str(&intake->body),
        .body_len = intake->body.len,
        .secure = info->is_ssl,
    };
    return REFUSAL_NONE;
}

void intake_trim(struct intake *intake)
{
    if (intake->body.cap > KEEP_BODY_CAP)
        buf_free(&intake->body);
}
