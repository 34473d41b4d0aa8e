/* What a person reads while and after a run. Appends to a buffer; the caller prints it.
 * May depend on: shared, verdict, report/run. Owner: report. */
#ifndef FAKEWIX_REPORT_CONSOLE_H
#define FAKEWIX_REPORT_CONSOLE_H

#include "report/run.h"

struct console {
    bool colour;
    bool live; /* a person watches: what is under way may be said, and wiped again */
};

/* One line for one scenario. */
void console_add_line(const struct console *console, const struct result *result, struct buf *out);

/* How far the run is, where somebody watches: a line that the next one wipes; nothing elsewhere. */
void console_add_progress(const struct console *console, size_t done, size_t all, struct buf *out);

/* All about what is not fine: rule, expected, seen, wire, source, hint, and how to run it again. */
void console_add_failures(const struct console *console, const struct run *run, struct buf *out);

/* The totals and what the exit status means. */
void console_add_summary(const struct console *console, const struct run *run, struct buf *out);

#endif
