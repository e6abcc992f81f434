"""The contrast of what is on the screen, reckoned in the browser as WCAG 2.2 does."""

from playwright.sync_api import Page

MEASURE = r"""() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const brush = canvas.getContext("2d", {willReadFrequently: true});
  function read(colour) {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }
  function over(top, ground) {
    return [0, 1, 2].map((n) => top[n] * top[3] + ground[n] * (1 - top[3])).concat(1);
  }
  function luminance(colour) {
    const parts = colour.slice(0, 3).map((part) => part / 255);
    const linear = parts.map((p) => (p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }
  function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }
  function ground(element) {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const layer = read(getComputedStyle(e).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  }
  function seen(element) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden";
  }
  const words = [], lines = [];
  function note(list, element, what, ratio) {
    list.push([`${element.className.baseVal ?? element.className} ${what}`.trim(), ratio]);
  }
  const texts = document.createTreeWalker(document.querySelector(".kb-app"), NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const text = node.textContent.trim(), element = node.parentElement;
    if (!text || !seen(element)) continue;
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    let below = ground(element);
    // on a picture the rim of the letters is their ground
    if (drawn && style.stroke !== "none") below = read(style.stroke);
    else if (style.textShadow !== "none") below = read(style.textShadow.match(/rgba?\([^)]*\)/)[0]);
    const ink = read(drawn ? style.fill : style.color);
    note(words, element, text.slice(0, 30), contrast(over(ink, below), below));
  }
  const controls = ".kb-app button, .kb-app input, .kb-app select";
  for (const element of document.querySelectorAll(controls)) {
    const style = getComputedStyle(element);
    if (!seen(element) || parseFloat(style.borderTopWidth) === 0) continue;
    const below = ground(element.parentElement);
    // what shows no rim is known by its words
    if (style.borderTopStyle === "none" || read(style.borderTopColor)[3] === 0) continue;
    const rim = contrast(over(read(style.borderTopColor), below), below);
    const face = contrast(over(read(style.backgroundColor), below), below);
    note(lines, element, element.textContent.trim().slice(0, 30), Math.max(rim, face));
  }
  for (const element of document.querySelectorAll(".kb-app svg *")) {
    const style = getComputedStyle(element);
    if (style.stroke === "none" || element.tagName === "text" || !seen(element)) continue;
    const below = ground(element.closest("svg").parentElement);
    const ink = read(style.stroke);
    ink[3] *= parseFloat(style.strokeOpacity) * parseFloat(style.opacity);
    note(lines, element, element.dataset.key ?? "", contrast(over(ink, below), below));
  }
  return {words, lines};
}"""
"""Every text with its contrast to what lies below it, and every line that means something."""


def measure_contrast(page: Page) -> tuple[dict[str, float], dict[str, float]]:
    """Return the lowest contrast of each text that is seen, and of each line."""
    found = page.evaluate(MEASURE)
    lowest: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for kept, name in zip(lowest, ("words", "lines"), strict=True):
        for what, ratio in found[name]:
            kept[what] = min(ratio, kept.get(what, ratio))
    return lowest
