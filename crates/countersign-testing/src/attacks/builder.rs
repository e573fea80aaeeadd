//! Corrupts deliveries, one way for each kind of attack.

use std::time::Duration;

use bytes::Bytes;
use countersign_core::custom::SignatureCoverage;
use countersign_core::{PublicUrl, Repeats, Scheme, Secret, TimestampSource, Tolerance};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::Value;

use super::expected::Expected;
use super::kind::AttackKind;
use super::request::{AttackRequest, Pace};
use super::signed::Signed;
use super::tag::TagForm;
use super::{Attack, AttackUnavailable, event, json};

/// The configuration that all attacks share.
pub(super) struct AttackBuilder {
    pub(super) scheme: Scheme,
    pub(super) secret: Secret,
    pub(super) method: Method,
    pub(super) target: Uri,
    pub(super) url: Option<PublicUrl>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) id: Option<String>,
    pub(super) unix_ms: i64,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) body_limit: usize,
}

type Forged = Result<Vec<AttackRequest>, AttackUnavailable>;

impl AttackBuilder {
    pub(super) fn forge(&self, kind: AttackKind) -> Result<Attack, AttackUnavailable> {
        use AttackKind as Kind;
        let requests = match kind {
            Kind::Genuine => self.genuine()?,
            Kind::Reserialized => return self.written_otherwise(),
            Kind::TamperedBody => self.tampered_body()?,
            Kind::TamperedTimestamp => self.tampered_timestamp()?,
            Kind::WrongSecret => self.wrong_secret()?,
            Kind::MissingSignature => self.missing_signature()?,
            Kind::EmptySignature => {
                self.corrupted(Expected::Rejected, |_, _| vec![String::new()])?
            }
            Kind::MalformedSignature => self.corrupted(Expected::Rejected, TagForm::malformed)?,
            Kind::TruncatedSignature => self.corrupted(Expected::Rejected, TagForm::truncated)?,
            Kind::LongSignature => {
                self.corrupted(Expected::RejectedHead, |form, value| vec![form.lengthened(value)])?
            }
            Kind::ManySignatures => self.many_signatures()?,
            Kind::RepeatedHeader => self.repeated_header()?,
            Kind::Stale => self.dated_back()?,
            Kind::Future => self.dated_ahead()?,
            Kind::MalformedTimestamp => self.malformed_timestamp()?,
            Kind::BareRequest => self.bare_request(),
            Kind::HugeBody => self.huge_body()?,
            Kind::SlowBody => self.paced(Pace::Slow, Expected::GivenUp)?,
            Kind::CutBody => self.paced(Pace::Cut, Expected::GivenUp)?,
            Kind::Replay => return self.replay(),
            Kind::ChangedUnsignedId => return self.changed_unsigned_id(),
        };
        let runs = usize::from(kind == Kind::Genuine);
        Ok(Attack { kind, requests, expected_runs: Some(runs), event: None })
    }

    fn genuine(&self) -> Forged {
        Ok(vec![self.request(&self.signed()?, Expected::Accepted)])
    }

    fn written_otherwise(&self) -> Result<Attack, AttackUnavailable> {
        self.must_sign_body()?;
        let name =
            |number: usize| format!("{}_{number}", self.event_name(AttackKind::Reserialized));
        let event = |name: &str| event::renamed(&self.scheme, &self.body, name).ok_or(NO_JSON);
        let mut requests = Vec::new();
        for (number, write) in json::WRITTEN_OTHERWISE.iter().enumerate() {
            let name = name(number);
            let body = write(&event(&name)?).ok_or(NO_JSON)?;
            let signed = self.sign_event(body, &name)?;
            requests.push(self.request(&signed, Expected::Accepted));
        }
        let expected_runs = Some(requests.len());
        let name = name(requests.len());
        let mut altered = self.sign_event(event(&name)?, &name)?;
        altered.body = [&altered.body[..], b" "].concat().into();
        requests.push(self.request(&altered, Expected::Rejected));
        Ok(Attack { kind: AttackKind::Reserialized, requests, expected_runs, event: None })
    }

    fn tampered_body(&self) -> Forged {
        self.must_sign_body()?;
        let mut signed = self.signed()?;
        signed.body = event::tampered(&signed.body);
        Ok(vec![self.request(&signed, Expected::Rejected)])
    }

