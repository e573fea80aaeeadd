//! Deliveries that verify, for tests of a handler or of a store.

use countersign_core::{
    Endpoint, EventKey, Fingerprint, Scheme, Secret, Signer, Verified, Verifier,
};

/// A delivery that is signed and verified on demand: an event can be claimed
/// only by a verified delivery.
///
/// ```
/// use countersign_testing::SampleDelivery;
///
/// let first = SampleDelivery::of("evt_1");
/// let again = first.clone().with_content("something else");
/// assert_eq!(first.event_key(), again.event_key());
/// assert_ne!(first.fingerprint(), again.fingerprint());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleDelivery {
    scheme: String,
    endpoint: String,
    id: String,
    content: String,
}

impl SampleDelivery {
    /// A delivery of the event with this id, with the scheme `sample` and the
    /// endpoint `sample`.
    #[must_use]
    pub fn of(id: impl Into<String>) -> Self {
        Self {
            scheme: "sample".to_owned(),
            endpoint: "sample".to_owned(),
            id: id.into(),
            content: String::new(),
        }
    }

    /// Sets the name of the scheme.
    #[must_use]
    pub fn with_scheme(mut self, name: impl Into<String>) -> Self {
        self.scheme = name.into();
        self
    }

    /// Sets the name of the endpoint.
    #[must_use]
    pub fn with_endpoint(mut self, name: impl Into<String>) -> Self {
        self.endpoint = name.into();
        self
    }

    /// Sets additional content of the body, beside the id.
    #[must_use]
    pub fn with_content(mut self, content: impl Into<String>) -> Self {
        self.content = content.into();
        self
    }

    /// The key of the delivery's event.
    ///
    /// # Panics
    ///
    /// As [`verified`](Self::verified).
    #[must_use]
    pub fn event_key(&self) -> EventKey {
        EventKey::of(&self.verified(), &Endpoint::new(self.endpoint.as_str()))
    }

    /// The fingerprint of the delivery's body.
    ///
    /// # Panics
    ///
    /// As [`verified`](Self::verified).
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.verified())
    }

    /// The verified delivery.
    ///
    /// # Panics
    ///
    /// Panics if the scheme's name is not a valid scheme name.
    #[must_use]
    pub fn verified(&self) -> Verified {
        let scheme = Scheme::builder(self.scheme.as_str())
            .signature_header("X-Sample-Signature")
            .signed_payload("{body}")
            .event_id("body:/id")
            .build()
            .expect("the sample scheme is valid if its name is");
        let secret = || Secret::new("sample secret").expect("the secret is not empty");
        let signer = Signer::new(scheme.clone(), secret()).expect("the secret is text");
        let verifier = Verifier::new(scheme, secret()).expect("the secret is text");

        let body = serde_json::json!({ "id": self.id, "content": self.content }).to_string();
        let headers = signer
            .sign_with(&[("Content-Type", "application/json")], body.as_bytes())
            .expect("the sample scheme signs nothing but the body");
        verifier.verify(&headers, body).expect("the signature is of the same secret and body")
    }
}
