// "Working with Webhooks", "Verifying Webhook Signatures". Lines marked `added` are not from the page.
const express = require('express');
const crypto = require('crypto');

const app = express();
const WEBHOOK_SECRET = process.env.WEBHOOK_SECRET; // added
app.use(express.raw({ type: 'application/json' }));

function verifyWebhookSignature(payload, signature, secret) {
  const expectedSignature = crypto
    .createHmac('sha256', secret)
    .update(payload)
    .digest('hex');

  return crypto.timingSafeEqual(
    Buffer.from(signature),
    Buffer.from(expectedSignature)
  );
}

app.post('/webhooks', (req, res) => {
  const signature = req.headers['x-webhook-signature'];
  const payload = req.body.toString();

  if (!verifyWebhookSignature(payload, signature, WEBHOOK_SECRET)) {
    return res.status(401).json({ error: 'Invalid signature' });
  }

  const event = JSON.parse(payload);

  // Handle the event
  switch (event.type) {
    case 'resource.created':
      handleResourceCreated(event.data.object);
      console.log('HANDLED', event.id); // added: to be counted
      break;
    case 'resource.updated':
      handleResourceUpdated(event.data.object);
      break;
  }

  res.json({ status: 'received' });
});

function handleResourceCreated(resource) {} // added: the page leaves it to its reader

app.listen(process.env.PORT, '127.0.0.1'); // added
