/* What a person reads while and after a run. Appends to a buffer; the caller prints it.
 * May depend on: shared, verdict, report/run. Owner: report. */
#ifndef FAKEWIX_REPORT_CONSOLE_H
#define FAKEWIX_REPORT_CONSOLE_H

#include "report/run.h"

struct console {
    bool colour;
    bool live;    /* a person watches: what is under way may be said, and wiped again */
    bool verbose; /* each scenario is told as it ends, with what does not apply */
};

/* One line for one scenario. */
void console_add_line(const struct console *console, const struct result *result, struct buf *out);

/* How far the run is, and how many are not fine so far: where somebody watches, a line that the
 * next one wipes. */
void console_add_progress(const struct console *console, size_t done, size_t all, size_t open,
                          struct buf *out);

/* All scenarios: the worst first, what passed behind it, what does not apply as one line. */
void console_add_list(const struct console *console, const struct run *run, struct buf *out);

/* All about what is not fine: rule, expected, seen, wire, source, hint, and how to run it again. */
void console_add_failures(const struct console *console, const struct run *run, struct buf *out);

/* The totals, what the exit status means, what is open and the command that tries it again. */
void console_add_summary(const struct console *console, const struct run *run, struct buf *out);

#endif
