// Builds elements. Text is only ever set as text: there is no way from a string to markup.

import { visible } from './format.js';

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (name === 'value' || name === 'checked' || name === 'open') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

// Text with its parts in backticks as code.
export const prose = (text) => visible(text).split('`').map((part, at) => (at % 2 ? h('code', {}, part) : part));

export const $ = (id) => document.getElementById(id);

export function toast(text, kind = '') {
  const element = h('div', { class: `toast ${kind}` }, text);
  $('toasts').append(element);
  setTimeout(() => element.remove(), kind === 'bad' ? 9000 : 4500);
}

// A modal dialog, which returns the focus when it closes.
export function modal(title, body, actions = []) {
  const before = document.activeElement;
  const close = () => dialog.close();
  const dialog = h('dialog', { 'aria-label': title },
    h('header', {}, h('h2', {}, title),
      h('button', { type: 'button', class: 'round', 'aria-label': 'Close', onclick: close }, '×')),
    h('div', { class: 'dialog-body', tabindex: '0', role: 'group', 'aria-label': title }, body),
    actions.length ? h('footer', {}, actions) : null);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (before && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