    fn tampered_timestamp(&self) -> Forged {
        self.must_sign_time()?;
        let mut signed = self.signed()?;
        let later = self.unix_ms.checked_add(1000).ok_or(BOUNDLESS)?;
        if event::time_in_body(&self.scheme).is_some() {
            signed.body = event::dated(&self.scheme, &signed.body, later).ok_or(UNDATED)?;
            return Ok(vec![self.request(&signed, Expected::Rejected)]);
        }
        let mut mixed = self.sign(self.body.clone(), later, &self.id())?;
        let signatures = self.signatures(&signed)?;
        let form = TagForm::of(&self.scheme);
        for name in &signatures {
            let (genuine, later) = (signed.text(name), mixed.text(name));
            let value = format!("{}{}", form.split(&later).0, form.split(&genuine).1);
            mixed.set(name, &value)?;
        }
        if mixed.headers == signed.headers {
            return Err(AttackUnavailable::NotApplicable("the timestamp is part of the signature"));
        }
        Ok(vec![self.request(&mixed, Expected::Rejected)])
    }

    fn wrong_secret(&self) -> Forged {
        Ok(vec![self.request(&self.signed_wrongly(1)?, Expected::Rejected)])
    }

    fn missing_signature(&self) -> Forged {
        let mut signed = self.signed()?;
        for name in self.signatures(&signed)? {
            signed.headers.remove(name);
        }
        Ok(vec![self.request(&signed, Expected::Rejected)])
    }

    /// A request for each value that `corrupt` makes from the signature's value.
    fn corrupted(
        &self,
        expected: Expected,
        corrupt: impl Fn(&TagForm, &str) -> Vec<String>,
    ) -> Forged {
        let signed = self.signed()?;
        let signatures = self.signatures(&signed)?;
        let form = TagForm::of(&self.scheme);
        let count = corrupt(&form, &signed.text(&signatures[0])).len();
        (0..count)
            .map(|index| {
                let mut corrupted = signed.clone();
                for name in &signatures {
                    let values = corrupt(&form, &signed.text(name));
                    corrupted.set(name, values.get(index).map_or("", String::as_str))?;
                }
                Ok(self.request(&corrupted, expected))
            })
            .collect()
    }

    fn many_signatures(&self) -> Forged {
        let mut signed = self.signed()?;
        let signatures = self.signatures(&signed)?;
        let many = self.signed_wrongly(MANY)?;
        for name in &signatures {
            let mut value = many.text(name);
            if value.len() < 2 * signed.text(name).len() {
                // The scheme supports one signature only.
                value = vec![value; MANY].join(", ");
            }
            signed.set(name, &value)?;
        }
        Ok(vec![self.request(&signed, Expected::RejectedHead)])
    }

    fn repeated_header(&self) -> Forged {
        let signed = self.signed()?;
        let signatures = self.signatures(&signed)?;
        let wrong = self.signed_wrongly(1)?;
        let (mut genuine_first, mut genuine_last) = (signed.clone(), wrong.clone());
        for name in &signatures {
            let (genuine, forged) = (signed.headers.get(name), wrong.headers.get(name));
            let (genuine, forged) = genuine.zip(forged).ok_or(UNFORGED)?;
            genuine_first.headers.append(name, forged.clone());
            genuine_last.headers.append(name, genuine.clone());
        }
        Ok([genuine_first, genuine_last]
            .iter()
            .map(|s| self.request(s, Expected::Rejected))
            .collect())
    }

    fn dated_back(&self) -> Forged {
        let tolerance = self.must_sign_time()?;
        let past = tolerance.past().ok_or(BOUNDLESS)?;
        self.dated(self.unix_ms.checked_sub_unsigned(beyond(past)))
    }

    fn dated_ahead(&self) -> Forged {
        let tolerance = self.must_sign_time()?;
        let future = tolerance.future().ok_or(BOUNDLESS)?;
        self.dated(self.unix_ms.checked_add_unsigned(beyond(future)))
    }

    fn dated(&self, unix_ms: Option<i64>) -> Forged {
        let unix_ms = unix_ms.ok_or(BOUNDLESS)?;
        let body = match event::time_in_body(&self.scheme) {
            Some(_) => event::dated(&self.scheme, &self.body, unix_ms).ok_or(UNDATED)?,
            None => self.body.clone(),
        };
        let signed = self.sign(body, unix_ms, &self.id())?;
        Ok(vec![self.request(&signed, Expected::Rejected)])
    }

