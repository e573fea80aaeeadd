"""Which call of which official PyPI package verifies, or signs, a delivery of a scheme.

`verify` raises or returns `False` for a delivery that the SDK rejects. `sign`, if the SDK has it, returns
the headers. `d` is the delivery, as in `sdks.mjs`."""

import base64
import json
import time
from urllib.parse import parse_qsl

WHSEC = "whsec_" + base64.b64encode(b"a key of the interop run, 32 b.").decode()
HEX = "a5" * 32


def stripe_verify(d):
    import stripe
    return stripe.Webhook.construct_event(d.body, d.header("stripe-signature"), d.secret)


def svix_verify(d):
    from svix.webhooks import Webhook
    return Webhook(d.secret).verify(d.text, d.headers)


def svix_sign(d):
    from datetime import datetime, timezone
    from svix.webhooks import Webhook
    now = datetime.now(timezone.utc)
    signature = Webhook(d.secret).sign("msg_interop", now, d.text)
    return {"svix-id": "msg_interop", "svix-timestamp": str(int(now.timestamp())), "svix-signature": signature}


def standard_verify(d):
    from standardwebhooks.webhooks import Webhook
    return Webhook(d.secret).verify(d.text, d.headers)


def standard_sign(d):
    from datetime import datetime, timezone
    from standardwebhooks.webhooks import Webhook
    now = datetime.now(timezone.utc)
    signature = Webhook(d.secret).sign("msg_interop", now, d.text)
    return {"webhook-id": "msg_interop", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


def twilio_verify(d):
    from twilio.request_validator import RequestValidator
    return RequestValidator(d.secret).validate(d.url, dict(parse_qsl(d.text)), d.header("x-twilio-signature"))


def twilio_sign(d):
    from twilio.request_validator import RequestValidator
    return {"x-twilio-signature": RequestValidator(d.secret).compute_signature(d.url, dict(parse_qsl(d.text)))}


def slack_verify(d):
    from slack_sdk.signature import SignatureVerifier
    return SignatureVerifier(d.secret).is_valid(d.text, d.header("x-slack-request-timestamp"), d.header("x-slack-signature"))


def slack_sign(d):
    from slack_sdk.signature import SignatureVerifier
    now = str(int(time.time()))
    signature = SignatureVerifier(d.secret).generate_signature(timestamp=now, body=d.text)
    return {"x-slack-request-timestamp": now, "x-slack-signature": signature}


def line_verify(d):
    from linebot.v3.webhook import SignatureValidator
    return SignatureValidator(d.secret).validate(d.text, d.header("x-line-signature"))


def openai_verify(d):
    import openai
    return openai.OpenAI(api_key="k").webhooks.unwrap(d.text, d.headers, secret=d.secret)


def razorpay_verify(d):
    import razorpay
    return razorpay.Client(auth=("a", "b")).utility.verify_webhook_signature(d.text, d.header("x-razorpay-signature"), d.secret)


def paddle_verify(d):
    from paddle_billing.Notifications import Secret, Verifier

    class Request:
        body = d.body
        content = d.body
        data = d.body
        headers = {"Paddle-Signature": d.header("paddle-signature")}

    return Verifier().verify(Request(), Secret(d.secret))


def workos_verify(d):
    import workos
    client = workos.WorkOSClient(api_key="k", client_id="c")
    return client.webhooks.verify_header(event_body=d.body, event_signature=d.header("workos-signature"), secret=d.secret)


def polar_verify(d):
    from polar.webhooks import validate_event
    # The functions for each version of the API call it with their events.
    return validate_event(d.text, d.headers, d.secret, frozenset([json.loads(d.text)["type"]]), dict)


def square_verify(d):
    from square.utils.webhooks_helper import verify_signature
    return verify_signature(
        request_body=d.text, signature_header=d.header("x-square-hmacsha256-signature"),
        signature_key=d.secret, notification_url=d.url)


def gocardless_verify(d):
    from gocardless_pro import webhooks
    return webhooks.parse(d.text, d.secret, d.header("webhook-signature"))


def hubspot_verify(version):
    def verify(d):
        from hubspot.utils.signature import Signature
        name = "x-hubspot-signature-v3" if version == "v3" else "x-hubspot-signature"
        return Signature.is_valid(
            signature=d.header(name), client_secret=d.secret, request_body=d.text, http_method=d.method,
            http_uri=d.url, signature_version=version, timestamp=d.header("x-hubspot-request-timestamp"))
    return verify


def elevenlabs_verify(d):
    from elevenlabs.client import ElevenLabs
    return ElevenLabs(api_key="k").webhooks.construct_event(
        rawBody=d.text, sig_header=d.header("elevenlabs-signature"), secret=d.secret)


def imagekit_verify(d):
    from imagekitio import ImageKit
    return ImageKit(private_key="k").webhooks.unwrap(d.text, headers=d.headers, key=d.secret)


def coinbase_verify(d):
    from coinbase_commerce.webhook import Webhook
    return Webhook.construct_event(d.text, d.header("x-cc-webhook-signature"), d.secret)


def onfido_verify(d):
    from onfido.webhook_event_verifier import WebhookEventVerifier
    return WebhookEventVerifier(d.secret).read_payload(d.text, d.header("x-sha2-signature"))


def adyen_item(d):
    return json.loads(d.text)["notificationItems"][0]["NotificationRequestItem"]


def adyen_verify(d):
    from Adyen.util import is_valid_hmac_notification
    return is_valid_hmac_notification(json.loads(d.text), d.secret)


def adyen_sign(d):
    from Adyen.util import generate_notification_sig
    body = json.loads(d.text)
    item = body["notificationItems"][0]["NotificationRequestItem"]
    signature = generate_notification_sig(item, d.secret)
    item["additionalData"]["hmacSignature"] = signature.decode() if isinstance(signature, bytes) else signature
    return {"body": json.dumps(body)}


def adyen_platform_verify(d):
    from Adyen.util import is_valid_hmac_payload
    return is_valid_hmac_payload(d.header("hmacsignature"), d.secret, d.body)


def retell_verify(d):
    from retell import Retell
    return Retell(api_key=d.secret).verify(d.text, d.secret, d.header("x-retell-signature"))


def whop_verify(d):
    from whop_sdk.lib.verify_webhook import unwrap
    return unwrap(d.text, headers=d.headers, key=d.secret)


def dodo_verify(d):
    from dodopayments import DodoPayments
    return DodoPayments(bearer_token="k").webhooks.unwrap(d.text, headers=d.headers, key=d.secret)


def replicate_verify(d):
    from replicate.webhook import Webhooks, WebhookSigningSecret
    return Webhooks.validate(headers=d.headers, body=d.text, secret=WebhookSigningSecret(key=d.secret))


def resend_verify(d):
    import resend
    headers = {it: d.header(f"svix-{it}") for it in ["id", "timestamp", "signature"]}
    return resend.Webhooks.verify({"payload": d.text, "headers": headers, "webhook_secret": d.secret})


def box_verify(d):
    from box_sdk_gen.managers.webhooks import WebhooksManager
    return WebhooksManager.validate_message(d.text, d.headers, d.secret)


def cashfree_verify(d):
    from cashfree_pg.api_client import Cashfree
    client = Cashfree(XEnvironment=Cashfree.SANDBOX, XClientId="id", XClientSecret=d.secret)
    return client.PGVerifyWebhookSignature(d.header("x-webhook-signature"), d.text, d.header("x-webhook-timestamp"))


def composio_verify(d):
    from composio import Composio
    return Composio(api_key="k").triggers.verify_webhook(
        id=d.header("webhook-id"), payload=d.text, secret=d.secret,
        signature=d.header("webhook-signature"), timestamp=d.header("webhook-timestamp"))


def replaced(old, new):
    return lambda d: {"text": d.text.replace(old, new)}


URL = "https://example.com/hook"

SDKS = [
    {"scheme": "stripe", "package": "stripe", "verify": stripe_verify},
    {"scheme": "svix", "package": "svix", "secret": WHSEC, "verify": svix_verify, "sign": svix_sign},
    {"scheme": "standardwebhooks", "package": "standardwebhooks", "secret": WHSEC, "verify": standard_verify, "sign": standard_sign},
    {"scheme": "twilio", "package": "twilio", "url": URL, "verify": twilio_verify, "sign": twilio_sign,
     "tamper": replaced("AccountSid=AC", "AccountSid=AD")},
    {"scheme": "slack", "package": "slack_sdk", "verify": slack_verify, "sign": slack_sign},
    {"scheme": "line", "package": "line-bot-sdk", "verify": line_verify},
    {"scheme": "openai", "package": "openai", "secret": WHSEC, "verify": openai_verify},
    {"scheme": "razorpay", "package": "razorpay", "verify": razorpay_verify},
    {"scheme": "paddle", "package": "paddle-python-sdk", "verify": paddle_verify},
    {"scheme": "workos", "package": "workos", "verify": workos_verify},
    {"scheme": "polar", "package": "polar-sdk", "verify": polar_verify},
    {"scheme": "square", "package": "squareup", "url": URL, "verify": square_verify},
    {"scheme": "gocardless", "package": "gocardless_pro", "verify": gocardless_verify},
    {"scheme": "hubspot-v1", "package": "hubspot-api-client", "verify": hubspot_verify("v1")},
    {"scheme": "hubspot-v2", "package": "hubspot-api-client", "url": URL, "verify": hubspot_verify("v2")},
    {"scheme": "hubspot", "package": "hubspot-api-client", "url": URL, "verify": hubspot_verify("v3")},
    {"scheme": "elevenlabs", "package": "elevenlabs", "verify": elevenlabs_verify},
    {"scheme": "imagekit", "package": "imagekitio", "secret": WHSEC, "verify": imagekit_verify},
    {"scheme": "coinbase-commerce", "package": "coinbase-commerce", "verify": coinbase_verify},
    {"scheme": "onfido", "package": "onfido-python", "verify": onfido_verify},
    {"scheme": "adyen", "package": "Adyen", "secret": HEX, "verify": adyen_verify, "sign": adyen_sign,
     "tamper": replaced("1130", "1131")},
    {"scheme": "adyen-platform", "package": "Adyen", "secret": HEX, "verify": adyen_platform_verify},
    {"scheme": "retell", "package": "retell-sdk", "verify": retell_verify},
    {"scheme": "whop", "package": "whop-sdk", "verify": whop_verify},
    {"scheme": "dodo", "package": "dodopayments", "secret": WHSEC, "verify": dodo_verify},
    {"scheme": "replicate", "package": "replicate", "secret": WHSEC, "verify": replicate_verify},
    {"scheme": "resend", "package": "resend", "secret": WHSEC, "verify": resend_verify},
    {"scheme": "box", "package": "boxsdk", "verify": box_verify},
    {"scheme": "cashfree", "package": "cashfree_pg", "verify": cashfree_verify},
    {"scheme": "composio", "package": "composio", "verify": composio_verify},
]
