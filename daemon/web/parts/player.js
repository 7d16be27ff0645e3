// Plays a sound and shows it; what `player.py` says, and the user's own keys and clicks.
//
// `Sound` is what sounds. Short sounds are decoded whole and played by Web Audio: they start at once, loop without a gap, and
// those that are likely to be next are there before they are asked for. Long ones are streamed by a media element.
// The rest is a picture of it: canvases that are drawn once for each sound, and a playhead that moves over them.

const SHORT_S = 30;
const KEPT_BYTES = 96 * 1024 * 1024;
const FADE_S = 0.004;
const STORE = "tagger.player";

let context = null;

function audioContext() {
  context ??= new AudioContext({ latencyHint: "interactive" });
  return context;
}

// Browsers let nothing sound before the user has done something, and complain where it is tried.
let isAllowed = navigator.userActivation?.hasBeenActive ?? false;

const allowed = new Promise((resolve) => {
  function allow() {
    isAllowed = true;
    audioContext().resume().catch(() => {});
    resolve();
  }
  if (isAllowed) resolve();
  for (const gesture of ["keydown", "pointerdown"]) {
    window.addEventListener(gesture, allow, { capture: true, once: true });
  }
});

async function problemOf(answer) {
  const problem = await answer.json().catch(() => null);
  return new Error(problem?.detail ?? `The sound cannot be had: ${answer.status} ${answer.statusText}.`);
}

// Decoded short sounds by address, the latest last.
class Shelf {
  constructor() {
    this.buffers = new Map();
  }

  get(url) {
    const held = this.buffers.get(url) ?? this.fetch(url);
    this.buffers.delete(url);
    this.buffers.set(url, held);
    return held;
  }

  async fetch(url) {
    const fetched = (async () => {
      const answer = await fetch(url);
      if (!answer.ok) throw await problemOf(answer);
      const encoded = await answer.arrayBuffer();
      await allowed;
      try {
        return await audioContext().decodeAudioData(encoded);
      } catch {
        throw new Error("This browser cannot decode the sound.");
      }
    })();
    this.buffers.set(url, fetched);
    fetched.then(
      (buffer) => {
        fetched.bytes = buffer.length * buffer.numberOfChannels * 4;
        this.tidy();
      },
      // What failed may be there the next time.
      () => this.buffers.delete(url),
    );
    return fetched;
  }

  tidy() {
    let bytes = 0;
    for (const [url, held] of [...this.buffers].reverse()) {
      bytes += held.bytes ?? 0;
      if (bytes > KEPT_BYTES) this.buffers.delete(url);
    }
  }
}

const shelf = new Shelf();

// A short sound, whole in memory.
class Buffered {
  constructor(buffer, events) {
    Object.assign(this, { buffer, events, node: null, at: 0, loop: false, gain: audioContext().createGain() });
    this.duration = buffer.duration;
    this.gain.connect(audioContext().destination);
  }

  get isPlaying() {
    return this.node !== null;
  }

  get time() {
    if (!this.isPlaying) return this.at;
    const played = Math.max(0, audioContext().currentTime - this.startedAt);
    return this.loop ? played % this.duration : Math.min(played, this.duration);
  }

  async play(from) {
    this.halt();
    const context = audioContext();
    const node = new AudioBufferSourceNode(context, { buffer: this.buffer, loop: this.loop });
    node.fade = new GainNode(context, { gain: 1 });
    node.connect(node.fade).connect(this.gain);
    node.onended = () => {
      if (this.node !== node) return;
      this.node = null;
      this.at = 0;
      this.events.ended();
    };
    this.node = node;
    this.startedAt = context.currentTime - from;
    node.start(0, from);
    await context.resume();
  }

  pause() {
    this.at = this.time;
    this.halt();
  }

  seek(time) {
    this.at = time;
    if (this.isPlaying) this.play(time);
  }

  // To stop within a wave would click.
  halt() {
    const node = this.node;
    this.node = null;
    if (!node) return;
    const now = audioContext().currentTime;
    node.fade.gain.setTargetAtTime(0, now, FADE_S / 3);
    node.stop(now + FADE_S * 2);
  }

  setLoop(loop) {
    if (this.isPlaying) {
      this.startedAt = audioContext().currentTime - this.time;
      this.node.loop = loop;
    }
    this.loop = loop;
  }

  setVolume(amplitude) {
    this.gain.gain.setTargetAtTime(amplitude, audioContext().currentTime, 0.01);
  }

