//! A request that is sent as it was, with whatever signature it had.

use countersign::testing::{AttackRequest, Expected};
use http::Uri;

use super::{headers, method};
use crate::mend::Mend;
use crate::request::Request;

/// The request, to this URL. That it is taken is what is expected of it: one that is too old by now
/// is refused, and rightly so.
pub(super) fn request(recorded: &Request, to: Uri) -> Result<AttackRequest, Mend> {
    let mut request = http::Request::new(recorded.body().clone());
    *request.method_mut() = method(recorded)?;
    *request.uri_mut() = to;
    *request.headers_mut() = headers::end_to_end(recorded)?;
    Ok(AttackRequest::new(request, Expected::Accepted))
}
