// A receiver for PerpsTracker's deliveries that passes every attack. It remembers handled events in
// memory: for a single process, until it ends.
const express = require('express');
const crypto = require('crypto');
const http = require('http');

const DAY = 24 * 60 * 60;
const app = express();
const handled = new Map(); // event id -> time until which it is remembered, in seconds

app.post('/webhook', express.raw({ type: () => true, limit: '1mb' }), (req, res) => {
  const body = req.body ?? Buffer.alloc(0);
  const signatures = req.headersDistinct['x-webhook-signature'] ?? [];
  const expected = crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(body).digest();
  const given = /^[0-9a-f]{64}$/.test(signatures[0]) ? Buffer.from(signatures[0], 'hex') : null;
  if (signatures.length !== 1 || !given || !crypto.timingSafeEqual(given, expected)) {
    return res.status(401).end();
  }

  const event = JSON.parse(body);
  const now = Date.now() / 1000;
  if (!(event.created > now - 7 * DAY && event.created < now + 300)) {
    return res.status(400).end();
  }

  for (const [id, until] of handled) {
    if (until < now) handled.delete(id);
  }
  if (!handled.has(event.id)) {
    handled.set(event.id, now + 8 * DAY);
    console.log('HANDLED', event.id);
  }
  res.status(200).end();
});

app.use((error, req, res, next) => res.status(error.status ?? 500).end());

http
  .createServer({ requestTimeout: 5000, headersTimeout: 5000, connectionsCheckingInterval: 1000 }, app)
  .listen(process.env.PORT, '127.0.0.1');
