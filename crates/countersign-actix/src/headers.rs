//! The parts of an actix-web request that the schemes read.

use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::http::uri::PathAndQuery;
use countersign_core::{Headers, RepeatedHeader, RequestHead};

/// The headers of an actix-web request, as [`Headers`].
///
/// actix-web has its own header map, and uses an older version of the crate
/// `http`.
///
/// ```
/// use actix_web::test::TestRequest;
/// use countersign_actix::RequestHeaders;
/// use countersign_core::{Secret, Verifier};
/// use countersign_schemes as schemes;
///
/// let verifier = Verifier::new(schemes::github(), Secret::new("It's a Secret to Everybody")?)?;
///
/// let request = TestRequest::post()
///     .insert_header((
///         "X-Hub-Signature-256",
///         "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
///     ))
///     .to_http_request();
/// assert!(verifier.verify(&RequestHeaders(request.headers()), "Hello, World!").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct RequestHeaders<'a>(pub &'a HeaderMap);

impl Headers for RequestHeaders<'_> {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        let mut only = None;
        // A lookup by name would build a `HeaderName` each time.
        for (known, value) in self.0 {
            if known.as_str() == name && only.replace(value.as_bytes()).is_some() {
                return Err(RepeatedHeader);
            }
        }
        Ok(only)
    }
}

impl fmt::Debug for RequestHeaders<'_> {
    /// Shows the number of headers only, because one of them is a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHeaders").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

/// The method, target and headers of a request, with the target as it was sent.
pub(crate) fn head<'a>(
    request: &'a HttpRequest,
    headers: &'a RequestHeaders<'a>,
) -> RequestHead<'a> {
    let target = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    RequestHead::new(request.method().as_str(), target, headers)
}
