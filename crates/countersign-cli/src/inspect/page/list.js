// The list: recycled rows of one height, so that any number of deliveries costs the same. It does not
// jump: what is read stays in its place when deliveries arrive.

import { $, h, fill } from './dom.js';
import { glyph, millis, time, title, tone, visible } from './format.js';

const ROW = 60;
const KEPT = 2000;

export class List {
  constructor(onselect) {
    this.onselect = onselect;
    this.deliveries = [];
    this.rows = [];
    this.open = new Set();
    this.selected = null;
    this.paused = false;
    this.waiting = [];
    this.pool = [];
    this.unseen = 0;
    this.spacer = h('div', { class: 'spacer', role: 'presentation' });
    this.box = h('div', {
      id: 'box', role: 'listbox', tabindex: '0', 'aria-label': 'Deliveries, the newest first',
      onscroll: () => this.scrolled(), onkeydown: (event) => this.key(event),
      onclick: (event) => this.click(event),
    }, this.spacer);
    this.empty = h('div', { class: 'empty' });
    $('list').append(this.box, this.empty);
    $('newer').addEventListener('click', () => { this.box.scrollTop = 0; this.scrolled(); });
    new ResizeObserver(() => this.draw()).observe(this.box);
    for (const id of ['text', 'type', 'verdict', 'endpoint']) {
      $(id).addEventListener('input', () => this.refresh());
    }
  }

  add(batch) {
    if (this.paused) {
      this.waiting.push(...batch);
      this.waiting.splice(0, Math.max(0, this.waiting.length - KEPT));
      return this.counted();
    }
    const before = this.rows.length ? this.rows[0].delivery.seq : 0;
    for (const delivery of batch) this.deliveries.unshift(delivery);
    this.deliveries.length = Math.min(this.deliveries.length, KEPT);
    this.arrange();
    // Stay where one reads: at the top the list flows, unless a row is being chosen.
    const added = before ? this.rows.findIndex((row) => row.delivery.seq === before) : 0;
    const reads = this.box.scrollTop > 0 || this.box.matches(':hover') || document.activeElement === this.box;
    if (added > 0 && reads) {
      // First the height: a list that is not as high yet cannot scroll as far.
      this.spacer.style.height = `${this.rows.length * ROW}px`;
      this.box.scrollTop += added * ROW;
      this.unseen += added;
    }
    this.draw();
  }

  clear() {
    this.deliveries = [];
    this.waiting = [];
    this.refresh();
  }

  pause(paused) {
    this.paused = paused;
    if (!paused) this.add(this.waiting.splice(0));
    this.counted();
  }

  refresh() {
    this.arrange();
    this.box.scrollTop = 0;
    this.unseen = 0;
    this.draw();
  }

  // Duplicates are under the first delivery of their event.
  arrange() {
    const admits = filter();
    const groups = new Map();
    for (const delivery of this.deliveries) {
      if (!admits(delivery)) continue;
      const key = delivery.event_id ? `${delivery.endpoint}\n${delivery.tenant ?? ''}\n${delivery.event_id}` : `#${delivery.seq}`;
      const group = groups.get(key);
      if (group) group.push(delivery);
      else groups.set(key, [delivery]);
    }
    const folded = [...groups].map(([key, group]) => ({ key, first: group.at(-1), more: group.slice(0, -1) }));
    folded.sort((one, other) => other.first.seq - one.first.seq);
    this.rows = folded.flatMap(({ key, first, more }) => {
      const isOpen = this.open.has(key);
      const row = { key, delivery: first, more: more.length, isOpen };
      return isOpen ? [row, ...more.toReversed().map((delivery) => ({ key, delivery, isChild: true }))] : [row];
    });
  }

  draw() {
    const { scrollTop, clientHeight } = this.box;
    const from = Math.max(0, Math.floor(scrollTop / ROW) - 4);
    const to = Math.min(this.rows.length, Math.ceil((scrollTop + (clientHeight || 600)) / ROW) + 4);
    this.spacer.style.height = `${this.rows.length * ROW}px`;
    while (this.pool.length < to - from) {
      const row = newRow();
      this.pool.push(row);
      this.spacer.append(row.element);
    }
    this.pool.forEach((row, at) => {
      const index = from + at;
      const shown = index < to;
      row.element.hidden = !shown;
      if (shown) this.drawRow(row, index);
    });
    const at = this.index();
    const active = at >= from && at < to ? `row-${this.selected}` : '';
    if (active) this.box.setAttribute('aria-activedescendant', active);
    else this.box.removeAttribute('aria-activedescendant');
    const isEmpty = this.rows.length === 0;
    this.box.hidden = isEmpty;
    this.empty.hidden = !isEmpty;
    $('newer').hidden = !(this.unseen > 0 && scrollTop > 0);
    $('newer').textContent = `↑ ${this.unseen} new`;
    this.counted();
  }

