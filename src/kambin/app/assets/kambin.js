// Panes of slices, keys and the state of the line to the server: components for Vue 3, drawn without templates.
(function () {
  "use strict";
  const { h, ref, shallowRef, inject, onMounted, onBeforeUnmount, computed, withMemo } = window.Vue;

  const DRAG_STARTS_PX = 3;
  // A hand that drags and moves no more for so long rests: then the scene in space, slow to draw without a
  // graphics card, may follow it. Told here, where a page that is busy drawing is not mistaken for a hand at rest.
  const REST_MS = 150;
  const NUDGE = 1;
  // How wide a letter is at most, in sizes of its font.
  const LETTER_SHARE = 0.7;

  // Settled once what the hand did last has been answered: a key must not overtake it.
  let handSettled = Promise.resolve();

  // Says only the newest: while an answer is on its way, what comes is kept, and only the last of it is sent.
  function newestOnly(send) {
    let waiting = null;
    let busy = false;
    async function next() {
      while (waiting) {
        const args = waiting;
        waiting = null;
        try {
          await send(...args);
        } catch (error) {
          console.warn("not answered", error && error.message);
        }
      }
      busy = false;
    }
    return function (...args) {
      waiting = args;
      if (!busy) {
        busy = true;
        handSettled = Promise.all([handSettled, next()]);
      }
    };
  }

  // Adds up what comes while an answer is on its way.
  function summed(send) {
    let sum = 0;
    let busy = false;
    async function next() {
      while (sum) {
        const now = sum;
        sum = 0;
        try {
          await send(now);
        } catch (error) {
          console.warn("not answered", error && error.message);
        }
      }
      busy = false;
    }
    return function (step) {
      sum += step;
      if (!busy) {
        busy = true;
        next();
      }
    };
  }

  // What the hand itself says, and what waits for nobody.
  const AT_ONCE = new Set(["alive", "lease_take", "path_drag", "path_nudge", "cursor_set", "pane_scroll", "pane_pan", "pane_zoom", "pane_size", "paint_move"]);

  // No button acts on a path whose last movement is still on its way.
  function letHandComeFirst(trame) {
    const send = trame.trigger.bind(trame);
    trame.trigger = async (name, ...given) => {
      if (!AT_ONCE.has(name)) await handSettled;
      return send(name, ...given);
    };
  }

  // A tab that only reads, or that nobody answers, lets hands and keys do nothing.
  const mayAsk = (trame) => window.kambin_line.mayAsk(trame);

  function isTyping(target) {
    const tag = target && target.tagName;
    return tag === "INPUT" || tag === "TEXTAREA" || tag === "SELECT" || (target && target.isContentEditable);
  }

  const KambinPane = {
    name: "KambinPane",
    props: {
      pane: { type: String, required: true },
      place: { type: Number, default: 1 },
      view: { type: Object, default: null },
      lines: { type: Object, default: null },
      tools: { type: Object, default: null },
      over: { type: Object, default: null },
      locked: { type: Boolean, default: false },
      selected: { type: String, default: "entry" },
      brushMm: { type: Number, default: 0 },
      brushErases: { type: Boolean, default: false },
    },
    emits: ["select", "full"],
    setup(props, { emit }) {
      const trame = inject("trame");
      const box = ref(null);
      const dragged = shallowRef(null);
      // As large as it is on the screen: told when it changes, as asking while drawing lays out the whole page.
      const shown = shallowRef({ width: 400, height: 300 });
      // Groups of what is drawn, each drawn anew only when what it shows is another.
      let drawn = [];
      const call = (name, ...args) => trame.trigger(name, args);
      const sendDrag = newestOnly((...args) => call("path_drag", ...args));
      const sendCursor = newestOnly((x, y) => call("cursor_set", props.pane, x, y));
      const sendScroll = summed((steps) => call("pane_scroll", props.pane, steps));
      const sendPan = newestOnly((x, y) => call("pane_pan", props.pane, x, y));
      // Strokes of the brush: no place of the hand is left out, however slowly it is answered.
      const strokes = [];
      const sendStrokes = newestOnly(async () => {
        while (strokes.length) {
          const one = strokes[0];
          const places = one.places;
          const done = one.done;
          one.places = [];
          if (done) strokes.shift();
          await call("paint_move", props.pane, places, one.mm, one.erases, done);
          if (!done && !one.places.length) break;
        }
      });
      const brushAt = shallowRef(null);

      function paint(x, y, done) {
        let last = strokes[strokes.length - 1];
        if (!last || last.done) {
          last = { places: [], mm: props.brushMm, erases: props.brushErases, done: false };
          strokes.push(last);
        }
        last.places.push(`${x.toFixed(2)} ${y.toFixed(2)}`);
        last.done = done;
        sendStrokes();
      }

      const sendNudge = newestOnly((...args) => call("path_nudge", ...args));
      let zoom = 1;
      const sendZoom = newestOnly(async () => {
        const factor = zoom;
        zoom = 1;
        await call("pane_zoom", props.pane, factor);
      });
      const sendSize = newestOnly((width, height) => call("pane_size", props.pane, width, height));
      let watcher = null;
      let hand = null;
      let resting = 0;

      function awaitRest() {
        window.clearTimeout(resting);
        resting = window.setTimeout(() => call("path_rest").catch(() => {}), REST_MS);
      }

      function at(event) {
        const matrix = box.value.getScreenCTM().inverse();
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
        return [point.x, point.y];
      }

      function down(event, handle) {
        if (event.button !== 0 || !props.view || !mayAsk(trame)) return;
        const [x, y] = at(event);
        box.value.closest(".kb-pane").focus({ preventScroll: true });
        if (props.brushMm > 0 && !event.shiftKey) {
          hand = { paint: true };
          paint(x, y, false);
        } else if (handle && !props.locked) {
          emit("select", handle.name);
          hand = { name: handle.name, dx: handle.x - x, dy: handle.y - y };
          dragged.value = { name: handle.name, x: handle.x, y: handle.y };
        } else if (event.shiftKey) {
          hand = { pan: true, x, y };
        } else {
          hand = { cursor: true };
          sendCursor(x, y);
        }
        hand.startX = event.clientX;
        hand.startY = event.clientY;
        box.value.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.stopPropagation();
      }

      function move(event) {
        if (props.brushMm > 0) brushAt.value = at(event);
        if (!hand) return;
        const [x, y] = at(event);
        if (hand.paint) {
          paint(x, y, false);
        } else if (hand.name) {
          if (!hand.moved && Math.hypot(event.clientX - hand.startX, event.clientY - hand.startY) < DRAG_STARTS_PX) return;
          hand.moved = true;
          dragged.value = { name: hand.name, x: x + hand.dx, y: y + hand.dy };
          sendDrag(hand.name, props.pane, x + hand.dx, y + hand.dy, false);
          awaitRest();
        } else if (hand.pan) {
          sendPan(x - hand.x, y - hand.y);
          hand.x = x;
          hand.y = y;
        } else {
          sendCursor(x, y);
        }
      }

      function up(event) {
        if (!hand) return;
        window.clearTimeout(resting);
        if (hand.paint) paint(...at(event), true);
        if (hand.name && hand.moved) {
          const [x, y] = at(event);
          sendDrag(hand.name, props.pane, x + hand.dx, y + hand.dy, true);
        }
        hand = null;
        dragged.value = null;
      }

      function wheel(event) {
        event.preventDefault();
        if (!mayAsk(trame)) return;
        if (event.ctrlKey) {
          zoom *= event.deltaY < 0 ? 1.15 : 1 / 1.15;
          sendZoom();
        } else {
          sendScroll(event.deltaY > 0 ? 1 : -1);
        }
      }

      function key(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || !mayAsk(trame)) return;
        const arrows = { ArrowLeft: [-NUDGE, 0], ArrowRight: [NUDGE, 0], ArrowUp: [0, -NUDGE], ArrowDown: [0, NUDGE] };
        const arrow = arrows[event.key];
        if (props.brushMm > 0 && props.over && (arrow || event.key === " ")) {
          // With the brush the arrows move the cursor by a millimetre, and the space bar dabs there.
          const { x, y } = props.over.cursor;
          const step = 1 / ((props.view && props.view.mm_per_px) || 1);
          if (arrow) sendCursor(x + step * arrow[0], y + step * arrow[1]);
          else paint(x, y, true);
        } else if (arrow) {
          if (!props.locked) sendNudge(props.selected, props.pane, arrow[0], arrow[1], event.shiftKey);
        } else if (event.key === "PageUp" || event.key === "PageDown") {
          sendScroll(event.key === "PageDown" ? 1 : -1);
        } else if (event.key === "+" || event.key === "-") {
          zoom *= event.key === "+" ? 1.15 : 1 / 1.15;
          sendZoom();
        } else if (event.key === "e" || event.key === "t") {
          emit("select", event.key === "e" ? "entry" : "target");
        } else {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
      }

      onMounted(() => {
        const root = box.value.closest(".kb-pane");
        root.addEventListener("wheel", wheel, { passive: false });
        watcher = new ResizeObserver(() => {
          const size = root.getBoundingClientRect();
          if (size.width !== shown.value.width || size.height !== shown.value.height) shown.value = size;
          if (size.width > 40 && size.height > 40 && mayAsk(trame)) sendSize(Math.round(size.width), Math.round(size.height));
        });
        watcher.observe(root);
        shown.value = root.getBoundingClientRect();
      });
      onBeforeUnmount(() => {
        watcher && watcher.disconnect();
        window.clearTimeout(resting);
      });

      const words = computed(() => {
        const view = props.view;
        if (!view) return "No picture yet";
        const sides = view.letters || {};
        return `${view.title}. ${(props.over && props.over.slice_words) || ""}. ${sides.left || ""} on the left, ${sides.right || ""} on the right of the picture.`;
      });

      function line(item, kind) {
        return h("path", {
          key: `${kind}-${item.key || item.name}`,
          d: item.d,
          class: `kb-line kb-${kind}`,
          stroke: item.colour,
          "stroke-width": item.width || 1.4,
          "stroke-dasharray": item.dash || null,
          fill: item.fill || "none",
          "data-key": item.key || item.name,
        });
      }

      function label(item, index) {
        return h("text", { key: `label-${index}`, x: item.x, y: item.y, class: "kb-label", "text-anchor": item.anchor || "start", style: { fill: item.colour } }, item.text);
      }

      // The same nodes again, and nothing compared, while nothing that they show has changed.
      function group(place, name, given, draw) {
        return withMemo([name, ...given], () => h("g", { key: name, class: name }, draw()), drawn, place);
      }

      function cross(view, em) {
        const { x, y } = view.cursor;
        if (x < 0 || y < 0 || x > view.width || y > view.height) return null;
        const gap = em;
        const d = `M${x} 0V${y - gap}M${x} ${y + gap}V${view.height}M0 ${y}H${x - gap}M${x + gap} ${y}H${view.width}`;
        return h("path", { d, class: "kb-line kb-cursor" });
      }

      function handle(view, item, em) {
        const live = dragged.value;
        const moved = live && live.name === item.name ? live : item;
        const behind = Math.abs(item.behind_mm || 0) > 1;
        const ring = 0.75 * em;
        const millimetres = behind ? ` ${item.behind_mm > 0 ? "+" : "\u2212"}${Math.abs(item.behind_mm).toFixed(0)}` : "";
        const word = (item.name === "entry" ? "E" : "T") + millimetres;
        // Inwards of a disc that is near an edge, which would cut its letter.
        const left = moved.x + 1.15 * ring + LETTER_SHARE * em * word.length > view.width;
        const below = moved.y - 0.8 * ring - em < 0;
        const place = { x: (left ? -1.15 : 1.15) * ring, y: below ? 0.8 * ring + 0.75 * em : -0.8 * ring, "text-anchor": left ? "end" : "start" };
        return h(
          "g",
          {
            key: `handle-${item.name}`,
            class: ["kb-handle", `kb-handle-${item.name}`, props.selected === item.name ? "is-selected" : "", behind ? "is-behind" : "", props.locked ? "is-locked" : ""],
            transform: `translate(${moved.x} ${moved.y})`,
            "data-handle": item.name,
            onPointerdown: (event) => down(event, item),
          },
          [
            h("circle", { r: 1.6 * em, class: "kb-grab" }),
            h("circle", { r: ring, class: "kb-ring" }),
            h("circle", { r: 0.14 * em, class: "kb-dot" }),
            h("text", { ...place, class: "kb-handle-word", "font-size": 1.0 * em }, word),
          ],
        );
      }

      function brush(view) {
        const place = brushAt.value;
        if (!(props.brushMm > 0) || !place || !view.mm_per_px) return null;
        return h("circle", { cx: place[0], cy: place[1], r: props.brushMm / view.mm_per_px, class: ["kb-line", "kb-brush", props.brushErases ? "is-erasing" : ""], fill: "none" });
      }

      function scale(view, em) {
        if (!view.mm_per_px) return null;
        const room = view.width * 0.2 * view.mm_per_px;
        const mm = [100, 50, 20, 10, 5, 2].find((step) => step <= room) || 1;
        const length = mm / view.mm_per_px;
        const x = 0.8 * em;
        const y = view.height - 0.9 * em;
        return h("g", { class: "kb-scale" }, [
          h("path", { d: `M${x} ${y - 0.3 * em}v${0.3 * em}h${length}v${-0.3 * em}`, class: "kb-line" }),
          h("text", { x: x + length + 0.4 * em, y, "font-size": 0.9 * em }, `${mm} mm`),
        ]);
      }

      function letters(view, em) {
        const side = view.letters || {};
        const middle = view.height / 2;
        const half = view.width / 2;
        const put = (name, x, y, anchor) => side[name] && h("text", { key: name, x, y, "text-anchor": anchor, "font-size": 1.5 * em, class: "kb-letter", "data-letter": name }, side[name]);
        return h("g", { class: "kb-letters", "aria-hidden": "true" }, [
          put("left", 0.5 * em, middle, "start"),
          put("right", view.width - 0.5 * em, middle, "end"),
          put("top", half, 2.9 * em, "middle"),
          // above the buttons that stand in the third place
          put("bottom", half, view.height - (props.place === 3 ? 3 : 0.6) * em, "middle"),
        ]);
      }

      return () => {
        // The picture, the lines in it, the tools and what moves over it come apart: each is sent only when it changed.
        const view = props.view && { ...props.view, ...(props.lines || {}), ...(props.tools || {}), ...(props.over || {}) };
        const ready = view && view.src;
        if (!ready) drawn = [];
        // A page of the report has its own title, letters and scale.
        const plain = props.pane === "skin";
        // What is written in a picture keeps its size on the screen, whatever the size of the picture.
        const ratio = ready ? Math.max(view.width / Math.max(shown.value.width, 1), view.height / Math.max(shown.value.height, 1)) : 1;
        const em = 13 * ratio;
        return h(
          "div",
          { class: "kb-pane", tabindex: 0, role: "application", "aria-roledescription": "picture of a slice", "aria-label": words.value, "data-pane": props.pane, "data-place": props.place, onKeydown: key },
          [
            ready ? h("img", { class: "kb-slice", src: view.src, decoding: "sync", draggable: false, alt: "" }) : null,
            h(
              "svg",
              {
                ref: box,
                class: "kb-overlay",
                viewBox: ready ? `0 0 ${view.width} ${view.height}` : "0 0 400 300",
                preserveAspectRatio: "xMidYMid meet",
                onPointerdown: (event) => down(event, null),
                onPointermove: move,
                onPointerup: up,
                onPointercancel: up,
                onPointerleave: () => (brushAt.value = null),
                style: { "--kb-em": `${em}px` },
              },
              ready
                ? [
                    group(0, "kb-outlines", [view.outlines], () => (view.outlines || []).map((item) => line(item, "outline"))),
                    group(1, "kb-instruments", [view.tools], () => (view.tools || []).map((item) => line(item, "tool"))),
                    view.cursor && !plain ? cross(view, em) : null,
                    group(2, "kb-labels", [view.labels], () => (view.labels || []).map(label)),
                    ...(view.handles || []).map((item) => handle(view, item, em)),
                    brush(view),
                    plain ? null : group(3, "kb-frame", [props.view, em], () => [scale(view, em), letters(view, em)]),
                  ]
                : [h("text", { x: 200, y: 150, "text-anchor": "middle", class: "kb-empty" }, "No picture yet")],
            ),
            plain ? null : h("div", { class: "kb-pane-title" }, [
              h("span", { class: "kb-pane-name" }, `${props.place > 4 ? "" : props.place}  ${view ? view.title : props.pane}`),
              h("span", { class: "kb-pane-slice" }, view ? view.slice_words || "" : ""),
            ]),
          ],
        );
      };
    },
  };

  // Keys that hold everywhere.
  const KambinKeys = {
    name: "KambinKeys",
    emits: ["full"],
    setup(_props, { emit }) {
      const trame = inject("trame");
      letHandComeFirst(trame);
      const pull = (name) => {
        if (mayAsk(trame)) trame.trigger(name, []);
      };

      function key(event) {
        if (isTyping(event.target) || event.altKey) return;
        const name = event.key.toLowerCase();
        if ((event.ctrlKey || event.metaKey) && name === "z") {
          pull(event.shiftKey ? "redo" : "undo");
        } else if (event.ctrlKey || event.metaKey) {
          return;
        } else if ("1234".includes(name) && name) {
          const pane = document.querySelector(`[data-place="${name}"]`);
          if (pane) pane.focus();
        } else if (name === "f") {
          const pane = document.activeElement && document.activeElement.closest("[data-place]");
          emit("full", pane ? Number(pane.dataset.place) : 0);
        } else if (name === "escape") {
          emit("full", 0);
        } else if (name === "l") {
          pull("lock");
        } else if (name === "u") {
          pull(event.shiftKey ? "redo" : "undo");
        } else if (name === "o") {
          pull("theme_room");
        } else {
          return;
        }
        event.preventDefault();
      }

      // A tab that is loaded again says that it is the same one, and goes on writing.
      function claim() {
        let name = window.sessionStorage.getItem("kambin-tab");
        if (!name) {
          name = Array.from(window.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
          window.sessionStorage.setItem("kambin-tab", name);
        }
        trame.trigger("lease_take", [name]).catch(() => {});
      }

      onMounted(() => {
        window.addEventListener("keydown", key);
        claim();
      });
      onBeforeUnmount(() => window.removeEventListener("keydown", key));
      return () => null;
    },
  };

  // Letters of the patient beside the scene in space, turned with it.
  const SECOND_LETTER = 0.38;
  const AXES = [
    ["L", 1, 0, 0],
    ["R", -1, 0, 0],
    ["P", 0, 1, 0],
    ["A", 0, -1, 0],
    ["S", 0, 0, 1],
    ["I", 0, 0, -1],
  ];
  const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const cross3 = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const unit = (a) => {
    const length = Math.hypot(...a) || 1;
    return [a[0] / length, a[1] / length, a[2] / length];
  };

  // Where a direction points in the patient, by the rule of the slices: two letters from 22 degrees on.
  function lettersOf(way) {
    const near = AXES.map(([letter, ...axis]) => [letter, dot(axis, way)]).filter(([, part]) => part > 0).sort((a, b) => b[1] - a[1]);
    return near.filter(([, part], index) => index === 0 || (index === 1 && part >= SECOND_LETTER)).map(([letter]) => letter).join("");
  }

  const KambinMarker = {
    name: "KambinMarker",
    props: { camera: { type: Object, default: null } },
    setup(props) {
      return () => {
        const camera = props.camera;
        if (!camera) return null;
        const view = unit(minus(camera.focalPoint, camera.position));
        const right = unit(cross3(view, camera.viewUp));
        const up = cross3(right, view);
        const marks = AXES.map(([letter, ...axis]) => [letter, 34 * dot(axis, right), -34 * dot(axis, up), dot(axis, view)]).sort((a, b) => b[3] - a[3]);
        const sides = { left: right.map((part) => -part), right, top: up, bottom: up.map((part) => -part) };
        const edges = Object.entries(sides).map(([side, way]) => h("span", { key: side, class: `kb-edge is-${side}`, "data-edge": side }, lettersOf(way)));
        return [h("div", { class: "kb-edges" }, edges), h("svg", { class: "kb-marker", viewBox: "-50 -50 100 100", role: "img", "aria-label": "Which way the scene is turned" }, [
          ...marks.map(([letter, x, y]) => h("path", { key: `line-${letter}`, d: `M0 0L${x} ${y}` })),
          ...marks.map(([letter, x, y, depth]) => h("text", { key: letter, x: x * 1.2, y: y * 1.2 + 5, "text-anchor": "middle", "data-letter": letter, opacity: depth > 0.5 ? 0.35 : 1 }, letter)),
        ])];
      };
    },
  };

  window.kambin = {
    install(app) {
      app.component("kambin-pane", KambinPane);
      app.component("kambin-keys", KambinKeys);
      app.component("kambin-marker", KambinMarker);
    },
  };
})();
