// A body as tree, text and hex. What is signed is marked.

import { h, fill } from './dom.js';
import { bytes as size, compact, decode, utf8, visible } from './format.js';

const MAX_NODES = 3000;
const MAX_HEX = 16384;

export function body(request, seq, verified) {
  const raw = decode(request.body_base64);
  const text = utf8(raw);
  let json;
  try { json = { value: JSON.parse(text) }; } catch { json = null; }
  // As a browser reads numbers with many digits and repeated members.
  const isExact = text === null || !json || JSON.stringify(json.value) === compact(text);
  const signed = request.signed;
  const state = signed ? signed.body : 'body';
  const views = { Tree: json && (() => tree(json.value, signed)), Raw: text !== null && (() => plain(text)), Hex: () => hex(raw) };
  const names = Object.keys(views).filter((name) => views[name]);
  const view = h('div', { class: `view ${state}`, id: 'body-view', role: 'tabpanel', tabindex: '0', 'aria-label': 'Body' });
  const tabs = names.map((name) => h('button', {
    type: 'button', role: 'tab', 'aria-selected': 'false', 'aria-controls': 'body-view', tabindex: '-1',
    onclick: () => show(name),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (names.indexOf(name) + step + names.length) % names.length;
      show(names[next]);
      tabs[next].focus();
    },
  }, name));
  function show(name) {
    tabs.forEach((tab, at) => {
      tab.setAttribute('aria-selected', String(names[at] === name));
      tab.tabIndex = names[at] === name ? 0 : -1;
    });
    fill(view, views[name]());
  }
  const states = {
    incomplete: 'The body did not arrive completely.',
    redacted: 'The body contains a secret, and is redacted.',
    too_large: 'The body is too large to be kept.',
  };
  show(names[0]);
  return [
    h('div', { class: 'bar-line' },
      h('h4', {}, 'Body ', h('small', {}, size(request.body_bytes))),
      h('span', { class: `mark-${verified ? state : 'nothing'}` }, { body: verified ? 'signed' : 'not verified', fields: verified ? 'some fields are signed' : 'not verified', nothing: 'not signed' }[state]),
      h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'View of the body' }, tabs)),
    isExact ? null : h('p', { class: 'dim' }, 'Only the raw view shows numbers, escapes and repeated members exactly.'),
    states[request.body_state] ? h('p', { class: 'flag' }, states[request.body_state]) : null,
    request.body_truncated ? h('p', { class: 'dim' }, `The first ${size(raw.length)} are shown. `,
      h('a', { href: `api/deliveries/${seq}/body`, download: 'body.bin' }, 'Download all')) : null,
    view,
  ];
}

const plain = (text) => h('pre', {}, visible(text));

function tree(value, signed) {
  let left = MAX_NODES;
  const fields = signed && signed.body === 'fields' ? signed.fields : null;
  const node = (key, it, pointer, depth) => {
    left -= 1;
    if (left < 0) return null;
    const isSigned = fields && fields.includes(pointer);
    const name = key === null ? null : h('span', { class: 'key' }, visible(key), ': ');
    if (it === null || typeof it !== 'object') {
      const kind = it === null ? 'null' : typeof it;
      return h('div', { class: isSigned ? 'leaf is-signed' : 'leaf' }, name, h('span', { class: kind }, visible(JSON.stringify(it))));
    }
    const entries = Object.entries(it);
    const marks = Array.isArray(it) ? ['[', ']'] : ['{', '}'];
    const children = h('div', { class: 'children' });
    const draw = () => {
      if (children.firstChild) return;
      fill(children, entries.map(([name, child]) => node(name, child, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1)));
      if (left < 0) children.append(h('div', { class: 'dim' }, 'More is in the raw view.'));
    };
    const isOpen = depth < 3;
    if (isOpen) draw();
    return h('details', { open: isOpen, ontoggle: draw },
      h('summary', {}, name, h('span', { class: 'dim' }, `${marks[0]} ${entries.length} ${marks[1]}`)), children);
  };
  return h('div', { class: 'tree' }, node(null, value, '', 0));
}

function hex(bytes) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_HEX); at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits.padEnd(47)}  ${text}`);
  }
  if (bytes.length > MAX_HEX) lines.push(`The first ${size(MAX_HEX)} are shown.`);
  return h('pre', { class: 'hex' }, lines.join('\n'));
}
