# "Working with Webhooks", "Verifying Webhook Signatures". Lines marked `added` are not from the page.
import os  # added

import hmac
import hashlib

WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]  # added


def verify_webhook_signature(payload, signature, secret):
    """Verify the webhook signature"""
    expected_signature = hmac.new(
        secret.encode('utf-8'),
        payload.encode('utf-8'),
        hashlib.sha256
    ).hexdigest()

    return hmac.compare_digest(signature, expected_signature)


# In your webhook handler
from flask import Flask, request, jsonify

app = Flask(__name__)


def handle_resource_created(resource):  # added: the page leaves it to its reader
    pass  # added


@app.route('/webhooks', methods=['POST'])
def handle_webhook():
    payload = request.get_data(as_text=True)
    signature = request.headers.get('X-Webhook-Signature')

    if not verify_webhook_signature(payload, signature, WEBHOOK_SECRET):
        return jsonify({'error': 'Invalid signature'}), 401

    event = request.json

    # Handle the event
    if event['type'] == 'resource.created':
        handle_resource_created(event['data']['object'])
        print("HANDLED", event["id"], flush=True)  # added: to be counted
    elif event['type'] == 'resource.updated':
        handle_resource_updated(event['data']['object'])

    return jsonify({'status': 'received'}), 200


app.run(host="127.0.0.1", port=int(os.environ["PORT"]))  # added
