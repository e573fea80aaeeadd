// Values for people.

const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const full = new Intl.DateTimeFormat([], { dateStyle: 'medium', timeStyle: 'medium' });

export const time = (ms) => clock.format(ms);
export const dateTime = (ms) => full.format(ms);

export function millis(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function micros(us) {
  if (us === null || us === undefined) return '';
  return us < 1000 ? `${us} µs` : millis(us / 1000);
}

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

export function duration(ms) {
  const s = Math.abs(ms) / 1000;
  if (s < 1) return `${Math.round(Math.abs(ms))} ms`;
  if (s < 120) return `${s.toFixed(s < 10 ? 1 : 0)} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
}

// Control and bidirectional characters, written out, so that text cannot look like another text.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
export function visible(text) {
  return String(text).replace(HIDDEN, (it) => `⟨U+${it.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

export function decode(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

// The text of UTF-8; null for other bytes.
export function utf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const TITLES = {
  handled: 'Handled', accepted: 'Accepted', filtered: 'Filtered', duplicate: 'Duplicate',
  in_flight: 'In flight', handler_failed: 'Handler failed', handler_timeout: 'Handler timed out',
  handshake: 'Handshake', busy: 'Overloaded',
};

export const title = (code) => TITLES[code] ?? (code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' '));

// good, dup, warn or bad.
export function tone(delivery) {
  if (delivery.handshake || delivery.code === 'filtered') return 'dup';
  if (!delivery.verified) return 'bad';
  if (delivery.code === 'duplicate') return 'dup';
  return delivery.status < 300 ? 'good' : 'warn';
}

export const glyph = (tone) => ({ good: '✓', dup: '↺', warn: '!', bad: '✕' })[tone];

// JSON without the white space outside of its strings.
export const compact = (json) => json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
