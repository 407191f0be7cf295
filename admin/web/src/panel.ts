// What every page of the panel needs. Each part looks for its own marks in the page and leaves the rest alone.
import "htmx.org";
