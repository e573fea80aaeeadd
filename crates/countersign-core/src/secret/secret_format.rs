//! The formats in which providers display secrets.

use crate::error::named_variants::named_variants;

/// The format in which a provider displays its secrets. It determines how a
/// secret is decoded to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretFormat {
    /// The text itself is the key, including any prefix.
    Text,
    /// Hexadecimal, either case.
    Hex,
    /// Base64 of the standard alphabet, padding optional.
    Base64,
    /// Base64 after the optional prefix `whsec_`, which can be preceded by
    /// `v1,`. In a list joined by `|`, each item is a separate key.
    Whsec,
    /// Base64 if the text starts with `whsec_`, otherwise plain text (OpenAI).
    WhsecOrText,
    /// Two keys: the text itself and, if the text is base64 after an optional `whsec_`, the decoded
    /// bytes. A delivery can be signed with either key (Polar).
    TextAndWhsec,
    /// A public key: base64 after the optional prefix `whpk_`.
    Whpk,
    /// Text in which HTML's five entities are decoded to their characters
    /// (WooCommerce).
    HtmlEntities,
    /// User and password, `user:password`. The key is their base64, as in HTTP
    /// Basic authentication, RFC 7617.
    Basic,
}

named_variants!(SecretFormat {
    Text = "text",
    Hex = "hex",
    Base64 = "base64",
    Whsec = "whsec",
    WhsecOrText = "whsec-or-text",
    TextAndWhsec = "text-and-whsec",
    Whpk = "whpk",
    HtmlEntities = "html-entities",
    Basic = "basic",
});