  close() {
    this.halt();
    setTimeout(() => this.gain.disconnect(), 50);
  }
}

// A long sound, fetched as it is played.
class Streamed {
  constructor(url, events) {
    this.media = new Audio();
    this.media.preload = "auto";
    this.media.onended = () => {
      this.media.currentTime = 0;
      events.ended();
    };
    this.media.onerror = async () => {
      // A media element does not say why.
      const answer = await fetch(url, { headers: { Range: "bytes=0-0" } }).catch(() => null);
      if (!answer) events.failed(new Error("The tagger cannot be reached."));
      else events.failed(answer.ok ? new Error("This browser cannot decode the sound.") : await problemOf(answer));
    };
    this.media.src = url;
  }

  get duration() {
    return this.media.duration;
  }

  get isPlaying() {
    return !this.media.paused;
  }

  get time() {
    return this.media.currentTime;
  }

  async play(from) {
    if (Math.abs(this.media.currentTime - from) > 0.01) this.media.currentTime = from;
    await this.media.play();
  }

  pause() {
    this.media.pause();
  }

  seek(time) {
    this.media.currentTime = time;
  }

  setLoop(loop) {
    this.media.loop = loop;
  }

  setVolume(amplitude) {
    this.media.volume = amplitude;
  }

  close() {
    this.media.onended = this.media.onerror = null;
    this.media.pause();
    this.media.removeAttribute("src");
    this.media.load();
  }
}

// One sound at a time, short or long.
class Sound {
  constructor(events) {
    Object.assign(this, { events, engine: null, wanted: null, loop: false, volume: 1, at: 0 });
  }

  async load({ url, duration }) {
    this.close();
    const turn = (this.turn = {});
    const events = {
      ended: () => turn === this.turn && this.events.ended(),
      failed: (error) => turn === this.turn && this.fail(error),
    };
    try {
      const isShort = duration > 0 && duration <= SHORT_S;
      const engine = isShort ? new Buffered(await shelf.get(url), events) : new Streamed(url, events);
      if (turn !== this.turn) return engine.close();
      this.engine = engine;
      engine.setLoop(this.loop);
      engine.setVolume(this.volume);
      engine.seek(this.at);
      if (this.wanted !== null) this.play(this.wanted);
    } catch (error) {
      events.failed(error);
    }
  }

  get isPlaying() {
    return this.engine ? this.engine.isPlaying : this.wanted !== null;
  }

  get time() {
    return this.engine?.time ?? this.at;
  }

  async play(from) {
    this.wanted = from;
    if (!isAllowed) this.events.blocked();
    if (!this.engine) return;
    this.wanted = null;
    const turn = this.turn;
    const patience = setTimeout(() => turn === this.turn && this.events.blocked(), 400);
    try {
      await this.engine.play(from);
      this.events.started();
    } catch (error) {
      // What was cut short by the next sound is no error.
      if (turn === this.turn && error.name === "NotAllowedError") this.events.blocked();
    } finally {
      clearTimeout(patience);
    }
  }

  pause() {
    this.wanted = null;
    this.engine?.pause();
  }

  seek(time) {
    this.at = time;
    if (this.wanted !== null) this.wanted = time;
    this.engine?.seek(time);
  }

  setLoop(loop) {
    this.loop = loop;
    this.engine?.setLoop(loop);
  }

  // Loudness goes rather with the square of what a slider shows.
  setVolume(volume) {
    this.volume = volume ** 2;
    this.engine?.setVolume(this.volume);
  }

  fail(error) {
    this.close();
    this.events.failed(error);
  }

  close() {
    this.turn = null;
    this.wanted = null;
    this.at = 0;
    this.engine?.close();
    this.engine = null;
  }
}

const ICONS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  stop: "M6 6h12v12H6z",
  loop: "M7 7h9V4l5 4.5-5 4.5v-3H9v3H6V8a1 1 0 0 1 1-1zM17 17H8v3l-5-4.5L8 11v3h7v-3h3v5a1 1 0 0 1-1 1z",
  autoplay: "M13 2 4 14h6l-1 8 9-12h-6z",
  spectrogram: "M4 4h3v16H4zM9 10h3v10H9zM14 7h3v13h-3zM19 14h2v6h-2z",
  volume: "M4 9v6h4l5 5V4L8 9zM16 8.5a5 5 0 0 1 0 7zM16 4.5a9 9 0 0 1 0 15v-2a7 7 0 0 0 0-11z",
};

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

