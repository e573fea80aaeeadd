//! The built-in schemes: one small file for each provider, and this list.

mod adyen;
mod adyen_platform;
mod alchemy;
mod aliases;
mod asana;
mod atlassian;
mod aws_sns;
mod basic;
mod box_com;
mod cal_com;
mod calendly;
mod cashfree;
mod checkout_com;
mod cloudflare_stream;
mod coinbase;
mod coinbase_cdp_v1;
mod coinify;
mod composio;
mod contentful;
mod deepgram;
mod discord;
mod docusign;
mod dropbox;
mod elevenlabs;
mod figma;
mod flutterwave;
mod fusionauth;
mod github;
mod gitlab;
mod gocardless;
mod helius;
mod hookdeck;
mod hubspot;
mod imagekit;
mod intercom;
mod jupiter;
mod lemonsqueezy;
mod line;
mod linear;
mod mailgun;
mod mandrill;
mod meta;
mod metronome;
mod moralis;
mod mux;
mod notion;
mod onfido;
mod openai;
mod paddle;
mod pagerduty;
mod paypal;
mod paystack;
mod perps_tracker;
mod plaid;
mod polar;
mod quicknode;
mod razorpay;
mod retell;
mod sendgrid;
mod sentry;
mod shopify;
mod slack;
mod square;
mod standard_webhooks;
mod stripe;
mod supabase;
mod telegram;
mod trello;
mod twilio;
mod twitch;
mod typeform;
mod venum;
mod vercel;
mod webflow;
mod whop;
mod woocommerce;
mod workos;
mod x_twitter;
mod x_webhook_signature;
mod xero;
mod zendesk;
mod zoom;

use std::time::Duration;

use super::{Scheme, SchemeBuilder};
use crate::error::ConfigError;

/// All built-in schemes, by the name in their files. Sorted by name.
const ALL: &[(&str, Describe)] = &[
    ("adyen", adyen::scheme),
    ("adyen-platform", adyen_platform::scheme),
    ("alchemy", alchemy::scheme),
    ("asana", asana::scheme),
    ("aws-sns", aws_sns::scheme),
    ("bitbucket", atlassian::bitbucket),
    ("box", box_com::scheme),
    ("cal.com", cal_com::scheme),
    ("calendly", calendly::scheme),
    ("cashfree", cashfree::scheme),
    ("chargebee", basic::chargebee),
    ("checkout.com", checkout_com::scheme),
    ("cloudflare-stream", cloudflare_stream::scheme),
    ("coinbase-cdp-v0", coinbase::cdp_v0),
    ("coinbase-cdp-v1", coinbase_cdp_v1::scheme),
    ("coinbase-commerce", coinbase::commerce),
    ("coinify", coinify::scheme),
    ("composio", composio::scheme),
    ("contentful", contentful::scheme),
    ("deepgram", deepgram::scheme),
    ("discord", discord::scheme),
    ("docusign", docusign::scheme),
    ("dropbox", dropbox::scheme),
    ("elevenlabs", elevenlabs::scheme),
    ("figma", figma::scheme),
    ("flutterwave-v3", flutterwave::v3),
    ("flutterwave-v4", flutterwave::v4),
    ("fusionauth", fusionauth::scheme),
    ("github", github::scheme),
    ("gitlab-signing", gitlab::signing),
    ("gitlab-token", gitlab::token),
    ("gocardless", gocardless::scheme),
    ("helius", helius::scheme),
    ("hookdeck", hookdeck::scheme),
    ("hubspot", hubspot::v3),
    ("hubspot-v1", hubspot::v1),
    ("hubspot-v2", hubspot::v2),
    ("imagekit", imagekit::scheme),
    ("intercom", intercom::scheme),
    ("jira", atlassian::jira),
    ("jupiter", jupiter::scheme),
    ("lemonsqueezy", lemonsqueezy::scheme),
    ("line", line::scheme),
    ("linear", linear::scheme),
    ("mailgun", mailgun::scheme),
    ("mandrill", mandrill::scheme),
    ("meta", meta::scheme),
    ("metronome", metronome::scheme),
    ("moralis", moralis::scheme),
    ("mux", mux::scheme),
    ("notion", notion::scheme),
    ("onfido", onfido::scheme),
    ("openai", openai::scheme),
    ("paddle", paddle::scheme),
    ("pagerduty", pagerduty::scheme),
    ("paypal", paypal::scheme),
    ("paystack", paystack::scheme),
    ("perps-tracker", perps_tracker::scheme),
    ("plaid", plaid::scheme),
    ("polar", polar::scheme),
    ("postmark", basic::postmark),
    ("quicknode", quicknode::scheme),
    ("razorpay", razorpay::scheme),
    ("retell", retell::scheme),
    ("sendgrid", sendgrid::scheme),
    ("sentry", sentry::scheme),
    ("shopify", shopify::scheme),
    ("shopify-events", shopify::events),
    ("slack", slack::scheme),
    ("square", square::scheme),
    ("standardwebhooks", standard_webhooks::scheme),
    ("standardwebhooks-v1a", standard_webhooks::v1a),
    ("stripe", stripe::scheme),
    ("supabase", supabase::scheme),
    ("svix", standard_webhooks::svix),
    ("telegram", telegram::scheme),
    ("trello", trello::scheme),
    ("twilio", twilio::scheme),
    ("twilio-sharedkey", twilio::shared_key),
    ("twitch", twitch::scheme),
    ("typeform", typeform::scheme),
    ("venum", venum::scheme),
    ("vercel", vercel::scheme),
    ("webflow", webflow::scheme),
    ("whop", whop::scheme),
    ("woocommerce", woocommerce::scheme),
    ("workos", workos::scheme),
    ("x-twitter", x_twitter::scheme),
    ("x-webhook-signature", x_webhook_signature::scheme),
    ("xero", xero::scheme),
    ("zendesk", zendesk::scheme),
    ("zoom", zoom::scheme),
];

