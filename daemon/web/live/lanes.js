// The last minute of live streams, moving. A moment is [time_s, loudness or -1 for silence, label, score, label, score ...].

const KEPT_S = 62;
const DELAY_S = 0.5; // What is drawn at the right edge has surely come.
const GAP_S = 0.6; // What is further apart is not one sound.
const FRAME_MS = 33;
const LANE = 30, LEVEL = 52, AXIS = 22, NAMES = 132, RIGHT = 14;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

function runsOf(moments, pick) {
  const runs = new Map();
  for (const [time, , ...on] of moments) {
    for (const [label, score] of pick(on)) {
      const own = runs.get(label) || runs.set(label, []).get(label);
      const last = own.at(-1);
      if (last && time - last.at(-1)[0] < GAP_S) last.push([time, score]);
      else own.push([[time, score]]);
    }
  }
  return runs;
}

function pairs(on) {
  const found = [];
  for (let at = 0; at < on.length; at += 2) found.push([on[at], on[at + 1]]);
  return found;
}

// A ribbon as thick as the score is high.
function ribbon(context, run, x, middle, height) {
  const half = (score) => (height / 2) * (0.16 + 0.84 * score);
  const first = run[0], last = run.at(-1);
  context.beginPath();
  context.moveTo(x(first[0] - 0.2), middle);
  for (const [time, score] of run) context.lineTo(x(time), middle - half(score));
  context.lineTo(x(last[0] + 0.1), middle);
  for (const [time, score] of run.toReversed()) context.lineTo(x(time), middle + half(score));
  context.closePath();
  context.fill();
}

