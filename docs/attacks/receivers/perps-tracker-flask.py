# PerpsTracker, webhook guide, "Python Verification". Lines marked `added` are not from the page.
import os  # added

from flask import Flask, request  # added

import hmac
import hashlib

app = Flask(__name__)  # added
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]  # added


def verify_webhook_signature(payload: str, signature: str, secret: str) -> bool:
    expected = hmac.new(
        secret.encode(),
        payload.encode(),
        hashlib.sha256
    ).hexdigest()

    return hmac.compare_digest(signature, expected)


# Flask example
@app.route('/webhook', methods=['POST'])
def handle_webhook():
    signature = request.headers.get('X-Webhook-Signature')
    payload = request.get_data(as_text=True)

    if not verify_webhook_signature(payload, signature, WEBHOOK_SECRET):
        return 'Invalid signature', 401

    data = request.get_json()
    print(f"Verified webhook: {data}")
    print("HANDLED", data["id"], flush=True)  # added: to be counted

    return 'OK', 200


app.run(host="127.0.0.1", port=int(os.environ["PORT"]))  # added
