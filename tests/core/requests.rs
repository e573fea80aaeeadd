//! Requests for which a release had a wrong result, each with its secret, its
//! clock and the correct result: `tests/cases/requests.json`.

use std::collections::BTreeMap;
use std::panic;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::diagnose::{Audience, CapturedRequest, CauseKind, Diagnose, Diagnosis};
use countersign::{
    PublicUrl, RequestHead, Scheme, Secret, Secrets, Verifier, VerifyError, schemes,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    verb: String,
    scheme: String,
    secrets: Vec<String>,
    now_unix_ms: i64,
    request: Request,
    expect: String,
    why: String,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: Option<String>,
    headers: BTreeMap<String, String>,
    body_base64: String,
}

#[test]
fn every_request_that_had_a_wrong_result_has_the_right_one() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    assert_eq!(cases.len(), 21);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let result = panic::catch_unwind(|| match case.verb.as_str() {
                "verify" => case.verified(),
                "diagnose" => case.diagnosed(),
                verb => Err(format!("unknown verb `{verb}`")),
            });
            let result = result.unwrap_or_else(|_| Err("it panics".to_owned()));
            result.err().map(|found| {
                let Case { name, expect, why, .. } = case;
                format!("{name}: expected: {expect}; {found}; {why}")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Case {
    fn scheme(&self) -> Scheme {
        schemes::named(&self.scheme).unwrap()
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = self.secrets.iter().map(|text| Secret::new(text).unwrap());
        let first = Secrets::new(secrets.next().unwrap());
        secrets.fold(first, Secrets::with_previous)
    }

    fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.request.body_base64).unwrap()
    }

    fn verified(&self) -> Result<(), String> {
        let (scheme, now_ms) = (self.scheme(), self.now_unix_ms);
        let verifier = match &self.request.url {
            Some(url) if scheme.signs_url() => {
                let url = PublicUrl::new(url).map_err(|error| error.to_string())?;
                Verifier::with_public_url(url, scheme, self.secrets())
            }
            _ => Verifier::new(scheme, self.secrets()),
        };
        let verifier = verifier.map_err(|error| error.to_string())?.with_clock(move || now_ms);
        let headers: Vec<(&String, &String)> = self.request.headers.iter().collect();
        let head = RequestHead::new(&self.request.method, "/", &headers);
        let verified = verifier.verify(head, self.body());
        verified.map(|_| ()).map_err(|error: VerifyError| error.to_string())
    }

    fn diagnosed(&self) -> Result<(), String> {
        let Request { method, url, headers, .. } = &self.request;
        let request = CapturedRequest::new(headers.clone(), self.body()).with_method(method);
        let request = match url {
            Some(url) => request.with_url(url.as_str()),
            None => request,
        };
        let now_ms = self.now_unix_ms;
        let diagnose = Diagnose::new(self.scheme(), self.secrets())
            .with_known_schemes(schemes::all())
            .with_clock(move || now_ms)
            .with_audience(Audience::Program);
        let found = diagnose.diagnose(&request).map_err(|error| error.to_string())?;
        for cause in found.causes() {
            let said = format!("{} {}", cause.detail(), cause.fix());
            if said.contains("::") {
                return Err(format!("a path of Rust is named to the program's users: {said}"));
            }
        }
        if self.is_as_expected(&found) { Ok(()) } else { Err(format!("{found:?}")) }
    }

    fn is_as_expected(&self, found: &Diagnosis) -> bool {
        let Some(first) = found.causes().first() else { return false };
        let detail = first.detail();
        let is_proved = |kind| first.kind() == kind && first.is_certain();
        match self.expect.as_str() {
            "secret_kind first" => first.kind() == CauseKind::SecretKind,
            "secret_kind first; never helius" => {
                first.kind() == CauseKind::SecretKind && !format!("{found:?}").contains("helius")
            }
            "the event id is named" => {
                found.causes().iter().any(|cause| cause.detail().contains("event id"))
            }
            "the other header is named first" => {
                let mut names = self.request.headers.keys();
                is_proved(CauseKind::WrongHeader)
                    && names.any(|name| detail.starts_with(&format!("`{name}`")))
            }
            "url_mismatch first" => is_proved(CauseKind::UrlMismatch),
            "body_reserialized first" => is_proved(CauseKind::BodyReserialized),
            "the form is named first" => {
                is_proved(CauseKind::BodyReserialized) && detail.contains("is a form")
            }
            "the rewritten form is named first" => {
                is_proved(CauseKind::BodyReserialized) && detail.contains("the form was parsed")
            }
            expect => panic!("unknown expectation `{expect}`"),
        }
    }
}

const CASES: &str = include_str!("cases/requests.json");
