// A pane with its values: it listens to them itself, so that a turned wheel draws one pane and not the page.
(function () {
  "use strict";
  const { h, inject, onMounted, onBeforeUnmount, resolveComponent, shallowRef } = window.Vue;

  // Names of the state that one pane shows, by the name under which it draws them.
  const PARTS = { view: "pane_", lines: "lines_", tools: "tools_", over: "over_" };

  const KambinView = {
    name: "KambinView",
    props: { pane: { type: String, required: true } },
    setup(props) {
      const trame = inject("trame");
      const names = Object.fromEntries(Object.entries(PARTS).map(([part, prefix]) => [part, prefix + props.pane.replaceAll("-", "_")]));
      const read = () => Object.fromEntries(Object.entries(names).map(([part, name]) => [part, trame.state.get(name)]));
      const shown = shallowRef(read());
      const listen = ({ type, keys }) => {
        if (type === "dirty-state" && Object.values(names).some((name) => keys.includes(name))) shown.value = read();
      };
      onMounted(() => {
        trame.state.addListener(listen);
        shown.value = read();
      });
      onBeforeUnmount(() => trame.state.removeListener(listen));
      const pane = resolveComponent("kambin-pane");
      return () => h(pane, { pane: props.pane, ...shown.value });
    },
  };

  window.kambin_views = {
    install(app) {
      app.component("kambin-view", KambinView);
    },
  };
})();