  drawRow(row, index) {
    const { delivery, more, isOpen, isChild } = this.rows[index];
    const kind = tone(delivery);
    const { element } = row;
    element.style.transform = `translateY(${index * ROW}px)`;
    element.className = `row ${kind}${isChild ? ' child' : ''}`;
    element.id = `row-${delivery.seq}`;
    element.dataset.seq = delivery.seq;
    element.setAttribute('aria-selected', String(delivery.seq === this.selected));
    element.setAttribute('aria-posinset', index + 1);
    element.setAttribute('aria-setsize', this.rows.length);
    row.glyph.textContent = glyph(kind);
    row.name.textContent = visible(delivery.event_type ?? delivery.handshake ?? title(delivery.code));
    row.time.textContent = time(delivery.received_at_ms);
    row.path.textContent = visible(`${delivery.endpoint} · ${delivery.scheme}`);
    row.code.textContent = delivery.event_type || delivery.handshake ? title(delivery.code) : '';
    row.status.textContent = delivery.status;
    row.ms.textContent = delivery.ms === null ? '' : millis(delivery.ms);
    const tries = delivery.attempt > 1 ? `attempt ${delivery.attempt}` : '';
    row.more.textContent = more ? `${isOpen ? '▾' : '▸'} ${more} more` : tries;
    row.more.className = more ? 'more fold' : 'more';
  }

  index() {
    return this.rows.findIndex((row) => row.delivery.seq === this.selected);
  }

  move(step) {
    if (!this.rows.length) return;
    const at = this.index();
    const next = at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + step));
    this.select(this.rows[next].delivery.seq);
    const top = next * ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const bottom = top + ROW - this.box.clientHeight;
    if (bottom > this.box.scrollTop) this.box.scrollTop = bottom;
    this.draw();
  }

  select(seq) {
    this.selected = seq;
    this.draw();
    this.onselect(seq);
  }

  toggle(isOpen) {
    const row = this.rows[this.index()];
    if (!row) return;
    const wanted = isOpen ?? !this.open.has(row.key);
    if (wanted) this.open.add(row.key);
    else this.open.delete(row.key);
    this.arrange();
    this.draw();
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.move(steps[event.key]);
    else if (event.key === 'ArrowRight') this.toggle(true);
    else if (event.key === 'ArrowLeft') this.toggle(false);
    else if (event.key === 'Enter') {
      if (this.selected === null) this.move(0);
      document.body.classList.add('reading');
      $('detail').focus();
    }
    else return;
    event.preventDefault();
  }

  click(event) {
    const row = event.target.closest('.row');
    if (!row) return;
    this.select(Number(row.dataset.seq));
    if (event.target.classList.contains('fold')) this.toggle();
  }

  scrolled() {
    if (this.box.scrollTop < ROW) this.unseen = 0;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  counted() {
    const held = this.paused ? `, paused with ${this.waiting.length} new` : '';
    const dropped = this.dropped ? `, ${this.dropped} not recorded (too fast)` : '';
    $('count').textContent = `${this.rows.length} of ${this.deliveries.length} deliveries${held}${dropped}`;
  }

  // What to do if there is nothing to show.
  say(...children) {
    fill(this.empty, ...children);
  }
}

function newRow() {
  const parts = ['glyph', 'name', 'time', 'path', 'code', 'status', 'ms', 'more'];
  const row = Object.fromEntries(parts.map((name) => [name, h('span', { class: name })]));
  const line = (...spans) => h('span', { class: 'line' }, spans);
  row.element = h('div', { role: 'option' }, row.glyph,
    h('span', { class: 'lines' },
      line(row.name, row.status, row.time),
      line(row.path, row.more, row.code, row.ms)));
  return row;
}

function filter() {
  const [text, type, verdict, endpoint] =
    ['text', 'type', 'verdict', 'endpoint'].map((id) => $(id).value.trim().toLowerCase());
  const verdicts = {
    verified: (it) => it.verified,
    rejected: (it) => !it.verified,
    duplicate: (it) => it.code === 'duplicate',
    failed: (it) => it.code.startsWith('handler'),
  };
  const holds = (value, wanted) => String(value ?? '').toLowerCase().includes(wanted);
  return (it) => (!verdict || verdicts[verdict](it))
    && (!endpoint || it.endpoint.toLowerCase() === endpoint)
    && (!type || holds(it.event_type, type))
    && (!text || ['endpoint', 'scheme', 'code', 'status', 'event_id', 'event_type', 'tenant']
      .some((field) => holds(it[field], text)));
}
