//! Amazon SNS.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyError, KeyMatch, LiveKeys, PrivateKey, PublicKey,
    PublicKeyAlgorithm, SignRequest, SignatureCoverage, SignedRequest, VerifyRequest, is_blank,
    json, json::Value,
};
use countersign_core::{
    ConfigError, KeyIdentity, Scheme, Secret, SecretFormat, SecretProblem, Secrets, TimestampUnit,
    VerifyError, VerifyErrorKind,
};
use serde_json::{Map, Value as Json};

use super::certificate::host_and_path;
use super::json_body;

pub(crate) fn signing() -> impl CustomScheme {
    Sns
}

/// Signs fields of the body, in the order of their names.
struct Sns;

impl CustomScheme for Sns {
    type Key = Key;

    /// The fields that every type of message signs.
    fn covers(&self) -> SignatureCoverage {
        let fields = ["/Message", "/MessageId", "/Timestamp", "/TopicArn", "/Type"];
        SignatureCoverage::Fields(fields.map(str::to_owned).into())
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Key, ConfigError> {
        Key::read(secret).map_err(|error| error.of(scheme, None))
    }

    fn check(&self, scheme: &Scheme, secrets: &Secrets, keys: &[Key]) -> Result<(), ConfigError> {
        PublicKey::required().map_err(|error| error.of(scheme, None))?;
        let without = keys.iter().position(|key| key.public.is_none());
        match (without, secrets.resolver()) {
            (Some(index), None) => {
                Err(ConfigError::from(SecretProblem::NotAPublicKey).of_secret(index))
            }
            _ => Ok(()),
        }
    }

    fn is_valid_at(&self, key: &Key, unix_ms: i64) -> bool {
        key.public.as_ref().is_none_or(|public| public.is_valid_at(unix_ms))
    }

    /// SNS signs for all accounts with one key. The topics of all secrets count together.
    fn identities(&self, keys: &[Key]) -> Vec<KeyIdentity> {
        let public = keys.iter().filter_map(|key| key.public.as_ref());
        let public: Vec<_> = public.map(PublicKey::identity).collect();
        let topics: Vec<_> = keys.iter().flat_map(|key| &key.topics).collect();
        if topics.is_empty() {
            return public;
        }
        let mut identities = Vec::new();
        for topic in topics {
            identities.extend(public.iter().map(|key| key.with_scope(topic)));
        }
        identities
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<Key>,
    ) -> Result<BodyCheck, VerifyError> {
        let now_ms = request.now_unix_ms();
        Ok(BodyCheck::new(move |body| check_body(&keys, now_ms, body)))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let secret = request.secrets().iter().next();
        let secret = secret.ok_or_else(|| request.problem("give a private key"))?;
        let key = PrivateKey::new(&secret.dangerous_text(SecretFormat::Text));
        let key = key.map_err(|error| error.of(request.scheme(), Some(0)))?;
        let mut body = envelope(json_body::object(request, ", to hold the signature")?);
        let resembles = |name: &&String| {
            FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name) && field != name)
        };
        if let Some(name) = body.keys().find(resembles) {
            let text = format!("`{name}` in the body differs only in case from a signed field");
            return Err(request.problem(text));
        }
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
        let signature = key.sign(PublicKeyAlgorithm::RsaSha256, message.signed.as_bytes());
        let signature = signature.ok_or_else(|| request.problem("the key is not an RSA key"))?;
        body.insert("Signature".to_owned(), STANDARD.encode(signature).into());
        Ok(SignedRequest::with_body(Json::Object(body).to_string()))
    }
}

/// A body of SNS: one with any of its fields is kept, another is published as the text `Message`.
fn envelope(body: Map<String, Json>) -> Map<String, Json> {
    if body.keys().any(|name| FIELDS.contains(&name.as_str())) {
        return body;
    }
    let message = if body.is_empty() { String::new() } else { Json::Object(body).to_string() };
    Map::from_iter([("Message".to_owned(), message.into())])
}

/// A secret: topics and, unless it is looked up, the key of the certificate.
struct Key {
    topics: Vec<String>,
    public: Option<PublicKey>,
}

