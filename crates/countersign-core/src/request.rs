//! The head of a request.

pub(crate) mod headers;
pub(crate) mod name;
pub(crate) mod url;
