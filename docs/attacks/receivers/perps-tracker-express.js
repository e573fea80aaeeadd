// PerpsTracker, webhook guide, "Node.js Verification". Lines marked `added` are not from the sample.
const crypto = require('crypto');

const express = require('express'); // added: as in the guide's complete server
const app = express(); // added
app.use(express.json()); // added
const WEBHOOK_SECRET = process.env.WEBHOOK_SECRET; // added

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

// Express middleware example
app.post('/webhook', (req, res) => {
  const signature = req.headers['x-webhook-signature'];
  const payload = JSON.stringify(req.body);

  if (!verifyWebhookSignature(payload, signature, WEBHOOK_SECRET)) {
    return res.status(401).send('Invalid signature');
  }

  // Process the verified webhook
  console.log('Verified webhook:', req.body);
  console.log('HANDLED', req.body.id); // added: to be counted
  res.status(200).send('OK');
});

app.listen(process.env.PORT, '127.0.0.1'); // added