impl Key {
    fn read(secret: &Secret) -> Result<Self, KeyError> {
        let bytes = secret.dangerous_key(SecretFormat::Text)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretProblem::NotAPublicKey)?;
        let text = text.trim_matches(is_blank);
        let (arns, pem) = text.split_at(text.find("-----BEGIN").unwrap_or(text.len()));
        let arns = arns.lines().map(str::trim).filter(|line| !line.is_empty());
        let topics: Vec<String> = arns.map(str::to_owned).collect();
        // A topic behind the certificate would be ignored, and all others accepted.
        let is_behind = pem.lines().any(|line| line.trim_start().starts_with("arn:"));
        if is_behind || !topics.iter().all(|arn| is_topic(arn)) {
            let give = "a certificate in PEM, preceded only by the whole ARNs of topics, one per \
                        line and without `*`";
            return Err(SecretProblem::malformed(give).into());
        }
        let public = if pem.is_empty() { None } else { Some(PublicKey::from_pem(pem)?) };
        if public.as_ref().is_some_and(|key| !key.has(PublicKeyAlgorithm::RsaSha256)) {
            return Err(SecretProblem::NotAPublicKey.into());
        }
        Ok(Self { topics, public })
    }
}

fn check_body(keys: &LiveKeys<Key>, now_ms: i64, body: &[u8]) -> Result<KeyMatch, VerifyError> {
    let message = Message::read(body)?;
    let unknown = |field| VerifyError::body_field(VerifyErrorKind::UnknownKey, field);
    if !is_of_sns(&message.certificate) {
        return Err(unknown("/SigningCertURL"));
    }
    // The topics of all live secrets together. All topics are accepted only if no secret names any:
    // an expired secret with topics still excludes all other topics.
    let names_topics = keys.any_given(|key| !key.topics.is_empty());
    let mut topics = keys.iter().flat_map(|key| key.key().topics.iter());
    if names_topics && !topics.any(|topic| *topic == message.topic) {
        return Err(unknown("/TopicArn"));
    }
    let is_valid = |key: &PublicKey| key.is_valid_at(now_ms);
    let has_signed = |key: &PublicKey| {
        is_valid(key) && key.verifies(message.way, message.signed.as_bytes(), &message.signature)
    };
    let found = match keys.find(|key| key.public.as_ref().is_some_and(has_signed)) {
        None if keys.has_resolver() => {
            let found = keys.look_up(&message.certificate);
            let found = found.ok_or_else(|| unknown("/SigningCertURL"))?;
            let key = PublicKey::first_of_pem(found.text()).ok().filter(is_valid);
            let key = key.ok_or_else(|| unknown("/SigningCertURL"))?;
            has_signed(&key).then(|| found.signed_it())
        }
        None if !keys.iter().any(|key| key.public.as_ref().is_some_and(is_valid)) => {
            return Err(unknown("/SigningCertURL"));
        }
        found => found,
    };
    let signed_by = found.ok_or(VerifyErrorKind::SignatureMismatch)?;
    let malformed = || VerifyError::body_field(VerifyErrorKind::MalformedTimestamp, "/Timestamp");
    let unix_ms = TimestampUnit::Rfc3339.parse(message.time.as_bytes());
    Ok(signed_by.at_unix_ms(unix_ms.ok_or_else(malformed)?).over(message.signed))
}

/// A parsed body; nothing in it has been verified yet.
struct Message {
    signed: String,
    signature: Vec<u8>,
    way: PublicKeyAlgorithm,
    certificate: String,
    topic: String,
    time: String,
}

impl Message {
    fn read(body: &[u8]) -> Result<Self, VerifyError> {
        use VerifyErrorKind::{
            MalformedSignature, MissingSignature, MissingTimestamp, UnsupportedSignature,
        };
        let rejected = VerifyError::body_field;
        let pointers = FIELDS.map(|field| format!("/{field}"));
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let places = json::locate(body, &pointers).map_err(|why| why.error("/Signature"))?;
        let most = |field: &str| if field == "Message" { usize::MAX } else { MAX_FIELD };
        let read = |(field, place)| json::value(body, place, most(field));
        let values: Vec<_> = FIELDS.into_iter().zip(places).map(read).collect();
        let value = |name: &str| {
            let at = FIELDS.iter().position(|field| *field == name);
            at.and_then(|at| values.get(at)).unwrap_or(&Value::Missing)
        };
        let text = |name: &str, missing| match value(name) {
            Value::Text(text) => Ok(text.as_str()),
            Value::Missing => Err(rejected(missing, &format!("/{name}"))),
            _ => Err(rejected(MalformedSignature, &format!("/{name}"))),
        };
        let signature = text("Signature", MissingSignature)?;
        let way = match text("SignatureVersion", MissingSignature)? {
            "1" => PublicKeyAlgorithm::RsaSha1,
            "2" => PublicKeyAlgorithm::RsaSha256,
            _ => return Err(rejected(UnsupportedSignature, "/SignatureVersion")),
        };
        let certificate = text("SigningCertURL", MissingSignature)?.to_owned();
        let kind = text("Type", MalformedSignature)?;
        let time = text("Timestamp", MissingTimestamp)?.to_owned();
        let topic = text("TopicArn", MalformedSignature)?.to_owned();
        let signed_fields: &[&str] = match kind {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
            _ => return Err(rejected(UnsupportedSignature, "/Type")),
        };
        let signature = STANDARD.decode(signature);
        let signature = signature.map_err(|_| rejected(MalformedSignature, "/Signature"))?;
        let mut signed = String::new();
        for field in signed_fields {
            // Only the subject can be absent.
            if *field == "Subject" && *value(field) == Value::Missing {
                continue;
            }
            let text = text(field, MalformedSignature)?;
            // After the message, fields are counted from the last line: another line break would
            // make the same bytes ambiguous.
            if *field != "Message" && text.contains(['\n', '\r']) {
                return Err(rejected(MalformedSignature, &format!("/{field}")));
            }
            signed.extend([*field, "\n", text, "\n"]);
        }
        Ok(Self { signed, signature, way, certificate, topic, time })
    }
}

