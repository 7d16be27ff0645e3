// Takes files that are dropped anywhere in the view around it, or chosen, and sends them one after the other.
// NiceGUI's own upload takes none while others are on their way, and hands them all to memory or forms.
export default {
  template: `
    <div class="dropzone">
      <slot></slot>
      <input ref="input" type="file" multiple hidden aria-hidden="true" @change="chosen" />
    </div>
  `,
  props: { url: String, mostBytes: Number },
  data: () => ({ queue: [], isSending: false, depth: 0 }),
  mounted() {
    this.area = this.$el.closest(".view") || document.body;
    this.handlers = {
      dragenter: (event) => this.over(event, 1),
      dragleave: (event) => this.over(event, -1),
      dragover: (event) => this.isOfFiles(event) && event.preventDefault(),
      drop: this.dropped,
    };
    for (const [name, handler] of Object.entries(this.handlers)) this.area.addEventListener(name, handler);
    // A file that just misses would replace the page.
    this.missed = (event) => this.isOfFiles(event) && event.preventDefault();
    for (const name of ["dragover", "drop"]) window.addEventListener(name, this.missed);
  },
  unmounted() {
    for (const [name, handler] of Object.entries(this.handlers)) this.area.removeEventListener(name, handler);
    for (const name of ["dragover", "drop"]) window.removeEventListener(name, this.missed);
  },
  methods: {
    choose() {
      this.$refs.input.click();
    },
    chosen(event) {
      this.take([...event.target.files]);
      event.target.value = "";
    },
    isOfFiles: (event) => [...(event.dataTransfer?.types || [])].includes("Files"),
    over(event, step) {
      if (!this.isOfFiles(event)) return;
      this.depth = Math.max(0, this.depth + step);
      this.area.classList.toggle("is-over", this.depth > 0);
    },
    dropped(event) {
      if (!this.isOfFiles(event)) return;
      event.preventDefault();
      this.depth = 0;
      this.area.classList.remove("is-over");
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
      for (const entry of entries.filter((each) => each?.isDirectory)) this.refuse(entry.name, "is a folder (drop the files in it)");
      const folders = entries.filter((each) => each?.isDirectory).map((each) => each.name);
      this.take([...event.dataTransfer.files].filter((file) => !folders.includes(file.name)));
    },
    refuse(name, reason) {
      this.$emit("refused", { name, reason });
    },
    async take(files) {
      this.queue.push(...files);
      if (this.isSending) return;
      this.isSending = true;
      while (this.queue.length) await this.send(this.queue.shift());
      this.isSending = false;
    },
    async send(file) {
      if (file.size > this.mostBytes) {
        this.refuse(file.name, `is larger than ${Math.floor(this.mostBytes / 1024 ** 2)} MB`);
        return;
      }
      const name = encodeURIComponent([...file.name].slice(-200).filter((each) => !/[\ud800-\udfff]/u.test(each)).join(""));
      try {
        const answer = await fetch(`${window.path_prefix || ""}${this.url}?name=${name}`, { method: "POST", body: file });
        if (answer.ok || answer.status === 499) return;
        const problem = await answer.json().catch(() => ({}));
        this.refuse(file.name, problem.detail || "could not be sent");
      } catch {
        this.refuse(file.name, "did not arrive: it cannot be read, or the connection broke");
      }
    },
  },
};