function clock(time, duration) {
  const tenths = duration < 60 ? 100 : 10;
  const units = Math.floor(Math.max(0, time) * tenths + 1e-6);
  const seconds = Math.floor(units / tenths);
  const fraction = String(units % tenths).padStart(duration < 60 ? 2 : 1, "0");
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const head = minutes < 60 ? minutes : `${Math.floor(minutes / 60)}:${two(minutes % 60)}`;
  return `${head}:${two(seconds % 60)}.${fraction}`;
}

function spoken(time) {
  const minutes = Math.floor(time / 60);
  const seconds = `${(time % 60).toFixed(1)} seconds`;
  return minutes ? `${minutes} minutes ${seconds}` : seconds;
}

export default {
  template: `
    <section class="hearing" :class="{ 'is-empty': !sound }" aria-label="Player">
      <div class="hearing-bar">
        <button type="button" class="hearing-main" :disabled="!sound" :aria-label="isPlaying ? 'Pause' : 'Play'"
          :title="isPlaying ? 'Pause (space)' : 'Play (space)'" @click="toggle">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path :d="isPlaying ? icons.pause : icons.play" /></svg>
        </button>
        <button type="button" :disabled="!sound" aria-label="Stop" title="Stop, back to the beginning" @click="stop">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path :d="icons.stop" /></svg>
        </button>
        <button v-for="each in switches" :key="each.name" type="button" :aria-pressed="String(kept[each.name])"
          :aria-label="each.words" :title="each.title" @click="flip(each.name)">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path :d="icons[each.name]" /></svg>
        </button>
        <span class="hearing-name" :title="sound?.name">{{ sound?.name ?? "Nothing to hear yet" }}</span>
        <span class="hearing-time"><b ref="now">{{ clock(0) }}</b> / {{ clock(duration) }}</span>
        <label class="hearing-volume" title="Volume">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path :d="icons.volume" /></svg>
          <input type="range" min="0" max="1" step="0.01" v-model.number="kept.volume" aria-label="Volume"
            :aria-valuetext="Math.round(kept.volume * 100) + ' percent'" @keydown.stop />
        </label>
      </div>
      <div ref="stage" class="hearing-stage" :class="{ 'has-picture': kept.spectrogram }" role="slider" :tabindex="sound ? 0 : -1" aria-label="Position"
        aria-valuemin="0" :aria-valuemax="duration.toFixed(2)" aria-valuenow="0" :aria-disabled="String(!sound)"
        @keydown="onKey" @pointerdown="onDown" @pointermove="onMove" @pointerup="onUp" @pointercancel="drag = null"
        @pointerleave="hover = null">
        <div class="hearing-wave">
          <canvas ref="wave" aria-hidden="true"></canvas>
          <canvas ref="played" aria-hidden="true"></canvas>
        </div>
        <img v-if="picture && kept.spectrogram" class="hearing-picture" :class="{ 'is-there': isPictureThere }" :src="picture"
          alt="" draggable="false" @load="isPictureThere = true" @error="isPictureThere = false" />
        <div v-for="lane in lanes" :key="lane.label" class="hearing-lane">
          <span v-for="(each, at) in lane.stretches" :key="at" :data-start="each.start_s" :style="place(each)">
            {{ at ? "" : lane.label }}
          </span>
        </div>
        <slot></slot>
        <div ref="head" class="hearing-head" v-show="sound"></div>
        <div v-if="hover !== null && sound" class="hearing-hover" :class="{ 'is-late': hover > 0.5 }" :style="{ left: hover * 100 + '%' }">
          <span>{{ hoverWords }}</span>
        </div>
        <p v-if="message" class="hearing-message" :class="{ 'is-error': isError }" :role="isError ? 'alert' : 'status'">{{ message }}</p>
      </div>
    </section>
  `,
  props: { sound: Object, stretches: Array },
  emits: ["ended", "seeked", "error"],
  data() {
    return {
      kept: { volume: 0.8, loop: false, autoplay: true, spectrogram: true, ...remembered() },
      isPlaying: false,
      hover: null,
      hovered: "",
      drag: null,
      message: "",
      isError: false,
      isDark: false,
      isPictureThere: false,
      width: 0,
      icons: ICONS,
      switches: [
        { name: "loop", words: "Loop", title: "Loop (L)" },
        { name: "autoplay", words: "Play what is chosen at once", title: "Play what is chosen at once" },
        { name: "spectrogram", words: "Show the spectrogram", title: "Show the spectrogram" },
      ],
    };
  },
  computed: {
    duration() {
      return this.sound?.duration ?? 0;
    },
    picture() {
      if (!this.sound?.spectrogram || !this.width) return "";
      // Few sizes, so that what was drawn once is found again.
      const width = Math.min(4000, Math.ceil((this.width * devicePixelRatio) / 400) * 400);
      return `${this.sound.spectrogram}?width=${width}&height=128&theme=${this.isDark ? "dark" : "light"}`;
    },
    lanes() {
      const lanes = new Map();
      const least = this.duration / 1000;
      for (const each of this.stretches ?? []) {
        if (!lanes.has(each.label)) lanes.set(each.label, []);
        const lane = lanes.get(each.label);
        const last = lane.at(-1);
        // What is closer than can be seen is one.
        if (last && each.start_s - last.end_s < least) last.end_s = Math.max(last.end_s, each.end_s);
        else lane.push({ ...each });
      }
      return [...lanes].map(([label, stretches]) => ({ label, stretches }));
    },
    hoverWords() {
      const time = clock(this.hover * this.duration, this.duration);
      return this.hovered ? `${this.hovered}  ${time}` : time;
    },
  },
  watch: {
    sound: {
      handler(sound, before) {
        if (sound?.serial !== before?.serial) this.show(sound, this.kept.autoplay && !sound?.isQuiet);
      },
      flush: "sync",
    },
    kept: {
      deep: true,
      handler(kept) {
        localStorage.setItem(STORE, JSON.stringify(kept));
        this.player.setLoop(kept.loop);
        this.player.setVolume(kept.volume);
      },
    },
    width: "draw",
    isDark: "draw",
    picture() {
      this.isPictureThere = false;
    },
  },
  created() {
    this.player = new Sound({
      started: () => this.tell(""),
      ended: () => {
        this.follow();
        this.$emit("ended");
      },
      blocked: () => this.tell("The browser lets nothing sound before a click or a key."),
      failed: (error) => {
        this.tell(error.message, true);
        this.$emit("error", error.message);
      },
    });
    this.player.setLoop(this.kept.loop);
    this.player.setVolume(this.kept.volume);
  },
  mounted() {
    this.sizes = new ResizeObserver(() => (this.width = this.$refs.stage.clientWidth));
    this.sizes.observe(this.$refs.stage);
    this.themes = new MutationObserver(this.look);
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.look();
    this.show(this.sound, false);
  },
  unmounted() {
    this.sizes.disconnect();
    this.themes.disconnect();
    cancelAnimationFrame(this.frame);
    this.peaksAsked?.abort();
    this.player.close();
  },
  methods: {
    // What Python calls.
    play() {
      if (!this.sound) return;
      // What failed may be there by now.
      if (this.isError) return this.show(this.sound, true);
      this.player.play(this.player.time >= this.duration ? 0 : this.player.time);
      this.follow();
    },
    pause() {
      this.player.pause();
      this.follow();
    },
    stop() {
      this.player.pause();
      this.player.seek(0);
      this.follow();
    },
    toggle() {
      if (this.player.isPlaying) this.pause();
      else this.play();
    },
    seek(time) {
      this.player.seek(Math.min(Math.max(0, time), this.duration));
      this.follow();
    },
    prefetch(urls) {
      for (const url of urls) shelf.get(url).catch(() => {});
    },

    show(sound, isPlayed) {
      this.tell("");
      this.peaks = null;
      this.isPictureThere = false;
      this.peaksAsked?.abort();
      if (sound) {
        this.player.load(sound);
        if (isPlayed) this.player.play(0);
        this.getPeaks(sound);
      } else this.player.close();
      this.draw();
      this.follow();
    },
    async getPeaks(sound) {
      this.peaksAsked = new AbortController();
      const points = Math.min(2000, Math.max(400, Math.ceil(this.$refs.stage.clientWidth / 400) * 400));
      try {
        const answer = await fetch(`${sound.peaks}?points=${points}`, { signal: this.peaksAsked.signal });
        if (!answer.ok) throw await problemOf(answer);
        const peaks = await answer.json();
        if (this.sound?.serial !== sound.serial) return;
        this.peaks = peaks;
        this.draw();
      } catch (error) {
        if (error.name === "AbortError" || this.message) return;
        this.tell(error instanceof TypeError ? "The tagger cannot be reached." : error.message, true);
      }
    },
    tell(message, isError = false) {
      this.message = message;
      this.isError = isError;
      if (isError) this.follow();
    },
    flip(name) {
      this.kept[name] = !this.kept[name];
    },
    clock(time) {
      return clock(time, this.duration);
    },
    place(stretch) {
      const share = (time) => `${(100 * time) / this.duration}%`;
      return {
        left: share(stretch.start_s),
        width: share(stretch.end_s - stretch.start_s),
        "--lane": stretch.colour,
      };
    },

    // Keeps the playhead where the sound is, for as long as it moves.
    follow() {
      cancelAnimationFrame(this.frame);
      this.isPlaying = this.player.isPlaying;
      const time = this.drag ?? this.player.time;
      const share = this.duration ? Math.min(1, time / this.duration) : 0;
      const { head, now, played, stage } = this.$refs;
      if (!head) return;
      head.style.transform = `translateX(${share * this.width}px)`;
      played.style.clipPath = `inset(0 ${100 - share * 100}% 0 0)`;
      now.textContent = this.clock(time);
      const second = time.toFixed(1);
      if (stage.ariaValueNow !== second) {
        stage.ariaValueNow = second;
        stage.ariaValueText = spoken(time);
      }
      if (this.isPlaying) this.frame = requestAnimationFrame(() => this.follow());
    },
    look() {
      const [r, g, b] = getComputedStyle(this.$refs.stage).color.match(/[\d.]+/g).map(Number);
      this.isDark = r + g + b > 384;
      this.draw();
    },
    draw() {
      for (const [canvas, colour] of [
        [this.$refs.wave, "--wave"],
        [this.$refs.played, "--wave-played"],
      ]) {
        if (!canvas) return;
        const width = (canvas.width = canvas.clientWidth * devicePixelRatio);
        const height = (canvas.height = canvas.clientHeight * devicePixelRatio);
        const pen = canvas.getContext("2d");
        pen.fillStyle = getComputedStyle(canvas).getPropertyValue(colour) || "gray";
        if (!this.peaks) pen.fillRect(0, height / 2 - 0.5, width, 1);
        else this.fill(pen, width, height);
      }
      this.follow();
    },
    fill(pen, width, height) {
      const { low, high } = this.peaks;
      const x = (at) => ((at + 0.5) / low.length) * width;
      // Silence is a line.
      const y = (value, least) => height / 2 - (value / 127) * (height / 2 - 3) - least * 0.6 * devicePixelRatio;
      pen.beginPath();
      pen.moveTo(0, y(high[0], 1));
      high.forEach((value, at) => pen.lineTo(x(at), y(value, 1)));
      pen.lineTo(width, y(high.at(-1), 1));
      pen.lineTo(width, y(low.at(-1), -1));
      for (let at = low.length - 1; at >= 0; at--) pen.lineTo(x(at), y(low[at], -1));
      pen.lineTo(0, y(low[0], -1));
      pen.fill();
    },

    onKey(event) {
      if (!this.sound || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = Math.min(event.shiftKey ? 15 : 5, this.duration / (event.shiftKey ? 4 : 20));
      const moves = {
        ArrowLeft: () => this.jump(this.player.time - step),
        ArrowRight: () => this.jump(this.player.time + step),
        Home: () => this.jump(0),
        End: () => this.jump(this.duration),
        " ": () => this.toggle(),
        l: () => this.flip("loop"),
      };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      move();
    },
    jump(time) {
      this.seek(time);
      this.$emit("seeked", this.player.time);
    },
    share(event) {
      const { left, width } = this.$refs.stage.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - left) / width));
    },
    onDown(event) {
      if (!this.sound || event.button) return;
      this.$refs.stage.setPointerCapture(event.pointerId);
      this.start = event.target.dataset?.start;
      this.drag = this.share(event) * this.duration;
      this.follow();
    },
    onMove(event) {
      this.hover = this.share(event);
      this.hovered = event.target.dataset?.start ? event.target.parentElement.firstElementChild.textContent.trim() : "";
      if (this.drag === null) return;
      const time = this.hover * this.duration;
      if (Math.abs(time - this.drag) > this.duration / 300) this.start = undefined;
      this.drag = time;
      this.follow();
    },
    onUp() {
      if (this.drag === null) return;
      // A click on a stretch is where it begins.
      const time = this.start === undefined ? this.drag : Number(this.start);
      this.drag = null;
      this.jump(time);
      this.play();
    },
  },
};
