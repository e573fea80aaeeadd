//! Adyen's standard webhooks. Those of its platforms sign the body, and are data.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::{days, describe, seconds};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::json::{self, Value};
use crate::rule::{
    Candidates, Covers, Pending, PreparedRule, RuleKeys, RuleRequest, SignedBy, SignedRequest,
    SigningRule, ToSign,
};
use crate::scheme::{
    Cell, Encoding, Evidence, Identity, Pointer, Retries, Scheme, SchemeBuilder, SecretFormat,
};
use crate::secret::Secrets;

pub(super) fn scheme() -> SchemeBuilder {
    describe("adyen", "Adyen, standard webhooks", "@adyen/api-library 32.1.0, hmacValidator")
        .secret_format(SecretFormat::Hex)
        .encoding(Encoding::Base64)
        .signed("of each item: pspReference:originalReference:merchantAccountCode:merchantReference:value:currency:eventCode:success")
        .rule(Adyen)
        .fallback_identity(Identity::Content)
        .identity_basis("the eight fields that are signed, `pspReference`, `eventCode` and `success` among them: a retry has the same (Adyen, webhooks)")
        .retries(Retries::Within(days(30)))
        .event_type("body:/notificationItems/0/NotificationRequestItem/eventCode")
        // Its items are parsed before they are believed: so not much of it.
        .body_limit(256 * 1024)
        .ack_deadline(seconds(10))
        .unconfirmed([Cell::AckDeadline, Cell::BodyLimit])
        .evidence(Evidence::SdkRun)
        .note("The signature stands in each item, at `additionalData.hmacSignature`, and covers eight of its fields: `live`, `reason`, `eventDate` and everything else may be anybody's. One item without a signature, or with a wrong one, and the delivery is refused.")
        .note("The fields are signed one behind the other with `:` between them, and a `:` inside is not escaped.")
        .note("Classic endpoints are to answer `[accepted]`.")
        .note("It sends again three times at once, then after 2, 5, 10, 15, 30 min, 1, 2, 4, 8 h and every 8 h for 30 days.")
        .note(super::UNDATED)
}

/// Signs eight fields of each item of the body.
struct Adyen;

impl SigningRule for Adyen {
    fn covers(&self) -> Covers {
        Covers::Fields(FIELDS.iter().map(|field| pointer(0, field)).collect())
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        let keys = RuleKeys::new(scheme, secrets)?;
        Ok(Box::new(move |request: &RuleRequest<'_>| {
            let (keys, scheme) = (keys.clone(), request.scheme().clone());
            Ok(Pending::new(move |body| judge(&scheme, &keys, body)))
        }))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let keys = RuleKeys::new(request.scheme(), request.secrets())?;
        let no_item = || request.problem("the body is not Adyen's: it has no `notificationItems`");
        let signed: Vec<String> = items(request.body())
            .and_then(|items| {
                items.iter().map(|item| item.signed().ok_or(UNUSABLE.into())).collect()
            })
            .map_err(|_| no_item())?;
        let mut body: Json = serde_json::from_slice(request.body()).map_err(|_| no_item())?;
        for (index, signed) in signed.iter().enumerate() {
            let item = body.pointer_mut(&pointer(index, "")).and_then(Json::as_object_mut);
            let more = item.ok_or_else(no_item)?.entry("additionalData");
            let more = more.or_insert_with(|| Json::Object(serde_json::Map::new()));
            let more = more.as_object_mut().ok_or_else(no_item)?;
            more.insert("hmacSignature".to_owned(), keys.sign(&[signed.as_bytes()]).into());
        }
        Ok(SignedRequest::with_body(body.to_string()))
    }
}

fn judge(scheme: &Scheme, keys: &RuleKeys, body: &[u8]) -> Result<SignedBy, VerifyError> {
    let refused = |kind| VerifyError::body_field(kind, &pointer(0, SIGNATURE));
    if !json::is_unambiguous(body) {
        return Err(refused(VerifyErrorKind::MalformedSignature));
    }
    let mut all_signed = Vec::new();
    let mut by = None;
    for item in items(body)? {
        let text = match &item.signature {
            Value::Text(text) => text,
            Value::Missing => return Err(refused(VerifyErrorKind::MissingSignature)),
            _ => return Err(refused(VerifyErrorKind::MalformedSignature)),
        };
        let candidate = Candidates::one(scheme, text.as_bytes());
        let candidate = candidate.ok_or_else(|| refused(VerifyErrorKind::MalformedSignature))?;
        let signed = item.signed().ok_or_else(|| refused(UNUSABLE))?;
        let signed_by = keys.signed_by(&[signed.as_bytes()], &candidate)?;
        by.get_or_insert(signed_by);
        all_signed.extend_from_slice(signed.as_bytes());
        all_signed.push(b'\n');
    }
    by.map(|by| by.over(all_signed)).ok_or_else(|| refused(VerifyErrorKind::MissingSignature))
}

/// What one item signs, and its signature.
struct Item {
    fields: Vec<Value>,
    signature: Value,
}

impl Item {
    /// The signed text; a field that is not there is empty. `None` where one is
    /// no text.
    fn signed(&self) -> Option<String> {
        let texts = self.fields.iter().map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            Value::Missing => Some(""),
            _ => None,
        });
        Some(texts.collect::<Option<Vec<_>>>()?.join(":"))
    }
}

/// The items of a body, read in one walk.
fn items(body: &[u8]) -> Result<Vec<Item>, VerifyError> {
    let missing =
        || VerifyError::body_field(VerifyErrorKind::MissingSignature, &pointer(0, SIGNATURE));
    let count = json::count(body, "notificationItems").ok_or_else(missing)?;
    if count > MOST_ITEMS {
        return Err(VerifyError::limit(VerifyErrorKind::TooManySignatures, MOST_ITEMS));
    }
    let mut values = json::find(body, &POINTERS.iter().collect::<Vec<_>>()).into_iter();
    let mut items = Vec::new();
    for _ in 0..count {
        let mut item: Vec<Value> = values.by_ref().take(PER_ITEM).collect();
        let signature = item.pop().ok_or_else(missing)?;
        items.push(Item { fields: item, signature });
    }
    if items.is_empty() { Err(missing()) } else { Ok(items) }
}

fn pointer(index: usize, field: &str) -> String {
    format!("/notificationItems/{index}/NotificationRequestItem{field}")
}

/// Of each item its fields, and its signature.
static POINTERS: LazyLock<Vec<Pointer>> = LazyLock::new(|| {
    let of_item = |index: usize| {
        let fields = FIELDS.iter().map(move |field| pointer(index, field));
        fields.chain([pointer(index, SIGNATURE)])
    };
    let pointers = (0..MOST_ITEMS).flat_map(of_item);
    pointers.map(|text| text.parse().expect("a pointer begins with `/`")).collect()
});

const FIELDS: [&str; 8] = [
    "/pspReference",
    "/originalReference",
    "/merchantAccountCode",
    "/merchantReference",
    "/amount/value",
    "/amount/currency",
    "/eventCode",
    "/success",
];
const SIGNATURE: &str = "/additionalData/hmacSignature";
const PER_ITEM: usize = FIELDS.len() + 1;
/// Adyen sends one where it sends JSON.
const MOST_ITEMS: usize = 16;
const UNUSABLE: VerifyErrorKind = VerifyErrorKind::MalformedSignature;
