//! Finds schemes by name.

use countersign_core::{ConfigError, Scheme};

use crate::generated::{ALIASES, SCHEMES, SECRET_LOCATIONS};

/// Returns the built-in scheme with this name or alias.
///
/// # Errors
///
/// [`ConfigError::UnknownScheme`] if there is none, with similar names; [`names`] and [`aliases`]
/// list them.
pub fn named(name: &str) -> Result<Scheme, ConfigError> {
    let scheme = SCHEMES.iter().find(|(known, _)| *known == name).map(|(_, describe)| describe);
    let alias = || ALIASES.iter().find(|(known, ..)| *known == name);
    match scheme.or_else(|| alias().map(|(_, _, describe)| describe)) {
        Some(describe) => describe().build(),
        None => Err(ConfigError::unknown_scheme(name, near(name))),
    }
}

/// The names of all built-in schemes, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCHEMES.iter().map(|(name, _)| *name)
}

/// The aliases of built-in schemes, each with the name of its scheme, in alphabetical order. An
/// alias is a product that signs with the scheme of another name (`clerk`, `svix`).
pub fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALIASES.iter().map(|(alias, scheme, _)| (*alias, *scheme))
}

/// All built-in schemes, in alphabetical order of their names, without aliases.
pub fn all() -> impl Iterator<Item = Scheme> {
    SCHEMES.iter().filter_map(|(_, describe)| describe().build().ok())
}

/// How a user of the provider with this name or alias finds the secret: the menu or the API call, and
/// the form of the secret, in one or two sentences of Markdown.
#[must_use]
pub fn secret_location(name: &str) -> Option<&'static str> {
    SECRET_LOCATIONS.iter().find(|(known, _)| *known == name).map(|(_, location)| *location)
}

/// The names and aliases that start with `name`, or differ from it by one or two typing errors.
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

#[cfg(test)]
mod tests {
    use countersign_core::Evidence;

    use super::*;

    #[test]
    fn every_scheme_is_valid_and_found_by_its_own_name() {
        for name in names() {
            let scheme = named(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scheme.name(), name);
            assert_ne!(scheme.evidence(), Evidence::Custom, "{name}");
            assert!(!scheme.sources().is_empty(), "{name}");
        }
        assert_eq!(all().count(), names().count());
    }

    #[test]
    fn the_list_is_sorted_and_has_no_duplicates() {
        assert!(names().is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_alias_finds_its_scheme_and_is_not_a_scheme_name() {
        assert!(aliases().is_sorted_by(|a, b| a.0 < b.0));
        for (alias, name) in aliases() {
            assert!(!names().any(|other| other == alias), "{alias}");
            assert_eq!(named(alias).unwrap().name(), name, "{alias}");
        }
    }

    #[test]
    fn an_alias_has_the_secret_format_of_its_scheme_and_a_source_for_it() {
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
    fn every_scheme_and_every_alias_documents_where_to_find_its_secret() {
        for name in names().chain(aliases().map(|(alias, _)| alias)) {
            let location = secret_location(name).unwrap();
            assert!(location.ends_with('.') && location.len() < 300, "{name}: {location}");
            assert_eq!(location.matches('`').count() % 2, 0, "{name}: {location}");
        }
        assert_eq!(secret_location("quicksilver"), None);
    }

    #[test]
    fn typos_and_prefixes_get_suggestions_and_unrelated_names_do_not() {
        assert_eq!(near("strpie"), ["stripe"]);
        assert_eq!(near("GitHub"), ["github"]);
        assert_eq!(near("gitlab-sign"), ["gitlab-signing"]);
        assert_eq!(near("clrek"), ["clerk"]);
        for stranger in ["quicksilver", "", "b"] {
            assert!(near(stranger).is_empty(), "{stranger}");
        }
    }
}
