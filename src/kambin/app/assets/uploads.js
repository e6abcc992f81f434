// Files from this browser: sent beside the socket, by the tab that writes; a component for Vue 3, drawn without templates.
(function () {
  "use strict";
  const { h, ref, inject } = window.Vue;

  // Sends a form and tells how far it is; what comes back is one document in any case.
  function send(form, key, tell) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", "/upload");
      request.setRequestHeader("X-Kambin-Lease", key);
      request.responseType = "json";
      request.upload.onprogress = (event) => tell(event.total ? Math.floor((100 * event.loaded) / event.total) : 0);
      request.onload = () => done(request.response || {});
      request.onerror = () => done({ error: { what: "The upload broke off", why: "The connection was lost.", next_step: "Upload again." } });
      request.send(form);
    });
  }

  const KambinUpload = {
    name: "KambinUpload",
    setup() {
      const trame = inject("trame");
      const chosen = { image: ref([]), labels: ref([]) };
      const into = ref("");
      const said = ref("");
      const busy = ref(false);

      async function upload() {
        const form = new FormData();
        for (const file of chosen.image.value) form.append("image", file);
        // several label files are masks, each named after its structure
        const role = chosen.labels.value.length > 1 ? "mask" : "labels";
        for (const file of chosen.labels.value) form.append(role, file);
        busy.value = true;
        const lease = trame.state.get("lease") || {};
        const answer = await send(form, lease.upload_key || "", (percent) => (said.value = `${percent} % sent`));
        busy.value = false;
        if (answer.error) {
          said.value = `${answer.error.what}. ${answer.error.why} ${answer.error.next_step}`;
          return;
        }
        said.value = `${answer.files} files came.`;
        trame.trigger("upload_make", [into.value]);
      }

      const choose = (role, label, name) =>
        h("label", { class: "kb-field" }, [
          h("span", label),
          h("input", { type: "file", multiple: true, name, onChange: (event) => (chosen[role].value = [...event.target.files]) }),
        ]);

      return () =>
        h(
          "form",
          {
            class: "kb-stack",
            onSubmit: (event) => {
              event.preventDefault();
              upload();
            },
          },
          [
            choose("image", "Images: DICOM files, a zip of them, or one NIfTI file", "upload-image"),
            choose("labels", "Labels: one file, or masks named after their structures", "upload-labels"),
            h("div", { class: "kb-line-of" }, [
              h("label", { class: "kb-field" }, [
                h("span", "New case folder"),
                h("input", { value: into.value, name: "upload-into", autocomplete: "off", spellcheck: "false", onInput: (event) => (into.value = event.target.value) }),
              ]),
              h("button", { type: "submit", class: "kb-button", "data-name": "upload", disabled: busy.value || !into.value || !chosen.labels.value.length }, "Upload"),
            ]),
            said.value ? h("p", { class: "kb-quiet", role: "status", "data-name": "upload-said" }, said.value) : null,
          ]
        );
    },
  };

  window.kambin_uploads = {
    install(app) {
      app.component("kambin-upload", KambinUpload);
    },
  };
})();
