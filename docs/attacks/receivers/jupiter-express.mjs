// Jupiter, "Building Real-Time Integrations with Webhooks". Lines marked `added` are not from the page.
import express from "express";
import crypto from "crypto";

const app = express();
app.use(express.json());

app.post("/webhook", (req, res) => {
  const signature = req.headers["x-jup-signature"];
  const expected = crypto
    .createHmac("sha256", process.env.WEBHOOK_SECRET)
    .update(JSON.stringify(req.body))
    .digest("hex");

  if (signature !== expected) {
    return res.status(401).json({ error: "Invalid signature" });
  }

  console.log("Event received:", req.body.type);
  console.log("HANDLED", req.body.event_id); // added: to be counted
  res.status(200).json({ ok: true });
});

app.listen(process.env.PORT, "127.0.0.1"); // added: the page says 3000, on every address
