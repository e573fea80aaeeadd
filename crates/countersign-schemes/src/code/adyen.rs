//! Adyen's standard webhooks. Its platform webhooks sign the body, and are described as data.

use std::ops::Range;

use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MacKey, PresentedSignatures, SignRequest,
    SignatureCoverage, SignedRequest, VerifyRequest, json, json::Value,
};
use countersign_core::{ConfigError, Scheme, VerifyError, VerifyErrorKind};
use serde_json::Value as Json;

use super::mac_scheme::MacScheme;

/// Signs eight fields of the item in the body.
pub(crate) fn signing() -> impl CustomScheme {
    let fields = FIELDS.map(pointer).into();
    MacScheme::new(begin, sign).with_coverage(SignatureCoverage::Fields(fields))
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let scheme = request.scheme().clone();
    Ok(BodyCheck::new(move |body| check_body(&scheme, &keys, body)))
}

fn check_body(
    scheme: &Scheme,
    keys: &LiveKeys<MacKey>,
    body: &[u8],
) -> Result<KeyMatch, VerifyError> {
    let item = Item::read(body)?;
    let text = match &item.signature {
        Value::Text(text) => text,
        Value::Missing => return Err(rejected(VerifyErrorKind::MissingSignature)),
        _ => return Err(rejected(UNUSABLE)),
    };
    let candidate =
        PresentedSignatures::one(scheme, text.as_bytes()).ok_or_else(|| rejected(UNUSABLE))?;
    let signed = item.signed().ok_or_else(|| rejected(UNUSABLE))?;
    Ok(keys.signed_by(&[signed.as_bytes()], &candidate)?.over(signed))
}

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
    let key = request.mac_key()?;
    let no_item =
        || request.problem("the body must be Adyen's, with one item in `notificationItems`");
    let item = Item::read(request.body()).map_err(|error| match error.kind() {
        VerifyErrorKind::MissingSignature => no_item(),
        _ => request.problem(error.to_string()),
    })?;
    let signed = item.signed().ok_or_else(no_item)?;
    let mut body: Json = serde_json::from_slice(request.body()).map_err(|_| no_item())?;
    let item = body.pointer_mut(ITEM).and_then(Json::as_object_mut);
    let more = item.ok_or_else(no_item)?.entry("additionalData");
    let more = more.or_insert_with(|| Json::Object(serde_json::Map::new()));
    let more = more.as_object_mut().ok_or_else(no_item)?;
    more.insert("hmacSignature".to_owned(), key.sign(&[signed.as_bytes()]).into());
    Ok(SignedRequest::with_body(body.to_string()))
}

/// The signed text of an item, and its signature.
struct Item {
    fields: Vec<Value>,
    signature: Value,
}

impl Item {
    /// Reads the only item of a body.
    fn read(body: &[u8]) -> Result<Self, VerifyError> {
        let fields = FIELDS.map(pointer);
        let fields = fields.iter().map(String::as_str);
        let pointers = [ITEMS, FIRST, SECOND, SIGNATURE].into_iter().chain(fields);
        let pointers: Vec<&str> = pointers.collect();
        let places = json::locate(body, &pointers).map_err(|why| why.error(SIGNATURE))?;
        // A pointer also finds the members of an object whose names are numbers.
        let is_array = |place: &Option<Range<usize>>| {
            place.as_ref().is_some_and(|place| body[place.start] == b'[')
        };
        match places.as_slice() {
            [items, Some(_), None, ..] if is_array(items) => {}
            [items, Some(_), Some(_), ..] if is_array(items) => {
                return Err(VerifyError::limit(VerifyErrorKind::TooManySignatures, 1));
            }
            _ => return Err(rejected(VerifyErrorKind::MissingSignature)),
        }
        let mut values = places.into_iter().map(|place| json::value(body, place, MAX_FIELD));
        let signature = values.nth(3).unwrap_or(Value::Missing);
        Ok(Self { fields: values.collect(), signature })
    }

    /// The signed text; an absent field is empty. `None` if a field is not a
    /// text, or contains a delimiter that makes the signed text ambiguous.
    fn signed(&self) -> Option<String> {
        let texts = self.fields.iter().zip(FIELDS).map(|(value, field)| match value {
            // No neighbouring field contains one, so the start and end of this field are
            // unambiguous.
            Value::Text(text) if field == REFERENCE || !text.contains(':') => Some(text.as_str()),
            Value::Missing => Some(""),
            _ => None,
        });
        Some(texts.collect::<Option<Vec<_>>>()?.join(":"))
    }
}

fn rejected(kind: VerifyErrorKind) -> VerifyError {
    VerifyError::body_field(kind, SIGNATURE)
}

fn pointer(field: &str) -> String {
    format!("{ITEM}{field}")
}

/// The maximum length of a field, in bytes of the body. Adyen's are at most 80 characters.
const MAX_FIELD: usize = 4096;
const ITEMS: &str = "/notificationItems";
const FIRST: &str = "/notificationItems/0";
const SECOND: &str = "/notificationItems/1";
const ITEM: &str = "/notificationItems/0/NotificationRequestItem";
const FIELDS: [&str; 8] = [
    "/pspReference",
    "/originalReference",
    "/merchantAccountCode",
    REFERENCE,
    "/amount/value",
    "/amount/currency",
    "/eventCode",
    "/success",
];
/// Chosen by the merchant, so it can contain any characters.
const REFERENCE: &str = "/merchantReference";
const SIGNATURE: &str = "/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature";
const UNUSABLE: VerifyErrorKind = VerifyErrorKind::MalformedSignature;
