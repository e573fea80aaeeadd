// PerpsTracker, webhook guide, "Building a Webhook Server". Lines marked `added` are not from the page.
const express = require('express');
const crypto = require('crypto');

globalThis.fetch = async () => {}; // added: nothing is sent to Discord

const app = express();
app.use(express.json());

const WEBHOOK_SECRET = process.env.WEBHOOK_SECRET;
const DISCORD_WEBHOOK = process.env.DISCORD_WEBHOOK_URL;

function verifySignature(payload, signature) {
  const expected = crypto
    .createHmac('sha256', WEBHOOK_SECRET)
    .update(JSON.stringify(payload))
    .digest('hex');
  return signature === expected;
}

async function sendDiscordNotification(trade) {
  const emoji = trade.side === 'long' ? '🟢' : '🔴';
  const message = {
    embeds: [{
      title: `${emoji} ${trade.side.toUpperCase()} ${trade.marketSymbol}`,
      color: trade.side === 'long' ? 0x10b981 : 0xef4444,
      fields: [
        { name: 'Size', value: `$${trade.sizeUsd.toLocaleString()}`, inline: true },
        { name: 'Leverage', value: `${trade.leverage}x`, inline: true },
        { name: 'Entry', value: `$${trade.entryPrice}`, inline: true },
        { name: 'Trader', value: `\`${trade.owner.slice(0, 8)}...\`` }
      ],
      timestamp: trade.timestamp
    }]
  };

  await fetch(DISCORD_WEBHOOK, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(message)
  });
}

app.post('/webhook', async (req, res) => {
  const signature = req.headers['x-webhook-signature'];

  if (!verifySignature(req.body, signature)) {
    console.log('Invalid webhook signature');
    return res.status(401).send('Unauthorized');
  }

  const { type, data } = req.body;
  console.log(`Received ${type} event`);

  try {
    if (type === 'trade.new') {
      await sendDiscordNotification(data);
    }
    console.log('HANDLED', req.body.id); // added: to be counted
    res.status(200).send('OK');
  } catch (error) {
    console.error('Error processing webhook:', error);
    res.status(500).send('Error');
  }
});

app.listen(process.env.PORT, '127.0.0.1', () => { // added: the page says 3000, on every address
  console.log(`Webhook server running on port ${process.env.PORT}`); // added: the port
});
