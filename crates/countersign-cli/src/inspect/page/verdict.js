// The verdict: the steps of the pipeline, the causes of a rejection, and the clock.

import { h, fill, prose } from './dom.js';
import { get } from './api.js';
import { dateTime, duration, glyph, micros, millis, title, tone, visible } from './format.js';

export function hero(delivery) {
  const kind = tone(delivery);
  const what = delivery.event_type ?? delivery.scheme_title ?? delivery.scheme;
  return h('div', { class: `hero ${kind}` },
    h('span', { class: 'seal', 'aria-hidden': 'true' }, glyph(kind)),
    h('div', {},
      h('p', { class: 'eyebrow' }, visible(`${delivery.endpoint} · ${delivery.scheme_title ?? delivery.scheme}`)),
      h('h2', {}, visible(what), ' ', h('span', { class: 'chip' }, title(delivery.code))),
      h('p', { class: 'facts' },
        fact('Status', delivery.status), fact('Took', millis(delivery.ms)),
        fact('Received', dateTime(delivery.received_at_ms)),
        delivery.attempt > 1 ? fact('Attempt', delivery.attempt) : null,
        delivery.possible_duplicate ? h('span', { class: 'flag' }, 'possible duplicate') : null,
        delivery.event_type && !delivery.event_type_signed ? h('span', { class: 'flag' }, 'type is not signed') : null)));
}

const fact = (name, value) => h('span', {}, h('span', { class: 'dim' }, `${name} `), value);

export function verdict(delivery) {
  return h('section', { class: 'card', 'aria-label': 'Verdict' },
    h('h3', {}, 'Verdict'),
    delivery.reason ? h('p', { class: 'reason' }, prose(delivery.reason)) : null,
    steps(delivery),
    h('div', { id: 'diagnosis', 'aria-live': 'polite' }),
    secret(delivery),
    skew(delivery));
}

function steps(delivery) {
  if (!delivery.steps.length) return h('p', { class: 'dim' }, 'The steps of a capture are not recorded.');
  const longest = Math.max(1, ...delivery.steps.map((step) => step.us ?? 0));
  const marks = { passed: '✓', failed: '✕', skipped: '·' };
  return h('ol', { class: 'steps' }, delivery.steps.map((step) => {
    const bar = h('i');
    if (step.us !== null) bar.style.width = `${Math.max(2, (100 * step.us) / longest)}%`;
    // These two are measured together with a neighbour.
    const within = step.state === 'passed' && step.us === null ? { Timestamp: 'in Headers', Signature: 'in Claim' }[step.name] : '';
    return h('li', { class: step.state },
      h('span', { class: 'mark', role: 'img', 'aria-label': step.state }, marks[step.state]),
      h('span', { class: 'step' }, step.name, step.note ? h('small', {}, ` ${step.note}`) : null),
      h('span', { class: step.us === null ? '' : 'bar', 'aria-hidden': 'true' }, step.us === null ? null : bar),
      h('span', { class: 'us' }, micros(step.us) || within));
  }));
}

// The diagnosis is made when a refusal is shown, or on request.
export async function diagnose(delivery, place) {
  fill(place, h('p', { class: 'finding wait' }, 'Looking for the cause…'));
  try {
    const found = await get(`deliveries/${delivery.seq}/diagnosis`);
    if (!place.isConnected) return;
    fill(place,
      found.verified ? h('div', { class: 'finding good' },
        h('p', {}, h('b', {}, 'It verifies now. '), 'With the secrets that are active now, this delivery is accepted.')) : null,
      found.causes.map((cause, at) => h('div', { class: 'finding' },
        h('p', { class: 'eyebrow' }, label(cause, at), ' ', h('code', {}, cause.cause)),
        h('p', { class: 'cause' }, prose(cause.detail)),
        h('p', { class: 'fix' }, h('b', {}, 'Fix '), prose(cause.fix)))),
      found.limits.map((limit) => h('p', { class: 'dim' }, visible(limit))));
  } catch (error) {
    if (place.isConnected) fill(place, h('p', { class: 'finding' }, prose(error.message)));
  }
}

function label(cause, at) {
  if (cause.cause === 'tampered_or_unknown') return 'Cause not found';
  if (cause.certain) return at ? 'Also found' : 'Cause found';
  return at ? 'Or' : 'Suspected cause';
}

function secret({ event }) {
  if (!event) return null;
  const name = event.secret_name ? ` (${event.secret_name})` : '';
  return h('dl', {},
    h('dt', {}, 'Secret'), h('dd', {}, visible(`${event.secret === 0 ? 'current' : `previous ${event.secret}`}${name}`)),
    h('dt', {}, 'Event id'), h('dd', {}, h('code', {}, visible(event.id)), h('small', {}, visible(` from ${event.id_from}`))),
    h('dt', {}, 'Identity'), h('dd', {}, event.identity));
}

// Where the signed time is within the tolerance.
function skew({ event, tolerance }) {
  if (!event || event.age_ms === null || !tolerance) return null;
  const past = tolerance.past_ms ?? Math.max(600000, 2 * Math.abs(event.age_ms));
  const future = tolerance.future_ms ?? Math.max(600000, 2 * Math.abs(event.age_ms));
  const at = Math.min(99, Math.max(1, (100 * (past - event.age_ms)) / (past + future)));
  const zero = (100 * past) / (past + future);
  const pin = h('i', { class: 'pin' });
  pin.style.left = `${at}%`;
  const now = h('i', { class: 'now' });
  now.style.left = `${zero}%`;
  const word = event.age_ms >= 0 ? 'before it was received' : 'after it was received';
  return h('figure', { class: 'skew' },
    h('figcaption', {}, 'Clock skew: signed ', h('b', {}, duration(event.age_ms)), ` ${word}`),
    h('div', { class: 'track', 'aria-hidden': 'true' }, now, pin),
    h('div', { class: 'ends' }, h('span', {}, tolerance.past_ms === null ? 'no limit' : `−${duration(past)}`),
      h('span', {}, tolerance.future_ms === null ? 'no limit' : `+${duration(future)}`)));
}
