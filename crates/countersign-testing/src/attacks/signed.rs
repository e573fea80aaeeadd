//! Signed deliveries, with the endpoint's own secret or with another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_core::{
    Algorithm, ConfigError, RequestHead, Scheme, Secret, SecretFormat, Secrets, Signer,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::AttackUnavailable;
use super::builder::AttackBuilder;

/// A request with a signature, genuine or not.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) headers: HeaderMap,
    /// The headers that the signer added.
    pub(super) added: Vec<HeaderName>,
    pub(super) body: Bytes,
}

impl AttackBuilder {
    pub(super) fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("msg_{}", self.unix_ms))
    }

    pub(super) fn signed(&self) -> Result<Signed, AttackUnavailable> {
        self.sign(self.body.clone(), self.unix_ms, &self.id())
    }

    /// Signed with other secrets than the receiver's.
    pub(super) fn signed_wrongly(&self, count: usize) -> Result<Signed, AttackUnavailable> {
        let mut secrets = Secrets::new(wrong_secret(&self.scheme, 0)?);
        for number in 1..count {
            secrets = secrets.with_previous(wrong_secret(&self.scheme, number)?);
        }
        let signer = Signer::new(self.scheme.clone(), secrets);
        let signer =
            signer.map_err(|_| AttackUnavailable::NotApplicable("it needs another private key"))?;
        self.sign_by(signer, self.body.clone(), self.unix_ms, &self.id())
    }

    pub(super) fn sign(
        &self,
        body: Bytes,
        unix_ms: i64,
        id: &str,
    ) -> Result<Signed, AttackUnavailable> {
        let signer = Signer::new(self.scheme.clone(), again(&self.secret)?)?;
        self.sign_by(signer, body, unix_ms, id)
    }

    fn sign_by(
        &self,
        signer: Signer,
        body: Bytes,
        unix_ms: i64,
        id: &str,
    ) -> Result<Signed, AttackUnavailable> {
        let mut signer = signer.at_unix_ms(unix_ms).with_id(id);
        if let Some(url) = &self.url {
            signer = signer.with_url(url.clone());
        }
        let target = self.target.path_and_query().map_or("/", PathAndQuery::as_str);
        let head = RequestHead::new(self.method.as_str(), target, &self.headers);
        let request = signer.sign_request(head, &body)?;
        let body = request.body().map_or(body, Bytes::copy_from_slice);
        let mut signed = Signed { headers: self.headers.clone(), added: Vec::new(), body };
        for (name, value) in request.headers() {
            let name: HeaderName = name.parse().map_err(|_| UNSENDABLE)?;
            signed.set(&name, value)?;
            signed.added.push(name);
        }
        Ok(signed)
    }

    /// The headers that differ if another secret signs. The first header if no
    /// other secret is available.
    pub(super) fn signatures(&self, signed: &Signed) -> Result<Vec<HeaderName>, AttackUnavailable> {
        let Some(first) = signed.added.first() else {
            return Err(AttackUnavailable::NotApplicable("the signature is in the body"));
        };
        let Ok(wrong) = self.signed_wrongly(1) else { return Ok(vec![first.clone()]) };
        let differ = |name: &&HeaderName| signed.headers.get(*name) != wrong.headers.get(*name);
        let names: Vec<HeaderName> = signed.added.iter().filter(differ).cloned().collect();
        Ok(if names.is_empty() { vec![first.clone()] } else { names })
    }
}

impl Signed {
    /// The value of a header, as text.
    pub(super) fn text(&self, name: &HeaderName) -> String {
        let value = self.headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    }

    pub(super) fn set(&mut self, name: &HeaderName, value: &str) -> Result<(), AttackUnavailable> {
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| UNSENDABLE)?;
        self.headers.insert(name, value);
        Ok(())
    }
}

/// A copy of the secret, which was created from text.
fn again(secret: &Secret) -> Result<Secret, ConfigError> {
    Secret::new(String::from_utf8_lossy(secret.dangerous_reveal()))
}

/// A secret in the format that the scheme requires.
fn wrong_secret(scheme: &Scheme, number: usize) -> Result<Secret, ConfigError> {
    let text = format!("not the endpoint's own {number:09}");
    let base64 = || STANDARD.encode(&text);
    Secret::new(match scheme.secret_format() {
        _ if scheme.algorithm() == Algorithm::Ed25519 => format!("whsk_{}", base64()),
        SecretFormat::Hex => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        SecretFormat::Base64
        | SecretFormat::Whsec
        | SecretFormat::WhsecOrText
        | SecretFormat::Whpk => base64(),
        SecretFormat::Basic => format!("user:{text}"),
        _ => text,
    })
}

const UNSENDABLE: AttackUnavailable =
    AttackUnavailable::NotApplicable("its headers are not valid in HTTP");
