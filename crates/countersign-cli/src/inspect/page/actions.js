// Replay, sign, edit and copy.

import { h, fill, modal, toast } from './dom.js';
import { copy, send } from './api.js';
import { compact, decode, millis, utf8, visible } from './format.js';

export function bar(delivery, session) {
  const endpoint = session.endpoints.find((it) => it.path === delivery.endpoint);
  const button = (text, key, onclick, enabled = true, kind = '') => h('button', {
    type: 'button', class: kind, onclick, disabled: !enabled, 'aria-keyshortcuts': key || null,
  }, text, key ? h('kbd', { 'aria-hidden': 'true' }, key) : null);
  const hasTarget = Boolean(endpoint && endpoint.targets.length);
  const canSign = hasTarget && endpoint.can_sign;
  const menu = h('select', { 'aria-label': 'Copy as', onchange: () => copied(delivery, menu) },
    h('option', { value: '' }, 'Copy as…'),
    [['curl', 'curl command'], ['send', 'countersign send'], ['vector', 'Test vector'], ['rust', 'Rust test']]
      .map(([value, name]) => h('option', { value }, name)));
  return h('div', { class: 'actions', role: 'toolbar', 'aria-label': 'Actions' },
    button('Edit and sign', 'e', () => edit(delivery, endpoint), canSign, 'primary'),
    button('Sign again', 's', () => run({ mode: 'sign', delivery, endpoint }), canSign),
    button('Sign as new event', '', () => run({ mode: 'sign', fresh_id: true, delivery, endpoint }), canSign),
    button('Replay bytes', 'r', () => run({ mode: 'replay', delivery, endpoint }), hasTarget),
    menu,
    hasTarget ? null : h('span', { class: 'dim' }, 'No target is configured: add --forward URL.'));
}

async function copied(delivery, menu) {
  const form = menu.value;
  menu.value = '';
  if (!form) return;
  try {
    const text = await copy(delivery.seq, form);
    try {
      await navigator.clipboard.writeText(text);
      toast('Copied.', 'good');
    } catch {
      modal('Copy', h('textarea', { readonly: true, rows: '16', 'aria-label': 'Text to copy', value: text }));
    }
  } catch (error) {
    toast(error.message, 'bad');
  }
}

export async function run({ mode, delivery, endpoint, target, ...rest }) {
  if (!endpoint || !endpoint.targets.length) return toast('No target is configured.', 'bad');
  try {
    const sent = await send({
      endpoint: endpoint.path, target: target ?? endpoint.targets[0].name, mode, delivery: delivery?.seq, ...rest,
    });
    const how = sent.problem ?? `${sent.outcome} in ${millis(sent.ms)}`;
    toast([`Sent: ${how}`, ...sent.notes].join(' · '), sent.status >= 200 && sent.status < 300 ? 'good' : 'bad');
    return sent;
  } catch (error) {
    toast(error.message, 'bad');
    return { error: error.message };
  }
}

export const targets = (endpoint) => h('select', { id: 'target', 'aria-label': 'Target' }, endpoint.targets.map((target) =>
  h('option', { value: target.name }, `${target.name === 'endpoint' ? 'This server' : 'Application'}  ${target.url}`)));

const asShown = (text) => text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
const isCrlf = (text) => text !== null && text.includes('\r\n') && !/(^|[^\r])\n|\r(?!\n)/.test(text);

export function edit(delivery, endpoint) {
  if (!endpoint || !endpoint.targets.length || !endpoint.can_sign) return toast('There is no target, or no secret to sign with.', 'bad');
  const { request } = delivery;
  const text = request.body_truncated ? null : utf8(decode(request.body_base64));
  const redacted = new Set(request.redacted.filter((it) => it.startsWith('header:')).map((it) => it.slice(7)));
  const lines = request.headers.filter((it) => it.role === 'unsigned' && it.value && !redacted.has(it.name) && !['host', 'content-length', 'connection', 'transfer-encoding'].includes(it.name));
  const headers = h('textarea', { id: 'edit-headers', rows: '5', spellcheck: 'false', value: lines.map((it) => `${it.name}: ${it.value}`).join('\n') });
  const area = h('textarea', { id: 'edit-body', rows: '14', spellcheck: 'false', value: text ?? '', disabled: text === null });
  const fresh = h('input', { type: 'checkbox', id: 'fresh' });
  const to = targets(endpoint);
  const result = h('p', { role: 'status', class: 'result' });
  const pretty = h('button', {
    type: 'button', onclick: () => {
      try {
        const parsed = JSON.parse(area.value);
        // Numbers with many digits, repeated members and escapes are lost on the way.
        if (JSON.stringify(parsed) !== compact(area.value)) return fill(result, 'Formatting would change values: large numbers, repeated members or escapes.');
        area.value = JSON.stringify(parsed, null, 2);
      } catch { fill(result, 'The body is not JSON.'); }
    },
  }, 'Format JSON');
  const submit = h('button', {
    type: 'button', class: 'primary', id: 'sign-and-send', onclick: async () => {
      const pairs = headers.value.split('\n').filter((line) => line.trim()).map((line) => {
        const colon = line.indexOf(':');
        return colon < 0 ? null : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
      });
      if (pairs.includes(null)) return fill(result, 'A header has no colon: write `name: value`.');
      const isSame = text === null || area.value === asShown(text);
      // A text area has lines that end in LF only.
      const body = isCrlf(text) ? area.value.replaceAll('\n', '\r\n') : area.value;
      const sent = await run({
        mode: 'sign', delivery, endpoint, target: to.value, headers: pairs, fresh_id: fresh.checked,
        ...(isSame ? {} : { body }),
      });
      fill(result, visible(sent.error ?? sent.problem ?? `Answered ${sent.outcome} in ${millis(sent.ms)}.`));
    },
  }, 'Sign and send');
  modal('Edit and sign', [
    h('p', { class: 'dim' }, 'The signature and the timestamp are new. The secret stays in the program.'),
    h('label', { for: 'edit-headers' }, 'Headers'), headers,
    h('label', { for: 'edit-body' }, text === null ? 'Body (not text, or too large to edit here: sent unchanged)' : 'Body'), area,
    h('label', { for: 'target' }, 'Target'), to,
    h('label', { class: 'check' }, fresh, ' As a new event, with a fresh id'), result,
  ], [pretty, submit]);
  area.focus();
}
