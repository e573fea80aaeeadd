// Which call of which official npm package verifies, or signs, a delivery of a scheme.
//
// `verify` throws or returns `false` for a delivery that the SDK rejects. `sign`, if the SDK has it,
// returns the headers. `d` is the delivery: `method`, `url`, `headers`, `header(name)`, `body` (bytes),
// `text`, `json()`, `secret`. `keys` is for schemes with public keys. `tamper` is for schemes that sign less than the whole body.

import { generateKeyPairSync } from "node:crypto";

const svixHeaders = (d, sep = "svix") =>
  Object.fromEntries(["id", "timestamp", "signature"].map((it) => [`${sep}-${it}`, d.header(`${sep}-${it}`)]));
const signSvix = (prefix) => (sdk, d) => {
  const id = "msg_interop", now = new Date();
  const signature = new sdk.Webhook(d.secret).sign(id, now, d.text);
  return {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(Math.floor(now.getTime() / 1000)),
    [`${prefix}-signature`]: signature,
  };
};
const WHSEC = "whsec_" + Buffer.from("a key of the interop run, 32 b.").toString("base64");
const HEX = "a5".repeat(32);
const form = (text) => Object.fromEntries(new URLSearchParams(text));
const replaceInBody = (from, to) => (d) => ({ ...d, text: d.text.replace(from, to) });

// A new pair: what the program signs with, and what the SDK verifies with.
const keys = (type, options, shown) => () => {
  const { privateKey, publicKey } = generateKeyPairSync(type, options);
  return { sign: privateKey.export({ type: "pkcs8", format: "pem" }), verify: shown(publicKey.export({ type: "spki", format: "der" })) };
};

