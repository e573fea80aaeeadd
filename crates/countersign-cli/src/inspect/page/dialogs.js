// Help, and sample events.

import { h, fill, modal } from './dom.js';
import { run, targets } from './actions.js';
import { millis, visible } from './format.js';

const KEYS = [
  ['j k', 'next, previous delivery'], ['Enter', 'go to its details'], ['Esc', 'back to the list'],
  ['→ ←', 'unfold, fold duplicates'], ['/', 'filter'], ['d', 'diagnose'], ['e', 'edit and sign'],
  ['s', 'sign again'], ['r', 'replay byte for byte'], ['p', 'pause'], ['?', 'this help'],
];

export function help(session) {
  modal('Help', [
    h('h3', {}, 'Keys'),
    h('dl', { class: 'keys' }, KEYS.map(([keys, what]) => [h('dt', {}, h('kbd', {}, keys)), h('dd', {}, what)])),
    h('h3', {}, 'Replay or sign?'),
    h('p', {}, 'A replay sends the recorded bytes with their old signature. After the tolerance, usually five minutes, a receiver rejects it. Signing makes a new signature and a new timestamp, with the secret of this program, so an edited delivery verifies.'),
    h('h3', {}, 'What is kept'),
    h('p', {}, 'The last 750 verified deliveries and 250 refusals, up to 64 MiB, in memory. Secrets never reach this page, and credentials in headers and URLs are redacted.'),
    h('p', { class: 'dim' }, `countersign ${session.version}`),
  ]);
}

export function sample(session) {
  const endpoints = session.endpoints.filter((it) => it.can_sign && it.targets.length);
  if (!endpoints.length) return modal('Send sample', h('p', {}, 'There is no endpoint with a target and a secret.'));
  const endpoint = h('select', { id: 'sample-endpoint', onchange: () => { scheme.value = chosen().scheme; events(); } },
    endpoints.map((it, at) => h('option', { value: at }, `${it.path} (${it.scheme})`)));
  const chosen = () => endpoints[Number(endpoint.value)];
  const scheme = h('select', { id: 'sample-scheme', onchange: () => events() },
    session.schemes.filter((it) => it.samples.length).map((it) => h('option', { value: it.name }, it.name)));
  const event = h('select', { id: 'sample-event' });
  const place = h('div');
  const events = () => {
    const known = session.schemes.find((it) => it.name === scheme.value);
    fill(event, (known ? known.samples : []).map((name) => h('option', { value: name }, name)));
    fill(place, h('label', { for: 'target' }, 'Target'), targets(chosen()));
  };
  scheme.value = chosen().scheme;
  events();
  const result = h('p', { role: 'status', class: 'result' });
  const submit = h('button', {
    type: 'button', class: 'primary', id: 'send-sample', onclick: async () => {
      const sent = await run({
        mode: 'sample', endpoint: chosen(), target: place.querySelector('select').value, sample: event.value, scheme: scheme.value,
      });
      fill(result, visible(sent.error ?? sent.problem ?? `Answered ${sent.outcome} in ${millis(sent.ms)}.`));
    },
  }, 'Send');
  modal('Send sample', [
    h('p', { class: 'dim' }, 'A sample event of the provider, with a new id and the current time, signed with the secret of the endpoint.'),
    h('label', { for: 'sample-endpoint' }, 'Endpoint'), endpoint,
    h('label', { for: 'sample-scheme' }, 'Scheme'), scheme,
    h('label', { for: 'sample-event' }, 'Event'), event, place, result,
  ], [submit]);
  submit.focus();
}
