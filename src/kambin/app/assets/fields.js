// Fields whose value the server knows: what a person types there is replaced by nobody.
(function () {
  "use strict";
  const { h, inject, onMounted, ref, watch } = window.Vue;

  const KambinField = {
    name: "KambinField",
    props: {
      name: { type: String, required: true },
      value: { type: [String, Number], default: "" },
      type: { type: String, default: "text" },
      call: { type: String, required: true },
      given: { type: Array, default: () => [] },
      live: { type: Boolean, default: false },
    },
    setup(props, { attrs }) {
      const trame = inject("trame");
      const box = ref(null);
      // A hand is in it: it was entered, and what was typed since has not been sent and answered.
      let isHeld = false;
      let sent = 0;

      function show() {
        if (isHeld || sent || !box.value || box.value.value === String(props.value)) return;
        box.value.value = props.value;
        // as it was when it was entered: what is typed next replaces it
        if (props.type === "text" && document.activeElement === box.value) box.value.select();
      }

      async function send() {
        const typed = box.value.value;
        const worth = props.type === "range" ? Number(typed) : typed;
        sent += 1;
        try {
          await trame.trigger(props.call, [...props.given, worth]);
        } catch (error) {
          console.warn("not answered", error && error.message);
        }
        sent -= 1;
        show();
      }

      watch(() => props.value, show);
      onMounted(show);

      return () =>
        h("input", {
          ...attrs,
          ref: box,
          type: props.type,
          name: props.name,
          autocomplete: "off",
          onFocus: () => (isHeld = props.type === "text"),
          onInput: () => {
            isHeld = true;
            if (props.live) send();
          },
          onChange: () => {
            isHeld = false;
            send();
          },
          onBlur: () => {
            isHeld = false;
            show();
          },
        });
    },
  };

  window.kambin_fields = {
    install(app) {
      app.component("kambin-field", KambinField);
    },
  };
})();
