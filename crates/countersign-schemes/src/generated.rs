//! The constructors of the built-in schemes.
//!
//! Generated from `providers/` by `cargo xtask schemes`. Do not edit.

use countersign_core::{Scheme, SchemeBuilder};

use crate::samples::SampleEvent;

/// The description of a scheme.
pub(crate) type Describe = fn() -> SchemeBuilder;

/// All schemes, each with its description. Sorted by name.
pub(crate) const SCHEMES: &[(&str, Describe)] = &[
    ("adyen", describe::adyen),
    ("adyen-platform", describe::adyen_platform),
    ("alchemy", describe::alchemy),
    ("asana", describe::asana),
    ("aws-sns", describe::aws_sns),
    ("bitbucket", describe::bitbucket),
    ("box", describe::box_com),
    ("cal.com", describe::cal_com),
    ("calendly", describe::calendly),
    ("cashfree", describe::cashfree),
    ("chargebee", describe::chargebee),
    ("checkout.com", describe::checkout_com),
    ("cloudflare-stream", describe::cloudflare_stream),
    ("coinbase-cdp-v0", describe::coinbase_cdp_v0),
    ("coinbase-cdp-v1", describe::coinbase_cdp_v1),
    ("coinbase-commerce", describe::coinbase_commerce),
    ("coinify", describe::coinify),
    ("composio", describe::composio),
    ("contentful", describe::contentful),
    ("deepgram", describe::deepgram),
    ("discord", describe::discord),
    ("docusign", describe::docusign),
    ("dropbox", describe::dropbox),
    ("elevenlabs", describe::elevenlabs),
    ("figma", describe::figma),
    ("flutterwave-v3", describe::flutterwave_v3),
    ("flutterwave-v4", describe::flutterwave_v4),
    ("fusionauth", describe::fusionauth),
    ("github", describe::github),
    ("gitlab-signing", describe::gitlab_signing),
    ("gitlab-token", describe::gitlab_token),
    ("gocardless", describe::gocardless),
    ("helius", describe::helius),
    ("hookdeck", describe::hookdeck),
    ("hubspot", describe::hubspot),
    ("hubspot-v1", describe::hubspot_v1),
    ("hubspot-v2", describe::hubspot_v2),
    ("imagekit", describe::imagekit),
    ("intercom", describe::intercom),
    ("jira", describe::jira),
    ("jupiter", describe::jupiter),
    ("lemonsqueezy", describe::lemonsqueezy),
    ("line", describe::line),
    ("linear", describe::linear),
    ("mailgun", describe::mailgun),
    ("mandrill", describe::mandrill),
    ("meta", describe::meta),
    ("metronome", describe::metronome),
    ("moralis", describe::moralis),
    ("mux", describe::mux),
    ("notion", describe::notion),
    ("onfido", describe::onfido),
    ("openai", describe::openai),
    ("paddle", describe::paddle),
    ("pagerduty", describe::pagerduty),
    ("paypal", describe::paypal),
    ("paystack", describe::paystack),
    ("perps-tracker", describe::perps_tracker),
    ("plaid", describe::plaid),
    ("polar", describe::polar),
    ("postmark", describe::postmark),
    ("quicknode", describe::quicknode),
    ("razorpay", describe::razorpay),
    ("retell", describe::retell),
    ("sendgrid", describe::sendgrid),
    ("sentry", describe::sentry),
    ("shopify", describe::shopify),
    ("shopify-events", describe::shopify_events),
    ("slack", describe::slack),
    ("square", describe::square),
    ("standardwebhooks", describe::standardwebhooks),
    ("standardwebhooks-v1a", describe::standardwebhooks_v1a),
    ("stripe", describe::stripe),
    ("supabase", describe::supabase),
    ("svix", describe::svix),
    ("telegram", describe::telegram),
    ("trello", describe::trello),
    ("twilio", describe::twilio),
    ("twilio-sharedkey", describe::twilio_sharedkey),
    ("twitch", describe::twitch),
    ("typeform", describe::typeform),
    ("venum", describe::venum),
    ("vercel", describe::vercel),
    ("webflow", describe::webflow),
    ("whop", describe::whop),
    ("woocommerce", describe::woocommerce),
    ("workos", describe::workos),
    ("x-twitter", describe::x_twitter),
    ("x-webhook-signature", describe::x_webhook_signature),
    ("xero", describe::xero),
    ("zendesk", describe::zendesk),
    ("zoom", describe::zoom),
];

/// All aliases, each with its scheme and its description. Sorted by name.
pub(crate) const ALIASES: &[(&str, &str, Describe)] = &[
    ("adyen-management", "adyen-platform", describe::adyen_management),
    ("autumn", "svix", describe::autumn),
    ("brex", "svix", describe::brex),
    ("clerk", "svix", describe::clerk),
    ("dodo", "standardwebhooks", describe::dodo),
    ("facebook", "meta", describe::facebook),
    ("granola", "standardwebhooks", describe::granola),
    ("instagram", "meta", describe::instagram),
    ("liveblocks", "standardwebhooks", describe::liveblocks),
    ("loops", "standardwebhooks", describe::loops),
    ("messenger", "meta", describe::messenger),
    ("recall.ai", "standardwebhooks", describe::recall_ai),
    ("replicate", "standardwebhooks", describe::replicate),
    ("resend", "svix", describe::resend),
    ("twitter", "x-twitter", describe::twitter),
    ("whatsapp", "meta", describe::whatsapp),
    ("x", "x-twitter", describe::x),
];

/// How a user finds the secret of each scheme and alias. Sorted by name.
pub(crate) const SECRET_LOCATIONS: &[(&str, &str)] = &[
    ("adyen", "Customer Area, Developers, Webhooks, the webhook, Security, HMAC key, Generate: 64 hexadecimal digits, shown once."),
    ("adyen-management", "Customer Area, Developers, Webhooks, the webhook, Security, HMAC key, Generate, or the field `hmacKey` in the response of the Management API's `generateHmac`: 64 hexadecimal digits."),
    ("adyen-platform", "Customer Area, Developers, Webhooks, the webhook, Security, HMAC key, Generate: 64 hexadecimal digits, shown once."),
    ("alchemy", "Dashboard, Webhooks, the webhook, Signing key: begins with `whsec_`."),
    ("asana", "No page shows it: Asana sends it in the header `X-Hook-Secret` of the handshake, when you create the webhook by API. Each webhook has a different secret, which is used as text."),
    ("autumn", "Dashboard, Developer, Webhooks, the endpoint, Signing secret: begins with `whsec_`. By API it is returned once, when the webhook is created."),
    ("aws-sns", "No page shows it: each message contains the URL of the certificate, `SigningCertURL`. Download it over HTTPS after you have checked that the host is one of Amazon SNS."),
    ("bitbucket", "Repository settings, Webhooks, the webhook, Secret: you choose it, or Bitbucket generates it."),
    ("box", "Developer Console, the app, Webhooks, Manage signature keys: the primary and the secondary key."),
    ("brex", "API `GET /v1/webhooks/secrets`, the field `secret` of each entry: base64 without a prefix. There can be several."),
    ("cal.com", "Settings, Developer, Webhooks, the webhook, Secret: you choose it."),
    ("calendly", "API `POST /webhook_subscriptions`, the field `signing_key`: you choose it. For an OAuth app, the app's webhook signing key, which Calendly shows when the app is created."),
    ("cashfree", "Merchant Dashboard, Developers, API Keys: the client secret."),
    ("chargebee", "Settings, Configure Chargebee, Webhooks, the webhook, basic authentication: `user:password`, as you entered them there."),
    ("checkout.com", "Dashboard, the workflow, its webhook action, signature key, or the field `signature.key` of the action in the Workflows API: you choose it, and it is used as text."),
    ("clerk", "Dashboard, Configure, Webhooks, the endpoint, Signing Secret: begins with `whsec_`."),
    ("cloudflare-stream", "The field `secret` in the response of API `PUT /accounts/{account_id}/stream/webhook`, which sets the webhook's URL."),
    ("coinbase-cdp-v0", "In the response of the API call that creates the subscription, the field `secret`: it is returned once."),
    ("coinbase-cdp-v1", "In the response of the API call that creates the subscription, the field `secret`: it is returned once."),
    ("coinbase-commerce", "Settings, Notifications, Webhook subscriptions, Show shared secret."),
    ("coinify", "Dashboard, Developers, Webhooks, Shared secret: you choose it, for each environment."),
    ("composio", "Project Settings, Webhook; by API it is returned when a webhook subscription is created, or when its secret is rotated."),
    ("contentful", "Space settings, Webhooks, Settings, Enable request verification: 64 characters, one secret for all webhooks of a space."),
    ("deepgram", "Console, the project, API Keys: the identifier of the key with which the transcription was requested, not the key itself."),
    ("discord", "Developer Portal, the application, General Information, Public Key: 64 hexadecimal digits."),
    ("docusign", "Settings, Integrations, Connect, Connect Keys, Add Secret Key: shown once."),
    ("dodo", "Dashboard, Developer, Webhooks, the endpoint, Signing secret: begins with `whsec_`."),
    ("dropbox", "App Console, the app, Settings, App secret: used as text."),
    ("elevenlabs", "Settings, Webhooks: shown once, when the webhook is created. Begins with `wsec_`."),
    ("facebook", "App Dashboard, App settings, Basic, App secret: used as text."),
    ("figma", "The field `passcode` of API `POST /v2/webhooks`, with which you create the webhook: you choose it."),
    ("flutterwave-v3", "Dashboard, Settings, Webhooks, Secret hash: you choose it, and it is sent unchanged."),
    ("flutterwave-v4", "Dashboard, Settings, Webhooks, Secret hash: you choose it."),
    ("fusionauth", "Settings, Webhooks, the webhook, Security, Signing key: the name of the key. Its value is in Settings, Key Master."),
    ("github", "Settings of the repository, organization or app, Webhooks, the webhook, Secret: you choose it, and GitHub does not show it again."),
    ("gitlab-signing", "Settings of the project or group, Webhooks, the webhook, Signing token: begins with `whsec_`."),
    ("gitlab-token", "Settings of the project or group, Webhooks, the webhook, Secret token: you choose it, and GitLab does not show it again."),
    ("gocardless", "Dashboard, Developers, Webhook endpoints, the endpoint, Secret."),
    ("granola", "Settings, Connectors, Webhooks, or a folder's Integrations, Webhooks: shown once, when the endpoint is created. Begins with `whsec_`."),
    ("helius", "Dashboard, Webhooks, the webhook, Authentication header, or the field `authHeader` of the API: the whole value that you entered, including `Bearer` if it contains it."),
    ("hookdeck", "Dashboard, Project settings, Secrets, Signing secret."),
    ("hubspot", "The page of the app in the developer account, Auth, Client secret: used as text."),
    ("hubspot-v1", "The page of the app in the developer account, Auth, Client secret: used as text."),
    ("hubspot-v2", "The page of the app in the developer account, Auth, Client secret: used as text."),
    ("imagekit", "Dashboard, Developer options, Webhooks, the endpoint: begins with `whsec_`."),
    ("instagram", "App Dashboard, App settings, Basic, App secret: used as text."),
    ("intercom", "Developer Hub, the app, Basic information, Client secret: used as text."),
    ("jira", "Settings, System, WebHooks, the webhook, Secret: you enter or generate it when you create the webhook."),
    ("jupiter", "Developer Portal, the page of the webhook endpoint."),
    ("lemonsqueezy", "Settings, Webhooks, the webhook, Signing secret: you choose it, with 6 to 40 characters."),
    ("line", "LINE Developers Console, the channel, Basic settings, Channel secret: used as text."),
    ("linear", "Settings, API, Webhooks, the webhook, Signing secret: begins with `lin_wh_`."),
    ("liveblocks", "Dashboard, the project, Webhooks, the endpoint, Signing secret: begins with `whsec_`."),
    ("loops", "Settings, Webhooks, Signing secret: begins with `whsec_`."),
    ("mailgun", "Control panel, Webhooks, HTTP webhook signing key: one for the account. It is not an API key."),
    ("mandrill", "Settings, Webhooks, the webhook, Key, or the field `auth_key` of API `webhooks/info`."),
    ("messenger", "App Dashboard, App settings, Basic, App secret: used as text."),
    ("meta", "App Dashboard, App settings, Basic, App secret: used as text."),
    ("metronome", "Developer, Notifications, Webhooks, the webhook, Secret key."),
    ("moralis", "Settings, Streams, Secret key, or the field `secretKey` of the settings in the Streams API. In older accounts it is the API key."),
    ("mux", "Dashboard, Settings, Webhooks, the endpoint, Signing secret."),
    ("notion", "No page shows it: Notion sends it to a new endpoint as `verification_token`. Open the handshake window, save the token, and paste it into the integration's page, Webhooks, Verify. Begins with `secret_`."),
    ("onfido", "Dashboard, the page of webhooks, or the field `token` in the response of API `POST /webhooks`: the webhook token."),
    ("openai", "Platform settings, the project, Webhooks: shown once, when the endpoint is created. Begins with `whsec_`."),
    ("paddle", "Developer tools, Notifications, the destination, Secret key: begins with `pdl_ntfset_`."),
    ("pagerduty", "Shown once, when the subscription is created: Integrations, Generic Webhooks (v3), or the field `delivery_method.secret` in the response of API `POST /webhook_subscriptions`."),
    ("paypal", "Developer Dashboard, Apps & Credentials, the app, Webhooks, Webhook ID. The certificate is at the URL in the header `PAYPAL-CERT-URL`."),
    ("paystack", "Dashboard, Settings, API Keys & Webhooks, Secret Key: begins with `sk_`, and is used as text. There is no separate secret for webhooks."),
    ("perps-tracker", "The field `secret` in the response of API `POST /api/webhooks`: begins with `whsec_`, and is returned once."),
    ("plaid", "API `/webhook_verification_key/get` with the token's `kid`: the field `key`, which is a JWK."),
    ("polar", "Organization settings, Webhooks, the endpoint, Secret."),
    ("postmark", "The server, its message stream, Webhooks, the webhook, Basic auth credentials: `user:password`, as you entered them there."),
    ("quicknode", "Dashboard, Streams or Webhooks, the stream or webhook, Settings, Security token."),
    ("razorpay", "Dashboard, Account & Settings, Webhooks, the webhook, Secret: you choose it."),
    ("recall.ai", "Dashboard, Developers, API Keys & Secrets, Create Workspace Secret: one for the workspace, begins with `whsec_`."),
    ("replicate", "The field `key` in the response of API `GET /v1/webhooks/default/secret`: begins with `whsec_`."),
    ("resend", "Webhooks, the webhook, Signing Secret: begins with `whsec_`."),
    ("retell", "Dashboard, Settings, API Keys: the key with the webhook badge. Other API keys do not verify webhooks."),
    ("sendgrid", "Settings, Mail Settings, Event Webhook, the webhook, Signature verification: the public key that is displayed there, in base64, without the PEM lines around it."),
    ("sentry", "Settings, Developer Settings, the integration, Credentials, Client secret: used as text."),
    ("shopify", "Dev Dashboard, the app, Settings, Client secret: used as text. For webhooks that were created in a shop's admin, the secret is in Settings, Notifications, Webhooks."),
    ("shopify-events", "Dev Dashboard, the app, Settings, Client secret: used as text."),
    ("slack", "api.slack.com/apps, the app, Basic Information, App Credentials, Signing Secret: 32 hexadecimal digits, used as text."),
    ("square", "Developer Console, the application, Webhooks, Subscriptions, the subscription, Signature key."),
    ("standardwebhooks", "The provider's page of the endpoint: begins with `whsec_`."),
    ("standardwebhooks-v1a", "The provider's page of the endpoint, or its documentation: a public key that begins with `whpk_`."),
    ("stripe", "Dashboard, Developers, Webhooks, the endpoint, Signing secret: begins with `whsec_`. `stripe listen` prints another one, for its own deliveries."),
    ("supabase", "Dashboard, Database, Webhooks, the webhook, HTTP headers: the text after `Bearer ` in the header `Authorization`, which you add there."),
    ("svix", "The provider's page of the endpoint, Signing secret: begins with `whsec_`."),
    ("telegram", "The parameter `secret_token` of `setWebhook`: you choose it, as 1 to 256 letters, digits, `_` and `-`."),
    ("trello", "trello.com/power-ups/admin, the Power-Up, API key, Secret (OAuth 1): used as text."),
    ("twilio", "Console, Account Dashboard, Account Info, Auth Token."),
    ("twilio-sharedkey", "In the response of the API call that creates the SharedKey in the Webhooks configuration API: it is not the account's Auth Token."),
    ("twitch", "The field `transport.secret` of API `POST /eventsub/subscriptions`, with which you create the subscription: you choose it, as 10 to 100 ASCII characters."),
    ("twitter", "Developer Portal, the app, Keys and tokens, Consumer keys: the API key secret (consumer secret), used as text."),
    ("typeform", "The form, Connect, Webhooks, the webhook, Secret, or the field `secret` of the Webhooks API: you choose it."),
    ("venum", "The field `secret` in the response of API `POST /v1/webhooks`: begins with `whsec_`, and is returned once."),
    ("vercel", "Team settings, Webhooks: shown once, when the webhook is created. For an integration's webhook, it is the integration's client secret. It is used as text."),
    ("webflow", "Apps & Integrations, the app that created the webhook, Client secret. For a webhook that was created with a site token, it is the field `secretKey` in the response."),
    ("whatsapp", "App Dashboard, App settings, Basic, App secret: used as text."),
    ("whop", "Dashboard, Developer, Webhooks, the webhook, Secret: begins with `ws_`."),
    ("woocommerce", "WooCommerce, Settings, Advanced, Webhooks, the webhook, Secret: you choose it."),
    ("workos", "Dashboard, Webhooks, the endpoint, Signing secret."),
    ("x", "Developer Portal, the app, Keys and tokens, Consumer keys: the API key secret (consumer secret), used as text."),
    ("x-twitter", "Developer Portal, the app, Keys and tokens, Consumer keys: the API key secret (consumer secret), used as text."),
    ("x-webhook-signature", "The field `secret` of API `POST /v1/webhooks`, with which you register the webhook: you choose it."),
    ("xero", "Developer portal, the app, Webhooks, Webhooks key."),
    ("zendesk", "Admin Center, Apps and integrations, Webhooks, the webhook, Reveal secret, or API `GET /api/v2/webhooks/{id}/signing_secret`."),
    ("zoom", "App Marketplace, the app, Features, Access, Secret Token."),
];