export const SDKS = [
  {
    scheme: "stripe", package: "stripe",
    verify: (sdk, d) => new sdk.default("sk_test").webhooks.constructEvent(d.text, d.header("stripe-signature"), d.secret),
    sign: (sdk, d) => ({
      "stripe-signature": new sdk.default("sk_test").webhooks.generateTestHeaderString({ payload: d.text, secret: d.secret }),
    }),
  },
  {
    scheme: "github", package: "@octokit/webhooks-methods",
    verify: (sdk, d) => sdk.verify(d.secret, d.text, d.header("x-hub-signature-256")),
    sign: async (sdk, d) => ({ "x-hub-signature-256": await sdk.sign(d.secret, d.text) }),
  },
  {
    scheme: "svix", package: "svix", secret: WHSEC,
    verify: (sdk, d) => new sdk.Webhook(d.secret).verify(d.text, svixHeaders(d)),
    sign: signSvix("svix"),
  },
  {
    scheme: "standardwebhooks", package: "standardwebhooks", secret: WHSEC,
    verify: (sdk, d) => new sdk.Webhook(d.secret).verify(d.text, svixHeaders(d, "webhook")),
    sign: signSvix("webhook"),
  },
  {
    scheme: "twilio", package: "twilio", url: "https://example.com/hook?a=1",
    verify: (sdk, d) => sdk.default.validateRequest(d.secret, d.header("x-twilio-signature"), d.url, form(d.text)),
    sign: (sdk, d) => ({ "x-twilio-signature": sdk.default.getExpectedTwilioSignature(d.secret, d.url, form(d.text)) }),
    tamper: replaceInBody("AccountSid=AC", "AccountSid=AD"),
  },
  {
    scheme: "line", package: "@line/bot-sdk",
    verify: (sdk, d) => sdk.validateSignature(d.body, d.secret, d.header("x-line-signature")),
  },
  {
    scheme: "razorpay", package: "razorpay",
    verify: (sdk, d) => sdk.default.validateWebhookSignature(d.text, d.header("x-razorpay-signature"), d.secret),
  },
  {
    scheme: "linear", package: "@linear/sdk", module: "@linear/sdk/webhooks",
    verify: (sdk, d) => new sdk.LinearWebhookClient(d.secret).verify(d.body, d.header("linear-signature"), d.json().webhookTimestamp),
  },
  {
    scheme: "openai", package: "openai", secret: WHSEC,
    verify: (sdk, d) => new sdk.default({ apiKey: "k" }).webhooks.unwrap(d.text, d.headers, d.secret),
  },
  {
    scheme: "mux", package: "@mux/mux-node",
    verify: (sdk, d) => new sdk.default({ tokenId: "a", tokenSecret: "b" }).webhooks.verifySignature(d.text, d.headers, d.secret),
  },
  {
    scheme: "notion", package: "@notionhq/client",
    verify: (sdk, d) => sdk.verifyWebhookSignature({ body: d.text, signature: d.header("x-notion-signature"), verificationToken: d.secret }),
    sign: async (sdk, d) => ({ "x-notion-signature": await sdk.signWebhookPayload({ body: d.text, verificationToken: d.secret }) }),
  },
  {
    scheme: "onfido", package: "@onfido/api",
    verify: (sdk, d) => new sdk.WebhookEventVerifier(d.secret).readPayload(d.text, d.header("x-sha2-signature")),
  },
  {
    scheme: "paddle", package: "@paddle/paddle-node-sdk",
    verify: (sdk, d) => new sdk.Paddle("k").webhooks.isSignatureValid(d.text, d.secret, d.header("paddle-signature")),
  },
  {
    scheme: "contentful", package: "@contentful/node-apps-toolkit", secret: HEX, url: "https://example.com/hook",
    verify: (sdk, d) => sdk.verifyRequest(d.secret, { method: d.method, path: "/hook", headers: d.headers, body: d.text }, 300),
    sign: (sdk, d) => {
      const request = { method: d.method, path: "/hook", headers: { "content-type": d.header("content-type") }, body: d.text };
      return sdk.signRequest(d.secret, request, Date.now());
    },
  },
  {
    scheme: "elevenlabs", package: "@elevenlabs/elevenlabs-js",
    verify: (sdk, d) => new sdk.ElevenLabsClient({ apiKey: "k" }).webhooks.constructEvent(d.text, d.header("elevenlabs-signature"), d.secret),
  },
  {
    scheme: "coinbase-commerce", package: "coinbase-commerce-node",
    verify: (sdk, d) => sdk.default.Webhook.verifyEventBody(d.text, d.header("x-cc-webhook-signature"), d.secret),
  },
  {
    scheme: "gocardless", package: "gocardless-nodejs", module: "gocardless-nodejs/webhooks",
    verify: (sdk, d) => (sdk.parse ?? sdk.default.parse)(d.text, d.secret, d.header("webhook-signature")),
  },
  ...["v1", "v2", "v3"].map((version) => ({
    scheme: version === "v3" ? "hubspot" : `hubspot-${version}`, package: "@hubspot/api-client",
    url: version === "v1" ? undefined : "https://example.com/hook",
    verify: (sdk, d) => sdk.Signature.isValid({
      method: d.method, url: d.url, signatureVersion: version, clientSecret: d.secret, requestBody: d.text,
      signature: d.header(version === "v3" ? "x-hubspot-signature-v3" : "x-hubspot-signature"),
      timestamp: Number(d.header("x-hubspot-request-timestamp")),
    }),
    sign: (sdk, d) => {
      const timestamp = Date.now();
      const options = { clientSecret: d.secret, requestBody: d.text, url: d.url, timestamp };
      const signature = sdk.Signature.getSignature(d.method, version, options);
      return version === "v3"
        ? { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": String(timestamp) }
        : { "x-hubspot-signature": signature, "x-hubspot-signature-version": version };
    },
  })),
  {
    scheme: "adyen", package: "@adyen/api-library", secret: HEX,
    verify: (sdk, d) => new sdk.hmacValidator().validateHMAC(d.json().notificationItems[0].NotificationRequestItem, d.secret),
    sign: (sdk, d) => {
      const body = d.json(), item = body.notificationItems[0].NotificationRequestItem;
      item.additionalData.hmacSignature = new sdk.hmacValidator().calculateHmac(item, d.secret);
      return { body: JSON.stringify(body) };
    },
    tamper: replaceInBody("1130", "1131"),
  },
  {
    scheme: "adyen-platform", package: "@adyen/api-library", secret: HEX,
    verify: (sdk, d) => new sdk.hmacValidator().validateHMACSignature(d.secret, d.header("hmacsignature"), d.text),
    sign: (sdk, d) => ({ hmacsignature: new sdk.hmacValidator().calculateHmac(d.text, d.secret) }),
  },
  {
    scheme: "imagekit", package: "@imagekit/nodejs", secret: WHSEC,
    verify: (sdk, d) => new sdk.default({ privateKey: "k" }).webhooks.unwrap(d.text, { headers: d.headers, key: d.secret }),
  },
  {
    scheme: "composio", package: "@composio/core",
    verify: async (sdk, d) => {
      const composio = new sdk.Composio({ apiKey: "k", allowTracking: false });
      return composio.triggers.verifyWebhook({
        payload: d.text, secret: d.secret, signature: d.header("webhook-signature"),
        id: d.header("webhook-id"), timestamp: d.header("webhook-timestamp"),
      });
    },
  },
  {
    scheme: "workos", package: "@workos-inc/node",
    verify: (sdk, d) => new sdk.WorkOS("sk_test").webhooks.constructEvent({ payload: d.json(), sigHeader: d.header("workos-signature"), secret: d.secret }),
    tamper: replaceInBody('"id"', '"ie"'),
  },
  {
    scheme: "polar", package: "@polar-sh/sdk", module: "@polar-sh/sdk/webhooks",
    verify: (sdk, d) => {
      try {
        return sdk.validateEvent(d.body, d.headers, d.secret);
      } catch (error) {
        // It also checks the fields of the verified event, which the sample does not have.
        if (error instanceof sdk.WebhookVerificationError) return false;
        if (error?.constructor?.name === "SDKValidationError") return true;
        throw error;
      }
    },
  },
  {
    scheme: "square", package: "square", url: "https://example.com/hook",
    verify: (sdk, d) => sdk.WebhooksHelper.verifySignature({
      requestBody: d.text, signatureHeader: d.header("x-square-hmacsha256-signature"), signatureKey: d.secret, notificationUrl: d.url,
    }),
  },
  {
    scheme: "slack", package: "@slack/bolt",
    verify: (sdk, d) => (sdk.verifySlackRequest ?? sdk.default.verifySlackRequest)({ signingSecret: d.secret, body: d.text, headers: d.headers }),
  },
  {
    scheme: "webflow", package: "webflow-api",
    verify: (sdk, d) => new sdk.WebflowClient({ accessToken: "k" }).webhooks.verifySignature({ headers: d.headers, body: d.text, secret: d.secret }),
  },
  {
    scheme: "resend", package: "resend", secret: WHSEC,
    verify: (sdk, d) => new sdk.Resend("re_k").webhooks.verify({
      payload: d.text, webhookSecret: d.secret,
      headers: { id: d.header("svix-id"), timestamp: d.header("svix-timestamp"), signature: d.header("svix-signature") },
    }),
  },
  {
    scheme: "clerk", package: "@clerk/backend", module: "@clerk/backend/webhooks", secret: WHSEC,
    verify: (sdk, d) => sdk.verifyWebhook(
      new Request("https://example.com/hook", { method: "POST", headers: d.headers, body: d.text }), { signingSecret: d.secret }),
  },
  {
    scheme: "replicate", package: "replicate", secret: WHSEC,
    verify: (sdk, d) => (sdk.validateWebhook ?? sdk.default.validateWebhook)({
      id: d.header("webhook-id"), timestamp: d.header("webhook-timestamp"), signature: d.header("webhook-signature"), body: d.text, secret: d.secret,
    }),
  },
  {
    scheme: "dodo", package: "dodopayments", secret: WHSEC,
    verify: (sdk, d) => new sdk.default({ bearerToken: "k" }).webhooks.unwrap(d.text, { headers: d.headers, key: d.secret }),
  },
  {
    scheme: "whop", package: "@whop/sdk",
    verify: (sdk, d) => new sdk.default({ apiKey: "k", webhookKey: Buffer.from(d.secret).toString("base64") }).webhooks.unwrap(d.text, { headers: d.headers }),
  },
  {
    scheme: "retell", package: "retell-sdk",
    verify: (sdk, d) => sdk.default.verify(d.text, d.secret, d.header("x-retell-signature")),
  },
  {
    scheme: "cashfree", package: "cashfree-pg",
    verify: (sdk, d) => new sdk.Cashfree(sdk.CFEnvironment.SANDBOX, "id", d.secret).PGVerifyWebhookSignature(
      d.header("x-webhook-signature"), d.text, d.header("x-webhook-timestamp")),
  },
  {
    scheme: "box", package: "box-typescript-sdk-gen", module: "box-typescript-sdk-gen/lib/managers/webhooks.generated",
    verify: (sdk, d) => (sdk.WebhooksManager ?? sdk.default.WebhooksManager).validateMessage(d.text, d.headers, d.secret, {}),
  },
  {
    scheme: "metronome", package: "@metronome/sdk",
    verify: (sdk, d) => new sdk.default({ bearerToken: "k" }).webhooks.verifySignature(d.text, d.headers, d.secret),
  },
  {
    scheme: "shopify", package: "@shopify/shopify-api",
    verify: async (sdk, d) => {
      await import("@shopify/shopify-api/adapters/node");
      const shopify = sdk.shopifyApi({
        apiKey: "k", apiSecretKey: d.secret, apiVersion: sdk.LATEST_API_VERSION ?? sdk.ApiVersion.October24, hostName: "example.com", isEmbeddedApp: false, scopes: ["read_products"],
      });
      const request = { method: "POST", url: "/hook", headers: d.headers };
      const result = await shopify.webhooks.validate({ rawBody: d.text, rawRequest: request, rawResponse: {} });
      if (result.valid) return true;
      // It also requires headers that are not signed.
      if (result.reason !== "invalid_hmac") throw new Error(JSON.stringify(result));
      return false;
    },
  },
  {
    scheme: "telegram", package: "grammy",
    verify: async (sdk, d) => {
      const bot = new sdk.Bot("1:token", { botInfo: { id: 1, is_bot: true, first_name: "b", username: "b_bot" } });
      const handle = sdk.webhookCallback(bot, "std/http", { secretToken: d.secret });
      const response = await handle(new Request("https://example.com", { method: "POST", headers: d.headers, body: d.text }));
      return response.status === 200;
    },
    tamper: (d) => ({ ...d, headers: { ...d.headers, "x-telegram-bot-api-secret-token": "another" } }),
  },
  {
    scheme: "discord", package: "discord-interactions",
    keys: keys("ed25519", {}, (der) => der.subarray(-32).toString("hex")),
    verify: (sdk, d) => (sdk.verifyKey ?? sdk.default.verifyKey)(d.text, d.header("x-signature-ed25519"), d.header("x-signature-timestamp"), d.secret),
  },
  {
    scheme: "sendgrid", package: "@sendgrid/eventwebhook",
    keys: keys("ec", { namedCurve: "P-256" }, (der) => der.toString("base64")),
    verify: (sdk, d) => {
      const events = new (sdk.EventWebhook ?? sdk.default.EventWebhook)();
      const key = events.convertPublicKeyToECDSA(d.secret);
      return events.verifySignature(key, d.text, d.header("x-twilio-email-event-webhook-signature"), d.header("x-twilio-email-event-webhook-timestamp"));
    },
  },
  {
    scheme: "moralis", package: "@moralisweb3/streams",
    verify: async (sdk, d) => {
      const { Core } = await import("@moralisweb3/common-core");
      const { ApiUtils } = await import("@moralisweb3/api-utils");
      const core = Core.create();
      const streams = (sdk.Streams ?? sdk.default).create(core);
      core.registerModules([ApiUtils.create(core), streams]);
      core.config.set("apiKey", "k"); core.config.set("streamsSecret", d.secret);
      return streams.verifySignature({ body: d.json(), signature: d.header("x-signature") });
    },
    tamper: replaceInBody(/\d/, "x"),
  },
];
