/* The static parts of the pages, embedded from web/ when the program is built. */
#ifndef FAKEWIX_ROUTES_WEB_H
#define FAKEWIX_ROUTES_WEB_H

extern const char web_page_css[];

#endif