    fn malformed_timestamp(&self) -> Forged {
        self.must_sign_time()?;
        if event::time_in_body(&self.scheme).is_some() {
            let times =
                [Value::from("not-a-time"), Value::from(-1), Value::from(u64::MAX), Value::Null];
            let bodies =
                times.map(|time| event::undated(&self.scheme, &self.body, time).ok_or(UNDATED));
            let request = |body| {
                let signed = self.sign(body, self.unix_ms, &self.id())?;
                Ok(self.request(&signed, Expected::Rejected))
            };
            return bodies.into_iter().map(|body| request(body?)).collect();
        }
        let signed = self.signed()?;
        let form = TagForm::of(&self.scheme);
        let header = match self.scheme.timestamp_source() {
            Some(TimestampSource::Header(name)) => name.parse::<HeaderName>().ok(),
            _ => None,
        };
        MALFORMED_TIMES
            .iter()
            .map(|time| {
                let mut malformed = signed.clone();
                if let Some(header) = &header {
                    malformed.set(header, time)?;
                } else {
                    for name in self.signatures(&signed)? {
                        let value = form.with_time(&signed.text(&name), time);
                        malformed.set(&name, &value.ok_or(INSEPARABLE)?)?;
                    }
                }
                Ok(self.request(&malformed, Expected::Rejected))
            })
            .collect()
    }

    fn bare_request(&self) -> Vec<AttackRequest> {
        let bare = Signed { headers: HeaderMap::new(), added: Vec::new(), body: Bytes::new() };
        vec![self.request(&bare, Expected::RejectedBare)]
    }

    fn huge_body(&self) -> Forged {
        let length = self.body_limit.saturating_add(1);
        if length > LARGEST_BODY {
            return Err(AttackUnavailable::NotApplicable("the body limit exceeds 64 MiB"));
        }
        let mut signed = self.signed_padded(length)?;
        if signed.body.len() != length {
            // The scheme writes the signature into the body, or writes the whole body again.
            let difference = length.abs_diff(signed.body.len());
            signed = self.signed_padded(if signed.body.len() > length {
                length.saturating_sub(difference)
            } else {
                length.saturating_add(difference)
            })?;
        }
        if signed.body.len() <= self.body_limit {
            return Err(UNPADDED);
        }
        Ok(vec![self.request(&signed, Expected::RejectedSize)])
    }

    fn signed_padded(&self, length: usize) -> Result<Signed, AttackUnavailable> {
        self.sign(event::padded(&self.body, length), self.unix_ms, &self.id())
    }

    fn paced(&self, pace: Pace, expected: Expected) -> Forged {
        let signed = self.signed()?;
        if signed.body.len() < 4 {
            return Err(AttackUnavailable::NotApplicable("the body is too short to split"));
        }
        Ok(vec![self.request(&signed, expected).with_pace(pace)])
    }

    fn replay(&self) -> Result<Attack, AttackUnavailable> {
        let (signed, event) = self.other_event(AttackKind::Replay)?;
        let request = self.request(&signed, Expected::Accepted);
        Ok(Attack {
            kind: AttackKind::Replay,
            requests: vec![request.clone(), request],
            expected_runs: self.runs_of_repeat(event.as_ref()),
            event,
        })
    }

