// One delivery: verdict, request, claim and response.

import { $, h, fill } from './dom.js';
import { get } from './api.js';
import { decode, millis, time, title, utf8, visible } from './format.js';
import { diagnose, hero, verdict } from './verdict.js';
import { body } from './body.js';
import { bar } from './actions.js';

let shown = null;
let loading = Promise.resolve();
let latest = 0;

// The delivery that is selected, once it is loaded.
export async function current() {
  await loading;
  return shown;
}

export function show(seq, session, select) {
  loading = load(seq, session, select);
  return loading;
}

async function load(seq, session, select) {
  const mine = ++latest;
  const pane = $('detail');
  document.body.classList.add('reading');
  try {
    const delivery = await get(`deliveries/${seq}`);
    // Another one was selected meanwhile.
    if (mine !== latest) return await loading;
    shown = delivery;
    fill(pane,
      h('button', { type: 'button', class: 'back', onclick: back }, '← Deliveries'),
      hero(delivery), bar(delivery, session), verdict(delivery), request(delivery), claim(delivery, select), response(delivery));
    pane.scrollTop = 0;
    if (!delivery.verified && !delivery.handshake) diagnose(delivery, $('diagnosis'));
  } catch (error) {
    if (mine !== latest) return await loading;
    shown = null;
    fill(pane, h('button', { type: 'button', class: 'back', onclick: back }, '← Deliveries'),
      h('p', { class: 'empty' }, visible(error.message)));
  }
}

export function back() {
  document.body.classList.remove('reading');
  $('box').focus();
}

export function diagnoseShown() {
  if (!shown) return;
  diagnose(shown, $('diagnosis'));
  $('diagnosis').scrollIntoView({ block: 'center' });
}

function request({ request, seq, verified }) {
  const { signed } = request;
  const roles = { signature: 'signature', signed: 'signed', token: 'token', unsigned: 'not signed' };
  return h('section', { class: 'card', 'aria-label': 'Request' },
    h('h3', {}, 'Request'),
    h('p', { class: 'target' }, h('b', {}, request.method), ' ', h('code', {}, visible(request.url))),
    signed ? h('p', { class: 'payload' }, h('span', { class: 'dim' }, 'Signed payload '),
      h('code', {}, signed.payload || 'nothing')) : null,
    request.redacted.length ? h('p', { class: 'flag' }, 'Redacted: ', visible(request.redacted.join(', '))) : null,
    h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Headers' },
      h('table', {}, h('caption', { class: 'sr' }, 'Headers'),
        h('thead', { class: 'sr' }, h('tr', {}, h('th', {}, 'Name'), h('th', {}, 'Value'), h('th', {}, 'Signed'))),
        h('tbody', {}, request.headers.map((header) => h('tr', { class: `role-${header.role}` },
          h('th', { scope: 'row' }, visible(header.name)),
          h('td', {}, visible(header.value ?? `base64 ${header.value_base64}`)),
          h('td', { class: 'role' }, roles[header.role])))))),
    body(request, seq, verified));
}

function claim(delivery, select) {
  const { timeline, attempts, same_event: others } = delivery;
  const events = [[timeline.received_at_ms, 'Received', null]];
  if (timeline.claimed_at_ms) events.push([timeline.claimed_at_ms, 'Claimed, handler called', null]);
  if (timeline.answered_at_ms) {
    const how = delivery.verified && timeline.claimed_at_ms
      ? (delivery.status < 300 ? 'Completed' : 'Released, to be retried') : `Answered ${delivery.status}`;
    events.push([timeline.answered_at_ms, how, null]);
  }
  for (const attempt of attempts) {
    const next = attempt.retry_at_ms ? `, next at ${time(attempt.retry_at_ms)}` : '';
    events.push([attempt.at_ms, `Queue attempt ${attempt.attempt}: ${title(attempt.code)}${attempt.status ? ` (${attempt.status})` : ''}${next}`, null]);
  }
  for (const other of others) events.push([other.received_at_ms, `${title(other.code)} (${other.status})`, other.seq]);
  events.sort((one, other) => one[0] - other[0]);
  return h('section', { class: 'card', 'aria-label': 'Claim' },
    h('h3', {}, 'Claim'),
    delivery.job ? h('p', { class: 'dim' }, `Job ${delivery.job} of the queue`) : null,
    h('ol', { class: 'timeline' }, events.map(([at, what, seq]) => h('li', {},
      h('time', {}, time(at)), ' ',
      h('span', { class: 'dim' }, at - timeline.received_at_ms ? `${at < timeline.received_at_ms ? '−' : '+'}${millis(Math.abs(at - timeline.received_at_ms))}` : ''), ' ',
      seq ? h('button', { type: 'button', class: 'link', onclick: () => select(seq) }, what) : h('span', {}, what)))));
}

function response({ response, status }) {
  if (!response) return h('section', { class: 'card', 'aria-label': 'Response' }, h('h3', {}, 'Response'), h('p', {}, `Status ${status}`));
  const text = utf8(decode(response.body_base64));
  return h('section', { class: 'card', 'aria-label': 'Response' },
    h('h3', {}, 'Response ', h('small', {}, `status ${status}`)),
    response.headers.length ? h('dl', {}, response.headers.map(([name, value]) => [h('dt', {}, visible(name)), h('dd', {}, visible(value))])) : null,
    response.body_redacted ? h('p', { class: 'flag' }, 'The body is redacted.')
      : response.body_base64 ? h('pre', { tabindex: '0' }, visible(text ?? `base64 ${response.body_base64}`))
        : h('p', { class: 'dim' }, 'No body.'));
}
