// What every page of the panel needs. Each part looks for its own marks in the page and leaves the rest alone.
import "htmx.org";
import { serveQuestions } from "./asking.js";
import { serveCopies } from "./copying.js";
import { serveCounts } from "./counting.js";
import { serveFilms } from "./films.js";
import { serveDrafts, serveFocus, serveGuards } from "./forms.js";
import { servePlayers } from "./player.js";
import { serveMenu, serveScrolls } from "./reach.js";
import { serveRecorders } from "./recorder.js";
import { serveReveals } from "./reveal.js";
import { toast, word } from "./said.js";
import { serveUploads } from "./upload.js";

// Questions first: nothing else may hear of what was not meant.
for (const serve of [
  serveQuestions,
  servePlayers,
  serveFilms,
  serveRecorders,
  serveUploads,
  serveGuards,
  serveDrafts,
  serveCounts,
  serveFocus,
  serveCopies,
  serveReveals,
  serveScrolls,
  serveMenu,
]) {
  serve();
}

document.addEventListener("htmx:error", () => toast(word("failed"), "bad"));
// The script that follows live news comes after this one and must know whether the page was looked through already.
document.addEventListener("htmx:after:process", () => (document.documentElement.dataset["ready"] = ""));
