//! Amazon SNS.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::{days, describe, minutes, seconds};
use crate::error::{ConfigError, SecretProblem, VerifyError, VerifyErrorKind};
use crate::json::{self, Value};
use crate::mac::KeyError;
use crate::rule::certificate::host_and_path;
use crate::rule::{
    Covers, KeyResolver, Pending, PreparedRule, RuleRequest, SignedBy, SignedRequest, SigningRule,
    ToSign,
};
use crate::scheme::{
    Algorithm, Cell, Encoding, Evidence, Retries, RetrySignature, Scheme, SchemeBuilder,
    SecretFormat, TimestampUnit, Tolerance,
};
use crate::secret::{Secret, Secrets};
use crate::signature_key::{PrivateKey, PublicKey, Way};
use crate::timestamp;

pub(super) fn scheme() -> SchemeBuilder {
    describe("aws-sns", "Amazon SNS", "sns-validator 0.3.5")
        .algorithm(Algorithm::RsaSha256)
        .encoding(Encoding::Base64)
        .signed("names and values of the fields, a line each: Message, MessageId, Subject, SubscribeURL, Timestamp, Token, TopicArn, Type")
        .timestamp_body("/Timestamp", TimestampUnit::Rfc3339)
        // It is the time of publication, and stays the same over all attempts.
        .tolerances(Tolerance::new(days(1), minutes(5)))
        .rule(Sns)
        .event_id("body:/MessageId")
        .identity_basis("`/MessageId`, which is signed; a retry keeps it, and the time of publication (sns-validator 0.3.5)")
        .retry_signature(RetrySignature::Same)
        .event_type("body:/Type")
        .ack_deadline(seconds(15))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance])
        .evidence(Evidence::SdkSource)
        .note("The secret is the certificate of `SigningCertURL`, or its public key, in PEM; or it is looked up, by that URL. Nothing but `https://sns.<region>.amazonaws.com/<name>.pem` is accepted there.")
        .note("Every account can have SNS sign messages of topics of its own: put the ARNs of yours in front of the PEM, a line each, and other topics are refused.")
        .note("`SubscribeURL` is signed in confirmations only. To confirm a subscription, call it with a client that is held to SNS's hosts.")
        .note("`MessageAttributes`, `UnsubscribeURL` and the headers are not signed.")
        .note("Version 1 signs with SHA-1, version 2 with SHA-256: set the topic's `SignatureVersion` to 2.")
}

/// Signs fields of the body, in the order of their names.
struct Sns;

impl SigningRule for Sns {
    /// Those that every type of message signs.
    fn covers(&self) -> Covers {
        let fields = ["/Message", "/MessageId", "/Timestamp", "/TopicArn", "/Type"];
        Covers::Fields(fields.map(str::to_owned).into())
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        PublicKey::required().map_err(|error| error.of(scheme, 0))?;
        let mut prepared = Prepared {
            keys: Vec::new(),
            topics: Vec::new(),
            resolver: secrets.resolver().cloned(),
        };
        for (index, secret) in secrets.iter().enumerate() {
            let read = prepared.read(secret);
            read.map_err(|error| error.of(scheme, index))?;
        }
        let prepared = Arc::new(prepared);
        Ok(Box::new(move |_: &RuleRequest<'_>| {
            let prepared = Arc::clone(&prepared);
            Ok(Pending::new(move |body| prepared.judge(body)))
        }))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let secret = request.secrets().iter().next();
        let secret = secret.ok_or_else(|| request.problem("give a private key"))?;
        let key = PrivateKey::new(&secret.text(SecretFormat::Text));
        let key = key.map_err(|error| error.of(request.scheme(), 0))?;
        let body = serde_json::from_slice(request.body());
        let Ok(Json::Object(mut body)) = body else {
            return Err(request.problem("the body must be a JSON object, to hold the signature"));
        };
        let time = request.timestamp()?;
        let id = request.id().map_or_else(|| request.random_id(), |id| Ok(id.to_owned()))?;
        for (name, value) in [
            ("Type", "Notification"),
            ("MessageId", id.as_str()),
            ("TopicArn", "arn:aws:sns:us-east-1:000000000000:topic"),
            ("Message", ""),
            ("Timestamp", time.as_str()),
            ("SigningCertURL", "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem"),
        ] {
            body.entry(name).or_insert_with(|| value.into());
        }
        body.insert("SignatureVersion".to_owned(), "2".into());
        body.insert("Signature".to_owned(), "".into());
        let message = Message::read(Json::Object(body.clone()).to_string().as_bytes());
        let message = message.map_err(|error| request.problem(error.to_string()))?;
        let signature = key.sign(Way::RsaSha256, message.signed.as_bytes());
        let signature = signature.ok_or_else(|| request.problem("the key is not an RSA key"))?;
        body.insert("Signature".to_owned(), STANDARD.encode(signature).into());
        Ok(SignedRequest::with_body(Json::Object(body).to_string()))
    }
}

struct Prepared {
    /// One for each secret; none where it only names topics.
    keys: Vec<Option<PublicKey>>,
    /// All, where there are none.
    topics: Vec<String>,
    resolver: Option<Arc<dyn KeyResolver>>,
}

