//! Changed schemes that no builder has checked, for tools.

use std::sync::Arc;

use super::{Boundaries, HeaderSet, Part, Scheme, SignatureLayout, Template, TimestampSource};
use crate::crypto::algorithm::{Algorithm, Encoding};
use crate::request::name::Name;
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

/// A scheme with changes that no builder has checked, for tools that find out how a delivery was
/// signed.
///
/// A [`SchemeBuilder`](crate::SchemeBuilder) rejects a signed payload that can be read in two ways,
/// and a [`Verifier`](crate::Verifier) rejects deliveries that would make it so. Here both are
/// possible: the only question is whether a signature matches. So an unchecked scheme cannot be
/// turned into a [`Scheme`], and no verifier can receive deliveries with it. It can only be given to
/// an [`UncheckedVerifier`](crate::unchecked::UncheckedVerifier).
///
/// ```
/// use countersign_core::unchecked::{UncheckedScheme, UncheckedVerifier};
/// use countersign_core::{Algorithm, Secret};
/// use countersign_schemes as schemes;
///
/// // Was the delivery signed with SHA-1?
/// let scheme = UncheckedScheme::new(schemes::github())
///     .with_algorithm(Algorithm::HmacSha1)
///     .with_signature_header("X-Hub-Signature")?
///     .with_signature_prefix("sha1=");
/// let verifier = UncheckedVerifier::new(&scheme, None, Secret::new("secret")?)?;
///
/// let headers = [("X-Hub-Signature", "sha1=8223c848b549de0f68824373a7f611e4ee129184")];
/// assert!(verifier.verify(&headers, r#"{"zen":"Design for failure."}"#).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// This does not compile:
///
/// ```compile_fail,E0308
/// # use countersign_core::{Secret, Verifier, unchecked::UncheckedScheme};
/// # use countersign_schemes as schemes;
/// let scheme = UncheckedScheme::new(schemes::github());
/// let verifier = Verifier::new(scheme, Secret::new("secret")?)?;
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct UncheckedScheme {
    original: Arc<Scheme>,
    changed: Scheme,
}

impl UncheckedScheme {
    /// Starts with a scheme, without changes.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self { changed: scheme.clone(), original: Arc::new(scheme) }
    }

    /// The scheme without the changes.
    #[must_use]
    pub fn original(&self) -> &Scheme {
        &self.original
    }

    /// Sets the algorithm of the signature.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.changed.algorithm = algorithm;
        self
    }

    /// Sets the encoding of the signature.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.changed.encoding = encoding;
        self
    }

    /// Sets the only header of the signature, in every [set](Scheme::header_sets).
    ///
    /// # Errors
    ///
    /// The name is not valid in HTTP.
    pub fn with_signature_header(mut self, name: &str) -> Result<Self, String> {
        let name = Name::new(name).ok_or_else(|| format!("`{name}` is not a valid header name"))?;
        for set in &mut self.changed.families {
            set.signatures = vec![name.clone()];
        }
        Ok(self)
    }

    /// The whole value of the header is the signature, after this prefix, which can be empty.
    #[must_use]
    pub fn with_signature_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.changed.layout = SignatureLayout::Whole { prefix: prefix.into() };
        self
    }

    /// Sets the signed payload. There is then no id and no timestamp, and no custom signing code.
    ///
    /// # Errors
    ///
    /// The text is not a template, as for
    /// [`SchemeBuilder::signed_payload`](crate::SchemeBuilder::signed_payload).
    pub fn with_signed_payload(mut self, template: &str) -> Result<Self, String> {
        self.changed.template = Template::parse(template)?;
        self.changed.rule = None;
        self.changed.boundaries = Boundaries::default();
        self.changed.timestamp = None;
        let signatures = std::mem::take(&mut self.changed.families[0].signatures);
        self.changed.families = vec![HeaderSet { signatures, id: None, timestamp: None }];
        Ok(self)
    }

    /// Sets the format of the timestamp. Without effect if the scheme signs none.
    #[must_use]
    pub fn with_timestamp_unit(mut self, unit: TimestampUnit) -> Self {
        if let Some(timestamp) = &mut self.changed.timestamp {
            timestamp.unit = unit;
        }
        self
    }

    /// The timestamp is not parsed. This text is signed in its place.
    #[must_use]
    pub fn with_literal_timestamp(mut self, text: &str) -> Self {
        let Template { before, after, .. } = &mut self.changed.template;
        for part in before.iter_mut().chain(after).filter(|part| **part == Part::Timestamp) {
            *part = Part::Literal(text.to_owned());
        }
        self.without_timestamp()
    }

    /// The timestamp is not read. Use [`with_literal_timestamp`](Self::with_literal_timestamp) if
    /// the signed payload contains it outside of the body.
    #[must_use]
    pub fn without_timestamp(mut self) -> Self {
        self.changed.timestamp = None;
        self
    }

    /// What verifies: the changed scheme, without what a receiver rejects although the signature
    /// matches. The bytes that end an id remain: without them, an id could not be read.
    pub(crate) fn lenient(&self) -> Scheme {
        let id = self.changed.boundaries.id.clone();
        let mut scheme = self.changed.clone();
        scheme.boundaries = Boundaries { id, ..Boundaries::default() };
        scheme.handshakes.clear();
        scheme
    }

    pub(crate) fn shared_original(&self) -> Arc<Scheme> {
        Arc::clone(&self.original)
    }
}

/// What can be changed: see the methods of [`Scheme`] with the same names.
impl UncheckedScheme {
    /// The algorithm that computes the signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.changed.algorithm()
    }

    /// How the signature is encoded in its header.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.changed.encoding()
    }

    /// How the value of the signature header is divided.
    #[must_use]
    pub fn layout(&self) -> &SignatureLayout {
        &self.changed.layout
    }

    /// The sets of headers, in the order of the lookups. There is at least one.
    #[must_use]
    pub fn header_sets(&self) -> &[HeaderSet] {
        self.changed.header_sets()
    }

    /// The headers whose value is part of the signed payload, besides those of the
    /// [sets](Self::header_sets).
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.changed.signed_headers()
    }

    /// Whether no code computes the signature.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.changed.is_data()
    }

    /// Whether the URL is signed.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        self.changed.signs_url()
    }

    /// The location of the timestamp in a delivery; `None` if none is read.
    #[must_use]
    pub fn timestamp_source(&self) -> Option<TimestampSource<'_>> {
        self.changed.timestamp_source()
    }

    /// The format of the timestamp; `None` if none is read.
    #[must_use]
    pub fn timestamp_unit(&self) -> Option<TimestampUnit> {
        self.changed.timestamp_unit()
    }

    /// The number of digits that a receiver requires of a timestamp.
    #[must_use]
    pub fn timestamp_digits(&self) -> Option<usize> {
        self.changed.timestamp_digits()
    }

    /// The default tolerance; `None` if no timestamp is read.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.changed.tolerance()
    }

    /// The bytes with which a receiver requires a body to start; empty if it accepts any.
    #[must_use]
    pub fn body_begins_with(&self) -> &[u8] {
        self.changed.body_begins_with()
    }

    /// Whether a receiver requires a body to be one complete JSON document.
    #[must_use]
    pub fn requires_json_document(&self) -> bool {
        self.changed.requires_json_document()
    }
}
