// PerpsTracker, webhook guide, "Handling Duplicates", behind the check of the guide's complete server.
// Lines marked `added` are not from the page.
const express = require('express');
const crypto = require('crypto');

const app = express();
app.use(express.json());

const WEBHOOK_SECRET = process.env.WEBHOOK_SECRET;

function verifySignature(payload, signature) {
  const expected = crypto
    .createHmac('sha256', WEBHOOK_SECRET)
    .update(JSON.stringify(payload))
    .digest('hex');
  return signature === expected;
}

app.use((req, res, next) => { // added: the sample leaves out how the signature is verified
  const signature = req.headers['x-webhook-signature'];

  if (!verifySignature(req.body, signature)) {
    console.log('Invalid webhook signature');
    return res.status(401).send('Unauthorized');
  }
  next(); // added
}); // added

const processedDeliveries = new Set();

app.post('/webhook', (req, res) => {
  const deliveryId = req.headers['x-delivery-id'];

  // Check if we already processed this delivery
  if (processedDeliveries.has(deliveryId)) {
    console.log(`Duplicate delivery: ${deliveryId}`);
    return res.status(200).send('Already processed');
  }

  // Process the webhook...
  console.log('HANDLED', req.body.id); // added: to be counted

  processedDeliveries.add(deliveryId);

  // Clean up old entries periodically
  if (processedDeliveries.size > 10000) {
    const oldest = processedDeliveries.values().next().value;
    processedDeliveries.delete(oldest);
  }

  res.status(200).send('OK');
});

app.listen(process.env.PORT, '127.0.0.1'); // added