/// The sample events of each scheme. Sorted by name.
pub(crate) const SAMPLES: &[(&str, &[SampleEvent])] = &[
    ("adyen", &[
        SampleEvent::new("AUTHORISATION", &[("Content-Type", "application/json")], r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{"cardSummary":"1142","expiryDate":"03/2030"},"amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","eventDate":"{{rfc3339}}","merchantAccountCode":"AcmeCOM","merchantReference":"order-1001","operations":["CANCEL","CAPTURE","REFUND"],"paymentMethod":"visa","pspReference":"{{number}}3142871","reason":"033899:1142:03/2030","success":"true"}}]}"#),
    ]),
    ("adyen-platform", &[
        SampleEvent::new("recurring.token.created", &[("Content-Type", "application/json")], r#"{"createdAt":"{{rfc3339}}","eventId":"{{id}}","environment":"test","data":{"merchantAccount":"AcmeCOM","storedPaymentMethodId":"M5N7TQ4TG5PFWR50","type":"visastandarddebit","operation":"created","shopperReference":"shopper-42"},"type":"recurring.token.created"}"#),
    ]),
    ("alchemy", &[
        SampleEvent::new("ADDRESS_ACTIVITY", &[("Content-Type", "application/json")], r#"{"webhookId":"wh_octjglnywaupz6th","id":"whevt_{{id}}","createdAt":"{{rfc3339}}","type":"ADDRESS_ACTIVITY","event":{"network":"ETH_MAINNET","activity":[{"blockNum":"0xdf34a3","hash":"0x7a4a39da2a3fa1fc2ef88fd1eaea0702{{hex}}","fromAddress":"0x503828976d22510aad0201ac7ec88293211d23da","toAddress":"0xbe3f4b43db5eb49d1f48f53443b9abce45da3b79","value":293.092129,"asset":"USDC","category":"token","rawContract":{"rawValue":"0x0000000000000000000000000000000000000000000000000000000011783b21","address":"0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48","decimals":6}}]}}"#),
    ]),
    ("asana", &[
        SampleEvent::new("task.changed", &[("Content-Type", "application/json")], r#"{"events":[{"user":{"gid":"1205672211","resource_type":"user"},"created_at":"{{rfc3339}}","action":"changed","resource":{"gid":"12{{number}}0417","resource_type":"task","resource_subtype":"default_task"},"parent":null,"change":{"field":"name","action":"changed"}}]}"#),
    ]),
    ("aws-sns", &[
        SampleEvent::new("Notification", &[("Content-Type", "text/plain; charset=UTF-8"), ("x-amz-sns-message-type", "Notification"), ("x-amz-sns-message-id", "{{uuid}}")], r#"{
  "Type" : "Notification",
  "MessageId" : "{{uuid}}",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:Orders",
  "Subject" : "Order 1001",
  "Message" : "{\"order\":1001,\"status\":\"shipped\"}",
  "Timestamp" : "{{rfc3339}}",
  "SignatureVersion" : "2",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0000000000000000000000000000.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:Orders:c9135db0-26c4-47ec-8998-413945fb5a96"
}"#),
    ]),
    ("bitbucket", &[
        SampleEvent::new("repo:push", &[("Content-Type", "application/json"), ("X-Event-Key", "repo:push"), ("X-Request-UUID", "{{uuid}}"), ("X-Attempt-Number", "1")], r#"{"push":{"changes":[{"old":{"type":"branch","name":"main","target":{"type":"commit","hash":"1e65c05c1d5171631d92438a13901ca7dae9618c"}},"new":{"type":"branch","name":"main","target":{"type":"commit","hash":"{{hex}}dae9618c","date":"{{rfc3339}}","message":"Fix the header of the report\n"}},"created":false,"closed":false,"forced":false}]},"repository":{"type":"repository","full_name":"acme/reports","uuid":"{673a6070-3421-46c9-9d48-90745f7bfe8e}","name":"reports","is_private":true},"actor":{"type":"user","display_name":"Ada Smith","nickname":"asmith"}}"#),
    ]),
    ("box", &[
        SampleEvent::new("FILE.UPLOADED", &[("Content-Type", "application/json"), ("BOX-DELIVERY-ID", "{{uuid}}")], r#"{"type":"webhook_event","id":"{{uuid}}","created_at":"{{rfc3339}}","trigger":"FILE.UPLOADED","webhook":{"id":"1234567890","type":"webhook"},"created_by":{"type":"user","id":"226067247","name":"Ada Smith","login":"ada@example.com"},"source":{"id":"73835521473","type":"file","name":"report.pdf","size":629644,"sha1":"9c7e7c8b3a4f0d1f3d1f8a3b2f6b1f0c5d2e4a6b","parent":{"type":"folder","id":"8092839498","name":"Reports"}},"additional_info":[]}"#),
    ]),
    ("cal.com", &[
        SampleEvent::new("BOOKING_CREATED", &[("Content-Type", "application/json")], r#"{"triggerEvent":"BOOKING_CREATED","createdAt":"{{rfc3339}}","payload":{"uid":"{{id}}","bookingId":{{number}},"title":"30 min meeting between Ada Smith and Jon Doe","type":"30min","startTime":"2026-12-14T14:00:00Z","endTime":"2026-12-14T14:30:00Z","organizer":{"id":5,"name":"Ada Smith","email":"ada@example.com","timeZone":"Europe/Berlin","language":{"locale":"en"}},"attendees":[{"name":"Jon Doe","email":"jon.doe@example.com","timeZone":"Europe/London","language":{"locale":"en"}}],"location":"integrations:daily","status":"ACCEPTED"}}"#),
    ]),
    ("calendly", &[
        SampleEvent::new("invitee.created", &[("Content-Type", "application/json")], r#"{"created_at":"{{rfc3339}}","created_by":"https://api.calendly.com/users/AAAAAAAAAAAAAAAA","event":"invitee.created","payload":{"uri":"https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2/invitees/{{uuid}}","email":"jon.doe@example.com","name":"Jon Doe","status":"active","timezone":"Europe/London","event":"https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2","questions_and_answers":[],"rescheduled":false,"created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}"}}"#),
    ]),
    ("cashfree", &[
        SampleEvent::new("PAYMENT_SUCCESS_WEBHOOK", &[("Content-Type", "application/json"), ("x-webhook-version", "2025-01-01")], r#"{"data":{"order":{"order_id":"order_1001","order_amount":2.0,"order_currency":"INR","order_tags":null},"payment":{"cf_payment_id":"{{number}}","payment_status":"SUCCESS","payment_amount":2.0,"payment_currency":"INR","payment_message":"00::Transaction success","payment_time":"{{rfc3339}}","bank_reference":"234928698581","payment_group":"upi"},"customer_details":{"customer_name":"Asha Rao","customer_id":"7112AAA812234","customer_email":"asha@example.com","customer_phone":"9908734801"}},"event_time":"{{rfc3339}}","type":"PAYMENT_SUCCESS_WEBHOOK"}"#),
    ]),
    ("chargebee", &[
        SampleEvent::new("subscription_created", &[("Content-Type", "application/json")], r#"{"id":"ev_{{id}}","occurred_at":{{unix}},"source":"admin_console","user":"ada@example.com","object":"event","api_version":"v2","content":{"subscription":{"id":"AzqYl2T4vZ5Kp1Zq","customer_id":"AzqYl2T4vZ5Fw1Zo","status":"active","currency_code":"USD","billing_period":1,"billing_period_unit":"month","created_at":{{unix}},"object":"subscription"},"customer":{"id":"AzqYl2T4vZ5Fw1Zo","first_name":"Jon","last_name":"Doe","email":"jon.doe@example.com","object":"customer"}},"event_type":"subscription_created","webhook_status":"scheduled"}"#),
    ]),
    ("checkout.com", &[
        SampleEvent::new("payment_captured", &[("Content-Type", "application/json")], r#"{"id":"evt_{{id}}","type":"payment_captured","version":"1.0.0","created_on":"{{rfc3339}}","data":{"id":"pay_mbabizu24mvu3mela5njyhpit4","action_id":"act_nezg6bx2k22utmk4xm5s2ughxi","amount":6540,"currency":"USD","reference":"order-1001","response_code":"10000","response_summary":"Approved","processed_on":"{{rfc3339}}"}}"#),
    ]),
    ("cloudflare-stream", &[
        SampleEvent::new("ready", &[("Content-Type", "application/json")], r#"{"uid":"{{hex}}","readyToStream":true,"status":{"state":"ready","pctComplete":"100.000000","errorReasonCode":"","errorReasonText":""},"meta":{"name":"launch.mp4"},"created":"{{rfc3339}}","modified":"{{rfc3339}}","size":4190963,"duration":14.6,"input":{"width":1920,"height":1080},"playback":{"hls":"https://customer-code.cloudflarestream.com/{{hex}}/manifest/video.m3u8","dash":"https://customer-code.cloudflarestream.com/{{hex}}/manifest/video.mpd"}}"#),
    ]),
    ("coinbase-cdp-v0", &[
        SampleEvent::new("onchain.activity.detected", &[("Content-Type", "application/json"), ("X-Event-Id", "{{uuid}}"), ("X-Event-Type", "onchain.activity.detected")], r#"{"id":"af2bd1c9-6f0d-4a18-8a5c-3b6a0d9d1a7e","eventType":"onchain.activity.detected","network":"base-mainnet","createdAt":"{{rfc3339}}","data":{"contractAddress":"0x833589fcd6edb6e08f4c7c32d4f71b54bda02913","eventName":"Transfer","from":"0x503828976d22510aad0201ac7ec88293211d23da","to":"0xbe3f4b43db5eb49d1f48f53443b9abce45da3b79","value":"2500000","transactionHash":"0x7a4a39da2a3fa1fc2ef88fd1eaea0702{{hex}}","blockNumber":"28104551"}}"#),
    ]),
    ("coinbase-cdp-v1", &[
        SampleEvent::new("onchain.activity.detected", &[("Content-Type", "application/json"), ("X-Event-Id", "{{uuid}}"), ("X-Event-Type", "onchain.activity.detected")], r#"{"id":"af2bd1c9-6f0d-4a18-8a5c-3b6a0d9d1a7e","eventType":"onchain.activity.detected","network":"base-mainnet","createdAt":"{{rfc3339}}","data":{"contractAddress":"0x833589fcd6edb6e08f4c7c32d4f71b54bda02913","eventName":"Transfer","from":"0x503828976d22510aad0201ac7ec88293211d23da","to":"0xbe3f4b43db5eb49d1f48f53443b9abce45da3b79","value":"2500000","transactionHash":"0x7a4a39da2a3fa1fc2ef88fd1eaea0702{{hex}}","blockNumber":"28104551"}}"#),
    ]),
    ("coinbase-commerce", &[
        SampleEvent::new("charge:confirmed", &[("Content-Type", "application/json")], r#"{"attempt_number":1,"event":{"api_version":"2018-03-22","created_at":"{{rfc3339}}","data":{"id":"f765421f2-1451-fafb-a513-aac6c819fba9","code":"66BEOV2A","name":"Enamel mug","pricing_type":"fixed_price","pricing":{"local":{"amount":"29.90","currency":"USD"}},"timeline":[{"time":"{{rfc3339}}","status":"COMPLETED"}],"metadata":{"order":"1001"}},"id":"{{uuid}}","resource":"event","type":"charge:confirmed"},"id":"0b2c8f1e-2d8f-4ae5-8e5a-6d0a1c7c4c55","scheduled_for":"{{rfc3339}}"}"#),
    ]),
    ("coinify", &[
        SampleEvent::new("payment-intent.completed", &[("Content-Type", "application/json")], r#"{"id":"{{uuid}}","time":"{{rfc3339}}","event":"payment-intent.completed","context":{"id":"3589cb4a-0830-497d-a92d-c5178eb2ab9f","customerId":"42","amount":"64.58","currency":"EUR","creditAmount":"64.58","creditCurrency":"EUR"}}"#),
    ]),
    ("composio", &[
        SampleEvent::new("composio.trigger.message", &[("Content-Type", "application/json"), ("x-composio-webhook-version", "V3")], r#"{"id":"msg_{{uuid}}","timestamp":"{{rfc3339}}","type":"composio.trigger.message","metadata":{"log_id":"log_TpxVOLXYnwXZ","trigger_slug":"GITHUB_COMMIT_EVENT","trigger_id":"ti_xyz789","connected_account_id":"ca_def456","auth_config_id":"ac_xyz789","user_id":"user-42"},"data":{"author":"octocat","id":"{{hex}}d8b5f2a1","message":"Fix the header of the report","url":"https://github.com/octo-org/hello-world/commit/6dcb09b5"}}"#),
    ]),
    ("contentful", &[
        SampleEvent::new("ContentManagement.Entry.publish", &[("Content-Type", "application/vnd.contentful.management.v1+json"), ("X-Contentful-Topic", "ContentManagement.Entry.publish"), ("X-Contentful-Webhook-Name", "Site build")], r#"{"sys":{"type":"Entry","id":"3hkKTZsOFWE2kcuGG2M8Yc","space":{"sys":{"type":"Link","linkType":"Space","id":"cfexampleapi"}},"environment":{"sys":{"type":"Link","linkType":"Environment","id":"master"}},"contentType":{"sys":{"type":"Link","linkType":"ContentType","id":"post"}},"createdAt":"2026-01-12T09:30:00.000Z","updatedAt":"{{rfc3339}}","revision":4,"publishedVersion":7},"fields":{"title":{"en-US":"Hello world"},"slug":{"en-US":"hello-world"}}}"#),
    ]),
    ("deepgram", &[
        SampleEvent::new("transcription", &[("Content-Type", "application/json")], r#"{"metadata":{"transaction_key":"deprecated","request_id":"{{uuid}}","sha256":"154e291ecfa8be6ab8343560bcc109008fa7853eb5372533e8efdefc9b504c33","created":"{{rfc3339}}","duration":4.44,"channels":1,"models":["30089e05-99d1-4376-b32e-c263170674af"]},"results":{"channels":[{"alternatives":[{"transcript":"thank you for calling","confidence":0.9975,"words":[{"word":"thank","start":0.08,"end":0.24,"confidence":0.998},{"word":"you","start":0.24,"end":0.4,"confidence":0.999},{"word":"for","start":0.4,"end":0.56,"confidence":0.997},{"word":"calling","start":0.56,"end":1.04,"confidence":0.996}]}]}]}}"#),
    ]),
    ("discord", &[
        SampleEvent::new("2", &[("Content-Type", "application/json")], r#"{"app_permissions":"562949953601536","application_id":"845027738276462632","authorizing_integration_owners":{"0":"772904309264089089"},"channel_id":"772908445358620702","context":0,"data":{"id":"1118961510123847772","name":"order","options":[{"name":"number","type":4,"value":1001}],"type":1},"entitlements":[],"guild_id":"772904309264089089","guild_locale":"en-US","id":"1310{{number}}427008","locale":"en-US","member":{"permissions":"562949953601535","roles":[],"user":{"id":"1174625397964382298","username":"ada","discriminator":"0","global_name":"Ada"}},"token":"A_UNIQUE_TOKEN","type":2,"version":1}"#),
        SampleEvent::new("APPLICATION_AUTHORIZED", &[("Content-Type", "application/json")], r#"{"version":1,"application_id":"845027738276462632","type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"{{rfc3339}}","data":{"integration_type":1,"scopes":["applications.commands"],"user":{"id":"1174625397964382298","username":"ada","discriminator":"0","global_name":"Ada"}}}}"#),
    ]),
    ("docusign", &[
        SampleEvent::new("envelope-completed", &[("Content-Type", "application/json")], r#"{"event":"envelope-completed","apiVersion":"v2.1","uri":"/restapi/v2.1/accounts/1a2b3c4d-3f0a-4e2b-9a5d-7a6c5b4d3e2f/envelopes/{{uuid}}","retryCount":0,"configurationId":10554129,"generatedDateTime":"{{rfc3339}}","data":{"accountId":"1a2b3c4d-3f0a-4e2b-9a5d-7a6c5b4d3e2f","userId":"6b6a2a2e-6ee5-4d54-8d1c-2c6d1c1d4a7b","envelopeId":"{{uuid}}","envelopeSummary":{"status":"completed","emailSubject":"Contract 1001","sentDateTime":"2026-01-12T09:30:00.000Z","completedDateTime":"{{rfc3339}}"}}}"#),
    ]),
    ("dropbox", &[
        SampleEvent::new("list_folder", &[("Content-Type", "application/json")], r#"{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]},"delta":{"users":[12345678]}}"#),
    ]),
    ("elevenlabs", &[
        SampleEvent::new("post_call_transcription", &[("Content-Type", "application/json")], r#"{"type":"post_call_transcription","event_timestamp":{{unix}},"data":{"agent_id":"agent_3701k3ttaq12ewp8b7qv5rfyszkz","conversation_id":"conv_{{id}}","status":"done","transcript":[{"role":"agent","message":"Hello, how can I help?","time_in_call_secs":0},{"role":"user","message":"Where is my order?","time_in_call_secs":3}],"metadata":{"start_time_unix_secs":{{unix}},"call_duration_secs":22,"cost":296},"analysis":{"call_successful":"success","transcript_summary":"The caller asked for the state of an order."}}}"#),
    ]),
    ("figma", &[
        SampleEvent::new("FILE_UPDATE", &[("Content-Type", "application/json")], r#"{"event_type":"FILE_UPDATE","file_key":"zH3kSs3kYuGvGd1fG1uVw2","file_name":"Checkout","timestamp":"{{rfc3339}}","webhook_id":"22","retries":0}"#),
    ]),
    ("flutterwave-v3", &[
        SampleEvent::new("charge.completed", &[("Content-Type", "application/json")], r#"{"event":"charge.completed","data":{"id":{{number}},"tx_ref":"order-1001","flw_ref":"FLW-MOCK-{{number}}","amount":100,"currency":"NGN","charged_amount":100,"app_fee":1.4,"processor_response":"Approved by Financial Institution","status":"successful","payment_type":"card","created_at":"{{rfc3339}}","account_id":17321,"customer":{"id":215604089,"name":"Ada Obi","email":"ada@example.com"},"card":{"first_6digits":"123456","last_4digits":"7889","type":"VERVE","expiry":"02/30"}},"event.type":"CARD_TRANSACTION"}"#),
    ]),
    ("flutterwave-v4", &[
        SampleEvent::new("charge.completed", &[("Content-Type", "application/json")], r#"{"webhook_id":"wbk_{{id}}","timestamp":{{unix_ms}},"type":"charge.completed","data":{"id":"chg_{{id}}","amount":200,"currency":"NGN","status":"succeeded","reference":"order-1001","customer":{"id":"cus_3XarBILKQS","email":"ada@example.com","name":{"first":"Ada","last":"Obi"}},"payment_method":{"id":"pmd_wlVhaYmkl2","type":"card","card":{"first6":"123456","last4":"7889","network":"mastercard"}},"processor_response":{"type":"approved","code":"00"},"created_datetime":"{{rfc3339}}"}}"#),
    ]),
    ("fusionauth", &[
        SampleEvent::new("user.create", &[("Content-Type", "application/json")], r#"{"event":{"createInstant":{{unix_ms}},"id":"{{uuid}}","info":{"ipAddress":"203.0.113.42"},"tenantId":"e872a880-b14f-6d62-c312-cb40f22af465","type":"user.create","user":{"active":true,"email":"ada@example.com","firstName":"Ada","id":"00000000-0000-0001-0000-000000000000","insertInstant":{{unix_ms}},"lastName":"Smith","username":"asmith","verified":false}}}"#),
    ]),
    ("github", &[
        SampleEvent::new("push", &[("Content-Type", "application/json"), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "{{uuid}}")], r#"{"ref":"refs/heads/main","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","after":"{{hex}}e0adf246","repository":{"id":186853002,"node_id":"MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=","name":"hello-world","full_name":"octo-org/hello-world","private":false,"owner":{"login":"octo-org","id":21031067,"type":"Organization"},"html_url":"https://github.com/octo-org/hello-world","default_branch":"main"},"pusher":{"name":"octocat","email":"octocat@example.com"},"sender":{"login":"octocat","id":583231,"type":"User","site_admin":false},"created":false,"deleted":false,"forced":false,"base_ref":null,"compare":"https://github.com/octo-org/hello-world/compare/6113728f27ae...59b20b8d5c6f","commits":[{"id":"{{hex}}e0adf246","message":"Fix the header of the report","timestamp":"{{rfc3339}}","url":"https://github.com/octo-org/hello-world/commit/59b20b8d5c6f","author":{"name":"Octo Cat","email":"octocat@example.com","username":"octocat"},"added":[],"removed":[],"modified":["report.md"]}],"head_commit":{"id":"{{hex}}e0adf246","message":"Fix the header of the report","timestamp":"{{rfc3339}}"}}"#),
        SampleEvent::new("issues", &[("Content-Type", "application/json"), ("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "{{uuid}}")], r#"{"action":"opened","issue":{"id":{{number}},"number":1347,"title":"The export has no header","state":"open","user":{"login":"octocat","id":583231,"type":"User","site_admin":false},"labels":[],"body":"Since version 3 the first row is missing.","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","html_url":"https://github.com/octo-org/hello-world/issues/1347"},"repository":{"id":186853002,"node_id":"MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=","name":"hello-world","full_name":"octo-org/hello-world","private":false,"owner":{"login":"octo-org","id":21031067,"type":"Organization"},"html_url":"https://github.com/octo-org/hello-world","default_branch":"main"},"sender":{"login":"octocat","id":583231,"type":"User","site_admin":false}}"#),
    ]),
    ("gitlab-signing", &[
        SampleEvent::new("push", &[("Content-Type", "application/json"), ("X-Gitlab-Event", "Push Hook")], r#"{"object_kind":"push","event_name":"push","before":"95790bf891e76fee5e1747ab589903a6a1f80f22","after":"{{hex}}a6a1f80f","ref":"refs/heads/main","checkout_sha":"{{hex}}a6a1f80f","user_id":4,"user_name":"Ada Smith","user_username":"asmith","project_id":15,"project":{"id":15,"name":"Diaspora","web_url":"https://gitlab.example.com/mike/diaspora","namespace":"Mike","path_with_namespace":"mike/diaspora","default_branch":"main"},"commits":[{"id":"{{hex}}a6a1f80f","message":"Fix the header of the report","timestamp":"{{rfc3339}}","url":"https://gitlab.example.com/mike/diaspora/commit/b6568db1","author":{"name":"Ada Smith","email":"ada@example.com"},"added":[],"modified":["report.md"],"removed":[]}],"total_commits_count":1}"#),
        SampleEvent::new("issue", &[("Content-Type", "application/json"), ("X-Gitlab-Event", "Issue Hook")], r#"{"object_kind":"issue","event_type":"issue","user":{"id":4,"name":"Ada Smith","username":"asmith"},"project":{"id":15,"name":"Diaspora","web_url":"https://gitlab.example.com/mike/diaspora","namespace":"Mike","path_with_namespace":"mike/diaspora","default_branch":"main"},"object_attributes":{"id":{{number}},"iid":23,"title":"The export has no header","description":"Since version 3 the first row is missing.","state":"opened","action":"open","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","url":"https://gitlab.example.com/mike/diaspora/-/issues/23"},"labels":[]}"#),
    ]),
    ("gitlab-token", &[
        SampleEvent::new("Push Hook", &[("Content-Type", "application/json"), ("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Event-UUID", "{{uuid}}")], r#"{"object_kind":"push","event_name":"push","before":"95790bf891e76fee5e1747ab589903a6a1f80f22","after":"{{hex}}a6a1f80f","ref":"refs/heads/main","checkout_sha":"{{hex}}a6a1f80f","user_id":4,"user_name":"Ada Smith","user_username":"asmith","project_id":15,"project":{"id":15,"name":"Diaspora","web_url":"https://gitlab.example.com/mike/diaspora","namespace":"Mike","path_with_namespace":"mike/diaspora","default_branch":"main"},"commits":[{"id":"{{hex}}a6a1f80f","message":"Fix the header of the report","timestamp":"{{rfc3339}}","url":"https://gitlab.example.com/mike/diaspora/commit/b6568db1","author":{"name":"Ada Smith","email":"ada@example.com"},"added":[],"modified":["report.md"],"removed":[]}],"total_commits_count":1}"#),
        SampleEvent::new("Issue Hook", &[("Content-Type", "application/json"), ("X-Gitlab-Event", "Issue Hook"), ("X-Gitlab-Event-UUID", "{{uuid}}")], r#"{"object_kind":"issue","event_type":"issue","user":{"id":4,"name":"Ada Smith","username":"asmith"},"project":{"id":15,"name":"Diaspora","web_url":"https://gitlab.example.com/mike/diaspora","namespace":"Mike","path_with_namespace":"mike/diaspora","default_branch":"main"},"object_attributes":{"id":{{number}},"iid":23,"title":"The export has no header","description":"Since version 3 the first row is missing.","state":"opened","action":"open","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","url":"https://gitlab.example.com/mike/diaspora/-/issues/23"},"labels":[]}"#),
    ]),
    ("gocardless", &[
        SampleEvent::new("payments.confirmed", &[("Content-Type", "application/json")], r#"{"events":[{"id":"EV{{id}}","created_at":"{{rfc3339}}","resource_type":"payments","action":"confirmed","links":{"payment":"PM0003JJQ2MR06"},"details":{"origin":"gocardless","cause":"payment_confirmed","description":"Enough time has passed since the payment was submitted for the banks to return an error, so this payment is now confirmed."},"metadata":{}}],"meta":{"webhook_id":"WB{{id}}"}}"#),
    ]),
    ("helius", &[
        SampleEvent::new("TRANSFER", &[("Content-Type", "application/json")], r#"[{"description":"A transferred 0.1 SOL to B.","type":"TRANSFER","source":"SYSTEM_PROGRAM","fee":5000,"feePayer":"CKs1E69a2e9TmH4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","signature":"{{id}}{{hex}}4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","slot":171942732,"timestamp":{{unix}},"nativeTransfers":[{"amount":100000000,"fromUserAccount":"CKs1E69a2e9TmH4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","toUserAccount":"AAaTGaA3uVqikfVEwoSG7EwkCb4bBDsMEyueiVUS5CaU"}],"tokenTransfers":[],"accountData":[],"transactionError":null,"instructions":[],"events":{}}]"#),
    ]),
    ("hookdeck", &[
        SampleEvent::new("invoice.paid", &[("Content-Type", "application/json"), ("x-hookdeck-eventid", "evt_{{id}}"), ("x-hookdeck-requestid", "req_{{id}}"), ("x-hookdeck-attempt-count", "1"), ("x-hookdeck-source-name", "billing")], r#"{"id":"evt_{{id}}","type":"invoice.paid","created":{{unix}},"data":{"invoice":"in_1001","amount":6458,"currency":"usd"}}"#),
    ]),
    ("hubspot", &[
        SampleEvent::new("contact.creation", &[("Content-Type", "application/json")], r#"[{"eventId":{{number}},"subscriptionId":1823413,"portalId":62515,"appId":54321,"occurredAt":{{unix_ms}},"subscriptionType":"contact.creation","attemptNumber":0,"objectId":8201745,"changeFlag":"NEW","changeSource":"CRM_UI","sourceId":"userId:9293961"}]"#),
        SampleEvent::new("contact.propertyChange", &[("Content-Type", "application/json")], r#"[{"eventId":{{number}},"subscriptionId":1823414,"portalId":62515,"appId":54321,"occurredAt":{{unix_ms}},"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":8201745,"propertyName":"lifecyclestage","propertyValue":"customer","changeSource":"CRM_UI","sourceId":"userId:9293961"}]"#),
    ]),
    ("hubspot-v1", &[
        SampleEvent::new("contact.creation", &[("Content-Type", "application/json"), ("X-HubSpot-Signature-Version", "v1")], r#"[{"eventId":{{number}},"subscriptionId":1823413,"portalId":62515,"appId":54321,"occurredAt":{{unix_ms}},"subscriptionType":"contact.creation","attemptNumber":0,"objectId":8201745,"changeFlag":"NEW","changeSource":"CRM_UI","sourceId":"userId:9293961"}]"#),
        SampleEvent::new("contact.propertyChange", &[("Content-Type", "application/json"), ("X-HubSpot-Signature-Version", "v1")], r#"[{"eventId":{{number}},"subscriptionId":1823414,"portalId":62515,"appId":54321,"occurredAt":{{unix_ms}},"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":8201745,"propertyName":"lifecyclestage","propertyValue":"customer","changeSource":"CRM_UI","sourceId":"userId:9293961"}]"#),
    ]),
    ("hubspot-v2", &[
        SampleEvent::new("contact.creation", &[("Content-Type", "application/json"), ("X-HubSpot-Signature-Version", "v2")], r#"[{"eventId":{{number}},"subscriptionId":1823413,"portalId":62515,"appId":54321,"occurredAt":{{unix_ms}},"subscriptionType":"contact.creation","attemptNumber":0,"objectId":8201745,"changeFlag":"NEW","changeSource":"CRM_UI","sourceId":"userId:9293961"}]"#),
        SampleEvent::new("contact.propertyChange", &[("Content-Type", "application/json"), ("X-HubSpot-Signature-Version", "v2")], r#"[{"eventId":{{number}},"subscriptionId":1823414,"portalId":62515,"appId":54321,"occurredAt":{{unix_ms}},"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":8201745,"propertyName":"lifecyclestage","propertyValue":"customer","changeSource":"CRM_UI","sourceId":"userId:9293961"}]"#),
    ]),
    ("imagekit", &[
        SampleEvent::new("video.transformation.accepted", &[("Content-Type", "application/json")], r#"{"type":"video.transformation.accepted","id":"{{uuid}}","created_at":"{{rfc3339}}","request":{"x_request_id":"fa98fa2e-d6cd-45b4-acf5-bc1d2bbb8ba9","url":"https://ik.imagekit.io/demo/sample-video.mp4?tr=f-webm,q-10","user_agent":"Mozilla/5.0"},"data":{"asset":{"url":"https://ik.imagekit.io/demo/sample-video.mp4"},"transformation":{"type":"video-transformation","options":{"video_codec":"vp9","audio_codec":"opus","auto_rotate":true,"quality":10,"format":"webm"}}}}"#),
    ]),
    ("intercom", &[
        SampleEvent::new("conversation.user.created", &[("Content-Type", "application/json")], r#"{"type":"notification_event","app_id":"a86dr8yl","data":{"type":"notification_event_data","item":{"type":"conversation","id":"1295","created_at":{{unix}},"updated_at":{{unix}},"source":{"type":"conversation","delivered_as":"customer_initiated","body":"<p>Where is my order?</p>","author":{"type":"user","id":"65cb9a7b1f0d2c3e4f5a6b7c","name":"Jon Doe","email":"jon.doe@example.com"}},"state":"open","open":true,"read":false}},"links":{},"id":"notif_{{uuid}}","topic":"conversation.user.created","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":{{unix}},"created_at":{{unix}},"self":null}"#),
        SampleEvent::new("contact.user.created", &[("Content-Type", "application/json")], r#"{"type":"notification_event","app_id":"a86dr8yl","data":{"type":"notification_event_data","item":{"type":"contact","id":"65cb9a7b1f0d2c3e4f5a6b7c","role":"user","external_id":"user-42","email":"jon.doe@example.com","name":"Jon Doe","created_at":"{{rfc3339}}"}},"links":{},"id":"notif_{{uuid}}","topic":"contact.user.created","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":{{unix}},"created_at":{{unix}},"self":null}"#),
    ]),
    ("jira", &[
        SampleEvent::new("jira:issue_created", &[("Content-Type", "application/json"), ("X-Atlassian-Webhook-Identifier", "{{uuid}}")], r#"{"timestamp":{{unix_ms}},"webhookEvent":"jira:issue_created","issue_event_type_name":"issue_created","user":{"accountId":"99:27935d01-92a7-4687-8272-a9b8d3b2ae2e","displayName":"Ada Smith","active":true,"timeZone":"Europe/Berlin"},"issue":{"id":"99291","self":"https://acme.atlassian.net/rest/api/2/issue/99291","key":"WEB-20","fields":{"summary":"The export has no header","issuetype":{"name":"Bug"},"priority":{"name":"Medium"},"status":{"name":"To Do"},"created":"{{rfc3339}}","labels":["export"]}}}"#),
    ]),
    ("jupiter", &[
        SampleEvent::new("swap.completed", &[("Content-Type", "application/json")], r#"{"event_id":"evt_{{id}}","type":"swap.completed","created_at":"{{rfc3339}}","data":{"signature":"{{id}}{{hex}}4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","wallet":"CKs1E69a2e9TmH4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","inputMint":"So11111111111111111111111111111111111111112","outputMint":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v","inAmount":"1000000000","outAmount":"143820000"}}"#),
        SampleEvent::new("order.filled", &[("Content-Type", "application/json")], r#"{"event_id":"evt_{{id}}","type":"order.filled","created_at":"{{rfc3339}}","data":{"orderId":"ord_{{id}}","wallet":"CKs1E69a2e9TmH4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","orderType":"limit","inputMint":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v","outputMint":"So11111111111111111111111111111111111111112","makingAmount":"143820000","takingAmount":"1000000000"}}"#),
    ]),
    ("lemonsqueezy", &[
        SampleEvent::new("order_created", &[("Content-Type", "application/json"), ("X-Event-Name", "order_created")], r#"{"meta":{"test_mode":false,"event_name":"order_created","webhook_id":"{{uuid}}","custom_data":{"user_id":"42"}},"data":{"type":"orders","id":"{{number}}","attributes":{"store_id":11111,"customer_id":222222,"identifier":"{{uuid}}","order_number":1001,"user_name":"Jon Doe","user_email":"jon.doe@example.com","currency":"USD","subtotal":5980,"tax":478,"total":6458,"status":"paid","total_formatted":"$64.58","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}"}}}"#),
    ]),
    ("line", &[
        SampleEvent::new("message", &[("Content-Type", "application/json")], r#"{"destination":"U1234567890abcdef1234567890abcdef","events":[{"type":"message","message":{"type":"text","id":"5{{number}}37215","quoteToken":"q3Plxr4AgKd","text":"Where is my order?"},"webhookEventId":"01{{id}}","deliveryContext":{"isRedelivery":false},"timestamp":{{unix_ms}},"source":{"type":"user","userId":"U80696558e1aa831d4c1e8b0a5c3f2d7e"},"replyToken":"38ef843bde154d9b91c21320ffd17a0f","mode":"active"}]}"#),
    ]),
    ("linear", &[
        SampleEvent::new("Issue", &[("Content-Type", "application/json"), ("Linear-Event", "Issue"), ("Linear-Delivery", "{{uuid}}")], r#"{"action":"create","actor":{"id":"b5ea5f1f-8adc-4f52-b4bd-ab4e84cf51ba","type":"user","name":"Ada Smith","email":"ada@example.com"},"createdAt":"{{rfc3339}}","data":{"id":"{{uuid}}","createdAt":"{{rfc3339}}","updatedAt":"{{rfc3339}}","number":1347,"title":"The export has no header","priority":2,"priorityLabel":"High","teamId":"72b2a2dc-6f4f-4423-9d34-24b5bd10634a","stateId":"3d5b4c8e-2f6a-4a1d-9e7b-5c8d0f1a2b3c","identifier":"WEB-1347","url":"https://linear.app/acme/issue/WEB-1347"},"url":"https://linear.app/acme/issue/WEB-1347","type":"Issue","organizationId":"1a2b3c4d-0001-4a00-8a00-0a1b2c3d4e5f","webhookTimestamp":{{unix_ms}},"webhookId":"000042e3-d123-4980-b49f-8e140eef9329"}"#),
        SampleEvent::new("Comment", &[("Content-Type", "application/json"), ("Linear-Event", "Comment"), ("Linear-Delivery", "{{uuid}}")], r#"{"action":"create","actor":{"id":"b5ea5f1f-8adc-4f52-b4bd-ab4e84cf51ba","type":"user","name":"Ada Smith","email":"ada@example.com"},"createdAt":"{{rfc3339}}","data":{"id":"{{uuid}}","createdAt":"{{rfc3339}}","updatedAt":"{{rfc3339}}","body":"Since version 3 the first row is missing.","issueId":"539068e2-ae88-4d09-bd75-22eb4a59612f","userId":"b5ea5f1f-8adc-4f52-b4bd-ab4e84cf51ba"},"url":"https://linear.app/acme/issue/WEB-1347#comment-77217de3","type":"Comment","organizationId":"1a2b3c4d-0001-4a00-8a00-0a1b2c3d4e5f","webhookTimestamp":{{unix_ms}},"webhookId":"000042e3-d123-4980-b49f-8e140eef9329"}"#),
    ]),
    ("mailgun", &[
        SampleEvent::new("delivered", &[("Content-Type", "application/json")], r#"{"event-data":{"id":"{{id}}","timestamp":{{unix}}.521,"log-level":"info","event":"delivered","delivery-status":{"tls":true,"mx-host":"mx.example.com","code":250,"description":"","attempt-no":1,"message":"OK"},"flags":{"is-routed":false,"is-authenticated":true,"is-system-test":false,"is-test-mode":false},"envelope":{"transport":"smtp","sender":"shop@mg.example.com","targets":"jon.doe@example.com"},"message":{"headers":{"to":"Jon Doe <jon.doe@example.com>","message-id":"{{id}}@mg.example.com","from":"Shop <shop@mg.example.com>","subject":"Order 1001"},"size":512},"recipient":"jon.doe@example.com","recipient-domain":"example.com","tags":["order"],"user-variables":{}}}"#),
    ]),
    ("mandrill", &[
        SampleEvent::new("send", &[("Content-Type", "application/x-www-form-urlencoded")], r#"mandrill_events=%5B%7B%22event%22%3A%22send%22%2C%22ts%22%3A{{unix}}%2C%22_id%22%3A%22{{hex}}%22%2C%22msg%22%3A%7B%22ts%22%3A{{unix}}%2C%22_id%22%3A%22{{hex}}%22%2C%22state%22%3A%22sent%22%2C%22subject%22%3A%22Order%201001%22%2C%22email%22%3A%22jon.doe%40example.com%22%2C%22sender%22%3A%22shop%40example.com%22%2C%22tags%22%3A%5B%22order%22%5D%2C%22opens%22%3A%5B%5D%2C%22clicks%22%3A%5B%5D%2C%22smtp_events%22%3A%5B%5D%2C%22resends%22%3A%5B%5D%2C%22metadata%22%3A%7B%22order%22%3A%221001%22%7D%7D%7D%5D"#),
    ]),
    ("meta", &[
        SampleEvent::new("whatsapp_business_account", &[("Content-Type", "application/json")], r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Jon Doe"},"wa_id":"16505551234"}],"messages":[{"from":"16505551234","id":"wamid.{{id}}","timestamp":"{{unix}}","type":"text","text":{"body":"Where is my order?"}}]},"field":"messages"}]}]}"#),
        SampleEvent::new("page", &[("Content-Type", "application/json")], r#"{"object":"page","entry":[{"id":"682498302938465","time":{{unix_ms}},"messaging":[{"sender":{"id":"8312345678901234"},"recipient":{"id":"682498302938465"},"timestamp":{{unix_ms}},"message":{"mid":"m_{{id}}","text":"Where is my order?"}}]}]}"#),
    ]),
    ("metronome", &[
        SampleEvent::new("alerts.low_remaining_credit_balance_reached", &[("Content-Type", "application/json")], r#"{"id":"{{uuid}}","type":"alerts.low_remaining_credit_balance_reached","properties":{"alert_id":"b1b8a1a2-6f0d-4a18-8a5c-3b6a0d9d1a7e","alert_name":"Low credits","timestamp":"{{rfc3339}}","threshold":1000,"customer_id":"d7abd0cd-4ae9-4db7-8676-e986a4ebd8dc","remaining_balance":950,"credit_type":{"id":"2714e483-4ff1-48e4-9e25-ac732e8f24f2","name":"USD (cents)"}}}"#),
    ]),
    ("moralis", &[
        SampleEvent::new("stream", &[("Content-Type", "application/json")], r#"{"confirmed":false,"chainId":"0x1","abi":[],"streamId":"c28d9e2e-ae9d-4fe6-9fc0-5fcde2dcdd17","tag":"treasury","retries":0,"block":{"number":"21304551","hash":"0x2b9d1c1f4c0e6b7a8f3d2e1c0b9a8f7e{{hex}}","timestamp":"{{unix}}"},"logs":[],"txs":[{"hash":"0x7a4a39da2a3fa1fc2ef88fd1eaea0702{{hex}}","gas":"21000","gasPrice":"14500000000","nonce":"81","input":"0x","transactionIndex":"61","fromAddress":"0x503828976d22510aad0201ac7ec88293211d23da","toAddress":"0xbe3f4b43db5eb49d1f48f53443b9abce45da3b79","value":"100000000000000000","type":"2","receiptStatus":"1"}],"txsInternal":[],"erc20Transfers":[],"erc20Approvals":[],"nftTokenApprovals":[],"nftApprovals":{"ERC721":[],"ERC1155":[]},"nftTransfers":[],"nativeBalances":[]}"#),
    ]),
    ("mux", &[
        SampleEvent::new("video.asset.ready", &[("Content-Type", "application/json")], r#"{"type":"video.asset.ready","id":"{{uuid}}","created_at":"{{rfc3339}}","object":{"type":"asset","id":"0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002"},"environment":{"name":"Production","id":"j0863n"},"data":{"id":"0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002","status":"ready","duration":14.6,"aspect_ratio":"16:9","max_stored_resolution":"HD","max_stored_frame_rate":29.97,"created_at":"{{unix}}","playback_ids":[{"policy":"public","id":"uNbxnGLKJ00yfbijDO8COxTOyVKT01xpxW"}]},"request_id":null,"attempts":[],"accessor_source":null,"accessor":null}"#),
    ]),
    ("notion", &[
        SampleEvent::new("page.created", &[("Content-Type", "application/json")], r#"{"id":"{{uuid}}","timestamp":"{{rfc3339}}","workspace_id":"13950b26-c203-4f3b-b97d-93ec06319565","workspace_name":"Acme","subscription_id":"29d75c0d-5546-4414-8459-7b7a92f1fc4b","integration_id":"0ef2e755-4912-8096-91c1-00376a88a5ca","type":"page.created","authors":[{"id":"c7c11cca-1d73-471d-9b6e-bdef51470190","type":"person"}],"accessible_by":[{"id":"556a1abf-4f08-40c6-878a-75890d2a88ba","type":"person"}],"attempt_number":1,"entity":{"id":"153104cd-477e-809d-8dc4-ff2d96ae3090","type":"page"},"data":{"parent":{"id":"13950b26-c203-4f3b-b97d-93ec06319565","type":"space"}}}"#),
    ]),
    ("onfido", &[
        SampleEvent::new("check.completed", &[("Content-Type", "application/json")], r#"{"payload":{"resource_type":"check","action":"check.completed","object":{"id":"{{uuid}}","status":"complete","completed_at_iso8601":"{{rfc3339}}","href":"https://api.eu.onfido.com/v3.6/checks/{{uuid}}"}}}"#),
    ]),
    ("openai", &[
        SampleEvent::new("response.completed", &[("Content-Type", "application/json")], r#"{"id":"evt_{{hex}}","object":"event","created_at":{{unix}},"type":"response.completed","data":{"id":"resp_68c1f0e4a8b48190a3d2c1b0"}}"#),
    ]),
    ("paddle", &[
        SampleEvent::new("transaction.completed", &[("Content-Type", "application/json")], r#"{"data":{"id":"txn_01hv8wptq8987qeep44cyrewp9","items":[{"price":{"id":"pri_01gsz8x8sawmvhz1pv30nge1ke","type":"standard","unit_price":{"amount":"3000","currency_code":"USD"}},"quantity":10}],"origin":"web","status":"completed","customer_id":"ctm_01hv6y1jedq4p1n0yqn5ba3ky4","subscription_id":"sub_01hv8x29kz0t586xy6zn1a62ny","invoice_number":"325-10566","currency_code":"USD","billed_at":"{{rfc3339}}","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","custom_data":null},"event_id":"evt_{{id}}","event_type":"transaction.completed","occurred_at":"{{rfc3339}}","notification_id":"ntf_{{id}}"}"#),
        SampleEvent::new("subscription.created", &[("Content-Type", "application/json")], r#"{"data":{"id":"sub_01hv8x29kz0t586xy6zn1a62ny","items":[{"price":{"id":"pri_01gsz8x8sawmvhz1pv30nge1ke","type":"standard"},"status":"active","quantity":10}],"status":"active","customer_id":"ctm_01hv6y1jedq4p1n0yqn5ba3ky4","currency_code":"USD","billing_cycle":{"interval":"month","frequency":1},"collection_mode":"automatic","transaction_id":"txn_01hv8wptq8987qeep44cyrewp9","started_at":"{{rfc3339}}","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","custom_data":null},"event_id":"evt_{{id}}","event_type":"subscription.created","occurred_at":"{{rfc3339}}","notification_id":"ntf_{{id}}"}"#),
    ]),
    ("pagerduty", &[
        SampleEvent::new("incident.triggered", &[("Content-Type", "application/json"), ("X-Webhook-Id", "{{uuid}}"), ("X-Webhook-Subscription", "PSUB001")], r#"{"event":{"id":"01{{id}}","event_type":"incident.triggered","resource_type":"incident","occurred_at":"{{rfc3339}}","agent":{"html_url":"https://acme.pagerduty.com/users/PLH1HKV","id":"PLH1HKV","self":"https://api.pagerduty.com/users/PLH1HKV","summary":"Ada Smith","type":"user_reference"},"client":null,"data":{"id":"PGR0VU2","type":"incident","self":"https://api.pagerduty.com/incidents/PGR0VU2","html_url":"https://acme.pagerduty.com/incidents/PGR0VU2","number":2,"status":"triggered","incident_key":"d3640fbd41094207a1c11e58e46b1662","created_at":"{{rfc3339}}","title":"The export has no header","service":{"html_url":"https://acme.pagerduty.com/services/PF9KMXH","id":"PF9KMXH","summary":"API","type":"service_reference"},"urgency":"high"}}}"#),
    ]),
    ("paypal", &[
        SampleEvent::new("PAYMENT.CAPTURE.COMPLETED", &[("Content-Type", "application/json")], r#"{"id":"WH-{{id}}","event_version":"1.0","create_time":"{{rfc3339}}","resource_type":"capture","resource_version":"2.0","event_type":"PAYMENT.CAPTURE.COMPLETED","summary":"Payment completed for $ 64.58 USD","resource":{"id":"7NW873794T343360M","status":"COMPLETED","amount":{"currency_code":"USD","value":"64.58"},"final_capture":true,"seller_protection":{"status":"ELIGIBLE"},"custom_id":"order-1001","create_time":"{{rfc3339}}","update_time":"{{rfc3339}}"},"links":[{"href":"https://api.paypal.com/v1/notifications/webhooks-events/WH-{{id}}","rel":"self","method":"GET"}]}"#),
        SampleEvent::new("BILLING.SUBSCRIPTION.ACTIVATED", &[("Content-Type", "application/json")], r#"{"id":"WH-{{id}}","event_version":"1.0","create_time":"{{rfc3339}}","resource_type":"subscription","resource_version":"2.0","event_type":"BILLING.SUBSCRIPTION.ACTIVATED","summary":"Subscription activated","resource":{"id":"I-BW452GLLEP1G","plan_id":"P-5ML4271244454362WXNWU5NQ","status":"ACTIVE","quantity":"10","start_time":"{{rfc3339}}","subscriber":{"name":{"given_name":"Jon","surname":"Doe"},"email_address":"jon.doe@example.com"},"create_time":"{{rfc3339}}","update_time":"{{rfc3339}}"},"links":[{"href":"https://api.paypal.com/v1/notifications/webhooks-events/WH-{{id}}","rel":"self","method":"GET"}]}"#),
    ]),
    ("paystack", &[
        SampleEvent::new("charge.success", &[("Content-Type", "application/json")], r#"{"event":"charge.success","data":{"id":{{number}},"domain":"live","status":"success","reference":"{{id}}","amount":10000,"message":null,"gateway_response":"Successful","paid_at":"{{rfc3339}}","created_at":"{{rfc3339}}","channel":"card","currency":"NGN","ip_address":"203.0.113.42","metadata":0,"fees":null,"customer":{"id":68324,"first_name":"Ada","last_name":"Obi","email":"ada@example.com","customer_code":"CUS_qo38as2hpsgk2r0","phone":null,"metadata":null,"risk_action":"default"},"authorization":{"authorization_code":"AUTH_f5rnfq9p","bin":"539999","last4":"8877","exp_month":"08","exp_year":"2030","card_type":"mastercard DEBIT","bank":"Guaranty Trust Bank","country_code":"NG","brand":"mastercard"}}}"#),
    ]),
    ("perps-tracker", &[
        SampleEvent::new("trade.new", &[("Content-Type", "application/json"), ("X-Webhook-ID", "wh_abc123"), ("X-Event-Type", "trade.new"), ("X-Delivery-ID", "del_{{id}}")], r#"{"id":"evt_{{id}}","type":"trade.new","created":{{unix}},"data":{"owner":"DRVRvzf8pSiMJi5BY1NmZu5STahBYKMVcfkPp3vxPump","marketSymbol":"SOL-PERP","side":"long","sizeUsd":15000.5,"leverage":5.2,"entryPrice":185.42,"collateral":2884.71,"timestamp":"{{rfc3339}}"}}"#),
        SampleEvent::new("trade.close", &[("Content-Type", "application/json"), ("X-Webhook-ID", "wh_abc123"), ("X-Event-Type", "trade.close"), ("X-Delivery-ID", "del_{{id}}")], r#"{"id":"evt_{{id}}","type":"trade.close","created":{{unix}},"data":{"owner":"DRVRvzf8pSiMJi5BY1NmZu5STahBYKMVcfkPp3vxPump","marketSymbol":"SOL-PERP","side":"long","sizeUsd":15000.5,"leverage":5.2,"entryPrice":185.42,"collateral":2884.71,"timestamp":"{{rfc3339}}"}}"#),
    ]),
    ("plaid", &[
        SampleEvent::new("SYNC_UPDATES_AVAILABLE", &[("Content-Type", "application/json")], r#"{
  "environment": "sandbox",
  "historical_update_complete": true,
  "initial_update_complete": true,
  "item_id": "{{id}}",
  "webhook_code": "SYNC_UPDATES_AVAILABLE",
  "webhook_type": "TRANSACTIONS"
}"#),
    ]),
    ("polar", &[
        SampleEvent::new("order.paid", &[("Content-Type", "application/json")], r#"{"type":"order.paid","timestamp":"{{rfc3339}}","data":{"id":"{{uuid}}","created_at":"{{rfc3339}}","status":"paid","paid":true,"subtotal_amount":5980,"tax_amount":478,"total_amount":6458,"currency":"usd","billing_reason":"purchase","customer_id":"992fae2a-2a17-4b7a-8d9e-e287cf90131b","product_id":"d8dd2de1-21b7-4a41-8bc3-ce909c0cfe23","customer":{"id":"992fae2a-2a17-4b7a-8d9e-e287cf90131b","email":"jon.doe@example.com","name":"Jon Doe"},"metadata":{}}}"#),
    ]),
    ("postmark", &[
        SampleEvent::new("Delivery", &[("Content-Type", "application/json")], r#"{"MessageID":"{{uuid}}","Recipient":"jon.doe@example.com","DeliveredAt":"{{rfc3339}}","Details":"Test delivery webhook details","Tag":"order","ServerID":23,"Metadata":{"order":"1001"},"RecordType":"Delivery","MessageStream":"outbound"}"#),
    ]),
    ("quicknode", &[
        SampleEvent::new("transaction", &[("Content-Type", "application/json"), ("X-QN-Nonce", "{{hex}}")], r#"{"matchingTransactions":[{"blockHash":"0x2b9d1c1f4c0e6b7a8f3d2e1c0b9a8f7e{{hex}}","blockNumber":"0x1451767","from":"0x503828976d22510aad0201ac7ec88293211d23da","to":"0xbe3f4b43db5eb49d1f48f53443b9abce45da3b79","hash":"0x7a4a39da2a3fa1fc2ef88fd1eaea0702{{hex}}","value":"0x16345785d8a0000"}]}"#),
    ]),
    ("razorpay", &[
        SampleEvent::new("payment.captured", &[("Content-Type", "application/json"), ("x-razorpay-event-id", "{{id}}")], r#"{"entity":"event","account_id":"acc_BFQ7uQEaa7j2z7","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_{{id}}","entity":"payment","amount":10000,"currency":"INR","status":"captured","order_id":"order_DESlLckIVRkHWj","method":"upi","captured":true,"email":"asha@example.com","contact":"+919876543210","fee":236,"tax":36,"created_at":{{unix}}}}},"created_at":{{unix}}}"#),
    ]),
    ("retell", &[
        SampleEvent::new("call_ended", &[("Content-Type", "application/json")], r#"{"event":"call_ended","call":{"call_type":"phone_call","from_number":"+12137771234","to_number":"+12137771235","direction":"inbound","call_id":"{{hex}}","agent_id":"oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD","call_status":"ended","metadata":{},"start_timestamp":{{unix_ms}},"end_timestamp":{{unix_ms}},"disconnection_reason":"user_hangup","transcript":"Agent: Hello, how can I help?\nUser: Where is my order?"}}"#),
    ]),
    ("sendgrid", &[
        SampleEvent::new("delivered", &[("Content-Type", "application/json")], r#"[{"email":"jon.doe@example.com","timestamp":{{unix}},"smtp-id":"<{{id}}@ismtpd-555>","event":"delivered","category":["order"],"sg_event_id":"{{id}}","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0","response":"250 OK"}]"#),
    ]),
    ("sentry", &[
        SampleEvent::new("issue", &[("Content-Type", "application/json"), ("Sentry-Hook-Resource", "issue"), ("Sentry-Hook-Timestamp", "{{unix}}"), ("Request-ID", "{{hex}}")], r#"{"action":"created","installation":{"uuid":"a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},"data":{"issue":{"id":"{{number}}","shortId":"API-14","title":"KeyError: 'header'","culprit":"export.rows","level":"error","status":"unresolved","platform":"python","project":{"id":"1","name":"api","slug":"api","platform":"python"},"type":"error","count":"1","userCount":0,"firstSeen":"{{rfc3339}}","lastSeen":"{{rfc3339}}"}},"actor":{"type":"application","id":"sentry","name":"Sentry"}}"#),
    ]),
    ("shopify", &[
        SampleEvent::new("orders/create", &[("Content-Type", "application/json"), ("X-Shopify-Topic", "orders/create"), ("X-Shopify-Shop-Domain", "acme.myshopify.com"), ("X-Shopify-API-Version", "2026-01"), ("X-Shopify-Event-Id", "{{uuid}}"), ("X-Shopify-Webhook-Id", "{{uuid}}"), ("X-Shopify-Triggered-At", "{{rfc3339}}")], r##"{"id":58{{number}}77,"admin_graphql_api_id":"gid://shopify/Order/58{{number}}77","email":"jon.doe@example.com","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","currency":"USD","financial_status":"paid","fulfillment_status":null,"name":"#1001","order_number":1001,"subtotal_price":"59.80","total_tax":"4.78","total_price":"64.58","customer":{"id":6940095564066,"email":"jon.doe@example.com","first_name":"Jon","last_name":"Doe"},"line_items":[{"id":13234789654,"product_id":7513594,"variant_id":4264112,"title":"Enamel mug","quantity":2,"price":"29.90","sku":"MUG-01"}]}"##),
        SampleEvent::new("products/update", &[("Content-Type", "application/json"), ("X-Shopify-Topic", "products/update"), ("X-Shopify-Shop-Domain", "acme.myshopify.com"), ("X-Shopify-API-Version", "2026-01"), ("X-Shopify-Event-Id", "{{uuid}}"), ("X-Shopify-Webhook-Id", "{{uuid}}"), ("X-Shopify-Triggered-At", "{{rfc3339}}")], r#"{"id":788032119674292900,"admin_graphql_api_id":"gid://shopify/Product/788032119674292900","title":"Enamel mug","vendor":"Acme","product_type":"Kitchen","handle":"enamel-mug","status":"active","created_at":"2026-01-12T09:30:00Z","updated_at":"{{rfc3339}}","tags":"kitchen, camping","variants":[{"id":4264112,"title":"Default Title","price":"29.90","sku":"MUG-01","inventory_quantity":75}]}"#),
    ]),
    ("shopify-events", &[
        SampleEvent::new("orders/create", &[("Content-Type", "application/json"), ("Shopify-Topic", "orders/create"), ("Shopify-Shop-Domain", "acme.myshopify.com"), ("Shopify-Event-Id", "{{uuid}}"), ("Shopify-Webhook-Id", "{{uuid}}"), ("Shopify-Triggered-At", "{{rfc3339}}")], r##"{"id":58{{number}}77,"admin_graphql_api_id":"gid://shopify/Order/58{{number}}77","email":"jon.doe@example.com","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","currency":"USD","financial_status":"paid","fulfillment_status":null,"name":"#1001","order_number":1001,"subtotal_price":"59.80","total_tax":"4.78","total_price":"64.58","customer":{"id":6940095564066,"email":"jon.doe@example.com","first_name":"Jon","last_name":"Doe"},"line_items":[{"id":13234789654,"product_id":7513594,"variant_id":4264112,"title":"Enamel mug","quantity":2,"price":"29.90","sku":"MUG-01"}]}"##),
    ]),
    ("slack", &[
        SampleEvent::new("app_mention", &[("Content-Type", "application/json")], r#"{"token":"XXYYZZ","team_id":"T061EG9R6","api_app_id":"A0PNCHHK2","event":{"type":"app_mention","user":"U061F7AUR","text":"<@U0LAN0Z89> where is order 1001?","ts":"{{unix}}.000200","channel":"C061EG9SL","event_ts":"{{unix}}.000200"},"type":"event_callback","event_id":"Ev{{id}}","event_time":{{unix}},"authorizations":[{"enterprise_id":null,"team_id":"T061EG9R6","user_id":"U0LAN0Z89","is_bot":true,"is_enterprise_install":false}],"is_ext_shared_channel":false}"#),
        SampleEvent::new("slash_command", &[("Content-Type", "application/x-www-form-urlencoded")], r#"token=XXYYZZ&team_id=T061EG9R6&team_domain=acme&channel_id=C061EG9SL&channel_name=orders&user_id=U061F7AUR&user_name=ada&command=%2Forder&text=1001&api_app_id=A0PNCHHK2&is_enterprise_install=false&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT061EG9R6%2F{{number}}%2F{{id}}&trigger_id={{number}}.6041494999.{{hex}}"#),
    ]),
    ("square", &[
        SampleEvent::new("payment.created", &[("Content-Type", "application/json")], r#"{"merchant_id":"6SSW7HV8K2ST5","location_id":"S8GWD5R9QB376","type":"payment.created","event_id":"{{uuid}}","created_at":"{{rfc3339}}","data":{"type":"payment","id":"KkAkhdMsgzn59SM8A89WgKwekxLZY","object":{"payment":{"id":"KkAkhdMsgzn59SM8A89WgKwekxLZY","status":"APPROVED","source_type":"CARD","amount_money":{"amount":6458,"currency":"USD"},"total_money":{"amount":6458,"currency":"USD"},"location_id":"S8GWD5R9QB376","order_id":"03O3USaPaAaFnI6kkwB1JxGgBsUZY","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","version":1}}}}"#),
        SampleEvent::new("customer.created", &[("Content-Type", "application/json")], r#"{"merchant_id":"6SSW7HV8K2ST5","type":"customer.created","event_id":"{{uuid}}","created_at":"{{rfc3339}}","data":{"type":"customer","id":"JDKYHBWT1D4F8MFH63DBMEN8Y4","object":{"customer":{"id":"JDKYHBWT1D4F8MFH63DBMEN8Y4","given_name":"Jon","family_name":"Doe","email_address":"jon.doe@example.com","creation_source":"THIRD_PARTY","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","version":0}}}}"#),
    ]),
    ("standardwebhooks", &[
        SampleEvent::new("invoice.paid", &[("Content-Type", "application/json")], r#"{"type":"invoice.paid","timestamp":"{{rfc3339}}","data":{"id":"in_1001","amount":6458,"currency":"usd","customer":"cus_42"}}"#),
        SampleEvent::new("user.created", &[("Content-Type", "application/json")], r#"{"type":"user.created","timestamp":"{{rfc3339}}","data":{"id":"user_42","email":"jon.doe@example.com","name":"Jon Doe"}}"#),
    ]),
    ("standardwebhooks-v1a", &[
        SampleEvent::new("invoice.paid", &[("Content-Type", "application/json")], r#"{"type":"invoice.paid","timestamp":"{{rfc3339}}","data":{"id":"in_1001","amount":6458,"currency":"usd","customer":"cus_42"}}"#),
    ]),
    ("stripe", &[
        SampleEvent::new("payment_intent.succeeded", &[("Content-Type", "application/json")], r#"{"id":"evt_{{id}}","object":"event","api_version":"2025-09-30.clover","created":{{unix}},"data":{"object":{"id":"pi_{{id}}","object":"payment_intent","amount":6458,"amount_received":6458,"currency":"usd","customer":"cus_NffrFeUfNV2Hib","description":"Order 1001","latest_charge":"ch_3MtwBwLkdIwHu7ix0snN0B15","metadata":{"order":"1001"},"payment_method":"pm_1MtwBwLkdIwHu7ixMYbzSyTO","status":"succeeded","created":{{unix}},"livemode":false}},"livemode":false,"pending_webhooks":1,"request":{"id":"req_{{id}}","idempotency_key":"{{uuid}}"},"type":"payment_intent.succeeded"}"#),
        SampleEvent::new("checkout.session.completed", &[("Content-Type", "application/json")], r#"{"id":"evt_{{id}}","object":"event","api_version":"2025-09-30.clover","created":{{unix}},"data":{"object":{"id":"cs_test_{{id}}","object":"checkout.session","amount_subtotal":5980,"amount_total":6458,"currency":"usd","customer":"cus_NffrFeUfNV2Hib","customer_details":{"email":"jon.doe@example.com","name":"Jon Doe"},"client_reference_id":"order-1001","metadata":{},"mode":"payment","payment_intent":"pi_3MtwBwLkdIwHu7ix28a3tqPa","payment_status":"paid","status":"complete","created":{{unix}},"livemode":false}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}"#),
    ]),
    ("supabase", &[
        SampleEvent::new("INSERT", &[("Content-Type", "application/json")], r#"{"type":"INSERT","table":"orders","record":{"id":1001,"customer":"jon.doe@example.com","total":64.58,"created_at":"{{rfc3339}}"},"schema":"public","old_record":null}"#),
    ]),
    ("svix", &[
        SampleEvent::new("invoice.paid", &[("Content-Type", "application/json")], r#"{"type":"invoice.paid","timestamp":"{{rfc3339}}","data":{"id":"in_1001","amount":6458,"currency":"usd","customer":"cus_42"}}"#),
        SampleEvent::new("user.created", &[("Content-Type", "application/json")], r#"{"type":"user.created","timestamp":"{{rfc3339}}","data":{"id":"user_42","email":"jon.doe@example.com","name":"Jon Doe"}}"#),
    ]),
    ("telegram", &[
        SampleEvent::new("message", &[("Content-Type", "application/json")], r#"{"update_id":{{number}},"message":{"message_id":1365,"from":{"id":1111111,"is_bot":false,"first_name":"Jon","last_name":"Doe","username":"jondoe","language_code":"en"},"chat":{"id":1111111,"first_name":"Jon","last_name":"Doe","username":"jondoe","type":"private"},"date":{{unix}},"text":"/start"}}"#),
    ]),
    ("trello", &[
        SampleEvent::new("updateCard", &[("Content-Type", "application/json")], r#"{"model":{"id":"4d5ea62fd76aa1136000000c","name":"Orders","closed":false,"url":"https://trello.com/b/cIFEaDNN/orders"},"action":{"id":"651f3c{{number}}2a1b4c7d9","idMemberCreator":"4e6a7fad05d98b02ba00845c","data":{"board":{"id":"4d5ea62fd76aa1136000000c","name":"Orders","shortLink":"cIFEaDNN"},"card":{"id":"4f9de1ab8ad1d1e80c5a1d4e","name":"Order 1001","idShort":23,"shortLink":"TmxNVGKf"},"old":{"name":"Order"}},"type":"updateCard","date":"{{rfc3339}}","memberCreator":{"id":"4e6a7fad05d98b02ba00845c","fullName":"Ada Smith","username":"asmith"}},"webhook":{"id":"5f2e1d0c9b8a7f6e5d4c3b2a","idModel":"4d5ea62fd76aa1136000000c","active":true}}"#),
    ]),
    ("twilio", &[
        SampleEvent::new("message", &[("Content-Type", "application/x-www-form-urlencoded"), ("I-Twilio-Idempotency-Token", "{{uuid}}")], r#"AccountSid=AC0123456789abcdef0123456789abcdef&ApiVersion=2010-04-01&Body=Where+is+my+order%3F&From=%2B14158675310&FromCountry=US&MessageSid=SM{{hex}}&NumMedia=0&NumSegments=1&SmsMessageSid=SM{{hex}}&SmsSid=SM{{hex}}&SmsStatus=received&To=%2B18005551212&ToCountry=US"#),
        SampleEvent::new("call", &[("Content-Type", "application/x-www-form-urlencoded"), ("I-Twilio-Idempotency-Token", "{{uuid}}")], r#"AccountSid=AC0123456789abcdef0123456789abcdef&ApiVersion=2010-04-01&CallSid=CA{{hex}}&CallStatus=ringing&Called=%2B18005551212&CalledCountry=US&Caller=%2B14158675310&CallerCountry=US&Direction=inbound&From=%2B14158675310&FromCountry=US&To=%2B18005551212&ToCountry=US"#),
    ]),
    ("twilio-sharedkey", &[
        SampleEvent::new("message", &[("Content-Type", "application/x-www-form-urlencoded"), ("I-Twilio-Idempotency-Token", "{{uuid}}")], r#"AccountSid=AC0123456789abcdef0123456789abcdef&ApiVersion=2010-04-01&Body=Where+is+my+order%3F&From=%2B14158675310&FromCountry=US&MessageSid=SM{{hex}}&NumMedia=0&NumSegments=1&SmsMessageSid=SM{{hex}}&SmsSid=SM{{hex}}&SmsStatus=received&To=%2B18005551212&ToCountry=US"#),
    ]),
    ("twitch", &[
        SampleEvent::new("stream.online", &[("Content-Type", "application/json"), ("Twitch-Eventsub-Message-Type", "notification"), ("Twitch-Eventsub-Message-Retry", "0"), ("Twitch-Eventsub-Subscription-Type", "stream.online"), ("Twitch-Eventsub-Subscription-Version", "1")], r#"{"subscription":{"id":"f1c2a387-161a-49f9-a165-0f21d7a4e1c4","status":"enabled","type":"stream.online","version":"1","condition":{"broadcaster_user_id":"1337"},"transport":{"method":"webhook","callback":"https://receiver.example/hook"},"created_at":"2026-01-12T09:30:00.634234626Z","cost":0},"event":{"id":"{{number}}","broadcaster_user_id":"1337","broadcaster_user_login":"cool_user","broadcaster_user_name":"Cool_User","type":"live","started_at":"{{rfc3339}}"}}"#),
    ]),
    ("typeform", &[
        SampleEvent::new("form_response", &[("Content-Type", "application/json")], r#"{"event_id":"{{id}}","event_type":"form_response","form_response":{"form_id":"lT4Z3j","token":"{{hex}}","landed_at":"{{rfc3339}}","submitted_at":"{{rfc3339}}","definition":{"id":"lT4Z3j","title":"Order feedback","fields":[{"id":"JwWggjAKtOkA","title":"How was your order?","type":"short_text","ref":"feedback"}]},"answers":[{"type":"text","text":"Fast delivery.","field":{"id":"JwWggjAKtOkA","type":"short_text","ref":"feedback"}}]}}"#),
    ]),
    ("venum", &[
        SampleEvent::new("processed", &[("Content-Type", "application/json")], r#"{"type":"processed","signature":"5Kx{{id}}{{hex}}4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","slot":254812345,"inputMint":"So11111111111111111111111111111111111111112","outputMint":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v","inputAmount":"1000000000","outputAmount":"143820000","dex":"orca","poolAddress":"Hp53XEtt4S8SvPCXarsLSdGfZBuUr5mMmZmX2DRNXQKp","walletAddress":"9zTDvRzPV7bRmEYrZ7E4Ds4pNh1oFcGq4BXV2LuNxkqW","quoteId":"q_{{id}}"}"#),
        SampleEvent::new("failed", &[("Content-Type", "application/json")], r#"{"type":"failed","signature":"5Kx{{id}}{{hex}}4mKKLrXFF8kD3ZnwKjoEuXa6sz9WqX","slot":254812345,"err":"InstructionError: [3, { Custom: 6004 }]","inputMint":"So11111111111111111111111111111111111111112","outputMint":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v","inputAmount":"1000000000","dex":"orca","poolAddress":"Hp53XEtt4S8SvPCXarsLSdGfZBuUr5mMmZmX2DRNXQKp","walletAddress":"9zTDvRzPV7bRmEYrZ7E4Ds4pNh1oFcGq4BXV2LuNxkqW","quoteId":"q_{{id}}"}"#),
    ]),
    ("vercel", &[
        SampleEvent::new("deployment.created", &[("Content-Type", "application/json")], r#"{"id":"{{id}}","type":"deployment.created","createdAt":{{unix_ms}},"region":"iad1","payload":{"team":{"id":"team_nLlpyC6REAqxydlFKbrMDlud"},"user":{"id":"2sWnDCo2tC5ojTpFRQVAzX8x"},"deployment":{"id":"dpl_{{id}}","name":"shop","url":"shop-git-main-acme.vercel.app","meta":{}},"links":{"deployment":"https://vercel.com/acme/shop/deployments","project":"https://vercel.com/acme/shop"},"target":"production","project":{"id":"prj_HrVdqvk4lJnGHkXHpxQkzQoY"},"plan":"pro","regions":["iad1"]}}"#),
    ]),
    ("webflow", &[
        SampleEvent::new("form_submission", &[("Content-Type", "application/json")], r#"{"triggerType":"form_submission","payload":{"name":"Contact us","siteId":"65427cf400e02b306eaa049c","data":{"First Name":"Jon","Last Name":"Doe","email":"jon.doe@example.com"},"submittedAt":"{{rfc3339}}","id":"6321ca{{number}}92a2a9b1c","formId":"65429eadebe8a9f3a30f62d0"}}"#),
    ]),
    ("whop", &[
        SampleEvent::new("payment.succeeded", &[("Content-Type", "application/json")], r#"{"id":"msg_{{id}}","api_version":"v1","timestamp":"{{rfc3339}}","type":"payment.succeeded","company_id":"biz_3pKxYc2sQm7vLd","data":{"id":"pay_3pKxYc2sQm7vLd","status":"paid","substatus":"succeeded","currency":"usd","total":64.58,"subtotal":59.8,"created_at":"{{rfc3339}}","paid_at":"{{rfc3339}}","user":{"id":"user_42","email":"jon.doe@example.com"},"metadata":{"order":"1001"}}}"#),
    ]),
    ("woocommerce", &[
        SampleEvent::new("order.created", &[("Content-Type", "application/json"), ("X-WC-Webhook-Source", "https://shop.example.com/"), ("X-WC-Webhook-Topic", "order.created"), ("X-WC-Webhook-Resource", "order"), ("X-WC-Webhook-Event", "created"), ("X-WC-Webhook-ID", "142"), ("X-WC-Webhook-Delivery-ID", "{{hex}}")], r#"{"id":727,"parent_id":0,"status":"processing","currency":"USD","version":"9.4.2","prices_include_tax":false,"date_created":"{{rfc3339}}","date_modified":"{{rfc3339}}","discount_total":"0.00","shipping_total":"0.00","total":"64.58","total_tax":"4.78","customer_id":42,"order_key":"wc_order_{{id}}","billing":{"first_name":"Jon","last_name":"Doe","email":"jon.doe@example.com","country":"US"},"payment_method":"stripe","number":"727","line_items":[{"id":315,"name":"Enamel mug","product_id":93,"quantity":2,"subtotal":"59.80","total":"59.80","sku":"MUG-01"}]}"#),
    ]),
    ("workos", &[
        SampleEvent::new("dsync.user.created", &[("Content-Type", "application/json")], r#"{"id":"event_{{id}}","event":"dsync.user.created","data":{"id":"directory_user_01E1X1B89NH8Z3SDFJR4H7RGX7","state":"active","emails":[{"type":"work","value":"ada@example.com","primary":true}],"idp_id":"8931","object":"directory_user","username":"ada@example.com","last_name":"Smith","first_name":"Ada","directory_id":"directory_01ECAZ4NV9QMV47GW873HDCX74","organization_id":"org_01EZTR6WYX1A0DSE2CYMGXQ24Y","created_at":"{{rfc3339}}","updated_at":"{{rfc3339}}","custom_attributes":{}},"created_at":"{{rfc3339}}"}"#),
    ]),
    ("x-twitter", &[
        SampleEvent::new("tweet_create_events", &[("Content-Type", "application/json")], r#"{"for_user_id":"2244994945","tweet_create_events":[{"created_at":"Thu Oct 09 08:53:20 +0000 2025","id":18{{number}}13774848,"id_str":"18{{number}}13774848","text":"@acme where is my order?","source":"<a href=\"https://mobile.x.com\">X Web App</a>","truncated":false,"user":{"id":3001969357,"id_str":"3001969357","name":"Jon Doe","screen_name":"jondoe"},"is_quote_status":false,"lang":"en","timestamp_ms":"{{unix_ms}}"}]}"#),
    ]),
    ("x-webhook-signature", &[
        SampleEvent::new("resource.created", &[("Content-Type", "application/json")], r#"{"id":"evt_{{id}}","type":"resource.created","created_at":"{{rfc3339}}","data":{"object":{"id":"res_xyz789","name":"New Resource","status":"active"}},"previous_data":null}"#),
        SampleEvent::new("resource.updated", &[("Content-Type", "application/json")], r#"{"id":"evt_{{id}}","type":"resource.updated","created_at":"{{rfc3339}}","data":{"object":{"id":"res_xyz789","name":"Updated Resource","status":"active"}},"previous_data":{"name":"Old Resource Name"}}"#),
    ]),
    ("xero", &[
        SampleEvent::new("invoice.update", &[("Content-Type", "application/json")], r#"{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/{{uuid}}","resourceId":"{{uuid}}","tenantId":"c2cc9b6e-9458-4c7d-93cc-f02b81b0594f","tenantType":"ORGANISATION","eventCategory":"INVOICE","eventType":"UPDATE","eventDateUtc":"{{rfc3339}}"}],"lastEventSequence":1,"firstEventSequence":1,"entropy":"{{id}}"}"#),
    ]),
    ("zendesk", &[
        SampleEvent::new("zen:event-type:user.created", &[("Content-Type", "application/json"), ("X-Zendesk-Account-Id", "22129848"), ("X-Zendesk-Webhook-Id", "01EX5BC0EJ8ANMYB8XTYKZC2NP"), ("X-Zendesk-Webhook-Invocation-Id", "01{{id}}")], r#"{"account_id":22129848,"detail":{"created_at":"{{rfc3339}}","default_group_id":"0","email":"jon.doe@example.com","external_id":"","id":"6596848315901","organization_id":"0","role":"end-user","updated_at":"{{rfc3339}}"},"event":{},"id":"{{uuid}}","subject":"zen:user:6596848315901","time":"{{rfc3339}}","type":"zen:event-type:user.created","zendesk_event_version":"2022-06-20"}"#),
    ]),
    ("zoom", &[
        SampleEvent::new("meeting.started", &[("Content-Type", "application/json")], r#"{"event":"meeting.started","event_ts":{{unix_ms}},"payload":{"account_id":"AAAAAABBBB","object":{"duration":60,"start_time":"{{rfc3339}}","timezone":"Europe/Berlin","topic":"Weekly","id":"{{number}}","type":2,"uuid":"{{id}}==","host_id":"x1yCzABCDEfg23HiJKl4mN"}}}"#),
        SampleEvent::new("meeting.ended", &[("Content-Type", "application/json")], r#"{"event":"meeting.ended","event_ts":{{unix_ms}},"payload":{"account_id":"AAAAAABBBB","object":{"duration":60,"start_time":"2026-01-12T09:30:00Z","end_time":"{{rfc3339}}","timezone":"Europe/Berlin","topic":"Weekly","id":"{{number}}","type":2,"uuid":"{{id}}==","host_id":"x1yCzABCDEfg23HiJKl4mN"}}}"#),
    ]),
];

fn build(description: SchemeBuilder) -> Scheme {
    description.build().expect("a test builds every scheme")
}

/// Adyen, standard webhooks.
///
/// - **Signature**: `in the body`
/// - **Signed payload**: `of the item: pspReference:originalReference:merchantAccountCode:merchantReference:value:currency:eventCode:success`
/// - **Secret**: Customer Area, Developers, Webhooks, the webhook, Security, HMAC key, Generate: 64 hexadecimal digits, shown once.
/// - The signature is in each item, at `additionalData.hmacSignature`, and covers eight of its fields. An attacker can change `live`, `reason`, `eventDate` and all other fields. No signature covers several items together, so a delivery with more than one item is rejected. Adyen sends one item in JSON.
/// - The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.
/// - The fields are signed in sequence with `:` between them, and a `:` inside a field is not escaped: only `merchantReference` can contain one.
/// - Classic endpoints must respond with `[accepted]`.
/// - Retries: three immediately, then after 2, 5, 10, 15, 30 min, 1, 2, 4, 8 h and every 8 h for 30 days.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn adyen() -> Scheme {
    build(describe::adyen())
}

/// adyen-management.
///
/// Signs as [`adyen_platform`](adyen_platform) does: see there.
///
/// - **Signature**: `HmacSignature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Customer Area, Developers, Webhooks, the webhook, Security, HMAC key, Generate, or the field `hmacKey` in the response of the Management API's `generateHmac`: 64 hexadecimal digits.
#[must_use]
pub fn adyen_management() -> Scheme {
    build(describe::adyen_management())
}

/// Adyen (platform and management).
///
/// - **Signature**: `HmacSignature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Customer Area, Developers, Webhooks, the webhook, Security, HMAC key, Generate: 64 hexadecimal digits, shown once.
/// - The secret is hexadecimal, and the key is the decoded bytes.
/// - `/data/id` in the body is the id of the object, such as an account.
/// - Adyen's standard notifications use another scheme: each item of their body contains its own signature.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn adyen_platform() -> Scheme {
    build(describe::adyen_platform())
}

/// Alchemy.
///
/// - **Signature**: `X-Alchemy-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Webhooks, the webhook, Signing key: begins with `whsec_`.
/// - The secret is used as text: `whsec_` is part of the key, unlike in Standard Webhooks.
/// - `/webhookId` in the body is the id of the subscription, not of an event.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn alchemy() -> Scheme {
    build(describe::alchemy())
}

/// Asana.
///
/// - **Signature**: `X-Hook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: No page shows it: Asana sends it in the header `X-Hook-Secret` of the handshake, when you create the webhook by API. Each webhook has a different secret, which is used as text.
/// - The handshake is unsigned, and each answered handshake replaces the key. So it is answered only while its window is open, and you must save the secret that it contains.
/// - A delivery contains any number of events and has no type: each event has its `/events/N/action`.
/// - A heartbeat is a signed delivery without events. All heartbeats are equal, so all but the first count as duplicates.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn asana() -> Scheme {
    build(describe::asana())
}

/// autumn.
///
/// Signs as [`svix`](svix) does: see there.
///
/// - **Signature**: `svix-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, Developer, Webhooks, the endpoint, Signing secret: begins with `whsec_`. By API it is returned once, when the webhook is created.
#[must_use]
pub fn autumn() -> Scheme {
    build(describe::autumn())
}

/// Amazon SNS.
///
/// - **Signature**: `in the body`
/// - **Signed payload**: `names and values of the fields, one per line: Message, MessageId, Subject, SubscribeURL, Timestamp, Token, TopicArn, Type`
/// - **Secret**: No page shows it: each message contains the URL of the certificate, `SigningCertURL`. Download it over HTTPS after you have checked that the host is one of Amazon SNS.
/// - The secret is the certificate of `SigningCertURL`, or its public key, in PEM. Alternatively, the key is looked up by that URL. A certificate is not used outside of its validity. Only URLs of the form `https://sns.<region>.amazonaws.com/<path>.pem` are accepted, and the same with `.amazonaws.com.cn`; the path can have several segments.
/// - The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.
/// - Any AWS account can have SNS sign messages of its own topics. Put the ARNs of your topics before the PEM, one per line: other topics are then rejected, even after the secret that lists them has expired.
/// - `SubscribeURL` is signed only in confirmations. To confirm a subscription, call it with a client that can only connect to SNS hosts.
/// - Names and values are signed one per line, so a line break is rejected in all values except `Message`.
/// - `MessageAttributes`, `UnsubscribeURL` and the headers are not signed.
/// - Version 1 signs with SHA-1, version 2 with SHA-256, and both are accepted: set the topic's `SignatureVersion` to 2.
#[must_use]
pub fn aws_sns() -> Scheme {
    build(describe::aws_sns())
}

/// Bitbucket Cloud.
///
/// - **Signature**: `X-Hub-Signature: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Repository settings, Webhooks, the webhook, Secret: you choose it, or Bitbucket generates it.
/// - The header is `method=signature`, and Atlassian reserves the right to change the method: all methods except `sha256` are rejected.
/// - Other providers use the header `X-Hub-Signature` with SHA-1: here it is SHA-256.
/// - `X-Event-Key` is not signed: do not interpret the body by this header alone.
/// - `X-Request-UUID` is not signed.
/// - Reportedly retries twice; no source says when.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn bitbucket() -> Scheme {
    build(describe::bitbucket())
}

/// Box.
///
/// - **Signature**: `box-signature-primary`
/// - **Signed payload**: `{body}{ts}`
/// - **Secret**: Developer Console, the app, Webhooks, Manage signature keys: the primary and the secondary key.
/// - The first secret is the primary key, the second the secondary key. Each signs its own header, and one match is enough. More than two are not accepted.
/// - The provider's SDK rejects all timestamps in the future. Here one minute is allowed, for clock differences.
/// - `box-delivery-id` is not signed.
#[must_use]
pub fn box_com() -> Scheme {
    build(describe::box_com())
}

/// brex.
///
/// Signs as [`svix`](svix) does: see there.
///
/// - **Signature**: `svix-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: API `GET /v1/webhooks/secrets`, the field `secret` of each entry: base64 without a prefix. There can be several.
#[must_use]
pub fn brex() -> Scheme {
    build(describe::brex())
}

/// Cal.com.
///
/// - **Signature**: `X-Cal-Signature-256: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, Developer, Webhooks, the webhook, Secret: you choose it.
/// - A webhook without a secret sends `no-secret-provided` instead of the signature, which is rejected. Configure a secret for the webhook.
/// - With a custom payload template, a body can be form-encoded or have any other format: then it has no event type.
/// - Nothing is retried, except delayed triggers, whose task can run again.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn cal_com() -> Scheme {
    build(describe::cal_com())
}

/// Calendly.
///
/// - **Signature**: `Calendly-Webhook-Signature: t=<seconds>,v1=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: API `POST /webhook_subscriptions`, the field `signing_key`: you choose it. For an OAuth app, the app's webhook signing key, which Calendly shows when the app is created.
/// - Reportedly, a retry has a new signature with a new `t`.
#[must_use]
pub fn calendly() -> Scheme {
    build(describe::calendly())
}

/// Cashfree.
///
/// - **Signature**: `x-webhook-signature: <base64>`
/// - **Signed payload**: `{ts}{body}`
/// - **Secret**: Merchant Dashboard, Developers, API Keys: the client secret.
/// - The provider's pages contradict each other: two sign `{ts}{body}`, as here, and a third signs `{ts}.{body}`. If genuine deliveries are rejected with `signature_mismatch`, define a custom scheme with the other template.
/// - The provider defines no tolerance: 300 s is our choice.
#[must_use]
pub fn cashfree() -> Scheme {
    build(describe::cashfree())
}

/// Chargebee.
///
/// - **Signature**: `Authorization: Basic <token>`
/// - **Secret**: Settings, Configure Chargebee, Webhooks, the webhook, basic authentication: `user:password`, as you entered them there.
/// - The provider also supports a token in the URL. URLs appear in logs: use user and password instead.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn chargebee() -> Scheme {
    build(describe::chargebee())
}

/// Checkout.com.
///
/// - **Signature**: `Cko-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, the workflow, its webhook action, signature key, or the field `signature.key` of the action in the Workflows API: you choose it, and it is used as text.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn checkout_com() -> Scheme {
    build(describe::checkout_com())
}

/// clerk.
///
/// Signs as [`svix`](svix) does: see there.
///
/// - **Signature**: `svix-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, Configure, Webhooks, the endpoint, Signing Secret: begins with `whsec_`.
#[must_use]
pub fn clerk() -> Scheme {
    build(describe::clerk())
}

/// Cloudflare Stream.
///
/// - **Signature**: `Webhook-Signature: time=<seconds>,sig1=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: The field `secret` in the response of API `PUT /accounts/{account_id}/stream/webhook`, which sets the webhook's URL.
/// - No source defines the maximum age of a timestamp: 300 s is our choice.
/// - `/uid` in the body is the id of a video, not of an event. The event's id is the digest of the body.
#[must_use]
pub fn cloudflare_stream() -> Scheme {
    build(describe::cloudflare_stream())
}

/// Coinbase Developer Platform (v0).
///
/// - **Signature**: `X-Hook0-Signature: t=<seconds>,v0=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: In the response of the API call that creates the subscription, the field `secret`: it is returned once.
/// - `v0` covers the timestamp and the body, but not `X-Event-Id` and `X-Event-Type`.
/// - The same header can contain a `v1`, which also covers the headers that `h` names: this scheme ignores it.
/// - `/id` in the body is the id of the object, such as a checkout, not of the event.
#[must_use]
pub fn coinbase_cdp_v0() -> Scheme {
    build(describe::coinbase_cdp_v0())
}

/// Coinbase CDP, v1.
///
/// - **Signature**: `X-Hook0-Signature`
/// - **Signed payload**: `{ts}.<names of headers>.<their values>.{body}`
/// - **Secret**: In the response of the API call that creates the subscription, the field `secret`: it is returned once.
/// - The request names the signed headers, and the signature covers that list. The dot between their values is from memory.
/// - The values are separated by dots, so only the header of the event's type can contain dots. No value can contain `{` or `[`, with which the body must start.
/// - `v0`, which covers no headers, is ignored: use the scheme `coinbase-cdp-v0` for it.
#[must_use]
pub fn coinbase_cdp_v1() -> Scheme {
    build(describe::coinbase_cdp_v1())
}

/// Coinbase Commerce.
///
/// - **Signature**: `X-CC-Webhook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, Notifications, Webhook subscriptions, Show shared secret.
/// - Reportedly closed on 2026-03-31.
/// - The event's id is `/event/id` in the body: `/id` is the id of the notification, and `/attempt_number` is the number of its attempt.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn coinbase_commerce() -> Scheme {
    build(describe::coinbase_commerce())
}

/// Coinify.
///
/// - **Signature**: `X-Coinify-Webhook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Developers, Webhooks, Shared secret: you choose it, for each environment.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn coinify() -> Scheme {
    build(describe::coinify())
}

/// Composio.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Project Settings, Webhook; by API it is returned when a webhook subscription is created, or when its secret is rotated.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is used as text, unlike in Standard Webhooks.
#[must_use]
pub fn composio() -> Scheme {
    build(describe::composio())
}

/// Contentful.
///
/// - **Signature**: `x-contentful-signature`
/// - **Signed payload**: `{method}, the path and query of {url}, the headers that the request names, {body}: one per line`
/// - **Secret**: Space settings, Webhooks, Settings, Enable request verification: 64 characters, one secret for all webhooks of a space.
/// - The request names the signed headers. It is rejected if the timestamp or the list itself is not among them.
/// - `/sys/id` is the id of the entry, not of the event.
/// - It retries twice, 30 s apart, or for up to a day with a custom policy. The provider's SDK accepts requests that are at most 30 s old; 5 min is our choice, so that no retry is rejected.
#[must_use]
pub fn contentful() -> Scheme {
    build(describe::contentful())
}

/// Deepgram.
///
/// - **Signature**: `dg-token: <token>`
/// - **Secret**: Console, the project, API Keys: the identifier of the key with which the transcription was requested, not the key itself.
/// - Since 27 October 2026 the provider no longer supports `dg-token` as proof of the sender. It recommends a user and a password in the callback URL, which it sends as HTTP Basic authentication: define a custom scheme for them.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn deepgram() -> Scheme {
    build(describe::deepgram())
}

/// Discord.
///
/// - **Signature**: `X-Signature-Ed25519: <hex>`
/// - **Signed payload**: `{ts}{body}`
/// - **Secret**: Developer Portal, the application, General Information, Public Key: 64 hexadecimal digits.
/// - Discord deliberately sends wrong signatures, and removes the URL unless the response is 401, as it is here.
/// - The provider's SDK does not check timestamps. It is not known whether a retry of an event keeps its timestamp, so timestamps are accepted for 15 min, longer than the retry window, and events are remembered longer than that.
/// - Only an interaction has an id.
/// - The provider reads the response to an interaction: it is shown to the user.
#[must_use]
pub fn discord() -> Scheme {
    build(describe::discord())
}

/// DocuSign Connect.
///
/// - **Signature**: `X-DocuSign-Signature-1: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, Integrations, Connect, Connect Keys, Add Secret Key: shown once.
/// - Each active key signs a separate header, numbered from 1: a match in any of them is enough.
/// - The signature includes the line endings of the body: proxies must not change them.
/// - An envelope can have the same event more than once, so `envelopeId` and `event` alone do not identify an event.
/// - A body can be XML: then it has no event type. If documents are included, it exceeds the limit: raise it.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn docusign() -> Scheme {
    build(describe::docusign())
}

/// dodo.
///
/// Signs as [`standardwebhooks`](standardwebhooks) does: see there.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, Developer, Webhooks, the endpoint, Signing secret: begins with `whsec_`.
#[must_use]
pub fn dodo() -> Scheme {
    build(describe::dodo())
}

/// Dropbox.
///
/// - **Signature**: `X-Dropbox-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: App Console, the app, Settings, App secret: used as text.
/// - A notification contains only the accounts whose files have changed: two changes have the same body. So each delivery is handled: fetch the changes from Dropbox, which is safe to repeat.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn dropbox() -> Scheme {
    build(describe::dropbox())
}

/// ElevenLabs.
///
/// - **Signature**: `ElevenLabs-Signature: t=<seconds>,v0=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: Settings, Webhooks: shown once, when the webhook is created. Begins with `wsec_`.
/// - The tolerance of 30 min is that of the provider's own SDK. 5 min into the future is our choice.
/// - The provider's SDK checks the first `v0` only: here any of them can match.
/// - No source defines an event id.
#[must_use]
pub fn elevenlabs() -> Scheme {
    build(describe::elevenlabs())
}

/// facebook.
///
/// Signs as [`meta`](meta) does: see there.
///
/// - **Signature**: `X-Hub-Signature-256: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: App Dashboard, App settings, Basic, App secret: used as text.
#[must_use]
pub fn facebook() -> Scheme {
    build(describe::facebook())
}

/// Figma.
///
/// - **Signature**: `in the body`
/// - **Signed payload**: ``
/// - **Secret**: The field `passcode` of API `POST /v2/webhooks`, with which you create the webhook: you choose it.
/// - No source confirms this scheme: test it before you rely on it.
/// - The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.
/// - The passcode is in the body, at `passcode`: do not log bodies. The event's id is the digest of the body without it.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn figma() -> Scheme {
    build(describe::figma())
}

/// Flutterwave (v3, secret hash).
///
/// - **Signature**: `verif-hash: <token>`
/// - **Secret**: Dashboard, Settings, Webhooks, Secret hash: you choose it, and it is sent unchanged.
/// - No source defines an event id: the event's id is the digest of the body.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn flutterwave_v3() -> Scheme {
    build(describe::flutterwave_v3())
}

/// Flutterwave (v4).
///
/// - **Signature**: `flutterwave-signature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Settings, Webhooks, Secret hash: you choose it.
/// - No source defines an event id: the event's id is the digest of the body.
/// - The sources contradict each other: one encodes the signature in base64, as here, and another in hexadecimal. Test it with a real delivery before you rely on it.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn flutterwave_v4() -> Scheme {
    build(describe::flutterwave_v4())
}

/// FusionAuth.
///
/// - **Signature**: `X-FusionAuth-Signature-JWT`
/// - **Signed payload**: `the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in base64`
/// - **Secret**: Settings, Webhooks, the webhook, Security, Signing key: the name of the key. Its value is in Settings, Key Master.
/// - The secret is an HMAC key as text, or a public key: in PEM, as a JWK, or a JWKS with several. Alternatively, the key is looked up by the token's `kid`. The kind of key determines the accepted algorithms: a public key is never used as a shared one, and a text that contains one in another form is rejected. A key is not used after its `expired_at`, nor outside of the validity of its certificate.
/// - ES512 is not supported.
/// - No time is signed unless the token has the claims `exp` and `nbf`: without them, a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn fusionauth() -> Scheme {
    build(describe::fusionauth())
}

/// GitHub.
///
/// - **Signature**: `X-Hub-Signature-256: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings of the repository, organization or app, Webhooks, the webhook, Secret: you choose it, and GitHub does not show it again.
/// - `X-GitHub-Delivery` is not signed.
/// - `X-GitHub-Event` is not signed: do not interpret the body by this header alone.
/// - The legacy header `X-Hub-Signature` (SHA-1) is ignored.
/// - A redelivery is requested manually, within three days, and has the same body: the sender expects it to be handled again.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn github() -> Scheme {
    build(describe::github())
}

/// GitLab (signing token).
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Settings of the project or group, Webhooks, the webhook, Signing token: begins with `whsec_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is base64 after an optional `whsec_`.
/// - `X-Gitlab-Event` is not signed.
/// - A secret token (`X-Gitlab-Token`) can be set in addition to the signing token. It is not needed here.
#[must_use]
pub fn gitlab_signing() -> Scheme {
    build(describe::gitlab_signing())
}

/// GitLab (secret token).
///
/// - **Signature**: `X-Gitlab-Token: <token>`
/// - **Secret**: Settings of the project or group, Webhooks, the webhook, Secret token: you choose it, and GitLab does not show it again.
/// - GitLab 19 can sign instead: prefer `gitlab-signing` if it is available.
/// - Reportedly, a webhook that fails repeatedly is disabled.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn gitlab_token() -> Scheme {
    build(describe::gitlab_token())
}

/// GoCardless.
///
/// - **Signature**: `Webhook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Developers, Webhook endpoints, the endpoint, Secret.
/// - A delivery contains any number of events and has no type: each event has its `/events/N/id`, `resource_type` and `action`.
/// - Reportedly retries eight times; no source says when.
/// - Reportedly, GoCardless expects the status 498 if the signature is wrong. Here it is 401, as for all providers.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn gocardless() -> Scheme {
    build(describe::gocardless())
}

/// granola.
///
/// Signs as [`standardwebhooks`](standardwebhooks) does: see there.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Settings, Connectors, Webhooks, or a folder's Integrations, Webhooks: shown once, when the endpoint is created. Begins with `whsec_`.
#[must_use]
pub fn granola() -> Scheme {
    build(describe::granola())
}

/// Helius.
///
/// - **Signature**: `Authorization: <token>`
/// - **Secret**: Dashboard, Webhooks, the webhook, Authentication header, or the field `authHeader` of the API: the whole value that you entered, including `Bearer` if it contains it.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn helius() -> Scheme {
    build(describe::helius())
}

/// Hookdeck.
///
/// - **Signature**: `x-hookdeck-signature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Project settings, Secrets, Signing secret.
/// - During a secret rotation there are two headers, and a match in either is enough.
/// - `x-hookdeck-eventid` is not signed.
/// - The original sender's signature is forwarded, but its timestamp is stale on a retry: verify Hookdeck's.
/// - You configure the retries at Hookdeck: set a retention that is a quarter longer than their window.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn hookdeck() -> Scheme {
    build(describe::hookdeck())
}

/// HubSpot.
///
/// - **Signature**: `X-HubSpot-Signature-v3: <base64>`
/// - **Signed payload**: `{method}{unescaped_url}{body}{ts}`
/// - **Secret**: The page of the app in the developer account, Auth, Client secret: used as text.
/// - A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.
/// - A request can contain the headers of all three versions: this scheme reads only its own.
/// - HubSpot decodes the percent-escapes of twelve marks in the URL before it signs it: `: / ? @ ! $ ' ( ) * , ;`.
/// - The provider's SDK checks the age only; here a timestamp more than 5 min in the future is rejected, too.
#[must_use]
pub fn hubspot() -> Scheme {
    build(describe::hubspot())
}

/// HubSpot (v1 signature).
///
/// - **Signature**: `X-HubSpot-Signature: <hex>`
/// - **Signed payload**: `{secret}{body}`
/// - **Secret**: The page of the app in the developer account, Auth, Client secret: used as text.
/// - A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.
/// - The signature is a plain digest, not an HMAC: anyone who has recorded a delivery can append to its body and compute the signature of the longer one, without the secret. So a body that is not one complete JSON document is rejected. Use version 3 if it is available.
/// - `X-HubSpot-Signature-Version` has no effect: the endpoint's scheme determines the version.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn hubspot_v1() -> Scheme {
    build(describe::hubspot_v1())
}

/// HubSpot (v2 signature).
///
/// - **Signature**: `X-HubSpot-Signature: <hex>`
/// - **Signed payload**: `{secret}{method}{url}{body}`
/// - **Secret**: The page of the app in the developer account, Auth, Client secret: used as text.
/// - A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.
/// - The signature is a plain digest, not an HMAC: anyone who has recorded a delivery can append to its body and compute the signature of the longer one, without the secret. So a body that is not one complete JSON document is rejected. Use version 3 if it is available.
/// - `X-HubSpot-Signature-Version` has no effect: the endpoint's scheme determines the version.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn hubspot_v2() -> Scheme {
    build(describe::hubspot_v2())
}

/// ImageKit.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, Developer options, Webhooks, the endpoint: begins with `whsec_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is used as text, `whsec_` included, unlike in Standard Webhooks.
/// - The header `x-ik-signature` of older webhooks is not read.
#[must_use]
pub fn imagekit() -> Scheme {
    build(describe::imagekit())
}

/// instagram.
///
/// Signs as [`meta`](meta) does: see there.
///
/// - **Signature**: `X-Hub-Signature-256: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: App Dashboard, App settings, Basic, App secret: used as text.
#[must_use]
pub fn instagram() -> Scheme {
    build(describe::instagram())
}

/// Intercom.
///
/// - **Signature**: `X-Hub-Signature: sha1=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Developer Hub, the app, Basic information, Client secret: used as text.
/// - Other providers use the header `X-Hub-Signature` with SHA-256: here it is SHA-1.
/// - Reportedly checks the endpoint with a HEAD request, and with an event of the topic `ping`.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn intercom() -> Scheme {
    build(describe::intercom())
}

/// Jira Cloud.
///
/// - **Signature**: `X-Hub-Signature: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, System, WebHooks, the webhook, Secret: you enter or generate it when you create the webhook.
/// - The header is `method=signature`, and Atlassian reserves the right to change the method: all methods except `sha256` are rejected.
/// - Other providers use the header `X-Hub-Signature` with SHA-1: here it is SHA-256.
/// - `X-Atlassian-Webhook-Identifier` is not signed.
/// - Reportedly retries five times within half an hour.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn jira() -> Scheme {
    build(describe::jira())
}

/// Jupiter.
///
/// - **Signature**: `x-jup-signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Developer Portal, the page of the webhook endpoint.
/// - The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn jupiter() -> Scheme {
    build(describe::jupiter())
}

/// Lemon Squeezy.
///
/// - **Signature**: `X-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, Webhooks, the webhook, Signing secret: you choose it, with 6 to 40 characters.
/// - `/data/id` in the body is the id of an order or a subscription, not of an event.
/// - `X-Event-Name` is not signed: the event's type is `/meta/event_name` in the body.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn lemonsqueezy() -> Scheme {
    build(describe::lemonsqueezy())
}

/// LINE.
///
/// - **Signature**: `x-line-signature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: LINE Developers Console, the channel, Basic settings, Channel secret: used as text.
/// - A delivery contains any number of events and has no type: each event has its `/events/N/type` and its `webhookEventId`. Deduplicate by that id if batches can be split differently on a retry.
/// - The console's request to verify the URL is a signed delivery without events.
/// - Reportedly retries only if redelivery is enabled.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn line() -> Scheme {
    build(describe::line())
}

/// Linear.
///
/// - **Signature**: `Linear-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, API, Webhooks, the webhook, Signing secret: begins with `lin_wh_`.
/// - `Linear-Timestamp` is not signed: the timestamp is read from `/webhookTimestamp` in the body.
/// - `Linear-Delivery` is not signed, and `/webhookId` is the id of the subscription.
/// - It is not known whether a retry keeps its `webhookTimestamp`. If it does, the provider's own limit of 60 s would reject every retry. So timestamps are accepted for 8 h, longer than the retry window, and events are remembered longer than that. If it does not, a retry counts as another event, and is handled again.
#[must_use]
pub fn linear() -> Scheme {
    build(describe::linear())
}

/// liveblocks.
///
/// Signs as [`standardwebhooks`](standardwebhooks) does: see there.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, the project, Webhooks, the endpoint, Signing secret: begins with `whsec_`.
/// - The provider's SDK requires the `whsec_` prefix of its secrets. Here it is optional.
#[must_use]
pub fn liveblocks() -> Scheme {
    build(describe::liveblocks())
}

/// loops.
///
/// Signs as [`standardwebhooks`](standardwebhooks) does: see there.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Settings, Webhooks, Signing secret: begins with `whsec_`.
#[must_use]
pub fn loops() -> Scheme {
    build(describe::loops())
}

/// Mailgun.
///
/// - **Signature**: `in the body`
/// - **Signed payload**: `{timestamp}{token}, but not the event`
/// - **Secret**: Control panel, Webhooks, HTTP webhook signing key: one for the account. It is not an API key.
/// - The event is not signed: anyone who has seen one delivery can send any event with its signature, once. The event's id is the digest of timestamp and token, so that a signature is valid for one event. Query Mailgun's API before you act on the content of an event.
/// - An event is JSON, with the signature at `signature/signature`. An event of a subaccount also has a signature of the parent account at `signature/parent-signature`, over the same timestamp and token. A route posts a form, urlencoded or multipart, with the fields `timestamp`, `token` and `signature`. With attachments it is large, so raise the body limit for it.
/// - An event is parsed before it is verified, so JSON may have at most 512 KiB, or half of the body limit if that is more, and the objects that contain the signature at most 4,096 members. A form may have at most 512 fields, and its size is limited by the body limit only.
/// - It is not known whether a retry keeps its timestamp and token, and the first retry is after 5 min. So timestamps are accepted for 9 h, longer than the retry window.
#[must_use]
pub fn mailgun() -> Scheme {
    build(describe::mailgun())
}

/// Mandrill.
///
/// - **Signature**: `X-Mandrill-Signature`
/// - **Signed payload**: `{url}, then the form's fields sorted by name`
/// - **Secret**: Settings, Webhooks, the webhook, Key, or the field `auth_key` of API `webhooks/info`.
/// - No source confirms this scheme: test it before you rely on it.
/// - A delivery contains many events, in the form field `mandrill_events`: each has its own `_id`.
/// - A form with more than 16 fields is rejected, because it is parsed before it is verified.
/// - The form must be the field `mandrill_events` alone, as Mandrill sends it: the signed text does not separate names from values, so that other fields could have the same signature.
/// - If only the origin is configured, the sender chooses the path. Then the form must start with the field `mandrill_events`, and path and query must not contain that text, because it marks the end of the URL.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn mandrill() -> Scheme {
    build(describe::mandrill())
}

/// messenger.
///
/// Signs as [`meta`](meta) does: see there.
///
/// - **Signature**: `X-Hub-Signature-256: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: App Dashboard, App settings, Basic, App secret: used as text.
#[must_use]
pub fn messenger() -> Scheme {
    build(describe::messenger())
}

/// Meta (Graph, Messenger, WhatsApp, Instagram).
///
/// - **Signature**: `X-Hub-Signature-256: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: App Dashboard, App settings, Basic, App secret: used as text.
/// - The provider's samples check the legacy `X-Hub-Signature` (SHA-1), which is ignored here; the SHA-256 header is documented only by third-party code.
/// - Non-ASCII letters are sent as `\u00e4`, and signed in that form: a body that has been parsed and serialised no longer verifies.
/// - A delivery can contain several messages, each with its own id: deduplicate by that id, since a batch can be split differently on a retry.
/// - The verify token of the handshake is not the app secret: you choose it.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn meta() -> Scheme {
    build(describe::meta())
}

/// Metronome.
///
/// - **Signature**: `Metronome-Webhook-Signature: <hex>`
/// - **Signed payload**: `{ts}\n{body}`
/// - **Secret**: Developer, Notifications, Webhooks, the webhook, Secret key.
/// - The timestamp is an HTTP date. Third-party code falls back to `Date` if `X-Metronome-Date` is absent; here the delivery is rejected.
/// - It is not known whether a retry is signed again with a new timestamp. If retries, up to 2 days later, are rejected as too old, increase the tolerance.
#[must_use]
pub fn metronome() -> Scheme {
    build(describe::metronome())
}

/// Moralis Streams.
///
/// - **Signature**: `x-signature`
/// - **Signed payload**: `{body}{secret}`
/// - **Secret**: Settings, Streams, Secret key, or the field `secretKey` of the settings in the Streams API. In older accounts it is the API key.
/// - A plain Keccak-256 of body and secret, not an HMAC.
/// - The provider's SDK hashes the body after serialising it; here the signature covers the raw bytes.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn moralis() -> Scheme {
    build(describe::moralis())
}

/// Mux.
///
/// - **Signature**: `Mux-Signature: t=<seconds>,v1=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: Dashboard, Settings, Webhooks, the endpoint, Signing secret.
/// - The provider's SDK checks the age only; here a timestamp more than 5 min in the future is rejected, too.
#[must_use]
pub fn mux() -> Scheme {
    build(describe::mux())
}

/// Notion.
///
/// - **Signature**: `X-Notion-Signature: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: No page shows it: Notion sends it to a new endpoint as `verification_token`. Open the handshake window, save the token, and paste it into the integration's page, Webhooks, Verify. Begins with `secret_`.
/// - Sources disagree whether the request that contains the token is signed with it: while its window is open, both are accepted.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn notion() -> Scheme {
    build(describe::notion())
}

/// Onfido.
///
/// - **Signature**: `X-SHA2-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, the page of webhooks, or the field `token` in the response of API `POST /webhooks`: the webhook token.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn onfido() -> Scheme {
    build(describe::onfido())
}

/// OpenAI.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Platform settings, the project, Webhooks: shown once, when the endpoint is created. Begins with `whsec_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is base64 after `whsec_`; a secret without that prefix is used as text, unlike in Standard Webhooks.
/// - The provider's SDK also accepts signatures without `v1,`; here the prefix is required.
#[must_use]
pub fn openai() -> Scheme {
    build(describe::openai())
}

/// Paddle Billing.
///
/// - **Signature**: `Paddle-Signature: ts=<seconds>;h1=<hex>`
/// - **Signed payload**: `{ts}:{body}`
/// - **Secret**: Developer tools, Notifications, the destination, Secret key: begins with `pdl_ntfset_`.
/// - The tolerance of 5 s is that of the provider's own SDK: synchronise the clock, or increase the tolerance.
/// - During a rotation there are several `h1`, and any of them can match; the provider's Node SDK checks only the last.
/// - The secret is used as text, `pdl_ntfset_` included.
#[must_use]
pub fn paddle() -> Scheme {
    build(describe::paddle())
}

/// PagerDuty.
///
/// - **Signature**: `X-PagerDuty-Signature: v1=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Shown once, when the subscription is created: Integrations, Generic Webhooks (v3), or the field `delivery_method.secret` in the response of API `POST /webhook_subscriptions`.
/// - The secret looks like base64 but is used as text.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn pagerduty() -> Scheme {
    build(describe::pagerduty())
}

/// PayPal.
///
/// - **Signature**: `PAYPAL-TRANSMISSION-SIG`
/// - **Signed payload**: `{id}|{ts}|<webhook id>|<CRC-32 of the body>`
/// - **Secret**: Developer Dashboard, Apps & Credentials, the app, Webhooks, Webhook ID. The certificate is at the URL in the header `PAYPAL-CERT-URL`.
/// - The signature covers only the CRC-32 of the body, and anyone can change the body without changing its CRC-32: anyone who has seen one delivery can send any event with its signature, once. So the body is not authenticated, and the event's id is that of the transmission, which is signed. Query PayPal's API before you act on the content of an event.
/// - The secret is the webhook's id on one line, followed by the certificate of `PAYPAL-CERT-URL`, or its public key, in PEM. Alternatively, the certificate is looked up by that URL. It is not used outside of its validity. Only PayPal's own hosts are accepted.
/// - Events of PayPal's simulator are signed for the webhook id `WEBHOOK_ID`: use it instead of your webhook's id.
#[must_use]
pub fn paypal() -> Scheme {
    build(describe::paypal())
}

/// Paystack.
///
/// - **Signature**: `x-paystack-signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Settings, API Keys & Webhooks, Secret Key: begins with `sk_`, and is used as text. There is no separate secret for webhooks.
/// - `/data/id` in the body is the id of a transaction, not of an event.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn paystack() -> Scheme {
    build(describe::paystack())
}

/// PerpsTracker.
///
/// - **Signature**: `X-Webhook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: The field `secret` in the response of API `POST /api/webhooks`: begins with `whsec_`, and is returned once.
/// - `X-Delivery-ID` is the id of a delivery attempt and is not signed: anyone who replays a body can change it. The event's own id is `/id` in the body.
/// - `X-Event-Type` is not signed: the event's type is `/type` in the body.
/// - The secret is used as text, `whsec_` included.
#[must_use]
pub fn perps_tracker() -> Scheme {
    build(describe::perps_tracker())
}

/// Plaid.
///
/// - **Signature**: `Plaid-Verification`
/// - **Signed payload**: `the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in hexadecimal`
/// - **Secret**: API `/webhook_verification_key/get` with the token's `kid`: the field `key`, which is a JWK.
/// - The secret is the public key as a JWK, several as a JWKS, or one in PEM. Alternatively, the key is looked up by the token's `kid`. A key is not used after its `expired_at`.
/// - Only ES256 is accepted, whatever the token's header says.
/// - Bodies are sent with an indentation of two spaces: the signature covers the raw bytes.
#[must_use]
pub fn plaid() -> Scheme {
    build(describe::plaid())
}

/// Polar.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Organization settings, Webhooks, the endpoint, Secret.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - Secrets created before 8 September 2026 are used as text, including `whsec_` or `polar_whs_`. For later ones, the key is the base64 after `whsec_`. The format does not identify which one it is, so a delivery can be signed with either key.
/// - The provider waits 10 s, and recommends a response within 2 s.
#[must_use]
pub fn polar() -> Scheme {
    build(describe::polar())
}

/// Postmark.
///
/// - **Signature**: `Authorization: Basic <token>`
/// - **Secret**: The server, its message stream, Webhooks, the webhook, Basic auth credentials: `user:password`, as you entered them there.
/// - The provider also supports a token in the URL. URLs appear in logs: use user and password instead.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn postmark() -> Scheme {
    build(describe::postmark())
}

/// QuickNode.
///
/// - **Signature**: `X-QN-Signature: <hex>`
/// - **Signed payload**: `{header:X-QN-Nonce}{ts}{body}`
/// - **Secret**: Dashboard, Streams or Webhooks, the stream or webhook, Settings, Security token.
/// - A body can be compressed with gzip, and the uncompressed body is signed: this needs the feature `compression`. The body limit applies to both. A compressed body can have 512 deflate blocks, and four for each decoded KiB, of which a dynamic block counts as four; and 128 gzip members, and one for each 4 KiB: a body with more is rejected with 413. Only writers with very small buffers reach this, such as zlib with `memLevel` 1 and a body of more than 70 KiB.
/// - The provider defines no tolerance: 300 s is our choice.
/// - There is no delimiter between nonce, timestamp and body: a nonce with `{` or `[` is rejected, and so is a body that does not start with one of them.
/// - The nonce is signed, but it is not an event id.
#[must_use]
pub fn quicknode() -> Scheme {
    build(describe::quicknode())
}

/// Razorpay.
///
/// - **Signature**: `X-Razorpay-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dashboard, Account & Settings, Webhooks, the webhook, Secret: you choose it.
/// - `x-razorpay-event-id` is not signed.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn razorpay() -> Scheme {
    build(describe::razorpay())
}

/// recall.ai.
///
/// Signs as [`standardwebhooks`](standardwebhooks) does: see there.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, Developers, API Keys & Secrets, Create Workspace Secret: one for the workspace, begins with `whsec_`.
/// - Nothing is signed until the workspace has a verification secret. Accounts created before 15 December 2025 have one secret for each endpoint and `svix-*` headers: use `svix` for those.
#[must_use]
pub fn recall_ai() -> Scheme {
    build(describe::recall_ai())
}

/// replicate.
///
/// Signs as [`standardwebhooks`](standardwebhooks) does: see there.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: The field `key` in the response of API `GET /v1/webhooks/default/secret`: begins with `whsec_`.
#[must_use]
pub fn replicate() -> Scheme {
    build(describe::replicate())
}

/// resend.
///
/// Signs as [`svix`](svix) does: see there.
///
/// - **Signature**: `svix-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Webhooks, the webhook, Signing Secret: begins with `whsec_`.
#[must_use]
pub fn resend() -> Scheme {
    build(describe::resend())
}

/// Retell.
///
/// - **Signature**: `x-retell-signature: v=<milliseconds>,d=<hex>`
/// - **Signed payload**: `{body}{ts}`
/// - **Secret**: Dashboard, Settings, API Keys: the key with the webhook badge. Other API keys do not verify webhooks.
/// - The body is signed first, followed by the timestamp.
/// - The provider reads the response to `call_inbound` and `chat_inbound`: it can select the agent and its variables.
#[must_use]
pub fn retell() -> Scheme {
    build(describe::retell())
}

/// SendGrid.
///
/// - **Signature**: `X-Twilio-Email-Event-Webhook-Signature: <base64>`
/// - **Signed payload**: `{ts}{body}`
/// - **Secret**: Settings, Mail Settings, Event Webhook, the webhook, Signature verification: the public key that is displayed there, in base64, without the PEM lines around it.
/// - It needs the feature `asymmetric`.
/// - The provider defines no tolerance, and its SDKs check none. It is not known whether a retry keeps its timestamp, so timestamps are accepted for 25 h, longer than the retry window, and events are remembered longer than that.
/// - A body can end with CR LF, which is signed.
/// - A delivery contains several events, each with its own `sg_event_id` and `event`.
#[must_use]
pub fn sendgrid() -> Scheme {
    build(describe::sendgrid())
}

/// Sentry.
///
/// - **Signature**: `Sentry-Hook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Settings, Developer Settings, the integration, Credentials, Client secret: used as text.
/// - The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.
/// - `Sentry-Hook-Timestamp` is not signed, so it cannot prevent replays.
/// - `Sentry-Hook-Resource` is not signed: do not interpret the body by this header alone. The action is `/action` in the body, which is signed.
/// - `Request-ID` is not signed.
/// - It retries after a timeout, 503 or 504, and after no other response (getsentry/sentry, sentry_apps/tasks).
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn sentry() -> Scheme {
    build(describe::sentry())
}

/// Shopify.
///
/// - **Signature**: `X-Shopify-Hmac-Sha256: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dev Dashboard, the app, Settings, Client secret: used as text. For webhooks that were created in a shop's admin, the secret is in Settings, Notifications, Webhooks.
/// - `X-Shopify-Event-Id` and `X-Shopify-Webhook-Id` are not signed. `/id` in the body is the id of an order or a product, not of an event.
/// - `X-Shopify-Topic` is not signed: do not interpret the body by this header alone.
/// - `X-Shopify-Triggered-At` is not signed, so it cannot prevent replays.
/// - Carrier services and Flow read the response: handle redeliveries of theirs, which is the default.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn shopify() -> Scheme {
    build(describe::shopify())
}

/// Shopify (events).
///
/// - **Signature**: `Shopify-Hmac-Sha256: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Dev Dashboard, the app, Settings, Client secret: used as text.
/// - `Shopify-Event-Id` and `Shopify-Webhook-Id` are not signed. `/id` in the body is the id of an order or a product, not of an event.
/// - `Shopify-Topic` is not signed: do not interpret the body by this header alone.
/// - `Shopify-Triggered-At` is not signed, so it cannot prevent replays.
/// - Carrier services and Flow read the response: handle redeliveries of theirs, which is the default.
/// - Only the names of the headers differ from the scheme `shopify`.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn shopify_events() -> Scheme {
    build(describe::shopify_events())
}

/// Slack.
///
/// - **Signature**: `X-Slack-Signature: v0=<hex>`
/// - **Signed payload**: `v0:{ts}:{body}`
/// - **Secret**: api.slack.com/apps, the app, Basic Information, App Credentials, Signing Secret: 32 hexadecimal digits, used as text.
/// - Slash commands and interactivity are form-encoded: they have no event id. The provider reads their response: it is shown to the user.
#[must_use]
pub fn slack() -> Scheme {
    build(describe::slack())
}

/// Square.
///
/// - **Signature**: `x-square-hmacsha256-signature: <base64>`
/// - **Signed payload**: `{url}{body}`
/// - **Secret**: Developer Console, the application, Webhooks, Subscriptions, the subscription, Signature key.
/// - The URL is signed, as entered at the provider: configure exactly the same URL for the verifier.
/// - The secret is used as text, even if it looks like hexadecimal.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn square() -> Scheme {
    build(describe::square())
}

/// Standard Webhooks.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: The provider's page of the endpoint: begins with `whsec_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is base64 after an optional `whsec_`.
/// - Some providers display `v1,whsec_…`, or several secrets joined by `|` (Supabase): both are accepted.
/// - Many products sign this way but use their secrets as text, including the prefix (Composio, ImageKit, Whop): if a secret never verifies, it can be one of those.
#[must_use]
pub fn standardwebhooks() -> Scheme {
    build(describe::standardwebhooks())
}

/// Standard Webhooks (v1a, a public key).
///
/// - **Signature**: `webhook-signature: v1a,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: The provider's page of the endpoint, or its documentation: a public key that begins with `whpk_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is the provider's public key: base64 after an optional `whpk_`. It needs the feature `asymmetric`.
/// - The reference libraries do not implement it, and the signature in the specification's example belongs to another message.
#[must_use]
pub fn standardwebhooks_v1a() -> Scheme {
    build(describe::standardwebhooks_v1a())
}

/// Stripe.
///
/// - **Signature**: `Stripe-Signature: t=<seconds>,v1=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: Dashboard, Developers, Webhooks, the endpoint, Signing secret: begins with `whsec_`. `stripe listen` prints another one, for its own deliveries.
/// - The secret is used as text: `whsec_` is part of the key.
/// - The provider's SDK checks the age only; here a timestamp more than 5 min in the future is rejected, too.
/// - `v0` is a test scheme and is ignored.
#[must_use]
pub fn stripe() -> Scheme {
    build(describe::stripe())
}

/// Supabase (database webhooks).
///
/// - **Signature**: `Authorization: Bearer <token>`
/// - **Secret**: Dashboard, Database, Webhooks, the webhook, HTTP headers: the text after `Bearer ` in the header `Authorization`, which you add there.
/// - There are no retries: the database sends the request once (`pg_net`).
/// - The body contains a row and its change, but no event id: two equal changes have the same body. So each delivery is handled.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn supabase() -> Scheme {
    build(describe::supabase())
}

/// Svix.
///
/// - **Signature**: `svix-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: The provider's page of the endpoint, Signing secret: begins with `whsec_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret is base64 after an optional `whsec_`.
/// - Sent as `svix-*` or as `webhook-*`. If a request has signatures in both, the first set is used.
#[must_use]
pub fn svix() -> Scheme {
    build(describe::svix())
}

/// Telegram.
///
/// - **Signature**: `X-Telegram-Bot-Api-Secret-Token: <token>`
/// - **Secret**: The parameter `secret_token` of `setWebhook`: you choose it, as 1 to 256 letters, digits, `_` and `-`.
/// - The response can be a call of the Bot API. If yours never is, suppress duplicates: `Repeats::Suppress`.
/// - Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.
#[must_use]
pub fn telegram() -> Scheme {
    build(describe::telegram())
}

/// Trello.
///
/// - **Signature**: `x-trello-webhook: <base64>`
/// - **Signed payload**: `{body}{url}`
/// - **Secret**: trello.com/power-ups/admin, the Power-Up, API key, Secret (OAuth 1): used as text.
/// - The body is signed first, followed by the callback URL as given when the webhook was created: configure exactly the same URL for the verifier.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn trello() -> Scheme {
    build(describe::trello())
}

/// Twilio.
///
/// - **Signature**: `X-Twilio-Signature`
/// - **Signed payload**: `{url}, then the form's fields sorted by name; for JSON only {url}, which contains the body's SHA-256`
/// - **Secret**: Console, Account Dashboard, Account Info, Auth Token.
/// - The URL is accepted with and without its port. For JSON, Twilio appends `bodySHA256` to the URL, and for GET, the fields: both are read from the request line, and appended to the configured URL.
/// - If only the origin is configured, the sender chooses the path. Then a form must start with the field `AccountSid`, and path and query must not contain that text except as `AccountSid=`, because it marks the end of the URL.
/// - The decoded fields are signed in sequence without a delimiter: `a=bc` and `ab=c` have the same signature. Ignore unexpected fields.
/// - A form with more than 512 fields is rejected, because it is parsed before it is verified.
/// - `I-Twilio-Idempotency-Token` is not signed.
/// - The response is TwiML, which Twilio executes. It retries only after a connection failure, unless the URL's fragment or the webhook configuration requests more (`rc`, `rp`).
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn twilio() -> Scheme {
    build(describe::twilio())
}

/// Twilio SharedKey.
///
/// - **Signature**: `X-Twilio-Signature`
/// - **Signed payload**: `{url}, then the form's fields sorted by name; for JSON only {url}, which contains the body's SHA-256`
/// - **Secret**: In the response of the API call that creates the SharedKey in the Webhooks configuration API: it is not the account's Auth Token.
/// - The URL is accepted with and without its port. For JSON, Twilio appends `bodySHA256` to the URL, and for GET, the fields: both are read from the request line, and appended to the configured URL.
/// - If only the origin is configured, the sender chooses the path. Then a form must start with the field `AccountSid`, and path and query must not contain that text except as `AccountSid=`, because it marks the end of the URL.
/// - The decoded fields are signed in sequence without a delimiter: `a=bc` and `ab=c` have the same signature. Ignore unexpected fields.
/// - A form with more than 512 fields is rejected, because it is parsed before it is verified.
/// - `I-Twilio-Idempotency-Token` is not signed.
/// - The response is TwiML, which Twilio executes. It retries only after a connection failure, unless the URL's fragment or the webhook configuration requests more (`rc`, `rp`).
/// - `X-Twilio-Webhooks-Signature-Settings` names the algorithm: only `HMAC_SHA256` is accepted.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn twilio_sharedkey() -> Scheme {
    build(describe::twilio_sharedkey())
}

/// Twitch EventSub.
///
/// - **Signature**: `Twitch-Eventsub-Message-Signature: sha256=<hex>`
/// - **Signed payload**: `{id}{ts}{body}`
/// - **Secret**: The field `transport.secret` of API `POST /eventsub/subscriptions`, with which you create the subscription: you choose it, as 10 to 100 ASCII characters.
/// - The timestamp has nine fractional digits, and is signed as it was sent.
/// - `Twitch-Eventsub-Message-Type` and `Twitch-Eventsub-Subscription-Type` are not signed: a callback verification is detected by its signed body.
#[must_use]
pub fn twitch() -> Scheme {
    build(describe::twitch())
}

/// twitter.
///
/// Signs as [`x_twitter`](x_twitter) does: see there.
///
/// - **Signature**: `x-twitter-webhooks-signature: sha256=<base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Developer Portal, the app, Keys and tokens, Consumer keys: the API key secret (consumer secret), used as text.
#[must_use]
pub fn twitter() -> Scheme {
    build(describe::twitter())
}

/// Typeform.
///
/// - **Signature**: `Typeform-Signature: sha256=<base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: The form, Connect, Webhooks, the webhook, Secret, or the field `secret` of the Webhooks API: you choose it.
/// - The value after `sha256=` is base64, not hexadecimal.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn typeform() -> Scheme {
    build(describe::typeform())
}

/// Venum.
///
/// - **Signature**: `X-Venum-Signature: t=<milliseconds>,v1=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: The field `secret` in the response of API `POST /v1/webhooks`: begins with `whsec_`, and is returned once.
/// - The provider recommends the transaction signature as idempotency key. Several events share it, so it is combined with the type.
/// - The secret is used as text, `whsec_` included.
#[must_use]
pub fn venum() -> Scheme {
    build(describe::venum())
}

/// Vercel.
///
/// - **Signature**: `x-vercel-signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Team settings, Webhooks: shown once, when the webhook is created. For an integration's webhook, it is the integration's client secret. It is used as text.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn vercel() -> Scheme {
    build(describe::vercel())
}

/// Webflow.
///
/// - **Signature**: `x-webflow-signature: <hex>`
/// - **Signed payload**: `{ts}:{body}`
/// - **Secret**: Apps & Integrations, the app that created the webhook, Client secret. For a webhook that was created with a site token, it is the field `secretKey` in the response.
/// - The timestamp is in milliseconds.
#[must_use]
pub fn webflow() -> Scheme {
    build(describe::webflow())
}

/// whatsapp.
///
/// Signs as [`meta`](meta) does: see there.
///
/// - **Signature**: `X-Hub-Signature-256: sha256=<hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: App Dashboard, App settings, Basic, App secret: used as text.
/// - The endpoint of a WhatsApp Flow does not use this scheme: it is encrypted, and its response is read.
#[must_use]
pub fn whatsapp() -> Scheme {
    build(describe::whatsapp())
}

/// Whop.
///
/// - **Signature**: `webhook-signature: v1,<base64>`
/// - **Signed payload**: `{id}.{ts}.{body}`
/// - **Secret**: Dashboard, Developer, Webhooks, the webhook, Secret: begins with `ws_`.
/// - The timestamp is that of the attempt; the id is the same in all attempts.
/// - The secret (`ws_…`) is used as text, unlike in Standard Webhooks: that is why the provider's own examples encode it in base64 before passing it to a library.
#[must_use]
pub fn whop() -> Scheme {
    build(describe::whop())
}

/// WooCommerce.
///
/// - **Signature**: `X-WC-Webhook-Signature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: WooCommerce, Settings, Advanced, Webhooks, the webhook, Secret: you choose it.
/// - HTML entities in the secret are decoded to their characters (`&amp;` to `&`), because the shop stores it in that form.
/// - The ping of a new webhook is `webhook_id=N`, form-encoded and not signed, so it is rejected.
/// - There are no retries, and after more than five failures in a row the shop disables the webhook. Redirects are not followed.
/// - `X-WC-Webhook-Delivery-ID` and `X-WC-Webhook-Topic` are not signed.
/// - A shop can be configured to use another algorithm than SHA-256: its deliveries are rejected.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn woocommerce() -> Scheme {
    build(describe::woocommerce())
}

/// WorkOS.
///
/// - **Signature**: `WorkOS-Signature: t=<milliseconds>, v1=<hex>`
/// - **Signed payload**: `{ts}.{body}`
/// - **Secret**: Dashboard, Webhooks, the endpoint, Signing secret.
/// - The provider's node SDK hashes the body after it was parsed and written out again: the raw bytes are what is signed.
#[must_use]
pub fn workos() -> Scheme {
    build(describe::workos())
}

/// x.
///
/// Signs as [`x_twitter`](x_twitter) does: see there.
///
/// - **Signature**: `x-twitter-webhooks-signature: sha256=<base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Developer Portal, the app, Keys and tokens, Consumer keys: the API key secret (consumer secret), used as text.
#[must_use]
pub fn x() -> Scheme {
    build(describe::x())
}

/// X (Twitter).
///
/// - **Signature**: `x-twitter-webhooks-signature: sha256=<base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Developer Portal, the app, Keys and tokens, Consumer keys: the API key secret (consumer secret), used as text.
/// - The value after `sha256=` is base64, not hexadecimal.
/// - The CRC is sent when the webhook is registered. After that, the provider's pages contradict each other: every hour, or every 30 minutes if it was not answered for 24 hours.
/// - The kind of an event is the name of a member of the body, and the location of its id depends on the kind.
/// - The webhook's URL must not contain a port.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn x_twitter() -> Scheme {
    build(describe::x_twitter())
}

/// Generic X-Webhook-Signature.
///
/// - **Signature**: `X-Webhook-Signature: <hex>`
/// - **Signed payload**: `{body}`
/// - **Secret**: The field `secret` of API `POST /v1/webhooks`, with which you register the webhook: you choose it.
/// - After five failed attempts the service disables the webhook.
/// - The secret is used as text.
#[must_use]
pub fn x_webhook_signature() -> Scheme {
    build(describe::x_webhook_signature())
}

/// Xero.
///
/// - **Signature**: `x-xero-signature: <base64>`
/// - **Signed payload**: `{body}`
/// - **Secret**: Developer portal, the app, Webhooks, Webhooks key.
/// - The provider checks an endpoint with correct and wrong signatures, and expects 200 and 401.
/// - A delivery can contain several events: each has its own resource, type and time.
/// - No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.
#[must_use]
pub fn xero() -> Scheme {
    build(describe::xero())
}

/// Zendesk.
///
/// - **Signature**: `X-Zendesk-Webhook-Signature: <base64>`
/// - **Signed payload**: `{ts}{body}`
/// - **Secret**: Admin Center, Apps and integrations, Webhooks, the webhook, Reveal secret, or API `GET /api/v2/webhooks/{id}/signing_secret`.
/// - The secret looks like base64 but is used as text.
/// - The provider defines no tolerance: 300 s is our choice.
/// - `X-Zendesk-Webhook-Invocation-Id` is not signed.
/// - `/id` alone can be a ticket's, in a body that the admin defined: it is used only together with `/zendesk_event_version` and `/type`.
#[must_use]
pub fn zendesk() -> Scheme {
    build(describe::zendesk())
}

/// Zoom.
///
/// - **Signature**: `x-zm-signature: v0=<hex>`
/// - **Signed payload**: `v0:{ts}:{body}`
/// - **Secret**: App Marketplace, the app, Features, Access, Secret Token.
/// - The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.
/// - It is not known whether a retry is signed again with a new timestamp. If retries, up to 85 min later, are rejected as too old, increase the tolerance.
/// - The endpoint is validated again every 72 hours, and must respond within 3 s.
#[must_use]
pub fn zoom() -> Scheme {
    build(describe::zoom())
}

mod describe {
    use std::time::Duration;

    use countersign_core::{
        Algorithm, BodyView, Encoding, Evidence, Handshake, Identity, Interactive, Retries,
        RetrySignature, Scheme, SchemeBuilder, SchemeField, SecretFormat, TimestampUnit, Tolerance,
    };

    use crate::code;

    pub(super) fn adyen() -> SchemeBuilder {
        Scheme::builder("adyen")
            .title("Adyen, standard webhooks")
            .source("@adyen/api-library 32.1.0, hmacValidator")
            .note("The signature is in each item, at `additionalData.hmacSignature`, and covers eight of its fields. An attacker can change `live`, `reason`, `eventDate` and all other fields. No signature covers several items together, so a delivery with more than one item is rejected. Adyen sends one item in JSON.")
            .note("The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.")
            .note("The fields are signed in sequence with `:` between them, and a `:` inside a field is not escaped: only `merchantReference` can contain one.")
            .note("Classic endpoints must respond with `[accepted]`.")
            .note("Retries: three immediately, then after 2, 5, 10, 15, 30 min, 1, 2, 4, 8 h and every 8 h for 30 days.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::BodyLimit])
            .secret_format(SecretFormat::Hex)
            .encoding(Encoding::Base64)
            .signed_payload("of the item: pspReference:originalReference:merchantAccountCode:merchantReference:value:currency:eventCode:success")
            .fallback_identity(Identity::Content)
            .identity_basis("the eight signed fields, including `pspReference`, `eventCode` and `success`: a retry has the same values (Adyen, webhooks)")
            .event_type("body:/notificationItems/0/NotificationRequestItem/eventCode")
            .body_limit(262144)
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(30)))
            .rule(code::adyen::signing())
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn adyen_management() -> SchemeBuilder {
        adyen_platform()
            .source("@adyen/api-library 32.1.0, HmacValidator.validateHMACSignature")
    }

    pub(super) fn adyen_platform() -> SchemeBuilder {
        Scheme::builder("adyen-platform")
            .title("Adyen (platform and management)")
            .source("@adyen/api-library 32.1.0, validateHMACSignature")
            .note("The secret is hexadecimal, and the key is the decoded bytes.")
            .note("`/data/id` in the body is the id of the object, such as an account.")
            .note("Adyen's standard notifications use another scheme: each item of their body contains its own signature.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::EventId, SchemeField::Identity])
            .secret_format(SecretFormat::Hex)
            .signature_header("HmacSignature")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .event_id("body:/eventId")
            .fallback_identity(Identity::Content)
            .identity_basis("`/eventId` of tokenization webhooks; others contain `/timestamp` or what has changed (@adyen/api-library 32.1.0, types)")
            .event_type("body:/type")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(30)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn alchemy() -> SchemeBuilder {
        Scheme::builder("alchemy")
            .title("Alchemy")
            .source("third-party copies of the sample isValidSignatureForStringBody in Alchemy's documentation")
            .note("The secret is used as text: `whsec_` is part of the key, unlike in Standard Webhooks.")
            .note("`/webhookId` in the body is the id of the subscription, not of an event.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
            .signature_header("X-Alchemy-Signature")
            .signed_payload("{body}")
            .event_id("body:/id")
            .identity_basis("`/id` (Alchemy, samples)")
            .event_type("body:/type")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn asana() -> SchemeBuilder {
        Scheme::builder("asana")
            .title("Asana")
            .source("Asana, webhooks guide: the handshake; third parties: the algorithm")
            .note("The handshake is unsigned, and each answered handshake replaces the key. So it is answered only while its window is open, and you must save the secret that it contains.")
            .note("A delivery contains any number of events and has no type: each event has its `/events/N/action`.")
            .note("A heartbeat is a signed delivery without events. All heartbeats are equal, so all but the first count as duplicates.")
            .evidence(Evidence::Secondary)
            .signature_header("X-Hook-Signature")
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("every event contains its `created_at`; all heartbeats are equal (Asana, webhooks guide)")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(1)))
            .handshake(
                Handshake::unsigned_in_window("x-hook-secret")
                    .absent("header:X-Hook-Signature")
                    .echo_header("X-Hook-Secret")
                    .capture("header:X-Hook-Secret"),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn autumn() -> SchemeBuilder {
        svix()
            .source("mintlify.com/useautumn, webhooks: \"powered by Svix\"")
            .evidence(Evidence::Docs)
            .retries(Retries::After(vec![seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)]))
    }

    pub(super) fn aws_sns() -> SchemeBuilder {
        Scheme::builder("aws-sns")
            .title("Amazon SNS")
            .source("sns-validator 0.3.5")
            .note("The secret is the certificate of `SigningCertURL`, or its public key, in PEM. Alternatively, the key is looked up by that URL. A certificate is not used outside of its validity. Only URLs of the form `https://sns.<region>.amazonaws.com/<path>.pem` are accepted, and the same with `.amazonaws.com.cn`; the path can have several segments.")
            .note("The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.")
            .note("Any AWS account can have SNS sign messages of its own topics. Put the ARNs of your topics before the PEM, one per line: other topics are then rejected, even after the secret that lists them has expired.")
            .note("`SubscribeURL` is signed only in confirmations. To confirm a subscription, call it with a client that can only connect to SNS hosts.")
            .note("Names and values are signed one per line, so a line break is rejected in all values except `Message`.")
            .note("`MessageAttributes`, `UnsubscribeURL` and the headers are not signed.")
            .note("Version 1 signs with SHA-1, version 2 with SHA-256, and both are accepted: set the topic's `SignatureVersion` to 2.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
            .algorithm(Algorithm::RsaSha256)
            .encoding(Encoding::Base64)
            .signed_payload("names and values of the fields, one per line: Message, MessageId, Subject, SubscribeURL, Timestamp, Token, TopicArn, Type")
            .timestamp_body("/Timestamp", TimestampUnit::Rfc3339)
            .tolerances(Tolerance::new(days(1), minutes(5)))
            .event_id("body:/MessageId")
            .identity_basis("`/MessageId`, which is signed; a retry has the same id and the same time of publication (sns-validator 0.3.5)")
            .event_type("body:/Type")
            .body_limit(557056)
            .ack_deadline(seconds(15))
            .retry_signature(RetrySignature::Same)
            .rule(code::aws_sns::signing())
    }

    pub(super) fn bitbucket() -> SchemeBuilder {
        Scheme::builder("bitbucket")
            .title("Bitbucket Cloud")
            .source("third parties who quote Atlassian's webhook pages; the example on those pages was recomputed")
            .note("The header is `method=signature`, and Atlassian reserves the right to change the method: all methods except `sha256` are rejected.")
            .note("Other providers use the header `X-Hub-Signature` with SHA-1: here it is SHA-256.")
            .note("`X-Event-Key` is not signed: do not interpret the body by this header alone.")
            .note("`X-Request-UUID` is not signed.")
            .note("Reportedly retries twice; no source says when.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
            .signature_header("X-Hub-Signature")
            .signature_prefix("sha256=")
            .signed_payload("{body}")
            .identity_basis("a push that is undone and repeated can have the same body, which contains no time")
            .event_type("header:X-Event-Key")
            .ack_deadline(seconds(10))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn box_com() -> SchemeBuilder {
        Scheme::builder("box")
            .title("Box")
            .source("box-typescript-sdk-gen 1.19.1, webhooks tests")
            .note("The first secret is the primary key, the second the secondary key. Each signs its own header, and one match is enough. More than two are not accepted.")
            .note("The provider's SDK rejects all timestamps in the future. Here one minute is allowed, for clock differences.")
            .note("`box-delivery-id` is not signed.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("box-signature-primary")
            .fallback_signature_header("box-signature-secondary")
            .encoding(Encoding::Base64)
            .signed_payload("{body}{ts}")
            .timestamp_header("box-delivery-timestamp", TimestampUnit::Rfc3339)
            .tolerances(Tolerance::new(minutes(10), minutes(1)))
            .event_id("body:/id")
            .identity_basis("`/id`: \"the ID in the payload body remains the same\" (Box, webhooks v2)")
            .event_type("body:/trigger")
            .ack_deadline(seconds(30))
            .retry_signature(RetrySignature::New)
            .rule(code::box_com::signing())
    }

    pub(super) fn brex() -> SchemeBuilder {
        svix()
            .source("trigger.dev, Brex example: `Webhook-*` headers, secrets in base64 from the API")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }

    pub(super) fn cal_com() -> SchemeBuilder {
        Scheme::builder("cal.com")
            .title("Cal.com")
            .source("calcom/cal.com, packages/features/webhooks/lib/sendPayload.ts")
            .note("A webhook without a secret sends `no-secret-provided` instead of the signature, which is rejected. Configure a secret for the webhook.")
            .note("With a custom payload template, a body can be form-encoded or have any other format: then it has no event type.")
            .note("Nothing is retried, except delayed triggers, whose task can run again.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("X-Cal-Signature-256")
            .signed_payload("{body}")
            .identity_basis("a body can be a user-defined template, and two bodies of one template can be equal (calcom/cal.com, sendPayload.ts)")
            .event_type("body:/triggerEvent")
            .retries(Retries::Never)
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn calendly() -> SchemeBuilder {
        Scheme::builder("calendly")
            .title("Calendly")
            .source("hookdeck and trigger.dev; Calendly, webhook signatures, in part")
            .note("Reportedly, a retry has a new signature with a new `t`.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::Identity])
            .signature_header("Calendly-Webhook-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Seconds)
            .tolerance(minutes(3))
            .fallback_identity(Identity::Content)
            .identity_basis("`/created_at` and the invitee (Calendly, webhook payloads)")
            .event_type("body:/event")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(1)))
    }

    pub(super) fn cashfree() -> SchemeBuilder {
        Scheme::builder("cashfree")
            .title("Cashfree")
            .source("Cashfree, three pages of its webhook documentation")
            .note("The provider's pages contradict each other: two sign `{ts}{body}`, as here, and a third signs `{ts}.{body}`. If genuine deliveries are rejected with `signature_mismatch`, define a custom scheme with the other template.")
            .note("The provider defines no tolerance: 300 s is our choice.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::Identity])
            .signature_header("x-webhook-signature")
            .encoding(Encoding::Base64)
            .signed_payload("{ts}{body}")
            .timestamp_header("x-webhook-timestamp", TimestampUnit::Milliseconds)
            .tolerance(minutes(5))
            .fallback_identity(Identity::Content)
            .identity_basis("`/event_time` and the payment (Cashfree, webhook samples)")
    }

    pub(super) fn chargebee() -> SchemeBuilder {
        Scheme::builder("chargebee")
            .title("Chargebee")
            .source("third-party code or documentation")
            .note("The provider also supports a token in the URL. URLs appear in logs: use user and password instead.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .algorithm(Algorithm::Token)
            .secret_format(SecretFormat::Basic)
            .signature_header("Authorization")
            .signature_prefix("Basic ")
            .event_id("body:/id")
            .identity_basis("`/id`, which the provider recommends for deduplication; nothing is signed (Chargebee, events)")
            .event_type("body:/event_type")
            .retries(Retries::Within(hours(79)))
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn checkout_com() -> SchemeBuilder {
        Scheme::builder("checkout.com")
            .title("Checkout.com")
            .source("Checkout.com, documentation of workflows")
            .source("checkout.com/docs, Set up your webhook receiver: the algorithm")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::EventId, SchemeField::EventType])
            .signature_header("Cko-Signature")
            .signed_payload("{body}")
            .event_id("body:/id")
            .identity_basis("`/id` (Checkout.com, workflows)")
            .event_type("body:/type")
            .retries(Retries::After(vec![minutes(5), minutes(10), minutes(15), minutes(30), hours(1), hours(4), hours(12), hours(12)]))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn clerk() -> SchemeBuilder {
        svix()
            .source("@clerk/backend 3.25.0, verifyWebhook")
            .retries(Retries::After(vec![seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)]))
    }

    pub(super) fn cloudflare_stream() -> SchemeBuilder {
        Scheme::builder("cloudflare-stream")
            .title("Cloudflare Stream")
            .source("webhook-verify, specification, which quotes Cloudflare's documentation")
            .note("No source defines the maximum age of a timestamp: 300 s is our choice.")
            .note("`/uid` in the body is the id of a video, not of an event. The event's id is the digest of the body.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::Identity])
            .signature_header("Webhook-Signature")
            .signature_pairs(',', '=', "sig1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("time", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .fallback_identity(Identity::Content)
            .identity_basis("the video, its state and its `modified` (Cloudflare Stream, using webhooks)")
    }

    pub(super) fn coinbase_cdp_v0() -> SchemeBuilder {
        Scheme::builder("coinbase-cdp-v0")
            .title("Coinbase Developer Platform (v0)")
            .source("Coinbase, CDP documentation, verify signatures")
            .note("`v0` covers the timestamp and the body, but not `X-Event-Id` and `X-Event-Type`.")
            .note("The same header can contain a `v1`, which also covers the headers that `h` names: this scheme ignores it.")
            .note("`/id` in the body is the id of the object, such as a checkout, not of the event.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .signature_header("X-Hook0-Signature")
            .signature_pairs(',', '=', "v0")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .fallback_identity(Identity::Content)
            .identity_basis("`/id` is the checkout's id, and the same for failure and success (CDP, checkout webhooks): bodies differ in `/eventType` and `/updatedAt`")
            .event_type("body:/eventType")
            .event_type("body:/type")
    }

    pub(super) fn coinbase_cdp_v1() -> SchemeBuilder {
        Scheme::builder("coinbase-cdp-v1")
            .title("Coinbase CDP, v1")
            .source("Coinbase Developer Platform, Webhooks, Verify signatures")
            .note("The request names the signed headers, and the signature covers that list. The dot between their values is from memory.")
            .note("The values are separated by dots, so only the header of the event's type can contain dots. No value can contain `{` or `[`, with which the body must start.")
            .note("`v0`, which covers no headers, is ignored: use the scheme `coinbase-cdp-v0` for it.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
            .signature_header("X-Hook0-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{ts}.<names of headers>.<their values>.{body}")
            .id_header("X-Event-Id")
            .body_begins_with("{[")
            .timestamp_field("t", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:X-Event-Id")
            .fallback_identity(Identity::Content)
            .identity_basis("`X-Event-Id`, if the signature covers it. `/id` in the body is the checkout's id, and the same for failure and success: without the header, bodies differ in `/eventType` and `/updatedAt` (CDP, checkout webhooks)")
            .event_type("body:/eventType")
            .event_type("body:/type")
            .rule(code::coinbase_cdp_v1::signing())
    }

    pub(super) fn coinbase_commerce() -> SchemeBuilder {
        Scheme::builder("coinbase-commerce")
            .title("Coinbase Commerce")
            .source("coinbase-commerce-node, test/testWebhook.spec.js")
            .note("Reportedly closed on 2026-03-31.")
            .note("The event's id is `/event/id` in the body: `/id` is the id of the notification, and `/attempt_number` is the number of its attempt.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
            .signature_header("X-CC-Webhook-Signature")
            .signed_payload("{body}")
            .event_id("body:/event/id")
            .identity_basis("`/event/id` (coinbase-commerce-node, types)")
            .event_type("body:/event/type")
            .retries(Retries::Within(days(3)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn coinify() -> SchemeBuilder {
        Scheme::builder("coinify")
            .title("Coinify")
            .source("Coinify, webhook signature")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("X-Coinify-Webhook-Signature")
            .signed_payload("{body}")
            .event_id("body:/id")
            .identity_basis("`/id`: \"Retries to the same events will share the same id\" (Coinify, webhooks)")
            .event_type("body:/event")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn composio() -> SchemeBuilder {
        Scheme::builder("composio")
            .title("Composio")
            .source("@composio/core 0.17.0, triggers.verifyWebhook; composio 0.30.0 (PyPI)")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is used as text, unlike in Standard Webhooks.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(15))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn contentful() -> SchemeBuilder {
        Scheme::builder("contentful")
            .title("Contentful")
            .source("@contentful/node-apps-toolkit 3.16.1, signRequest()")
            .note("The request names the signed headers. It is rejected if the timestamp or the list itself is not among them.")
            .note("`/sys/id` is the id of the entry, not of the event.")
            .note("It retries twice, 30 s apart, or for up to a day with a custom policy. The provider's SDK accepts requests that are at most 30 s old; 5 min is our choice, so that no retry is rejected.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
            .signature_header("x-contentful-signature")
            .signed_payload("{method}, the path and query of {url}, the headers that the request names, {body}: one per line")
            .timestamp_header("x-contentful-timestamp", TimestampUnit::Milliseconds)
            .tolerances(Tolerance::new(minutes(5), seconds(30)))
            .identity_basis("a body can be a user-defined template, and the topic is a header")
            .event_type("header:X-Contentful-Topic")
            .retries(Retries::Within(days(1)))
            .rule(code::contentful::signing())
    }

    pub(super) fn deepgram() -> SchemeBuilder {
        Scheme::builder("deepgram")
            .title("Deepgram")
            .source("third-party code or documentation")
            .source("developers.deepgram.com, changelog of 2026-10-27")
            .note("Since 27 October 2026 the provider no longer supports `dg-token` as proof of the sender. It recommends a user and a password in the callback URL, which it sends as HTTP Basic authentication: define a custom scheme for them.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .algorithm(Algorithm::Token)
            .signature_header("dg-token")
            .fallback_identity(Identity::Content)
            .identity_basis("the result of one request, with its times: a stream has many results with one request id")
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn discord() -> SchemeBuilder {
        Scheme::builder("discord")
            .title("Discord")
            .source("discord-interactions 4.4.0, verifyKey")
            .note("Discord deliberately sends wrong signatures, and removes the URL unless the response is 401, as it is here.")
            .note("The provider's SDK does not check timestamps. It is not known whether a retry of an event keeps its timestamp, so timestamps are accepted for 15 min, longer than the retry window, and events are remembered longer than that.")
            .note("Only an interaction has an id.")
            .note("The provider reads the response to an interaction: it is shown to the user.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::Tolerance])
            .algorithm(Algorithm::Ed25519)
            .secret_format(SecretFormat::Hex)
            .signature_header("X-Signature-Ed25519")
            .signed_payload("{ts}{body}")
            .timestamp_header("X-Signature-Timestamp", TimestampUnit::Seconds)
            .tolerances(Tolerance::new(minutes(15), minutes(5)))
            .event_id("body:/id")
            .fallback_identity(Identity::Content)
            .identity_basis("`/id` of an interaction; an event has only `/event/timestamp` (Discord, interactions and webhook events)")
            .event_type("body:/event/type")
            .event_type("body:/type")
            .ack_deadline(seconds(3))
            .retries(Retries::Within(minutes(10)))
            .interactive(Interactive::WithId)
            .handshake(
                Handshake::signed("interaction-ping")
                    .when("body:/type", "1")
                    .absent("body:/event")
                    .json_number("type", 1),
            )
            .handshake(
                Handshake::signed("event-ping")
                    .when("body:/type", "0")
                    .absent("body:/event")
                    .status(204),
            )
    }

    pub(super) fn docusign() -> SchemeBuilder {
        Scheme::builder("docusign")
            .title("DocuSign Connect")
            .source("DocuSign, Connect documentation, validate HMAC signatures")
            .note("Each active key signs a separate header, numbered from 1: a match in any of them is enough.")
            .note("The signature includes the line endings of the body: proxies must not change them.")
            .note("An envelope can have the same event more than once, so `envelopeId` and `event` alone do not identify an event.")
            .note("A body can be XML: then it has no event type. If documents are included, it exceeds the limit: raise it.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::Identity])
            .signature_header("X-DocuSign-Signature-1")
            .fallback_signature_header("X-DocuSign-Signature-2")
            .fallback_signature_header("X-DocuSign-Signature-3")
            .fallback_signature_header("X-DocuSign-Signature-4")
            .fallback_signature_header("X-DocuSign-Signature-5")
            .fallback_signature_header("X-DocuSign-Signature-6")
            .fallback_signature_header("X-DocuSign-Signature-7")
            .fallback_signature_header("X-DocuSign-Signature-8")
            .fallback_signature_header("X-DocuSign-Signature-9")
            .fallback_signature_header("X-DocuSign-Signature-10")
            .fallback_signature_header("X-DocuSign-Signature-11")
            .fallback_signature_header("X-DocuSign-Signature-12")
            .fallback_signature_header("X-DocuSign-Signature-13")
            .fallback_signature_header("X-DocuSign-Signature-14")
            .fallback_signature_header("X-DocuSign-Signature-15")
            .fallback_signature_header("X-DocuSign-Signature-16")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .event_id("body:/configurationId+/event+/data/envelopeId+/data/recipientId+/generatedDateTime")
            .event_id("body:/configurationId+/event+/data/envelopeId+/generatedDateTime")
            .fallback_identity(Identity::Content)
            .identity_basis("configuration, event, envelope, recipient and the time of the message; `retryCount` counts the attempts. Legacy formats contain none of these (DocuSign, Connect, JSON SIM)")
            .event_type("body:/event")
            .ack_deadline(seconds(100))
            .retries(Retries::Within(days(15)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn dodo() -> SchemeBuilder {
        standardwebhooks()
            .source("dodopayments 2.52.0, webhooks.unwrap")
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }

    pub(super) fn dropbox() -> SchemeBuilder {
        Scheme::builder("dropbox")
            .title("Dropbox")
            .source("dropbox/mdwebhook, app.py")
            .note("A notification contains only the accounts whose files have changed: two changes have the same body. So each delivery is handled: fetch the changes from Dropbox, which is safe to repeat.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("X-Dropbox-Signature")
            .signed_payload("{body}")
            .identity_basis("it contains accounts and not what has changed: the next change of the same account has the same body (Dropbox, webhooks)")
            .ack_deadline(seconds(10))
            .handshake(
                Handshake::unsigned("challenge")
                    .method("GET")
                    .text("query:challenge"),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn elevenlabs() -> SchemeBuilder {
        Scheme::builder("elevenlabs")
            .title("ElevenLabs")
            .source("@elevenlabs/elevenlabs-js 2.73.0, webhooks.constructEvent")
            .note("The tolerance of 30 min is that of the provider's own SDK. 5 min into the future is our choice.")
            .note("The provider's SDK checks the first `v0` only: here any of them can match.")
            .note("No source defines an event id.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::EventType])
            .signature_header("ElevenLabs-Signature")
            .signature_pairs(',', '=', "v0")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Seconds)
            .tolerances(Tolerance::new(minutes(30), minutes(5)))
            .fallback_identity(Identity::Content)
            .identity_basis("`/event_timestamp` and the conversation; \"dispatched only once\" (ElevenLabs, post-call webhooks)")
            .event_type("body:/type")
            .retries(Retries::Never)
    }

    pub(super) fn facebook() -> SchemeBuilder {
        meta()
            .source("hookdeck/webhook-skills, Facebook: one mechanism for Pages, Instagram, Messenger and WhatsApp")
    }

    pub(super) fn figma() -> SchemeBuilder {
        Scheme::builder("figma")
            .title("Figma")
            .source("Figma, Webhooks v2, from memory")
            .note("No source confirms this scheme: test it before you rely on it.")
            .note("The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.")
            .note("The passcode is in the body, at `passcode`: do not log bodies. The event's id is the digest of the body without it.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
            .algorithm(Algorithm::Token)
            .signed_payload("")
            .fallback_identity(Identity::Content)
            .identity_basis("`/timestamp` of the trigger (@figma/rest-api-spec 0.43.0)")
            .event_type("body:/event_type")
            .body_limit(524288)
            .rule(code::figma::signing())
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn flutterwave_v3() -> SchemeBuilder {
        Scheme::builder("flutterwave-v3")
            .title("Flutterwave (v3, secret hash)")
            .source("third parties' code")
            .note("No source defines an event id: the event's id is the digest of the body.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
            .algorithm(Algorithm::Token)
            .signature_header("verif-hash")
            .identity_basis("the time in the body is that of the transaction, and `subscription.cancelled` contains none, so two events can be equal")
            .event_type("body:/event")
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn flutterwave_v4() -> SchemeBuilder {
        Scheme::builder("flutterwave-v4")
            .title("Flutterwave (v4)")
            .source("third parties' code")
            .note("No source defines an event id: the event's id is the digest of the body.")
            .note("The sources contradict each other: one encodes the signature in base64, as here, and another in hexadecimal. Test it with a real delivery before you rely on it.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
            .signature_header("flutterwave-signature")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("`/timestamp`, in milliseconds, and `/webhook_id`, which no source describes as the event's id")
            .event_type("body:/type")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn fusionauth() -> SchemeBuilder {
        Scheme::builder("fusionauth")
            .title("FusionAuth")
            .source("hookdeck/webhook-skills, FusionAuth verification")
            .note("The secret is an HMAC key as text, or a public key: in PEM, as a JWK, or a JWKS with several. Alternatively, the key is looked up by the token's `kid`. The kind of key determines the accepted algorithms: a public key is never used as a shared one, and a text that contains one in another form is rejected. A key is not used after its `expired_at`, nor outside of the validity of its certificate.")
            .note("ES512 is not supported.")
            .note("No time is signed unless the token has the claims `exp` and `nbf`: without them, a recorded delivery can be replayed once its event is forgotten.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
            .algorithm(Algorithm::Jwt)
            .signature_header("X-FusionAuth-Signature-JWT")
            .encoding(Encoding::Text)
            .signed_payload("the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in base64")
            .event_id("body:/event/id")
            .identity_basis("`/event/id` (@fusionauth/typescript-client 1.69.0, BaseEvent)")
            .event_type("body:/event/type")
            .rule(code::fusionauth::signing())
    }

    pub(super) fn github() -> SchemeBuilder {
        Scheme::builder("github")
            .title("GitHub")
            .source("@octokit/webhooks-methods 6.0.0, sign()")
            .note("`X-GitHub-Delivery` is not signed.")
            .note("`X-GitHub-Event` is not signed: do not interpret the body by this header alone.")
            .note("The legacy header `X-Hub-Signature` (SHA-1) is ignored.")
            .note("A redelivery is requested manually, within three days, and has the same body: the sender expects it to be handled again.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::BodyLimit])
            .signature_header("X-Hub-Signature-256")
            .signature_prefix("sha256=")
            .signed_payload("{body}")
            .identity_basis("`workflow_dispatch`, `repository_dispatch`, `member`, `delete` and `watch` contain neither an id nor a time: two can be equal (@octokit/webhooks-types 7.6.1)")
            .event_type("header:X-GitHub-Event")
            .body_limit(26214400)
            .ack_deadline(seconds(10))
            .retries(Retries::Never)
            .retention(days(3))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn gitlab_signing() -> SchemeBuilder {
        Scheme::builder("gitlab-signing")
            .title("GitLab (signing token)")
            .source("GitLab merge requests 230944 and 231325")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is base64 after an optional `whsec_`.")
            .note("`X-Gitlab-Event` is not signed.")
            .note("A secret token (`X-Gitlab-Token`) can be set in addition to the signing token. It is not needed here.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
            .secret_format(SecretFormat::Whsec)
            .key_length(32)
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("`webhook-id`, one for each execution (GitLab, WebHookService)")
            .event_type("body:/type")
            .event_type("body:/object_kind")
            .ack_deadline(seconds(10))
            .retries(Retries::Never)
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn gitlab_token() -> SchemeBuilder {
        Scheme::builder("gitlab-token")
            .title("GitLab (secret token)")
            .source("GitLab, documentation of webhooks")
            .note("GitLab 19 can sign instead: prefer `gitlab-signing` if it is available.")
            .note("Reportedly, a webhook that fails repeatedly is disabled.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .algorithm(Algorithm::Token)
            .signature_header("X-Gitlab-Token")
            .identity_basis("a body can be a user-defined template, and a branch that is pushed back and forth has equal bodies (GitLab, WebHookService)")
            .event_type("header:X-Gitlab-Event")
            .ack_deadline(seconds(10))
            .retries(Retries::Never)
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn gocardless() -> SchemeBuilder {
        Scheme::builder("gocardless")
            .title("GoCardless")
            .source("gocardless-nodejs, src/webhooks.test.ts")
            .note("A delivery contains any number of events and has no type: each event has its `/events/N/id`, `resource_type` and `action`.")
            .note("Reportedly retries eight times; no source says when.")
            .note("Reportedly, GoCardless expects the status 498 if the signature is wrong. Here it is 401, as for all providers.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("Webhook-Signature")
            .signed_payload("{body}")
            .event_id("body:/events/*/id")
            .event_id("body:/meta/webhook_id")
            .fallback_identity(Identity::Content)
            .identity_basis("the ids of the events (gocardless-nodejs, Event)")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn granola() -> SchemeBuilder {
        standardwebhooks()
            .source("trigger.dev and nango.dev, Granola webhooks")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }

    pub(super) fn helius() -> SchemeBuilder {
        Scheme::builder("helius")
            .title("Helius")
            .source("third parties' code, authHeader")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .algorithm(Algorithm::Token)
            .signature_header("Authorization")
            .fallback_identity(Identity::Content)
            .identity_basis("the transactions of the delivery, each with its `signature` (Helius, webhooks FAQ)")
            .ack_deadline(seconds(1))
            .retries(Retries::After(vec![seconds(1), seconds(1), seconds(1)]))
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn hookdeck() -> SchemeBuilder {
        Scheme::builder("hookdeck")
            .title("Hookdeck")
            .source("Hookdeck, documentation; trigger.dev; hookdeck/webhook-skills")
            .note("During a secret rotation there are two headers, and a match in either is enough.")
            .note("`x-hookdeck-eventid` is not signed.")
            .note("The original sender's signature is forwarded, but its timestamp is stale on a retry: verify Hookdeck's.")
            .note("You configure the retries at Hookdeck: set a retention that is a quarter longer than their window.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("x-hookdeck-signature")
            .fallback_signature_header("x-hookdeck-signature-2")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .identity_basis("it forwards bodies of any provider, and signs no id")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn hubspot() -> SchemeBuilder {
        Scheme::builder("hubspot")
            .title("HubSpot")
            .source("@hubspot/api-client 13.5.0, Signature and its tests")
            .note("A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.")
            .note("A request can contain the headers of all three versions: this scheme reads only its own.")
            .note("HubSpot decodes the percent-escapes of twelve marks in the URL before it signs it: `: / ? @ ! $ ' ( ) * , ;`.")
            .note("The provider's SDK checks the age only; here a timestamp more than 5 min in the future is rejected, too.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .signature_header("X-HubSpot-Signature-v3")
            .encoding(Encoding::Base64)
            .signed_payload("{method}{unescaped_url}{body}{ts}")
            .timestamp_header("X-HubSpot-Request-Timestamp", TimestampUnit::Milliseconds)
            .tolerance(minutes(5))
            .event_id("body:/*/portalId+/*/subscriptionId+/*/eventId+/*/occurredAt")
            .identity_basis("portal, subscription, event and time of every event, since `eventId` alone is not unique; `attemptNumber` counts the attempts. The bodies of workflow actions are user-defined (HubSpot, webhooks)")
            .retries(Retries::Within(days(1)))
    }

    pub(super) fn hubspot_v1() -> SchemeBuilder {
        Scheme::builder("hubspot-v1")
            .title("HubSpot (v1 signature)")
            .source("@hubspot/api-client 13.5.0, Signature and its tests")
            .note("A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.")
            .note("The signature is a plain digest, not an HMAC: anyone who has recorded a delivery can append to its body and compute the signature of the longer one, without the secret. So a body that is not one complete JSON document is rejected. Use version 3 if it is available.")
            .note("`X-HubSpot-Signature-Version` has no effect: the endpoint's scheme determines the version.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .algorithm(Algorithm::Sha256)
            .signature_header("X-HubSpot-Signature")
            .signed_payload("{secret}{body}")
            .body_begins_with("{[")
            .event_id("body:/*/portalId+/*/subscriptionId+/*/eventId+/*/occurredAt")
            .identity_basis("portal, subscription, event and time of every event, since `eventId` alone is not unique; `attemptNumber` counts the attempts. The bodies of workflow actions are user-defined (HubSpot, webhooks)")
            .retries(Retries::Within(days(1)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn hubspot_v2() -> SchemeBuilder {
        Scheme::builder("hubspot-v2")
            .title("HubSpot (v2 signature)")
            .source("@hubspot/api-client 13.5.0, Signature and its tests")
            .note("A delivery contains any number of events and has no type: each event has its `eventId` and `subscriptionType`.")
            .note("The signature is a plain digest, not an HMAC: anyone who has recorded a delivery can append to its body and compute the signature of the longer one, without the secret. So a body that is not one complete JSON document is rejected. Use version 3 if it is available.")
            .note("`X-HubSpot-Signature-Version` has no effect: the endpoint's scheme determines the version.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .algorithm(Algorithm::Sha256)
            .signature_header("X-HubSpot-Signature")
            .signed_payload("{secret}{method}{url}{body}")
            .body_begins_with("{[")
            .event_id("body:/*/portalId+/*/subscriptionId+/*/eventId+/*/occurredAt")
            .identity_basis("portal, subscription, event and time of every event, since `eventId` alone is not unique; `attemptNumber` counts the attempts. The bodies of workflow actions are user-defined (HubSpot, webhooks)")
            .retries(Retries::Within(days(1)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn imagekit() -> SchemeBuilder {
        Scheme::builder("imagekit")
            .title("ImageKit")
            .source("@imagekit/nodejs 7.11.0, webhooks.unwrap; imagekitio 5.11.0 (PyPI)")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is used as text, `whsec_` included, unlike in Standard Webhooks.")
            .note("The header `x-ik-signature` of older webhooks is not read.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(15))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn instagram() -> SchemeBuilder {
        meta()
            .source("hookdeck/webhook-skills, Facebook: one mechanism for Pages, Instagram, Messenger and WhatsApp")
    }

    pub(super) fn intercom() -> SchemeBuilder {
        Scheme::builder("intercom")
            .title("Intercom")
            .source("hookdeck and trigger.dev")
            .note("Other providers use the header `X-Hub-Signature` with SHA-256: here it is SHA-1.")
            .note("Reportedly checks the endpoint with a HEAD request, and with an event of the topic `ping`.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .algorithm(Algorithm::HmacSha1)
            .signature_header("X-Hub-Signature")
            .signature_prefix("sha1=")
            .signed_payload("{body}")
            .event_id("body:/id")
            .identity_basis("`/id`, `notif_…`; `delivery_attempts` counts the attempts (a captured payload)")
            .event_type("body:/topic")
            .retries(Retries::After(vec![minutes(1)]))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn jira() -> SchemeBuilder {
        Scheme::builder("jira")
            .title("Jira Cloud")
            .source("third parties who quote Atlassian's webhook pages; the example on those pages was recomputed")
            .note("The header is `method=signature`, and Atlassian reserves the right to change the method: all methods except `sha256` are rejected.")
            .note("Other providers use the header `X-Hub-Signature` with SHA-1: here it is SHA-256.")
            .note("`X-Atlassian-Webhook-Identifier` is not signed.")
            .note("Reportedly retries five times within half an hour.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
            .signature_header("X-Hub-Signature")
            .signature_prefix("sha256=")
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("`/timestamp`, in milliseconds, and `/webhookEvent` (Jira, webhooks)")
            .event_type("body:/webhookEvent")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(minutes(30)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn jupiter() -> SchemeBuilder {
        Scheme::builder("jupiter")
            .title("Jupiter")
            .source("Jupiter, Building Real-Time Integrations with Webhooks")
            .note("The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.")
            .evidence(Evidence::Docs)
            .signature_header("x-jup-signature")
            .signed_payload("{body}")
            .event_id("body:/event_id")
            .identity_basis("`/event_id` (provider's document)")
            .event_type("body:/type")
            .retries(Retries::After(vec![seconds(30), minutes(5), minutes(30), hours(2)]))
            .retention(days(7))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn lemonsqueezy() -> SchemeBuilder {
        Scheme::builder("lemonsqueezy")
            .title("Lemon Squeezy")
            .source("lmsqueezy/nextjs-billing, src/app/api/webhook/route.ts")
            .note("`/data/id` in the body is the id of an order or a subscription, not of an event.")
            .note("`X-Event-Name` is not signed: the event's type is `/meta/event_name` in the body.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .signature_header("X-Signature")
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("the object with its `updated_at`, and the event's name (Lemon Squeezy, webhook requests)")
            .event_type("body:/meta/event_name")
            .retries(Retries::After(vec![seconds(5), seconds(25), seconds(125)]))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn line() -> SchemeBuilder {
        Scheme::builder("line")
            .title("LINE")
            .source("line-bot-sdk-nodejs, test/validate-signature.spec.ts")
            .note("A delivery contains any number of events and has no type: each event has its `/events/N/type` and its `webhookEventId`. Deduplicate by that id if batches can be split differently on a retry.")
            .note("The console's request to verify the URL is a signed delivery without events.")
            .note("Reportedly retries only if redelivery is enabled.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("x-line-signature")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .event_id("body:/events/*/webhookEventId")
            .fallback_identity(Identity::Content)
            .identity_basis("`webhookEventId` of every event; `isRedelivery` changes (@line/bot-sdk 11.0.0)")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn linear() -> SchemeBuilder {
        Scheme::builder("linear")
            .title("Linear")
            .source("@linear/sdk 98.0.0")
            .note("`Linear-Timestamp` is not signed: the timestamp is read from `/webhookTimestamp` in the body.")
            .note("`Linear-Delivery` is not signed, and `/webhookId` is the id of the subscription.")
            .note("It is not known whether a retry keeps its `webhookTimestamp`. If it does, the provider's own limit of 60 s would reject every retry. So timestamps are accepted for 8 h, longer than the retry window, and events are remembered longer than that. If it does not, a retry counts as another event, and is handled again.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
            .signature_header("Linear-Signature")
            .signed_payload("{body}")
            .timestamp_body("/webhookTimestamp", TimestampUnit::Milliseconds)
            .tolerances(Tolerance::new(hours(8), minutes(1)))
            .fallback_identity(Identity::Content)
            .identity_basis("the body contains the time of sending and what has changed (@linear/sdk 98.0.0)")
            .event_type("body:/type")
            .retries(Retries::After(vec![minutes(1), hours(1), hours(6)]))
    }

    pub(super) fn liveblocks() -> SchemeBuilder {
        standardwebhooks()
            .source("@liveblocks/node 3.24.2, WebhookHandler.verifyRequest")
            .note("The provider's SDK requires the `whsec_` prefix of its secrets. Here it is optional.")
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }

    pub(super) fn loops() -> SchemeBuilder {
        standardwebhooks()
            .source("loops.so/docs/webhooks")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }

    pub(super) fn mailgun() -> SchemeBuilder {
        Scheme::builder("mailgun")
            .title("Mailgun")
            .source("Mailgun, Securing webhooks")
            .note("The event is not signed: anyone who has seen one delivery can send any event with its signature, once. The event's id is the digest of timestamp and token, so that a signature is valid for one event. Query Mailgun's API before you act on the content of an event.")
            .note("An event is JSON, with the signature at `signature/signature`. An event of a subaccount also has a signature of the parent account at `signature/parent-signature`, over the same timestamp and token. A route posts a form, urlencoded or multipart, with the fields `timestamp`, `token` and `signature`. With attachments it is large, so raise the body limit for it.")
            .note("An event is parsed before it is verified, so JSON may have at most 512 KiB, or half of the body limit if that is more, and the objects that contain the signature at most 4,096 members. A form may have at most 512 fields, and its size is limited by the body limit only.")
            .note("It is not known whether a retry keeps its timestamp and token, and the first retry is after 5 min. So timestamps are accepted for 9 h, longer than the retry window.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
            .signed_payload("{timestamp}{token}, but not the event")
            .timestamp_body("/signature/timestamp", TimestampUnit::Seconds)
            .tolerances(Tolerance::new(hours(9), minutes(5)))
            .fallback_identity(Identity::Content)
            .identity_basis("a signed token, different for each event (Mailgun, securing webhooks)")
            .event_type("body:/event-data/event")
            .retries(Retries::Within(minutes(485)))
            .rule(code::mailgun::signing())
    }

    pub(super) fn mandrill() -> SchemeBuilder {
        Scheme::builder("mandrill")
            .title("Mandrill")
            .source("Mailchimp Transactional, Authenticating webhook requests, from memory")
            .note("No source confirms this scheme: test it before you rely on it.")
            .note("A delivery contains many events, in the form field `mandrill_events`: each has its own `_id`.")
            .note("A form with more than 16 fields is rejected, because it is parsed before it is verified.")
            .note("The form must be the field `mandrill_events` alone, as Mandrill sends it: the signed text does not separate names from values, so that other fields could have the same signature.")
            .note("If only the origin is configured, the sender chooses the path. Then the form must start with the field `mandrill_events`, and path and query must not contain that text, because it marks the end of the URL.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
            .algorithm(Algorithm::HmacSha1)
            .signature_header("X-Mandrill-Signature")
            .encoding(Encoding::Base64)
            .signed_payload("{url}, then the form's fields sorted by name")
            .fallback_identity(Identity::Content)
            .identity_basis("the events of the batch, each with `_id` and `ts`; a retry sends the same batch (Mailchimp Transactional, webhooks)")
            .rule(code::mandrill::signing())
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn messenger() -> SchemeBuilder {
        meta()
            .source("hookdeck/webhook-skills, Facebook: one mechanism for Pages, Instagram, Messenger and WhatsApp")
    }

    pub(super) fn meta() -> SchemeBuilder {
        Scheme::builder("meta")
            .title("Meta (Graph, Messenger, WhatsApp, Instagram)")
            .source("fbsamples, app.js; of SHA-256, third-party code")
            .note("The provider's samples check the legacy `X-Hub-Signature` (SHA-1), which is ignored here; the SHA-256 header is documented only by third-party code.")
            .note("Non-ASCII letters are sent as `\\u00e4`, and signed in that form: a body that has been parsed and serialised no longer verifies.")
            .note("A delivery can contain several messages, each with its own id: deduplicate by that id, since a batch can be split differently on a retry.")
            .note("The verify token of the handshake is not the app secret: you choose it.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .signature_header("X-Hub-Signature-256")
            .signature_prefix("sha256=")
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("the entries of the batch, each with its time and its messages' own ids (Graph API, webhooks)")
            .event_type("body:/object")
            .ack_deadline(seconds(20))
            .retries(Retries::Within(days(7)))
            .handshake(
                Handshake::unsigned("subscribe")
                    .method("GET")
                    .when("query:hub.mode", "subscribe")
                    .verify_token("query:hub.verify_token")
                    .text("query:hub.challenge"),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn metronome() -> SchemeBuilder {
        Scheme::builder("metronome")
            .title("Metronome")
            .source("@trigger.dev/core 4.8.3, webhook providers")
            .note("The timestamp is an HTTP date. Third-party code falls back to `Date` if `X-Metronome-Date` is absent; here the delivery is rejected.")
            .note("It is not known whether a retry is signed again with a new timestamp. If retries, up to 2 days later, are rejected as too old, increase the tolerance.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance, SchemeField::EventType])
            .signature_header("Metronome-Webhook-Signature")
            .signed_payload("{ts}\n{body}")
            .timestamp_header("X-Metronome-Date", TimestampUnit::HttpDate)
            .tolerance(minutes(5))
            .event_id("body:/id")
            .identity_basis("`/id`, which the provider recommends for deduplication (Metronome, webhooks)")
            .event_type("body:/type")
            .retries(Retries::Within(days(2)))
    }

    pub(super) fn moralis() -> SchemeBuilder {
        Scheme::builder("moralis")
            .title("Moralis Streams")
            .source("@moralisweb3/streams 2.27.2, makeVerifySignature()")
            .note("A plain Keccak-256 of body and secret, not an HMAC.")
            .note("The provider's SDK hashes the body after serialising it; here the signature covers the raw bytes.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::EventType, SchemeField::Identity])
            .algorithm(Algorithm::Keccak256)
            .signature_header("x-signature")
            .signature_prefix("0x")
            .signed_payload("{body}{secret}")
            .fallback_identity(Identity::Content)
            .identity_basis("a block of a stream, confirmed or not, is reportedly delivered at least once; `/retries` counts the attempts, and is excluded (Moralis, webhook delivery)")
            .retries(Retries::After(vec![minutes(1), minutes(10), hours(1), hours(2), hours(6), hours(12), days(1)]))
            .rule(code::moralis::signing())
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn mux() -> SchemeBuilder {
        Scheme::builder("mux")
            .title("Mux")
            .source("@mux/mux-node 15.3.0, webhooks.verifySignature")
            .note("The provider's SDK checks the age only; here a timestamp more than 5 min in the future is rejected, too.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
            .signature_header("Mux-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("body:/id")
            .identity_basis("`/id`; `/attempts` changes (@mux/mux-node 15.3.0, BaseWebhookEvent)")
            .event_type("body:/type")
    }

    pub(super) fn notion() -> SchemeBuilder {
        Scheme::builder("notion")
            .title("Notion")
            .source("@notionhq/client 5.26.0, signWebhookPayload; developers.notion.com, reference/webhooks")
            .note("Sources disagree whether the request that contains the token is signed with it: while its window is open, both are accepted.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("X-Notion-Signature")
            .signature_prefix("sha256=")
            .signed_payload("{body}")
            .event_id("body:/id")
            .identity_basis("`/id`; `/attempt_number` counts the attempts (@notionhq/client 5.26.0)")
            .event_type("body:/type")
            .retries(Retries::Within(days(1)))
            .handshake(
                Handshake::unsigned_in_window("verification-token")
                    .capture("body:/verification_token"),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn onfido() -> SchemeBuilder {
        Scheme::builder("onfido")
            .title("Onfido")
            .source("@onfido/api 6.2.0, WebhookEventVerifier")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
            .signature_header("X-SHA2-Signature")
            .signed_payload("{body}")
            .identity_basis("times are optional: a check that is reopened twice can have the same body (@onfido/api 6.2.0, types)")
            .event_type("body:/payload/action")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn openai() -> SchemeBuilder {
        Scheme::builder("openai")
            .title("OpenAI")
            .source("openai-node 6.49.0, webhooks.verifySignature")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is base64 after `whsec_`; a secret without that prefix is used as text, unlike in Standard Webhooks.")
            .note("The provider's SDK also accepts signatures without `v1,`; here the prefix is required.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .secret_format(SecretFormat::WhsecOrText)
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(20))
            .retries(Retries::Within(days(3)))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn paddle() -> SchemeBuilder {
        Scheme::builder("paddle")
            .title("Paddle Billing")
            .source("@paddle/paddle-node-sdk 3.10.0; paddle-go-sdk")
            .note("The tolerance of 5 s is that of the provider's own SDK: synchronise the clock, or increase the tolerance.")
            .note("During a rotation there are several `h1`, and any of them can match; the provider's Node SDK checks only the last.")
            .note("The secret is used as text, `pdl_ntfset_` included.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("Paddle-Signature")
            .signature_pairs(';', '=', "h1")
            .signed_payload("{ts}:{body}")
            .timestamp_field("ts", TimestampUnit::Seconds)
            .tolerance(seconds(5))
            .event_id("body:/event_id")
            .identity_basis("`/event_id` (@paddle/paddle-node-sdk 3.10.0, Event)")
            .event_type("body:/event_type")
            .retries(Retries::Within(days(3)))
    }

    pub(super) fn pagerduty() -> SchemeBuilder {
        Scheme::builder("pagerduty")
            .title("PagerDuty")
            .source("PagerDuty, Verifying Signatures; go-pagerduty, webhook tests")
            .note("The secret looks like base64 but is used as text.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("X-PagerDuty-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{body}")
            .event_id("body:/event/id")
            .identity_basis("`/event/id` (PagerDuty, webhooks v3)")
            .event_type("body:/event/event_type")
            .retries(Retries::Within(days(2)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn paypal() -> SchemeBuilder {
        Scheme::builder("paypal")
            .title("PayPal")
            .source("webhook-verify, SPEC quoting PayPal; PayPal, Webhooks")
            .note("The signature covers only the CRC-32 of the body, and anyone can change the body without changing its CRC-32: anyone who has seen one delivery can send any event with its signature, once. So the body is not authenticated, and the event's id is that of the transmission, which is signed. Query PayPal's API before you act on the content of an event.")
            .note("The secret is the webhook's id on one line, followed by the certificate of `PAYPAL-CERT-URL`, or its public key, in PEM. Alternatively, the certificate is looked up by that URL. It is not used outside of its validity. Only PayPal's own hosts are accepted.")
            .note("Events of PayPal's simulator are signed for the webhook id `WEBHOOK_ID`: use it instead of your webhook's id.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance, SchemeField::EventId])
            .algorithm(Algorithm::RsaSha256)
            .signature_header("PAYPAL-TRANSMISSION-SIG")
            .encoding(Encoding::Base64)
            .signed_payload("{id}|{ts}|<webhook id>|<CRC-32 of the body>")
            .id_header("PAYPAL-TRANSMISSION-ID")
            .timestamp_header("PAYPAL-TRANSMISSION-TIME", TimestampUnit::Rfc3339)
            .tolerances(Tolerance::new(days(3), minutes(5)))
            .event_id("header:PAYPAL-TRANSMISSION-ID")
            .identity_basis("the id of the transmission, which is signed; of the event's own `/id`, only a CRC is signed")
            .event_type("body:/event_type")
            .retries(Retries::Within(days(3)))
            .rule(code::paypal::signing())
    }

    pub(super) fn paystack() -> SchemeBuilder {
        Scheme::builder("paystack")
            .title("Paystack")
            .source("third-party code or documentation")
            .note("`/data/id` in the body is the id of a transaction, not of an event.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
            .algorithm(Algorithm::HmacSha512)
            .signature_header("x-paystack-signature")
            .signed_payload("{body}")
            .identity_basis("the bodies of refunds (`refund.pending`, `refund.processing`) and of failed identifications contain neither an id nor a time, so two events can be equal (Paystack, refunds)")
            .event_type("body:/event")
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn perps_tracker() -> SchemeBuilder {
        Scheme::builder("perps-tracker")
            .title("PerpsTracker")
            .source("PerpsTracker, webhook guide")
            .note("`X-Delivery-ID` is the id of a delivery attempt and is not signed: anyone who replays a body can change it. The event's own id is `/id` in the body.")
            .note("`X-Event-Type` is not signed: the event's type is `/type` in the body.")
            .note("The secret is used as text, `whsec_` included.")
            .evidence(Evidence::Docs)
            .signature_header("X-Webhook-Signature")
            .signed_payload("{body}")
            .timestamp_body("/created", TimestampUnit::Seconds)
            .tolerances(Tolerance::new(days(7), minutes(5)))
            .event_id("body:/id")
            .identity_basis("`/id` (provider's document)")
            .event_type("body:/type")
            .ack_deadline(seconds(10))
            .retries(Retries::After(vec![seconds(30), minutes(1)]))
    }

    pub(super) fn plaid() -> SchemeBuilder {
        Scheme::builder("plaid")
            .title("Plaid")
            .source("Plaid, Webhook verification")
            .note("The secret is the public key as a JWK, several as a JWKS, or one in PEM. Alternatively, the key is looked up by the token's `kid`. A key is not used after its `expired_at`.")
            .note("Only ES256 is accepted, whatever the token's header says.")
            .note("Bodies are sent with an indentation of two spaces: the signature covers the raw bytes.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
            .algorithm(Algorithm::Jwt)
            .signature_header("Plaid-Verification")
            .encoding(Encoding::Text)
            .signed_payload("the JWT, whose claim request_body_sha256 is the SHA-256 of {body}, in hexadecimal")
            .timestamp_field("iat", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .identity_basis("the body contains neither an event id nor a time: every `SYNC_UPDATES_AVAILABLE` and every `TRANSFER_EVENTS_UPDATE` has the same body (plaid 47.0.0, types)")
            .event_type("body:/webhook_code")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(1)))
            .rule(code::plaid::signing())
    }

    pub(super) fn polar() -> SchemeBuilder {
        Scheme::builder("polar")
            .title("Polar")
            .source("polar-sdk 1.0.2 (PyPI), polar.webhooks; polarsource/polar, server/polar/webhook/tasks.py")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("Secrets created before 8 September 2026 are used as text, including `whsec_` or `polar_whs_`. For later ones, the key is the base64 after `whsec_`. The format does not identify which one it is, so a delivery can be signed with either key.")
            .note("The provider waits 10 s, and recommends a response within 2 s.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline])
            .secret_format(SecretFormat::TextAndWhsec)
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(2))
            .retries(Retries::Within(minutes(35)))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn postmark() -> SchemeBuilder {
        Scheme::builder("postmark")
            .title("Postmark")
            .source("third-party code or documentation")
            .note("The provider also supports a token in the URL. URLs appear in logs: use user and password instead.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .algorithm(Algorithm::Token)
            .secret_format(SecretFormat::Basic)
            .signature_header("Authorization")
            .signature_prefix("Basic ")
            .fallback_identity(Identity::Content)
            .identity_basis("the message and the time of its event (Postmark, webhooks)")
            .retries(Retries::Within(minutes(630)))
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn quicknode() -> SchemeBuilder {
        Scheme::builder("quicknode")
            .title("QuickNode")
            .source("quicknode.com, streams-webhook-validate-signature")
            .note("A body can be compressed with gzip, and the uncompressed body is signed: this needs the feature `compression`. The body limit applies to both. A compressed body can have 512 deflate blocks, and four for each decoded KiB, of which a dynamic block counts as four; and 128 gzip members, and one for each 4 KiB: a body with more is rejected with 413. Only writers with very small buffers reach this, such as zlib with `memLevel` 1 and a body of more than 70 KiB.")
            .note("The provider defines no tolerance: 300 s is our choice.")
            .note("There is no delimiter between nonce, timestamp and body: a nonce with `{` or `[` is rejected, and so is a body that does not start with one of them.")
            .note("The nonce is signed, but it is not an event id.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::BodyLimit, SchemeField::Tolerance])
            .signature_header("X-QN-Signature")
            .signed_payload("{header:X-QN-Nonce}{ts}{body}")
            .body_view(BodyView::Decoded)
            .body_begins_with("{[")
            .timestamp_header("X-QN-Timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .identity_basis("a stream's filter is user code, and produces the body")
    }

    pub(super) fn razorpay() -> SchemeBuilder {
        Scheme::builder("razorpay")
            .title("Razorpay")
            .source("razorpay 2.9.8 (npm), validateWebhookSignature")
            .note("`x-razorpay-event-id` is not signed.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .signature_header("X-Razorpay-Signature")
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("the entities with their times, the event's name and `/created_at` (Razorpay, webhook payloads)")
            .event_type("body:/event")
            .retries(Retries::Within(days(1)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn recall_ai() -> SchemeBuilder {
        standardwebhooks()
            .source("docs.recall.ai, authenticating-requests-from-recallai and faq-webhooks")
            .note("Nothing is signed until the workspace has a verification secret. Accounts created before 15 December 2025 have one secret for each endpoint and `svix-*` headers: use `svix` for those.")
            .evidence(Evidence::Docs)
            .retries(Retries::After(vec![seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)]))
    }

    pub(super) fn replicate() -> SchemeBuilder {
        standardwebhooks()
            .source("replicate 1.4.0, validateWebhook; replicate.com/docs/topics/webhooks/verify-webhook")
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
    }

    pub(super) fn resend() -> SchemeBuilder {
        svix()
            .source("resend 6.38.0, webhooks.verify")
            .retries(Retries::After(vec![seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)]))
    }

    pub(super) fn retell() -> SchemeBuilder {
        Scheme::builder("retell")
            .title("Retell")
            .source("@trigger.dev/core 4.8.3, webhook providers")
            .note("The body is signed first, followed by the timestamp.")
            .note("The provider reads the response to `call_inbound` and `chat_inbound`: it can select the agent and its variables.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::EventType, SchemeField::Interactive])
            .signature_header("x-retell-signature")
            .signature_pairs(',', '=', "d")
            .signed_payload("{body}{ts}")
            .timestamp_field("v", TimestampUnit::Milliseconds)
            .tolerance(minutes(5))
            .identity_basis("`call_inbound` contains no call id: a second call from the same number has the same body (Retell, inbound call webhook)")
            .event_type("body:/event")
            .retries(Retries::After(vec![seconds(10), seconds(10), seconds(10)]))
            .interactive(Interactive::Yes)
    }

    pub(super) fn sendgrid() -> SchemeBuilder {
        Scheme::builder("sendgrid")
            .title("SendGrid")
            .source("sendgrid-nodejs, eventwebhook.spec.js; sendgrid 6.12.5 (PyPI), test_eventwebhook.py")
            .note("It needs the feature `asymmetric`.")
            .note("The provider defines no tolerance, and its SDKs check none. It is not known whether a retry keeps its timestamp, so timestamps are accepted for 25 h, longer than the retry window, and events are remembered longer than that.")
            .note("A body can end with CR LF, which is signed.")
            .note("A delivery contains several events, each with its own `sg_event_id` and `event`.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance, SchemeField::EventId])
            .algorithm(Algorithm::EcdsaP256)
            .secret_format(SecretFormat::Base64)
            .signature_header("X-Twilio-Email-Event-Webhook-Signature")
            .encoding(Encoding::Base64)
            .signed_payload("{ts}{body}")
            .timestamp_header("X-Twilio-Email-Event-Webhook-Timestamp", TimestampUnit::Seconds)
            .tolerances(Tolerance::new(hours(25), minutes(5)))
            .event_id("body:/*/sg_event_id")
            .fallback_identity(Identity::Content)
            .identity_basis("`sg_event_id` of every event (SendGrid, event webhook)")
            .retries(Retries::Within(days(1)))
    }

    pub(super) fn sentry() -> SchemeBuilder {
        Scheme::builder("sentry")
            .title("Sentry")
            .source("getsentry/integration-platform-example, verifySentrySignature.ts")
            .note("The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.")
            .note("`Sentry-Hook-Timestamp` is not signed, so it cannot prevent replays.")
            .note("`Sentry-Hook-Resource` is not signed: do not interpret the body by this header alone. The action is `/action` in the body, which is signed.")
            .note("`Request-ID` is not signed.")
            .note("It retries after a timeout, 503 or 504, and after no other response (getsentry/sentry, sentry_apps/tasks).")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline])
            .signature_header("Sentry-Hook-Signature")
            .signed_payload("{body}")
            .identity_basis("a body is action, installation, data and actor: assigned, unassigned and assigned again can be equal (getsentry/sentry, app_platform_event.py)")
            .event_type("header:Sentry-Hook-Resource")
            .ack_deadline(seconds(1))
            .retries(Retries::After(vec![minutes(5), minutes(5), minutes(5)]))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn shopify() -> SchemeBuilder {
        Scheme::builder("shopify")
            .title("Shopify")
            .source("@shopify/shopify-api 13.1.0")
            .note("`X-Shopify-Event-Id` and `X-Shopify-Webhook-Id` are not signed. `/id` in the body is the id of an order or a product, not of an event.")
            .note("`X-Shopify-Topic` is not signed: do not interpret the body by this header alone.")
            .note("`X-Shopify-Triggered-At` is not signed, so it cannot prevent replays.")
            .note("Carrier services and Flow read the response: handle redeliveries of theirs, which is the default.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Interactive])
            .signature_header("X-Shopify-Hmac-Sha256")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .identity_basis("the topic is an unsigned header: two topics of one resource can have the same body, and a deletion is `{\"id\":N}` (@shopify/shopify-api 13.1.0)")
            .event_type("header:X-Shopify-Topic")
            .retries(Retries::Within(hours(4)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn shopify_events() -> SchemeBuilder {
        Scheme::builder("shopify-events")
            .title("Shopify (events)")
            .source("@shopify/shopify-api 13.1.0")
            .note("`Shopify-Event-Id` and `Shopify-Webhook-Id` are not signed. `/id` in the body is the id of an order or a product, not of an event.")
            .note("`Shopify-Topic` is not signed: do not interpret the body by this header alone.")
            .note("`Shopify-Triggered-At` is not signed, so it cannot prevent replays.")
            .note("Carrier services and Flow read the response: handle redeliveries of theirs, which is the default.")
            .note("Only the names of the headers differ from the scheme `shopify`.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Interactive])
            .signature_header("Shopify-Hmac-Sha256")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .identity_basis("the topic is an unsigned header: two topics of one resource can have the same body, and a deletion is `{\"id\":N}` (@shopify/shopify-api 13.1.0)")
            .event_type("header:Shopify-Topic")
            .retries(Retries::Within(hours(4)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn slack() -> SchemeBuilder {
        Scheme::builder("slack")
            .title("Slack")
            .source("@slack/bolt 5.1.0 and slack_sdk; Slack, Verifying requests from Slack")
            .note("Slash commands and interactivity are form-encoded: they have no event id. The provider reads their response: it is shown to the user.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("X-Slack-Signature")
            .signature_prefix("v0=")
            .signed_payload("v0:{ts}:{body}")
            .timestamp_header("X-Slack-Request-Timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("body:/event_id")
            .fallback_identity(Identity::Content)
            .identity_basis("`/event_id` of an event; commands and interactions have a `trigger_id` (Slack, Events API and interactivity)")
            .event_type("body:/event/type")
            .event_type("body:/type")
            .ack_deadline(seconds(3))
            .retries(Retries::After(vec![seconds(0), minutes(1), minutes(5)]))
            .interactive(Interactive::WithoutId)
            .handshake(
                Handshake::signed("url-verification")
                    .when("body:/type", "url_verification")
                    .text("body:/challenge"),
            )
    }

    pub(super) fn square() -> SchemeBuilder {
        Scheme::builder("square")
            .title("Square")
            .source("square 46.0.0 (npm), WebhooksHelper.verifySignature")
            .note("The URL is signed, as entered at the provider: configure exactly the same URL for the verifier.")
            .note("The secret is used as text, even if it looks like hexadecimal.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline])
            .signature_header("x-square-hmacsha256-signature")
            .encoding(Encoding::Base64)
            .signed_payload("{url}{body}")
            .event_id("body:/event_id")
            .identity_basis("`/event_id`: \"A unique ID for the event\" (square 46.0.0, types)")
            .event_type("body:/type")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(1)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn standardwebhooks() -> SchemeBuilder {
        Scheme::builder("standardwebhooks")
            .title("Standard Webhooks")
            .source("Standard Webhooks specification; standardwebhooks 1.1.1")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is base64 after an optional `whsec_`.")
            .note("Some providers display `v1,whsec_…`, or several secrets joined by `|` (Supabase): both are accepted.")
            .note("Many products sign this way but use their secrets as text, including the prefix (Composio, ImageKit, Whop): if a secret never verifies, it can be one of those.")
            .evidence(Evidence::SdkRun)
            .secret_format(SecretFormat::Whsec)
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(15))
            .retries(Retries::Within(minutes(4536)))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn standardwebhooks_v1a() -> SchemeBuilder {
        Scheme::builder("standardwebhooks-v1a")
            .title("Standard Webhooks (v1a, a public key)")
            .source("Standard Webhooks specification; svix-server, tests of asymmetric keys")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is the provider's public key: base64 after an optional `whpk_`. It needs the feature `asymmetric`.")
            .note("The reference libraries do not implement it, and the signature in the specification's example belongs to another message.")
            .evidence(Evidence::Docs)
            .algorithm(Algorithm::Ed25519)
            .secret_format(SecretFormat::Whpk)
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1a")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(15))
            .retries(Retries::Within(minutes(4536)))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn stripe() -> SchemeBuilder {
        Scheme::builder("stripe")
            .title("Stripe")
            .source("stripe-node 23.1.0, webhooks.generateTestHeaderString")
            .note("The secret is used as text: `whsec_` is part of the key.")
            .note("The provider's SDK checks the age only; here a timestamp more than 5 min in the future is rejected, too.")
            .note("`v0` is a test scheme and is ignored.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .signature_header("Stripe-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("body:/id")
            .identity_basis("`/id` (stripe-node 23.1.0)")
            .event_type("body:/type")
            .ack_deadline(seconds(10))
            .retries(Retries::Within(days(3)))
    }

    pub(super) fn supabase() -> SchemeBuilder {
        Scheme::builder("supabase")
            .title("Supabase (database webhooks)")
            .source("third-party code or documentation")
            .note("There are no retries: the database sends the request once (`pg_net`).")
            .note("The body contains a row and its change, but no event id: two equal changes have the same body. So each delivery is handled.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .algorithm(Algorithm::Token)
            .signature_header("Authorization")
            .signature_prefix("Bearer ")
            .identity_basis("a row that changes back and forth has equal bodies")
            .retries(Retries::Never)
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn svix() -> SchemeBuilder {
        Scheme::builder("svix")
            .title("Svix")
            .source("svix 1.99.1")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret is base64 after an optional `whsec_`.")
            .note("Sent as `svix-*` or as `webhook-*`. If a request has signatures in both, the first set is used.")
            .evidence(Evidence::SdkRun)
            .secret_format(SecretFormat::Whsec)
            .signature_header("svix-signature")
            .alternate_header_prefix("svix-", "webhook-")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("svix-id")
            .id_excluded_char('.')
            .timestamp_header("svix-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:svix-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(15))
            .retries(Retries::Within(minutes(4536)))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn telegram() -> SchemeBuilder {
        Scheme::builder("telegram")
            .title("Telegram")
            .source("Telegram, Bot API, setWebhook")
            .note("The response can be a call of the Bot API. If yours never is, suppress duplicates: `Repeats::Suppress`.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .algorithm(Algorithm::Token)
            .signature_header("X-Telegram-Bot-Api-Secret-Token")
            .event_id("body:/update_id")
            .fallback_identity(Identity::Content)
            .identity_basis("`/update_id`; nothing is signed (Telegram, Bot API, Update)")
            .ack_deadline(minutes(1))
            .retries(Retries::Within(days(1)))
            .interactive(Interactive::Yes)
            .note("Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.")
    }

    pub(super) fn trello() -> SchemeBuilder {
        Scheme::builder("trello")
            .title("Trello")
            .source("third-party copies of Atlassian's sample, verifyTrelloWebhookRequest")
            .note("The body is signed first, followed by the callback URL as given when the webhook was created: configure exactly the same URL for the verifier.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .algorithm(Algorithm::HmacSha1)
            .signature_header("x-trello-webhook")
            .encoding(Encoding::Base64)
            .signed_payload("{body}{url}")
            .event_id("body:/action/id")
            .identity_basis("`/action/id` (Trello, webhooks)")
            .event_type("body:/action/type")
            .retries(Retries::After(vec![seconds(30), minutes(1), minutes(2)]))
            .handshake(
                Handshake::unsigned("head")
                    .method("HEAD"),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn twilio() -> SchemeBuilder {
        Scheme::builder("twilio")
            .title("Twilio")
            .source("twilio 6.2.0 (npm), validateRequest(); twilio 9.13.0 (PyPI)")
            .note("The URL is accepted with and without its port. For JSON, Twilio appends `bodySHA256` to the URL, and for GET, the fields: both are read from the request line, and appended to the configured URL.")
            .note("If only the origin is configured, the sender chooses the path. Then a form must start with the field `AccountSid`, and path and query must not contain that text except as `AccountSid=`, because it marks the end of the URL.")
            .note("The decoded fields are signed in sequence without a delimiter: `a=bc` and `ab=c` have the same signature. Ignore unexpected fields.")
            .note("A form with more than 512 fields is rejected, because it is parsed before it is verified.")
            .note("`I-Twilio-Idempotency-Token` is not signed.")
            .note("The response is TwiML, which Twilio executes. It retries only after a connection failure, unless the URL's fragment or the webhook configuration requests more (`rc`, `rp`).")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
            .algorithm(Algorithm::HmacSha1)
            .signature_header("X-Twilio-Signature")
            .encoding(Encoding::Base64)
            .signed_payload("{url}, then the form's fields sorted by name; for JSON only {url}, which contains the body's SHA-256")
            .identity_basis("equal forms can be steps of one call, or of two (Twilio, requests to your application): no signed field identifies the event")
            .body_limit(262144)
            .ack_deadline(seconds(15))
            .retries(Retries::Never)
            .interactive(Interactive::Yes)
            .rule(code::twilio::signing())
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn twilio_sharedkey() -> SchemeBuilder {
        Scheme::builder("twilio-sharedkey")
            .title("Twilio SharedKey")
            .source("twilio 9.13.0 (PyPI), RequestValidator")
            .note("The URL is accepted with and without its port. For JSON, Twilio appends `bodySHA256` to the URL, and for GET, the fields: both are read from the request line, and appended to the configured URL.")
            .note("If only the origin is configured, the sender chooses the path. Then a form must start with the field `AccountSid`, and path and query must not contain that text except as `AccountSid=`, because it marks the end of the URL.")
            .note("The decoded fields are signed in sequence without a delimiter: `a=bc` and `ab=c` have the same signature. Ignore unexpected fields.")
            .note("A form with more than 512 fields is rejected, because it is parsed before it is verified.")
            .note("`I-Twilio-Idempotency-Token` is not signed.")
            .note("The response is TwiML, which Twilio executes. It retries only after a connection failure, unless the URL's fragment or the webhook configuration requests more (`rc`, `rp`).")
            .note("`X-Twilio-Webhooks-Signature-Settings` names the algorithm: only `HMAC_SHA256` is accepted.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType])
            .signature_header("X-Twilio-Signature")
            .encoding(Encoding::Base64)
            .signed_payload("{url}, then the form's fields sorted by name; for JSON only {url}, which contains the body's SHA-256")
            .identity_basis("equal forms can be steps of one call, or of two (Twilio, requests to your application): no signed field identifies the event")
            .body_limit(262144)
            .ack_deadline(seconds(15))
            .retries(Retries::Never)
            .interactive(Interactive::Yes)
            .rule(code::twilio::shared_key())
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn twitch() -> SchemeBuilder {
        Scheme::builder("twitch")
            .title("Twitch EventSub")
            .source("twurple and tesjs; Twitch, Handling webhook events")
            .note("The timestamp has nine fractional digits, and is signed as it was sent.")
            .note("`Twitch-Eventsub-Message-Type` and `Twitch-Eventsub-Subscription-Type` are not signed: a callback verification is detected by its signed body.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("Twitch-Eventsub-Message-Signature")
            .signature_prefix("sha256=")
            .signed_payload("{id}{ts}{body}")
            .id_header("Twitch-Eventsub-Message-Id")
            .timestamp_header("Twitch-Eventsub-Message-Timestamp", TimestampUnit::Rfc3339)
            .tolerance(minutes(10))
            .event_id("header:Twitch-Eventsub-Message-Id")
            .identity_basis("the message's id, which is signed and the same in all attempts (Twitch, EventSub)")
            .event_type("body:/subscription/type")
            .handshake(
                Handshake::signed("callback-verification")
                    .when("body:/subscription/status", "webhook_callback_verification_pending")
                    .text("body:/challenge"),
            )
    }

    pub(super) fn twitter() -> SchemeBuilder {
        x_twitter()
    }

    pub(super) fn typeform() -> SchemeBuilder {
        Scheme::builder("typeform")
            .title("Typeform")
            .source("hookdeck and trigger.dev, which agree")
            .note("The value after `sha256=` is base64, not hexadecimal.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("Typeform-Signature")
            .signature_prefix("sha256=")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .event_id("body:/event_id")
            .identity_basis("`/event_id` (Typeform, webhooks)")
            .event_type("body:/event_type")
            .ack_deadline(seconds(30))
            .retries(Retries::Within(hours(10)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn venum() -> SchemeBuilder {
        Scheme::builder("venum")
            .title("Venum")
            .source("Venum, Webhooks reference")
            .note("The provider recommends the transaction signature as idempotency key. Several events share it, so it is combined with the type.")
            .note("The secret is used as text, `whsec_` included.")
            .evidence(Evidence::Docs)
            .signature_header("X-Venum-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Milliseconds)
            .tolerance(minutes(5))
            .event_id("body:/signature+/type")
            .identity_basis("`/signature` and `/type`: \"The same (signature, type) pair will not be delivered more than once\" (Venum, webhooks)")
            .event_type("body:/type")
            .retries(Retries::After(vec![Duration::from_millis(500), seconds(1), seconds(2)]))
    }

    pub(super) fn vercel() -> SchemeBuilder {
        Scheme::builder("vercel")
            .title("Vercel")
            .source("hookdeck/webhook-skills and trigger.dev")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId])
            .algorithm(Algorithm::HmacSha1)
            .signature_header("x-vercel-signature")
            .signed_payload("{body}")
            .event_id("body:/id")
            .identity_basis("`/id` (hookdeck/webhook-skills, Vercel)")
            .event_type("body:/type")
            .ack_deadline(seconds(30))
            .retries(Retries::Within(days(1)))
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn webflow() -> SchemeBuilder {
        Scheme::builder("webflow")
            .title("Webflow")
            .source("webflow-api 3.3.4, webhooks.verifySignature")
            .note("The timestamp is in milliseconds.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance, SchemeField::EventType])
            .signature_header("x-webflow-signature")
            .signed_payload("{ts}:{body}")
            .timestamp_header("x-webflow-timestamp", TimestampUnit::Milliseconds)
            .tolerance(minutes(5))
            .identity_basis("times are optional, and an item that is unpublished twice can have the same body (webflow-api 3.3.4, types)")
            .event_type("body:/triggerType")
            .retries(Retries::After(vec![minutes(10), minutes(10)]))
    }

    pub(super) fn whatsapp() -> SchemeBuilder {
        meta()
            .source("hookdeck/webhook-skills, Facebook: one mechanism for Pages, Instagram, Messenger and WhatsApp")
            .note("The endpoint of a WhatsApp Flow does not use this scheme: it is encrypted, and its response is read.")
    }

    pub(super) fn whop() -> SchemeBuilder {
        Scheme::builder("whop")
            .title("Whop")
            .source("whop-sdk 2.6.0 (PyPI), whop_sdk.lib.verify_webhook")
            .source("docs.whop.com, developer/guides/webhooks")
            .note("The timestamp is that of the attempt; the id is the same in all attempts.")
            .note("The secret (`ws_…`) is used as text, unlike in Standard Webhooks: that is why the provider's own examples encode it in base64 before passing it to a library.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
            .signature_header("webhook-signature")
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header("webhook-id")
            .id_excluded_char('.')
            .timestamp_header("webhook-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .event_id("header:webhook-id")
            .identity_basis("the id in the header, which is signed and the same in all attempts (Standard Webhooks)")
            .event_type("body:/type")
            .ack_deadline(seconds(15))
            .retry_signature(RetrySignature::New)
    }

    pub(super) fn woocommerce() -> SchemeBuilder {
        Scheme::builder("woocommerce")
            .title("WooCommerce")
            .source("woocommerce, class-wc-webhook.php, generate_signature")
            .note("HTML entities in the secret are decoded to their characters (`&amp;` to `&`), because the shop stores it in that form.")
            .note("The ping of a new webhook is `webhook_id=N`, form-encoded and not signed, so it is rejected.")
            .note("There are no retries, and after more than five failures in a row the shop disables the webhook. Redirects are not followed.")
            .note("`X-WC-Webhook-Delivery-ID` and `X-WC-Webhook-Topic` are not signed.")
            .note("A shop can be configured to use another algorithm than SHA-256: its deliveries are rejected.")
            .evidence(Evidence::SdkSource)
            .secret_format(SecretFormat::HtmlEntities)
            .signature_header("X-WC-Webhook-Signature")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .identity_basis("the topic is an unsigned header, and a custom action sends only `action` and `arg` (woocommerce, WC_Webhook::build_payload)")
            .event_type("header:X-WC-Webhook-Topic")
            .ack_deadline(minutes(1))
            .retries(Retries::Never)
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn workos() -> SchemeBuilder {
        Scheme::builder("workos")
            .title("WorkOS")
            .source("@workos-inc/node 8.13.0; workos-python")
            .note("The provider's node SDK hashes the body after it was parsed and written out again: the raw bytes are what is signed.")
            .evidence(Evidence::SdkRun)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventId, SchemeField::EventType])
            .signature_header("WorkOS-Signature")
            .signature_pairs_with_spaces(',', '=', "v1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Milliseconds)
            .tolerance(minutes(3))
            .event_id("body:/id")
            .identity_basis("`/id` (@workos-inc/node 8.13.0, EventBase)")
            .event_type("body:/event")
    }

    pub(super) fn x() -> SchemeBuilder {
        x_twitter()
    }

    pub(super) fn x_twitter() -> SchemeBuilder {
        Scheme::builder("x-twitter")
            .title("X (Twitter)")
            .source("docs.x.com, webhooks quickstart and introduction")
            .note("The value after `sha256=` is base64, not hexadecimal.")
            .note("The CRC is sent when the webhook is registered. After that, the provider's pages contradict each other: every hour, or every 30 minutes if it was not answered for 24 hours.")
            .note("The kind of an event is the name of a member of the body, and the location of its id depends on the kind.")
            .note("The webhook's URL must not contain a port.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Identity])
            .signature_header("x-twitter-webhooks-signature")
            .signature_prefix("sha256=")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("each kind of event contains its own id or time (docs.x.com, account activity)")
            .ack_deadline(seconds(10))
            .handshake(
                Handshake::unsigned("crc")
                    .method("GET")
                    .json_hmac("response_token", "query:crc_token", Encoding::Base64, "sha256="),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn x_webhook_signature() -> SchemeBuilder {
        Scheme::builder("x-webhook-signature")
            .title("Generic X-Webhook-Signature")
            .source("Working with Webhooks, generic guide")
            .note("After five failed attempts the service disables the webhook.")
            .note("The secret is used as text.")
            .evidence(Evidence::Docs)
            .signature_header("X-Webhook-Signature")
            .signed_payload("{body}")
            .timestamp_body("/created_at", TimestampUnit::Rfc3339)
            .tolerances(Tolerance::new(days(1), minutes(5)))
            .event_id("body:/id")
            .identity_basis("`/id` (provider's document)")
            .event_type("body:/type")
            .retries(Retries::After(vec![minutes(1), minutes(5), minutes(30), hours(2)]))
    }

    pub(super) fn xero() -> SchemeBuilder {
        Scheme::builder("xero")
            .title("Xero")
            .source("webhook-verify, its specification, which quotes Xero")
            .note("The provider checks an endpoint with correct and wrong signatures, and expects 200 and 401.")
            .note("A delivery can contain several events: each has its own resource, type and time.")
            .evidence(Evidence::Secondary)
            .unconfirmed([SchemeField::AckDeadline])
            .signature_header("x-xero-signature")
            .encoding(Encoding::Base64)
            .signed_payload("{body}")
            .fallback_identity(Identity::Content)
            .identity_basis("`entropy` and the numbers of the events in it; a retry is identical (Xero, configuring your server)")
            .retries(Retries::Within(days(1)))
            .handshake(
                Handshake::signed("intent-to-receive")
                    .when("body:/firstEventSequence", "0")
                    .when("body:/lastEventSequence", "0")
                    .present("body:/events")
                    .absent("body:/events/0"),
            )
            .note("No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.")
    }

    pub(super) fn zendesk() -> SchemeBuilder {
        Scheme::builder("zendesk")
            .title("Zendesk")
            .source("developer.zendesk.com, documentation/webhooks/verifying")
            .note("The secret looks like base64 but is used as text.")
            .note("The provider defines no tolerance: 300 s is our choice.")
            .note("`X-Zendesk-Webhook-Invocation-Id` is not signed.")
            .note("`/id` alone can be a ticket's, in a body that the admin defined: it is used only together with `/zendesk_event_version` and `/type`.")
            .evidence(Evidence::Docs)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::Tolerance])
            .signature_header("X-Zendesk-Webhook-Signature")
            .encoding(Encoding::Base64)
            .signed_payload("{ts}{body}")
            .timestamp_header("X-Zendesk-Webhook-Signature-Timestamp", TimestampUnit::Rfc3339)
            .tolerance(minutes(5))
            .event_id("body:/zendesk_event_version+/type+/id")
            .identity_basis("id of event webhooks (Zendesk, event schemas); the bodies of triggers and automations are defined by the admin, and can be equal")
            .event_type("body:/type")
            .ack_deadline(seconds(12))
    }

    pub(super) fn zoom() -> SchemeBuilder {
        Scheme::builder("zoom")
            .title("Zoom")
            .source("zoom/webhook-sample")
            .note("The provider's sample hashes the body after parsing and serialising it: the signature covers the raw bytes.")
            .note("It is not known whether a retry is signed again with a new timestamp. If retries, up to 85 min later, are rejected as too old, increase the tolerance.")
            .note("The endpoint is validated again every 72 hours, and must respond within 3 s.")
            .evidence(Evidence::SdkSource)
            .unconfirmed([SchemeField::AckDeadline, SchemeField::Tolerance])
            .signature_header("x-zm-signature")
            .signature_prefix("v0=")
            .signed_payload("v0:{ts}:{body}")
            .timestamp_header("x-zm-request-timestamp", TimestampUnit::Seconds)
            .tolerance(minutes(5))
            .fallback_identity(Identity::Content)
            .identity_basis("`/event_ts`, in milliseconds (Zoom, webhook reference)")
            .event_type("body:/event")
            .ack_deadline(seconds(3))
            .retries(Retries::After(vec![minutes(5), minutes(20), hours(1)]))
            .handshake(
                Handshake::signed("url-validation")
                    .when("body:/event", "endpoint.url_validation")
                    .json_hmac("encryptedToken", "body:/payload/plainToken", Encoding::Hex, "")
                    .json_echo("plainToken", "body:/payload/plainToken"),
            )
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const fn minutes(minutes: u64) -> Duration {
        seconds(60 * minutes)
    }

    const fn hours(hours: u64) -> Duration {
        minutes(60 * hours)
    }

    const fn days(days: u64) -> Duration {
        hours(24 * days)
    }
}