export default {
  template: `
    <div class="lanes">
      <section v-if="now" class="stage" :aria-label="now.title">
        <div class="stage-head">
          <div class="stage-words">
            <h2 class="stage-title">{{ now.title }} <span class="muted">{{ now.track }}</span></h2>
            <div class="leading" :class="now.family"><span>{{ now.leading }}</span> <span class="leading-share">{{ now.share }}</span></div>
            <div class="also muted">{{ now.also }}&nbsp;</div>
          </div>
          <div class="stage-side">
            <div class="meter" role="meter" aria-label="Level" aria-valuemin="0" aria-valuemax="100"
              :aria-valuenow="Math.round(100 * now.loud)"><i :style="{transform: 'scaleX(' + now.loud + ')'}"></i></div>
            <div class="stage-health"><span class="light" :class="now.state"></span><span>{{ now.words }}</span></div>
            <div class="muted stage-facts">{{ now.facts }}&nbsp;</div>
          </div>
        </div>
        <canvas ref="stage" role="img" :aria-label="'What played in the last minute: ' + now.played"></canvas>
      </section>
      <ul v-if="rows.length > 1" class="stream-list" aria-label="Streams">
        <li v-for="row in rows" :key="row.name">
          <button class="stream" type="button" :aria-current="row.name === chosen" @click="choose(row.name)">
            <span class="light" :class="row.state" :title="row.words"></span>
            <span class="stream-title">{{ row.title }}<span v-if="row.track" class="muted">{{ row.track }}</span></span>
            <span class="stream-leading" :class="row.family">{{ row.leading }}</span>
            <canvas :data-stream="row.name" aria-hidden="true"></canvas>
            <span class="meter" aria-hidden="true"><i :style="{transform: 'scaleX(' + row.loud + ')'}"></i></span>
          </button>
        </li>
      </ul>
    </div>`,
  props: { labels: Array },
  data: () => ({ rows: [], chosen: null, now: null }),
  created() {
    this.streams = new Map();
    this.states = new Map();
    this.offset = null;
    this.drawn_ms = 0;
    this.colours = {};
  },
  mounted() {
    this.onSight = () => { this.$emit("seen", !document.hidden); this.wake(); };
    document.addEventListener("visibilitychange", this.onSight);
    this.theme = new MutationObserver(() => { this.colours = {}; this.wake(); });
    this.theme.observe(document.body, { attributeFilter: ["class"] });
    this.inView = new Set();
    this.sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.inView[isIntersecting ? "add" : "delete"](target);
      this.wake();
    });
  },
  unmounted() {
    document.removeEventListener("visibilitychange", this.onSight);
    this.theme.disconnect();
    this.sight.disconnect();
    cancelAnimationFrame(this.frame);
  },
  updated() {
    for (const canvas of this.$el.querySelectorAll("canvas")) this.sight.observe(canvas);
  },
  methods: {
    take(now_s, news) {
      const offset = performance.now() / 1000 - now_s;
      // What came fastest is nearest to the truth; clocks drift, and computers sleep.
      this.offset = this.offset === null || Math.abs(offset - this.offset) > 2 ? offset : Math.min(this.offset + 0.001, offset);
      for (const [name, moments] of Object.entries(news)) {
        const held = this.streams.get(name) || this.streams.set(name, []).get(name);
        held.push(...moments);
        const old = held.findIndex((moment) => moment[0] > now_s - KEPT_S);
        held.splice(0, old < 0 ? held.length : old);
      }
      this.describe();
      this.wake();
    },
    tell(states) {
      this.states = new Map(states.map((state) => [state.name, state]));
      for (const [name, held] of this.streams) {
        const is_past = !held.length || this.time() - held.at(-1)[0] > KEPT_S;
        if (is_past && !this.states.has(name)) this.streams.delete(name);
      }
      this.describe();
    },
    choose(name) {
      this.chosen = name;
      this.$emit("choose", name);
      this.describe();
    },
    move(step) {
      const at = this.rows.findIndex((row) => row.name === this.chosen);
      const next = this.rows[Math.min(Math.max(at + step, 0), this.rows.length - 1)];
      if (next) this.choose(next.name);
    },
    time() {
      return performance.now() / 1000 - (this.offset || 0);
    },
    describe() {
      const names = [...new Set([...this.states.keys(), ...this.streams.keys()])].sort();
      this.rows = names.map(this.row);
      if (!names.includes(this.chosen)) {
        const loudest = this.rows.toSorted((one, other) => other.loud - one.loud)[0];
        if (loudest) this.choose(loudest.name);
        else this.chosen = null;
      }
      const now = this.rows.find((row) => row.name === this.chosen);
      this.now = now ? { ...now, ...this.details(now.name) } : null;
    },
    row(name) {
      const gone = { title: name, track: "", state: "waiting", words: "It has ended", facts: "" };
      const state = this.states.get(name) || (this.states.size || this.offset === null ? gone : { ...gone, words: "" });
      const last = this.streams.get(name)?.at(-1);
      const row = { name, ...state, loud: 0, leading: "No sound", share: "", family: "is-nothing" };
      if (!last || this.time() - last[0] > 2) return row;
      if (last.length > 2) {
        const label = this.labels[last[2]];
        row.leading = label.words;
        row.share = last[3] ? Math.round(100 * last[3]) + " %" : "";
        row.family = "family-" + label.family;
      } else row.leading = last[1] < 0 ? "Silence" : "Listening";
      row.loud = Math.max(0, last[1]);
      return row;
    },
    details(name) {
      const held = this.streams.get(name) || [];
      const also = (held.at(-1) || []).slice(2).filter((_, at) => at % 2 === 0).slice(1, 4).map((index) => this.labels[index].words);
      const played = [...runsOf(held, pairs).keys()].map((index) => this.labels[index].words);
      return { also: also.length ? "with " + also.join(", ") : "", played: played.join(", ") || "nothing" };
    },
    wake() {
      if (!this.frame && !document.hidden) this.frame = requestAnimationFrame(this.draw);
    },
    draw(now_ms) {
      this.frame = 0;
      const is_due = now_ms - this.drawn_ms >= (STILL.matches ? 1000 : FRAME_MS) - 4;
      if (is_due && this.offset !== null) {
        this.drawn_ms = now_ms;
        this.turn = (this.turn || 0) + 1;
        for (const canvas of this.inView) {
          if (!canvas.isConnected) this.inView.delete(canvas);
          else if (!canvas.dataset.stream) this.drawStage(canvas);
          // Small pictures move by less than a pixel a frame.
          else if (this.turn % 4 === 0 || STILL.matches) this.drawRow(canvas);
        }
      }
      const newest = Math.max(...[...this.streams.values()].map((held) => held.at(-1)?.[0] ?? -Infinity), -Infinity);
      if (this.inView.size && this.time() - newest < KEPT_S) this.wake();
    },
    colour(name) {
      return (this.colours[name] ||= getComputedStyle(document.body).getPropertyValue("--" + name).trim());
    },
    prepared(canvas, height) {
      const scale = devicePixelRatio || 1, width = canvas.clientWidth;
      if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
        canvas.width = Math.round(width * scale);
        canvas.height = Math.round(height * scale);
        canvas.style.height = height + "px";
      }
      const context = canvas.getContext("2d");
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      return [context, width];
    },
    drawRow(canvas) {
      const [context, width] = this.prepared(canvas, 26);
      const end_s = this.time() - DELAY_S, span_s = 60;
      const x = (time) => width - ((end_s - time) / span_s) * width;
      context.fillStyle = this.colour("line");
      context.fillRect(0, 12.5, width, 1);
      const runs = runsOf(this.streams.get(canvas.dataset.stream) || [], (on) => pairs(on.slice(0, 2)));
      for (const [label, own] of runs) {
        context.fillStyle = this.colour(this.labels[label].family);
        for (const run of own) ribbon(context, run, x, 13, 22);
      }
    },
    drawStage(canvas) {
      const held = this.streams.get(this.chosen) || [];
      const span_s = canvas.clientWidth < 640 ? 30 : 60;
      const end_s = this.time() - DELAY_S;
      const shown = held.filter((moment) => moment[0] > end_s - span_s - 1);
      const runs = [...runsOf(shown, pairs)].sort(([one], [other]) => one - other);
      const [context, width] = this.prepared(canvas, LEVEL + Math.max(4, runs.length) * LANE + AXIS);
      const names = width < 640 ? 100 : NAMES, bottom = LEVEL + Math.max(4, runs.length) * LANE;
      const x = (time) => width - RIGHT - ((end_s - time) / span_s) * (width - RIGHT - names);
      context.font = "13px Roboto, system-ui, sans-serif";
      context.textBaseline = "middle";
      this.drawAxis(context, { names, width, bottom, span_s, x, end_s });
      context.save();
      context.beginPath();
      context.rect(names, 0, width - RIGHT - names, bottom);
      context.clip();
      this.drawLevel(context, shown, x);
      runs.forEach(([label, own], lane) => {
        context.fillStyle = this.colour(this.labels[label].family);
        for (const run of own) ribbon(context, run, x, LEVEL + lane * LANE + LANE / 2, LANE - 8);
      });
      context.restore();
      const sounding = new Set(pairs((held.at(-1) || []).slice(2)).map(([label]) => label));
      context.fillStyle = this.colour("muted");
      context.fillText("Level", 2, LEVEL / 2);
      runs.forEach(([label], lane) => {
        context.fillStyle = this.colour(sounding.has(label) ? "ink" : "muted");
        context.fillText(this.labels[label].words, 2, LEVEL + lane * LANE + LANE / 2, names - 12);
      });
    },
    drawAxis(context, { names, width, bottom, span_s, x, end_s }) {
      context.fillStyle = this.colour("line");
      for (let y = LEVEL; y <= bottom; y += LANE) context.fillRect(names, Math.round(y), width - RIGHT - names, 1);
      context.fillStyle = this.colour("muted");
      context.textAlign = "center";
      for (let ago = span_s; ago > 0; ago -= span_s / 6) context.fillText(`−${ago} s`, Math.max(x(end_s - ago), names + 14), bottom + AXIS / 2 + 2);
      context.textAlign = "right";
      context.fillText("now", width - 2, bottom + AXIS / 2 + 2);
      context.textAlign = "left";
      context.fillStyle = this.colour("accent");
      context.fillRect(width - RIGHT, 0, 2, bottom);
    },
    drawLevel(context, shown, x) {
      const middle = LEVEL / 2;
      const thick = (loud) => loud ** 2 * (middle - 4);
      context.fillStyle = this.colour("wave");
      for (const run of runsOf(shown.filter((moment) => moment[1] >= 0).map(([time, loud]) => [time, 0, 0, loud]), pairs).values())
        for (const each of run) {
          context.beginPath();
          for (const [time, loud] of each) context.lineTo(x(time), middle - 1 - thick(loud));
          for (const [time, loud] of each.toReversed()) context.lineTo(x(time), middle + 1 + thick(loud));
          context.fill();
        }
      context.fillRect(0, middle - 0.5, 1e4, 1);
    },
  },
};
