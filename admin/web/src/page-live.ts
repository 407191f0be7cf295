// For pages that follow live news: htmx's extension for server-sent events.
import "htmx.org/dist/ext/hx-sse.js";

declare const htmx: { process(root: Element): void };

// It finds its marks when htmx looks through the page, which may have happened before this script came.
if (document.documentElement.dataset["ready"] !== undefined) htmx.process(document.body);
