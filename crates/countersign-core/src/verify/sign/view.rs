//! The form of a body that is signed: the bytes as they are sent, or the decoded
//! bytes.

use std::borrow::Cow;

use crate::body::decoding::Coding;
use crate::error::ConfigError;
use crate::request::headers::{HeaderLookup, RequestHead};
use crate::scheme::{BodyView, Scheme};

/// The bytes of this body that the scheme signs. A verifier reads the same header.
pub(super) fn signed<'b>(
    scheme: &Scheme,
    head: &RequestHead<'_>,
    body: &'b [u8],
) -> Result<Cow<'b, [u8]>, ConfigError> {
    if scheme.body_view != BodyView::Decoded {
        return Ok(Cow::Borrowed(body));
    }
    let mut wanted = [HeaderLookup::new("content-encoding")];
    head.headers.lookup(&mut wanted);
    let [encoding] = wanted;
    match Coding::of(scheme, encoding.value()) {
        Ok(None) => Ok(Cow::Borrowed(body)),
        Ok(Some(coding)) => decoded(scheme, coding, body).map(Cow::Owned),
        Err(_) => Err(problem(
            scheme,
            "its receivers decode gzip and deflate: send the body in one of them, or not encoded",
        )),
    }
}

#[cfg(feature = "compression")]
fn decoded(scheme: &Scheme, coding: Coding, body: &[u8]) -> Result<Vec<u8>, ConfigError> {
    use std::io::Read;

    use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

    let mut decoded = Vec::new();
    let mut rest = body;
    let read = match coding {
        Coding::Gzip => MultiGzDecoder::new(&mut rest).read_to_end(&mut decoded),
        Coding::Deflate => ZlibDecoder::new(&mut rest).read_to_end(&mut decoded),
    };
    match read {
        Ok(_) if rest.is_empty() => Ok(decoded),
        _ => Err(problem(scheme, "the body does not decode with its `Content-Encoding`")),
    }
}

#[cfg(not(feature = "compression"))]
fn decoded(scheme: &Scheme, _: Coding, _: &[u8]) -> Result<Vec<u8>, ConfigError> {
    Err(ConfigError::FeatureRequired { scheme: scheme.name().to_owned(), feature: "compression" })
}

fn problem(scheme: &Scheme, problem: &str) -> ConfigError {
    ConfigError::Sign { scheme: scheme.name().to_owned(), problem: problem.to_owned() }
}
