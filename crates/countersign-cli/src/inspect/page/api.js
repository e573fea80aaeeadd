// Requests to the inspector.

let token = '';

export async function session() {
  const found = await get('session');
  token = found.token;
  return found;
}

export async function get(path) {
  return read(await fetch(`api/${path}`));
}

export async function copy(seq, form) {
  const response = await fetch(`api/deliveries/${seq}/copy/${form}`);
  return response.ok ? response.text() : read(response);
}

export async function send(order) {
  return read(await post('send', order));
}

export async function clear() {
  return read(await fetch('api/deliveries', {
    method: 'DELETE',
    headers: { 'x-countersign-token': token },
  }));
}

// Calls `line` with each object of the response, as it arrives.
export async function attack(order, line, signal) {
  const response = await post('attack', order, signal);
  if (!response.ok) await read(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    lines.filter(Boolean).forEach((text) => line(JSON.parse(text)));
  }
}

function post(path, order, signal) {
  return fetch(`api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-countersign-token': token },
    body: JSON.stringify(order),
    signal,
  });
}

async function read(response) {
  if (response.status === 403) throw new Error('The session has ended: open the URL that countersign printed.');
  const json = await response.json();
  if (!response.ok) throw new Error(json.error ?? `status ${response.status}`);
  return json;
}
