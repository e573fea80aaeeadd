//! A recorded request that is sent unchanged, with its original signature.

use countersign::testing::{AttackRequest, Expected};
use http::Uri;

use super::{headers, method};
use crate::request::Request;
use crate::usage_error::UsageError;

/// The recorded request, addressed to this URL.
///
/// The expected response is a 2xx. A receiver correctly rejects a request that is too old by now.
pub(crate) fn request(recorded: &Request, to: Uri) -> Result<AttackRequest, UsageError> {
    let mut request = http::Request::new(recorded.body().clone());
    *request.method_mut() = method(recorded)?;
    *request.uri_mut() = to;
    *request.headers_mut() = headers::end_to_end(recorded)?;
    Ok(AttackRequest::new(request, Expected::Accepted))
}
