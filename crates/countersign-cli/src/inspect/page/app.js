// Connects the list, the details and the keys.

import { $, h, fill, toast } from './dom.js';
import { get, session as load } from './api.js';
import { List } from './list.js';
import { back, current, diagnoseShown, show } from './detail.js';
import { edit, run } from './actions.js';
import { attack } from './attack.js';
import { help, sample } from './dialogs.js';

let session;
let list;

async function start() {
  try {
    session = await load();
  } catch (error) {
    return connection('bad', error.message);
  }
  list = new List((seq) => show(seq, session, (other) => list.select(other)));
  for (const endpoint of session.endpoints) {
    $('endpoint').append(h('option', { value: endpoint.path }, endpoint.path));
  }
  welcome();
  const first = await get('deliveries');
  list.dropped = first.dropped;
  list.add(first.deliveries);
  list.refresh();
  if (session.live) listen(first.deliveries.at(-1)?.seq ?? 0);
  else connection('', 'captures on disk');
  $('sample').addEventListener('click', () => sample(session));
  $('attack').addEventListener('click', () => current().then((delivery) => attack(session, delivery)));
  $('help').addEventListener('click', () => help(session));
  $('pause').addEventListener('click', pause);
  $('pause').hidden = !session.live;
  document.addEventListener('keydown', key);
}

// A browser has six connections to a host: a hidden tab must not keep one.
function listen(after) {
  let last = after;
  let source;
  const open = () => {
    source = new EventSource(`api/events?after=${last}`);
    source.addEventListener('open', () => connection('good', 'live'));
    source.addEventListener('error', () => connection('bad', 'not connected'));
    source.addEventListener('deliveries', (event) => {
      const batch = JSON.parse(event.data);
      last = batch.deliveries.at(-1)?.seq ?? last;
      list.dropped = batch.dropped;
      list.add(batch.deliveries);
    });
  };
  document.addEventListener('visibilitychange', () => {
    source.close();
    if (!document.hidden) open();
  });
  open();
}

function connection(kind, text) {
  $('connection').className = kind;
  $('connection').textContent = text;
}

function pause() {
  const paused = !list.paused;
  list.pause(paused);
  $('pause').setAttribute('aria-pressed', String(paused));
  $('pause').textContent = paused ? 'Resume' : 'Pause';
}

// The first visit: what to do next.
function welcome() {
  const endpoint = session.endpoints[0];
  const url = endpoint?.targets[0]?.url;
  list.say(h('h2', {}, 'No deliveries here'),
    h('p', {}, 'They appear as they arrive. With a filter, only those that match are shown.'),
    session.live && url ? [
      h('p', {}, 'Point the provider at'), h('p', {}, h('code', {}, url)),
      h('p', {}, 'or send a signed sample:'),
      h('button', { type: 'button', class: 'primary', onclick: () => sample(session) }, 'Send sample'),
    ] : null);
  fill($('detail'), h('div', { class: 'empty' }, h('img', { src: 'icon.svg', alt: '', width: '56', height: '56' }),
    h('h2', {}, 'Select a delivery'),
    h('p', {}, 'See why it was accepted or rejected, edit it, sign it again.'),
    h('p', { class: 'dim' }, h('kbd', {}, 'j'), ' ', h('kbd', {}, 'k'), ' move  ', h('kbd', {}, '?'), ' all keys')));
}

function key(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const isField = ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
  if (event.key === 'Escape') {
    if (isField) target.blur();
    back();
    return;
  }
  if (isField) return;
  const need = async (action) => {
    const delivery = await current();
    if (!delivery) return toast('Select a delivery first.');
    action(delivery, session.endpoints.find((it) => it.path === delivery.endpoint));
  };
  const actions = {
    j: () => list.move(1),
    k: () => list.move(-1),
    r: () => need((delivery, endpoint) => run({ mode: 'replay', delivery, endpoint })),
    s: () => need((delivery, endpoint) => run({ mode: 'sign', delivery, endpoint })),
    e: () => need(edit),
    d: () => need(diagnoseShown),
    p: () => session.live && pause(),
    '/': () => $('text').focus(),
    '?': () => help(session),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

start();