/// Whether a text is the ARN of one topic: `arn:<partition>:sns:<region>:<account>:<name>`.
fn is_topic(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts[..] else { return false };
    let is_word = |text: &str, others: &[u8]| {
        let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
        !text.is_empty() && text.bytes().all(is_of_word)
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    // The name of a topic that keeps the order ends in `.fifo`.
    is_account && is_word(partition, b"-") && is_word(region, b"-") && is_word(name, b"-_.")
}

/// Whether a certificate's URL belongs to SNS.
fn is_of_sns(url: &str) -> bool {
    let Some((host, path)) = host_and_path(url) else { return false };
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let region = host.strip_prefix("sns.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    region.is_some_and(is_region) && path.ends_with(".pem")
}

/// Whether this is the name of a region, such as `us-gov-west-1`. Other names in its place are hosts
/// of S3, of which anyone could own the bucket `sns`: `s3-us-west-2`.
fn is_region(name: &str) -> bool {
    let Some((words, number)) = name.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase());
    let has_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    has_digits && words.contains('-') && words.split('-').all(is_word)
}

/// The maximum length of a field, in bytes of the body, apart from the message.
const MAX_FIELD: usize = 4096;
const FIELDS: [&str; 11] = [
    "Signature",
    "SignatureVersion",
    "SigningCertURL",
    "Type",
    "Timestamp",
    "TopicArn",
    "Message",
    "MessageId",
    "Subject",
    "SubscribeURL",
    "Token",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_identified_by_its_full_arn() {
        for good in [
            "arn:aws:sns:us-east-1:123456789012:orders",
            "arn:aws-us-gov:sns:us-gov-west-1:123456789012:My_topic-2.fifo",
        ] {
            assert!(is_topic(good), "{good}");
        }
        for bad in [
            "",
            "arn:",
            "arn:*",
            "arn:aws:sns:us-east-1:123456789012:*",
            "arn:aws:sns:us-east-1:123456789012:orders-*",
            "arn:aws:sns:us-east-1:*:orders",
            "arn:aws:sns:*:123456789012:orders",
            "arn:aws:sns:us-east-1:123456789012:",
            "arn:aws:sns:us-east-1:12345678901:orders",
            "arn:aws:sns:us-east-1:123456789012:a arn:aws:sns:us-east-1:123456789012:b",
            "arn:aws:sns:us-east-1:123456789012:a,arn:aws:sns:us-east-1:123456789012:b",
            "arn:aws:sns:us-east-1:123456789012:a,",
            "arn:aws:sns:us-east-1:123456789012:orders:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
            "arn:aws:sqs:us-east-1:123456789012:orders",
            "\"arn:aws:sns:us-east-1:123456789012:orders\"",
            "- arn:aws:sns:us-east-1:123456789012:orders",
        ] {
            assert!(!is_topic(bad), "{bad}");
        }
    }

    #[test]
    fn a_certificate_url_must_have_an_sns_host() {
        for good in [
            "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-01.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
            "https://sns.us-gov-west-1.amazonaws.com/x.pem",
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
            "https://sns.s3-us-west-2.amazonaws.com/x.pem",
            "https://sns.s3-accelerate.amazonaws.com/x.pem",
            "https://sns.s3-website-us-east-1.amazonaws.com/x.pem",
            "https://sns.s3-external-1.amazonaws.com/x.pem",
            "https://sns.---1.amazonaws.com/x.pem",
            "https://sns.us-east.amazonaws.com/x.pem",
        ] {
            assert!(!is_of_sns(bad), "{bad}");
        }
    }
}
