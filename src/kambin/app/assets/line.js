// The line to the server: how long it has not answered, and whether this tab may ask anything of it now.
(function () {
  "use strict";
  const { h, inject, onMounted, onBeforeUnmount } = window.Vue;

  const TICK_MS = 100;
  const ASK_AFTER_MS = 250;
  // Said within a second of the last answer, whenever within the time between two questions it stopped.
  const SILENT_AFTER_MS = 850;
  const STEP_MS = 500;

  let isSilent = false;

  // Whether a hand or a key in this tab can do anything: it writes, and somebody answers.
  function mayAsk(trame) {
    const lease = trame.state.get("lease") || {};
    return !isSilent && (!lease.tabs || Boolean(lease.writes));
  }

  const KambinLine = {
    name: "KambinLine",
    emits: ["silence"],
    setup(_props, { emit }) {
      const trame = inject("trame");
      let timer = null;
      let silence_ms = 0;
      let said_ms = 0;
      let last = performance.now();
      let asks = false;

      function say(now_ms) {
        isSilent = now_ms > 0;
        if (now_ms !== said_ms) emit("silence", now_ms);
        said_ms = now_ms;
      }

      async function ask() {
        asks = true;
        try {
          await trame.trigger("alive", []);
          silence_ms = 0;
          say(0);
        } catch {
          // a closed line has a page of its own, and a refusal is no answer
        }
        asks = false;
      }

      function tick() {
        const now = performance.now();
        // A browser that was busy itself, or slept, may have an answer it has not read yet.
        silence_ms += Math.min(now - last, 2 * TICK_MS);
        last = now;
        if (!asks && silence_ms >= ASK_AFTER_MS) ask();
        if (silence_ms >= SILENT_AFTER_MS) say(Math.max(STEP_MS, STEP_MS * Math.floor(silence_ms / STEP_MS)));
      }

      onMounted(() => {
        ask();
        timer = setInterval(tick, TICK_MS);
      });
      onBeforeUnmount(() => clearInterval(timer));
      return () => null;
    },
  };

  // Stands in the place of everything when nothing can be up to date any more.
  const KambinCut = {
    name: "KambinCut",
    props: { silenceMs: { type: Number, default: 0 } },
    setup(props) {
      const again = "If it was stopped, start it again and open the address that it prints; side and level are asked again.";
      return () => {
        const waits = props.silenceMs > 0;
        const words = waits
          ? `Nothing is shown, because nothing could be up to date. All is shown again as soon as Kambin answers. ${again}`
          : `Nothing is shown, because nothing could be up to date. What was done is kept in the case. ${again}`;
        return h("div", { class: "kb-cut", role: "alert", "data-name": "cut" }, [
          h("h1", waits ? `No answer from Kambin for ${Math.floor(props.silenceMs / 1000)} s` : "Connection to Kambin lost"),
          h("p", words),
          waits ? null : h("button", { type: "button", class: "kb-button is-main", onClick: () => window.location.reload() }, "Try again"),
        ]);
      };
    },
  };

  window.kambin_line = {
    mayAsk,
    install(app) {
      app.component("kambin-line", KambinLine);
      app.component("kambin-cut", KambinCut);
    },
  };
})();
