// What can be seen of pages without touching them: the page that loads this holds them in frames, one look at a page
// each (see test_page_in_a_browser.py). It runs once all are loaded, and leaves what it found as JSON in <pre id="found">.
"use strict";

const ACTIVE = "script, iframe, object, embed, form, base, meta[http-equiv=refresh], a[href^='javascript:' i]";
const TOLERANCE = 1; // px, for what is rounded

function nameOf(element) {
  const label = element.closest("[aria-label]")?.getAttribute("aria-label") ?? element.textContent.trim();
  return `<${element.localName} class="${element.getAttribute("class") ?? ""}"> ${label.slice(0, 60)}`;
}

// Elements that no report has: what a text of a corpus would be if it were not escaped.
function injected(page) {
  const handled = [...page.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name)));
  const fetched = [...page.querySelectorAll("[src]")].filter((e) => !e.getAttribute("src").startsWith("data:"));
  return [...page.querySelectorAll(ACTIVE), ...handled, ...fetched].map((e) => e.outerHTML.slice(0, 100));
}

// What reaches beyond the page, or lies in a part that would have to be scrolled sideways.
function wide(page, width) {
  const found = [...page.body.querySelectorAll("*")].filter((element) => {
    const box = element.getBoundingClientRect();
    const scrolls = /auto|scroll/.test(page.defaultView.getComputedStyle(element).overflowX);
    return box.right > width + TOLERANCE || box.left < -TOLERANCE ||
      (scrolls && element.scrollWidth > element.clientWidth + TOLERANCE);
  }).map(nameOf);
  const all = page.documentElement.scrollWidth;
  return all > width ? [...found, `the page scrolls: ${all} px on ${width}`] : found;
}

// Contents of folded parts that a reader of this page has no way to see.
function folded(page) {
  return [...page.querySelectorAll("details:not([open]) > :not(summary)")]
    .filter((element) => element.closest("details").parentElement.checkVisibility() && page.defaultView.getComputedStyle(element.closest("details")).display !== "none")
    .filter((element) => !element.checkVisibility()).map(nameOf);
}

// Of the plots that are drawn in two sizes, one is shown.
function drawn(page) {
  return [...page.querySelectorAll("svg")].filter((svg) => svg.checkVisibility());
}

function texts(svg) {
  return [...svg.querySelectorAll("text")].map((t) => ({ text: t.textContent, box: t.getBoundingClientRect() }));
}

function clipped(page) {
  return drawn(page).flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return texts(svg).filter(({ box }) =>
      box.left < frame.left - TOLERANCE || box.right > frame.right + TOLERANCE ||
      box.top < frame.top - TOLERANCE || box.bottom > frame.bottom + TOLERANCE
    ).map(({ text }) => `${text} in ${nameOf(svg)}`);
  });
}

// Marks of which the frame of their axes cuts off a part. Where lines end there, that is meant.
function cut(page) {
  return [...page.querySelectorAll("svg [clip-path]")].flatMap((group) => {
    const clip = page.querySelector(group.getAttribute("clip-path").match(/#[^)]+/)[0]).querySelector("rect");
    const toScreen = group.getScreenCTM();
    const [x, y] = [clip.x.baseVal.value, clip.y.baseVal.value];
    const from = new DOMPoint(x, y).matrixTransform(toScreen);
    const to = new DOMPoint(x + clip.width.baseVal.value, y + clip.height.baseVal.value).matrixTransform(toScreen);
    return [...group.querySelectorAll("use")].filter((mark) => {
      const box = mark.getBoundingClientRect();
      return box.width > 0 && (box.left < from.x - TOLERANCE || box.right > to.x + TOLERANCE ||
        box.top < from.y - TOLERANCE || box.bottom > to.y + TOLERANCE);
    }).map(() => `a mark in ${nameOf(group.ownerSVGElement)}`);
  });
}

function overlapping(page) {
  return drawn(page).flatMap((svg) => {
    const all = texts(svg);
    return all.flatMap((one, i) => all.slice(0, i).filter((other) => {
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      return across > TOLERANCE && down > 4; // the box of a line is some px higher than its letters
    }).map((other) => `${one.text} | ${other.text} in ${nameOf(svg)}`));
  });
}

// Relative luminance and contrast of WCAG 2; colours as getComputedStyle gives them, "rgb(r, g, b)" or with alpha.
function channels(colour) {
  const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  return { linear: [red, green, blue].map((c) => c / 255).map((c) => c > 0.04045 ? ((c + 0.055) / 1.055) ** 2.4 : c / 12.92), alpha };
}

function luminance(colour) {
  const [red, green, blue] = channels(colour).linear;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function faint(page) {
  const style = (element) => page.defaultView.getComputedStyle(element);
  const behind = (element) => channels(style(element).backgroundColor).alpha > 0 || !element.parentElement
    ? style(element).backgroundColor : behind(element.parentElement);
  const written = [...page.body.querySelectorAll("*")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  return written.filter((element) => {
    const ink = style(element)[element.localName === "text" ? "fill" : "color"];
    const [low, high] = [luminance(ink), luminance(behind(element))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map(nameOf);
}

function look(frame) {
  const page = frame.contentDocument;
  const isDark = frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches;
  const hidden = folded(page);
  page.querySelectorAll("details").forEach((details) => { details.open = true; });
  const sounds = [...page.querySelectorAll("audio")];
  const found = {
    text: page.body.textContent,
    scheme: isDark ? "dark" : "light",
    dark: luminance(frame.contentWindow.getComputedStyle(page.body).backgroundColor) < 0.2,
    injected: injected(page),
    wide: wide(page, frame.contentWindow.innerWidth),
    clipped: clipped(page),
    cut: cut(page),
    folded: hidden,
    overlapping: overlapping(page),
    faint: faint(page),
    sounds: sounds.length,
    mute: sounds.filter((sound) => sound.error || !(sound.duration > 0)).map(nameOf),
    drawn: page.querySelectorAll("svg text").length,
  };
  return [frame.id, found];
}

window.addEventListener("load", () => {
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify(Object.fromEntries([...document.querySelectorAll("iframe")].map(look)));
  document.body.replaceChildren(found);
});
