// Attacks on a configured target, with a report that grows as results arrive.

import { h, fill, modal } from './dom.js';
import { attack as start } from './api.js';
import { millis, visible } from './format.js';

export function attack(session, delivery) {
  const endpoints = session.endpoints.filter((it) => it.can_sign && it.targets.length);
  if (!endpoints.length) return modal('Attack', h('p', {}, 'There is no endpoint with a target and a secret.'));
  const places = endpoints.flatMap((it) => it.targets.map((target) => ({ it, target })));
  const where = h('select', { id: 'attack-target' }, places.map(({ it, target }, at) =>
    h('option', { value: at }, `${it.path}  ${target.name === 'endpoint' ? 'this server' : 'application'}`)));
  if (delivery) where.value = String(Math.max(0, places.findIndex(({ it }) => it.path === delivery.endpoint)));
  const kind = h('select', { id: 'attack-kind' }, h('option', { value: 'all' }, 'All attacks'),
    session.attacks.map((it) => h('option', { value: it.kind }, it.kind)));
  const summary = h('p', { role: 'status', class: 'result' }, 'A genuine delivery is sent first. Then each forgery, which a correct receiver rejects.');
  const report = h('ol', { class: 'report' });
  const controller = new AbortController();
  const run = h('button', {
    type: 'button', class: 'primary', id: 'run-attack', onclick: async () => {
      run.disabled = true;
      fill(report);
      const { it, target } = places[Number(where.value)];
      let total = 0;
      let done = 0;
      let failed = 0;
      const order = { endpoint: it.path, target: target.name, kind: kind.value };
      if (delivery && delivery.verified && delivery.endpoint === it.path) order.delivery = delivery.seq;
      try {
        await start(order, (line) => {
          if (line.total) total = line.total;
          if (line.result) {
            done += 1;
            if (!line.result.passed) failed += 1;
            report.append(row(line.result));
            summary.textContent = `${done} of ${total}${failed ? `, ${failed} failed` : ''}`;
          }
          if (line.stopped) summary.textContent = visible(line.stopped);
          if (line.done) {
            const { passed, left_out: left } = line.done;
            summary.textContent = `${failed ? '✕' : '✓'} ${passed} of ${passed + failed} attacks answered correctly${left.length ? `, ${left.length} do not apply` : ''}`;
            summary.classList.toggle('bad', failed > 0);
            summary.classList.toggle('good', failed === 0);
          }
        }, controller.signal);
      } catch (error) {
        if (error.name !== 'AbortError') summary.textContent = visible(error.message);
      }
      run.disabled = false;
    },
  }, 'Run');
  const dialog = modal('Attack', [
    h('label', { for: 'attack-target' }, 'Target'), where,
    h('label', { for: 'attack-kind' }, 'Attack'), kind, summary, report,
  ], [run]);
  dialog.addEventListener('close', () => controller.abort());
}

function row(result) {
  return h('li', { class: result.passed ? 'passed' : 'failed' },
    h('span', { class: 'mark', role: 'img', 'aria-label': result.passed ? 'passed' : 'failed' }, result.passed ? '✓' : '✕'),
    h('span', { class: 'step' }, h('b', {}, result.kind), h('small', {}, ` ${result.sent}`),
      result.passed ? null : h('span', { class: 'why' }, visible(`${result.why} Expected ${result.expected.join(', ')}.`))),
    h('span', { class: 'us' }, `${result.answers.join(', ')} · ${millis(result.ms)}`));
}
