// The facets that `facets.py` says, each a button that stays the same one while its numbers change. None moves away from
// under a pointer that presses it: what was counted meanwhile is shown when it is let go.

export default {
  props: { groups: { type: Array, default: null } },
  emits: ["press", "turn"],
  data() {
    return { shown: this.groups, isHeld: false };
  },
  watch: {
    groups() {
      if (!this.isHeld) this.shown = this.groups;
    },
  },
  methods: {
    release() {
      // Only after the click that this makes.
      setTimeout(() => {
        this.isHeld = false;
        this.shown = this.groups;
      });
    },
  },
  mounted() {
    for (const each of ["pointerup", "pointercancel"]) window.addEventListener(each, this.release);
  },
  beforeUnmount() {
    for (const each of ["pointerup", "pointercancel"]) window.removeEventListener(each, this.release);
  },
  template: `
    <div class="facet-list" @pointerdown="isHeld = true">
      <div v-if="!shown" class="muted">Counting…</div>
      <template v-for="group in shown" :key="group.title">
        <div class="section" role="heading" aria-level="2">{{ group.title }}</div>
        <div class="facet">
          <div v-for="row in group.rows" :key="row.name" :class="['facet-line', { 'is-leaf': row.isLeaf }]">
            <button type="button" :class="['facet-row', row.tint]" :aria-pressed="row.isOn"
              @click="$emit('press', row.name)">
              <span class="facet-words">{{ row.words }}</span>
              <span class="facet-count">{{ row.files.toLocaleString("en") }}</span>
            </button>
            <q-btn v-if="row.turn" flat round dense size="sm" :icon="row.isOpen ? 'expand_less' : 'expand_more'"
              :aria-label="row.turn" :aria-expanded="row.isOpen" @click="$emit('turn', row.family)" />
          </div>
        </div>
      </template>
    </div>`,
};