    fn changed_unsigned_id(&self) -> Result<Attack, AttackUnavailable> {
        let (signed, event) = self.other_event(AttackKind::ChangedUnsignedId)?;
        let own = signed.headers.keys().filter(|name| name.as_str().ends_with("-id")).cloned();
        let known = UNSIGNED_IDS.iter().map(|name| HeaderName::from_static(name));
        let mut names: Vec<HeaderName> = own.chain(known).collect();
        names.retain(|name| self.is_unsigned(name, &signed));
        let with_id = |id: &'static str| {
            let mut signed = signed.clone();
            for name in &names {
                signed.headers.insert(name, HeaderValue::from_static(id));
            }
            self.request(&signed, Expected::Accepted)
        };
        Ok(Attack {
            kind: AttackKind::ChangedUnsignedId,
            requests: vec![with_id("countersign-attack-1"), with_id("countersign-attack-2")],
            expected_runs: self.runs_of_repeat(event.as_ref()),
            event,
        })
    }

    /// How often a correct receiver handles an event that is delivered twice.
    /// `None` if it handles both, because the signed payload does not identify
    /// them as one event.
    fn runs_of_repeat(&self, event: Option<&String>) -> Option<usize> {
        let repeats = Repeats::default_for(&self.scheme, self.scheme.identity());
        event.filter(|_| repeats == Repeats::Suppress).map(|_| 1)
    }

    fn must_sign_body(&self) -> Result<(), AttackUnavailable> {
        match self.scheme.covers() {
            SignatureCoverage::Body => Ok(()),
            _ => Err(AttackUnavailable::NotApplicable("the scheme does not sign the whole body")),
        }
    }

    fn must_sign_time(&self) -> Result<Tolerance, AttackUnavailable> {
        self.tolerance.ok_or(AttackUnavailable::NotApplicable("the scheme signs no timestamp"))
    }

    /// A genuine delivery of an event that no other attack sends, and the
    /// event's name, if the body has a place for it.
    fn other_event(&self, kind: AttackKind) -> Result<(Signed, Option<String>), AttackUnavailable> {
        let name = self.event_name(kind);
        let body = event::renamed(&self.scheme, &self.body, &name);
        let is_fresh = body.is_some() || self.scheme.signed().contains("{id}");
        let body = body.unwrap_or_else(|| self.body.clone());
        let signed = self.sign_event(body, &name)?;
        Ok((signed, is_fresh.then_some(name)))
    }

    /// A delivery of the event of this name. Each event has its own delivery
    /// id.
    fn sign_event(&self, body: Bytes, name: &str) -> Result<Signed, AttackUnavailable> {
        let mut signed = self.sign(body, self.unix_ms, &format!("msg_{name}"))?;
        for id in UNSIGNED_IDS.map(HeaderName::from_static) {
            if signed.headers.contains_key(&id) && self.is_unsigned(&id, &signed) {
                let value = format!("{}_{name}", signed.text(&id));
                signed.set(&id, &value)?;
            }
        }
        Ok(signed)
    }

    fn is_unsigned(&self, header: &HeaderName, signed: &Signed) -> bool {
        let reads = |name: &str| name.eq_ignore_ascii_case(header.as_str());
        !signed.added.contains(header) && !self.scheme.headers().any(reads)
    }

    fn event_name(&self, kind: AttackKind) -> String {
        format!("{kind}_{}", self.unix_ms)
    }

    fn request(&self, signed: &Signed, expected: Expected) -> AttackRequest {
        let mut request = Request::new(signed.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = signed.headers.clone();
        AttackRequest::new(request, expected)
    }
}

/// The bound plus a margin that exceeds the error of any clock.
fn beyond(bound: Duration) -> u64 {
    bound.saturating_add(MARGIN).as_millis().try_into().unwrap_or(u64::MAX)
}

/// The number of copies of one signature: as many as fit into the 16 KiB of
/// headers that small servers accept.
const MANY: usize = 100;
const MARGIN: Duration = Duration::from_secs(60 * 60);
/// Larger than the limit of any built-in scheme.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
const MALFORMED_TIMES: [&str; 5] =
    ["not-a-time", "-9223372036854775808", "99999999999999999999", "1e9", ""];
/// Headers by which receivers are known to detect duplicates, although few
/// schemes sign them.
const UNSIGNED_IDS: [&str; 7] = [
    "idempotency-key",
    "x-delivery-id",
    "x-event-id",
    "x-github-delivery",
    "x-request-id",
    "x-shopify-webhook-id",
    "x-webhook-id",
];
const BOUNDLESS: AttackUnavailable =
    AttackUnavailable::NotApplicable("the scheme has no limit for the timestamp");
const NO_JSON: AttackUnavailable =
    AttackUnavailable::NotApplicable("the body is not a JSON object");
const UNDATED: AttackUnavailable =
    AttackUnavailable::NotApplicable("the body has no timestamp where the scheme reads it");
const UNPADDED: AttackUnavailable =
    AttackUnavailable::NotApplicable("the signed body does not keep its padding");
const UNFORGED: AttackUnavailable =
    AttackUnavailable::NotApplicable("another secret's signature is elsewhere");
const INSEPARABLE: AttackUnavailable =
    AttackUnavailable::NotApplicable("the timestamp has no separate field");
