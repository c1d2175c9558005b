// What axe-core finds wrong in pages. The page that loads this holds them in frames, one look at a page each (see
// test_page_with_axe.py), and each has brought axe along. Each is looked at twice, as it is and with every part unfolded.
"use strict";

// Contrast takes most of the time. It is measured where most is seen, unfolded, and at one width: colours do not depend
// on it, and page_probe.js measures them at each.
const NO_CONTRAST = { rules: { "color-contrast": { enabled: false } } };

// What lies behind a text of a plot axe cannot tell (page_probe.js can), and takes its time to say so.
const WITHOUT_PLOTS = { rules: [{ id: "color-contrast", selector: "*:not(text)" }] };

async function violations(frame, options) {
  const { violations, passes } = await frame.contentWindow.axe.run(options);
  return {
    violations: Object.fromEntries(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])),
    passed: passes.map(({ id }) => id),
  };
}

async function look(frame) {
  frame.contentWindow.axe.configure(WITHOUT_PLOTS);
  const parts = [...frame.contentDocument.querySelectorAll("details")];
  const isDark = frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches;
  const seen = { scheme: isDark ? "dark" : "light", width: frame.contentWindow.innerWidth };
  seen.n_folded = parts.filter((part) => !part.open).length;
  seen.folded = await violations(frame, NO_CONTRAST);
  parts.forEach((part) => { part.open = true; });
  seen.unfolded = await violations(frame, frame.id.includes("-phone-") ? {} : NO_CONTRAST);
  return [frame.id, seen];
}

window.addEventListener("load", async () => {
  const looks = [];
  for (const frame of document.querySelectorAll("iframe")) looks.push(await look(frame));
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify(Object.fromEntries(looks));
  document.body.replaceChildren(found);
});
