//! Schemes whose signature is computed by code: one file for each, and what they share.
//!
//! Their other facts and their vectors are data, in `providers/`, like those of all schemes.

pub(crate) mod adyen;
pub(crate) mod aws_sns;
pub(crate) mod box_com;
pub(crate) mod coinbase_cdp_v1;
pub(crate) mod contentful;
pub(crate) mod figma;
pub(crate) mod fusionauth;
pub(crate) mod mailgun;
pub(crate) mod mandrill;
pub(crate) mod moralis;
pub(crate) mod paypal;
pub(crate) mod plaid;
pub(crate) mod twilio;

mod certificate;
mod form;
mod json_body;
mod jwt;
mod mac_scheme;