type Describe = fn() -> SchemeBuilder;

pub(super) fn named(name: &str) -> Result<Scheme, ConfigError> {
    let described = match aliases::ALL.iter().find(|alias| alias.name == name) {
        Some(alias) => described(alias.scheme).map(|scheme| alias.describe(scheme)),
        None => described(name),
    };
    match described {
        Some(scheme) => scheme.build(),
        None => Err(ConfigError::UnknownScheme { name: name.to_owned(), near: near(name) }),
    }
}

fn described(name: &str) -> Option<SchemeBuilder> {
    let (_, describe) = ALL.iter().find(|(known, _)| *known == name)?;
    Some(describe())
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

pub(super) fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    aliases::ALL.iter().map(|alias| (alias.name, alias.scheme))
}

/// The names and aliases that start with `name`, or differ from it by one or
/// two typing errors.
fn near(name: &str) -> Vec<&'static str> {
    let lower = name.to_ascii_lowercase();
    let is_near = |known: &&str| {
        let begins = lower.len() > 1 && (known.starts_with(&lower) || lower.starts_with(known));
        let slips = strsim::damerau_levenshtein(&lower, known);
        // Two errors in a name of three letters would match nearly every name.
        begins || (slips <= MAX_SLIPS && 2 * slips < known.len())
    };
    names().chain(aliases().map(|(alias, _)| alias)).filter(is_near).collect()
}

const MAX_SLIPS: usize = 2;

/// The fields that every scheme sets: its name, its title, and its source.
fn describe(name: &str, title: &str, source: &str) -> SchemeBuilder {
    Scheme::builder(name).title(title).source(source)
}

/// The note for schemes that sign no timestamp.
const UNDATED: &str =
    "No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.";

/// The note for schemes that only send a token.
const TOKEN: &str = "Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.";

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn minutes(minutes: u64) -> Duration {
    seconds(60 * minutes)
}

const fn hours(hours: u64) -> Duration {
    minutes(60 * hours)
}

const fn days(days: u64) -> Duration {
    hours(24 * days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Evidence;

    #[test]
    fn every_builtin_is_valid_and_found_by_its_own_name() {
        for name in names() {
            let scheme = named(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scheme.name(), name);
            assert_ne!(scheme.evidence(), Evidence::Custom, "{name}");
            assert!(!scheme.sources().is_empty(), "{name}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_holds_no_name_twice() {
        assert!(names().is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_alias_finds_its_scheme_and_is_no_name_itself() {
        assert!(aliases().is_sorted_by(|a, b| a.0 < b.0));
        for (alias, name) in aliases() {
            assert!(!names().any(|other| other == alias), "{alias}");
            assert_eq!(named(alias).unwrap().name(), name, "{alias}");
        }
    }

    #[test]
    fn an_alias_derives_its_key_as_its_scheme_does_and_says_where_that_was_read() {
        for (alias, name) in aliases() {
            let (product, scheme) = (named(alias).unwrap(), named(name).unwrap());
            assert_eq!(product.secret_format(), scheme.secret_format(), "{alias}");
            assert_eq!(product.signed(), scheme.signed(), "{alias}");
            // `x` and `twitter` are the scheme's own product.
            let has_source = product.sources().len() > scheme.sources().len();
            assert!(has_source || name == "x-twitter", "{alias}");
        }
    }

    #[test]
    fn slips_and_beginnings_are_near_and_strangers_are_not() {
        assert_eq!(near("strpie"), ["stripe"]);
        assert_eq!(near("GitHub"), ["github"]);
        assert_eq!(near("gitlab-sign"), ["gitlab-signing"]);
        assert_eq!(near("clrek"), ["clerk"]);
        for stranger in ["quicksilver", "", "b"] {
            assert!(near(stranger).is_empty(), "{stranger}");
        }
    }
}