impl Prepared {
    fn read(&mut self, secret: &Secret) -> Result<(), KeyError> {
        let bytes = secret.key(SecretFormat::Text)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretProblem::NotAPublicKey)?;
        let (arns, pem) = text.split_at(text.find("-----BEGIN").unwrap_or(text.len()));
        for arn in arns.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !arn.starts_with("arn:") {
                let give = "a certificate in PEM, with nothing but ARNs of topics in front of it";
                return Err(SecretProblem::Malformed { give }.into());
            }
            self.topics.push(arn.to_owned());
        }
        let key = match (pem.is_empty(), &self.resolver) {
            (true, Some(_)) => None,
            _ => Some(PublicKey::from_pem(pem)?),
        };
        if key.as_ref().is_some_and(|key| !key.has(Way::RsaSha256)) {
            return Err(SecretProblem::NotAPublicKey.into());
        }
        self.keys.push(key);
        Ok(())
    }

    fn judge(&self, body: &[u8]) -> Result<SignedBy, VerifyError> {
        let message = Message::read(body)?;
        let unknown = |field| VerifyError::body_field(VerifyErrorKind::UnknownKey, field);
        if !is_of_sns(&message.certificate) {
            return Err(unknown("/SigningCertURL"));
        }
        if !self.topics.is_empty() && !self.topics.contains(&message.topic) {
            return Err(unknown("/TopicArn"));
        }
        let is_signed_by = |key: &PublicKey| {
            key.verifies(message.way, message.signed.as_bytes(), &message.signature)
        };
        let mut found = self.keys.iter().position(|key| key.as_ref().is_some_and(is_signed_by));
        if let (None, Some(resolver)) = (found, &self.resolver) {
            let text = resolver.key(&message.certificate);
            let text = text.ok_or_else(|| unknown("/SigningCertURL"))?;
            let key = PublicKey::from_pem(&text).map_err(|_| unknown("/SigningCertURL"))?;
            found = is_signed_by(&key).then_some(self.keys.len());
        }
        let signed_by = found.map(SignedBy::secret).ok_or(VerifyErrorKind::SignatureMismatch)?;
        let malformed =
            || VerifyError::body_field(VerifyErrorKind::MalformedTimestamp, "/Timestamp");
        let unix_ms = timestamp::parse(message.time.as_bytes(), TimestampUnit::Rfc3339);
        Ok(signed_by.at_unix_ms(unix_ms.ok_or_else(malformed)?).over(message.signed))
    }
}

/// What a body says of itself; nothing of it is believed yet.
struct Message {
    signed: String,
    signature: Vec<u8>,
    way: Way,
    certificate: String,
    topic: String,
    time: String,
}

impl Message {
    fn read(body: &[u8]) -> Result<Self, VerifyError> {
        use VerifyErrorKind::{
            MalformedSignature, MissingSignature, MissingTimestamp, UnsupportedSignature,
        };
        let refused = VerifyError::body_field;
        if !json::is_unambiguous(body) {
            return Err(refused(MissingSignature, "/Signature"));
        }
        let pointers: Vec<String> = FIELDS.iter().map(|field| format!("/{field}")).collect();
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let mut values = FIELDS.into_iter().zip(json::at(body, &pointers));
        let mut text = |missing| match values.next() {
            Some((_, Value::Text(text))) => Ok(text),
            Some((field, Value::Missing)) => Err(refused(missing, &format!("/{field}"))),
            _ => Err(refused(MalformedSignature, "/Signature")),
        };
        let signature = text(MissingSignature)?;
        let version = text(MissingSignature)?;
        let certificate = text(MissingSignature)?;
        let kind = text(MalformedSignature)?;
        let time = text(MissingTimestamp)?;
        let topic = text(MalformedSignature)?;

        let way = match version.as_str() {
            "1" => Way::RsaSha1,
            "2" => Way::RsaSha256,
            _ => return Err(refused(UnsupportedSignature, "/SignatureVersion")),
        };
        let signed_fields: &[&str] = match kind.as_str() {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
            _ => return Err(refused(UnsupportedSignature, "/Type")),
        };
        let signature = STANDARD.decode(signature);
        let signature = signature.map_err(|_| refused(MalformedSignature, "/Signature"))?;
        let signed = canonical(body, signed_fields)?;
        Ok(Self { signed, signature, way, certificate, topic, time })
    }
}

/// Name and value of the fields, a line each. Only the subject may be absent.
fn canonical(body: &[u8], fields: &[&str]) -> Result<String, VerifyError> {
    let pointers: Vec<String> = fields.iter().map(|field| format!("/{field}")).collect();
    let values = json::at(body, &pointers.iter().map(String::as_str).collect::<Vec<_>>());
    let mut signed = String::new();
    for (field, value) in fields.iter().zip(values) {
        match value {
            Value::Text(text) => signed.extend([*field, "\n", &text, "\n"]),
            Value::Missing if *field == "Subject" => {}
            _ => {
                let malformed = VerifyErrorKind::MalformedSignature;
                return Err(VerifyError::body_field(malformed, &format!("/{field}")));
            }
        }
    }
    Ok(signed)
}

/// Whether a certificate's URL is one of SNS's own.
fn is_of_sns(url: &str) -> bool {
    let Some((host, path)) = host_and_path(url) else { return false };
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let region = host.strip_prefix("sns.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    region.is_some_and(|region| region.len() >= 3 && !region.contains('.'))
        && path.ends_with(".pem")
}

const FIELDS: [&str; 6] =
    ["Signature", "SignatureVersion", "SigningCertURL", "Type", "Timestamp", "TopicArn"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_comes_from_a_host_of_sns_or_not_at_all() {
        for good in [
            "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-01.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
        ] {
            assert!(is_of_sns(good), "{good}");
        }
        for bad in [
            "http://sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com/x.der",
            "https://sns.us-west-2.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com@evil.example/x.pem",
            "https://sns.us.west.amazonaws.com/x.pem",
            "https://bucket.s3.amazonaws.com/x.pem",
            "https://sns.a.amazonaws.com/x.pem",
            "https://snsxus-west-2.amazonaws.com/x.pem",
        ] {
            assert!(!is_of_sns(bad), "{bad}");
        }
    }
}
